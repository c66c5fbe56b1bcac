"""The shape of a file as it is drawn: the lowest and the highest sample of each column, of any part, at any width.

Conventions: mono (as streams are mixed), int16, full scale is 32767. A whole file is read once and kept as one pair for
each `BIN` samples (three hours: 7 MB), so that any wide view costs nothing; a narrow one is read from the file itself.
"""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from drumbridge.audio.files import open_audio
from drumbridge.core.mixing import mix_to_mono
from drumbridge.errors import SettingsError

BIN: Final = 256
_KEPT: Final = 8  # files
_FULL_SCALE = 32767


class Shape(NamedTuple):
    """What is kept of a file: int16 (bins, 2), lowest and highest, and how many samples it has."""

    pairs: np.ndarray
    n_samples: int


class Waveforms:
    """Shapes of files, the last few kept. May be used from many threads."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, int, int], Shape] = OrderedDict()
        self._lock = threading.Lock()

    def shape(self, path: Path) -> Shape:
        """Return the shape of a whole file.

        Raises
        ------
        AudioError
            As `open_audio` and `AudioFile.blocks`.
        """
        status = os.stat(path)
        key = (os.fspath(path), status.st_size, status.st_mtime_ns)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        shape = _read_shape(path)
        with self._lock:
            self._kept[key] = shape
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return shape

    def columns(self, path: Path, start: int, end: int, n: int) -> np.ndarray:
        """Return n pairs of a part of a file, int16 (n, 2); beyond the file's end they are nought.

        Parameters
        ----------
        path : Path
        start, end : int
            Samples of the file; `end` is not part of it.
        n : int
            Columns, at most one for each sample.

        Raises
        ------
        AudioError
            As `shape`.
        SettingsError
            ``settings.query``: there is nothing between, or fewer samples than columns.
        """
        if end - start < n or n < 1:
            raise SettingsError("settings.query", f"{n} columns cannot be had of the samples from {start} to {end}.")
        edges = start + np.arange(n + 1) * (end - start) // n
        if (end - start) // n >= 4 * BIN:
            pairs = self.shape(path).pairs
            edges = np.append(edges[:-1] // BIN, -(-edges[-1] // BIN))
        else:
            with open_audio(path) as file:
                blocks = [_to_int16(mix_to_mono(block)) for block in file.blocks(start=start, stop=end)]
            audio = np.concatenate([np.zeros(0, np.int16), *blocks])
            pairs = np.stack([audio, audio], axis=1)
            edges = edges - start
        there = int(np.searchsorted(edges, len(pairs), side="left"))  # columns that begin within the file
        columns = np.zeros((n, 2), dtype=np.int16)
        first = edges[: min(there, n)]
        if len(first):
            part = pairs[: edges[-1]]
            columns[: len(first), 0] = np.minimum.reduceat(part[:, 0], first)
            columns[: len(first), 1] = np.maximum.reduceat(part[:, 1], first)
        return columns


def _read_shape(path: Path) -> Shape:
    pairs: list[np.ndarray] = []
    rest = np.zeros(0, dtype=np.int16)
    n = 0
    with open_audio(path) as file:
        for block in file.blocks():
            n += len(block)
            audio = np.concatenate([rest, _to_int16(mix_to_mono(block))])
            whole = len(audio) // BIN * BIN
            bins = audio[:whole].reshape(-1, BIN)
            pairs.append(np.stack([bins.min(axis=1), bins.max(axis=1)], axis=1))
            rest = audio[whole:]
    if len(rest):
        pairs.append(np.array([[rest.min(), rest.max()]], dtype=np.int16))
    return Shape(np.concatenate(pairs) if pairs else np.zeros((0, 2), np.int16), n)


def _to_int16(audio: np.ndarray) -> np.ndarray:
    return (np.clip(audio, -1.0, 1.0) * _FULL_SCALE).round().astype(np.int16)
