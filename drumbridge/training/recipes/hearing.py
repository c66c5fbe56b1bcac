"""Files as a recipe's model hears them, in batches: the engine's own excerpts and pieces.

Conventions: audio is float32 (n, samples) at the layout's rate; `file` is the place of each row's file in
the list. What cannot be used is told by path and left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from drumbridge.audio.files import open_audio
from drumbridge.engine.one_shot import read_one_shot
from drumbridge.engine.pieces import pieces
from drumbridge.errors import AudioError, DrumbridgeError, SettingsError

from .recipe import Layout

BATCH = 32


class Batch(NamedTuple):
    """Some rows."""

    audio: np.ndarray  # (n, length) float32
    available: np.ndarray  # (n,) int64
    file: np.ndarray  # (n,) int64


Variants = Callable[[int, np.ndarray], list[np.ndarray]]


def hear(
    paths: Sequence[str], layout: Layout, failed: dict[str, str], variants: Variants | None = None
) -> Iterator[Batch]:
    """Read files and yield their excerpts or pieces in order.

    Parameters
    ----------
    paths : sequence of str
    layout : Layout
    failed : dict
        Gets the reason of each file that cannot be used.
    variants : callable, optional
        Takes the file's place and an excerpt, returns further ones that are to stand beside it.
    """
    rows: list[tuple[np.ndarray, int, int]] = []
    for k, path in enumerate(paths):
        try:
            heard = _recording(path, layout) if layout.segmentation == "fixed" else _one_shot(path, layout)
        except DrumbridgeError as error:
            failed[path] = error.message
            continue
        for audio, available in heard:
            rows.append((audio, available, k))
            rows += [(variant, available, k) for variant in (variants(k, audio) if variants else ())]
        while len(rows) >= BATCH:
            yield _batch(rows[:BATCH])
            rows = rows[BATCH:]
    if rows:
        yield _batch(rows)


def check_classes(labels: np.ndarray, classes: Sequence[str], failed: dict[str, str]) -> None:
    """Check that something is left of every class.

    Raises
    ------
    SettingsError
        ``settings.data``: no file of a class can be used, with the reason of one that can't.
    """
    for k, name in enumerate(classes):
        if not np.any(labels == k):
            why = next(iter(failed.values()), "")
            raise SettingsError("settings.data", f"None of the files of the class {name} can be used. {why}".strip())


def _batch(rows: list[tuple[np.ndarray, int, int]]) -> Batch:
    audio, available, file = zip(*rows, strict=True)
    return Batch(np.stack(audio), np.array(available, np.int64), np.array(file, np.int64))


def _one_shot(path: str, layout: Layout) -> list[tuple[np.ndarray, int]]:
    shot = read_one_shot(path, layout)
    return [(shot.excerpt, shot.available)]


def _recording(path: str, layout: Layout) -> list[tuple[np.ndarray, int]]:
    """Return the pieces of a recording; one that is less than half there is only taken if there is no other."""
    with open_audio(path) as file:
        found = [(piece.audio, piece.available) for piece in pieces(file, layout)]
    if not found:
        raise AudioError("audio.silent", f"{path} is silent: nothing of it is louder than -70 dBFS.")
    return [row for row in found if 2 * row[1] >= layout.samples_after] or found[:1]
