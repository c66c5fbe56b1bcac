"""A WAV file that grows while it is written, and can be read whatever ends the program.

Conventions: float32, interleaved, blocks of shape (n, channels). The header tells of all but what came last: it is
renewed every `EVERY_S` of audio, after that audio was handed to the system, so a program that is killed leaves a file
that any reader takes, with at most so much missing at its end. (Whether it survives the machine's own end is up to its
file system.) What does not fit into 4 GB makes the file an RF64 (EBU Tech 3306), for which its header has room. Written
here and not by soundfile, which tells the length when a file is closed and not before.
"""

from __future__ import annotations

import os
import struct
from typing import Final

import numpy as np

EVERY_S: Final = 1.0
_FLOAT = 3  # WAVE_FORMAT_IEEE_FLOAT
_HEADER = struct.Struct("<4sI4s 4sIQQQI 4sIHHIIHHH 4sII 4sI")
_DS64 = 28  # bytes, kept free by a JUNK chunk of that size
_FMT = 18
_MOST = 0xFFFFFFFF


class WavWriter:
    """Writes one file.

    Parameters
    ----------
    path : path-like
        Must not exist.
    sample_rate : int
        Hz.
    channels : int
    largest : int
        Bytes above which the file becomes an RF64.

    Raises
    ------
    OSError
        The file exists already or cannot be made; the methods raise it when they cannot write.

    Attributes
    ----------
    n_samples : int
        Written so far, per channel.
    """

    def __init__(self, path: str | os.PathLike[str], sample_rate: int, channels: int, *, largest: int = _MOST) -> None:
        self.n_samples = 0
        self._rate = sample_rate
        self._channels = channels
        self._frame = 4 * channels
        self._largest = largest
        self._told = 0
        self._file = open(path, "xb")  # noqa: SIM115 (closed by close)
        self._tell()

    def write(self, block: np.ndarray) -> None:
        """Append audio."""
        self._file.write(block.astype("<f4").tobytes())
        self._grow(len(block))

    def silence(self, n: int) -> None:
        """Append n samples of silence: a hole in the file, where its system knows holes."""
        self._file.seek(n * self._frame, os.SEEK_CUR)
        self._grow(n)

    def close(self) -> None:
        """Complete the file."""
        try:
            self._tell()
        finally:
            self._file.close()

    def _grow(self, n: int) -> None:
        self.n_samples += n
        if self.n_samples - self._told >= EVERY_S * self._rate:
            self._tell()

    def _tell(self) -> None:
        end = _HEADER.size + self.n_samples * self._frame
        self._file.truncate(end)  # flushes, and makes a hole at the end part of the file
        large = end - 8 > self._largest
        sizes = (end - 8, end - _HEADER.size, self.n_samples)
        riff, data, samples = (_MOST, _MOST, _MOST) if large else sizes
        header = _HEADER.pack(
            *(b"RF64" if large else b"RIFF", riff, b"WAVE"),
            *(b"ds64" if large else b"JUNK", _DS64, *(sizes if large else (0, 0, 0)), 0),
            *(b"fmt ", _FMT, _FLOAT, self._channels, self._rate, self._rate * self._frame, self._frame, 32, 0),
            *(b"fact", 4, samples),
            *(b"data", data),
        )
        self._file.seek(0)
        self._file.write(header)
        self._file.seek(end)
        self._file.flush()
        self._told = self.n_samples
