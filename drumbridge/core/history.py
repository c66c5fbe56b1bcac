"""The recent past of a stream of audio, addressed by absolute position.

Conventions: positions are sample counts from the start of the stream, as Python ints, so they stay
exact after hours; audio is mono float32. What was forgotten or has not come yet reads as zero.
"""

from __future__ import annotations

import numpy as np


class History:
    """Audio that grows at the end and is forgotten at the start.

    Attributes
    ----------
    start, end : int
        The samples held are those at positions start..end-1.
    """

    def __init__(self) -> None:
        self._buffer = np.zeros(16384, dtype=np.float32)
        self._first = 0
        self.start = 0
        self.end = 0

    def append(self, block: np.ndarray) -> None:
        """Take in the next samples, float32, shape (n,)."""
        held = self.end - self.start
        if self._first + held + len(block) > len(self._buffer):
            # To the front of a buffer at least twice as long as needed: amortised, one more copy per sample.
            needed = 2 * (held + len(block))
            target = np.zeros(max(needed, 16384), dtype=np.float32) if needed > len(self._buffer) else self._buffer
            target[:held] = self._buffer[self._first : self._first + held].copy()
            self._buffer, self._first = target, 0
        stop = self._first + held
        self._buffer[stop : stop + len(block)] = block
        self.end += len(block)

    def read(self, start: int, stop: int) -> np.ndarray:
        """Return a copy of the samples at start..stop-1, zero where they are not held; shape (stop - start,)."""
        out = np.zeros(max(0, stop - start), dtype=np.float32)
        low, high = max(start, self.start), min(stop, self.end)
        if high > low:
            offset = self._first + low - self.start
            out[low - start : high - start] = self._buffer[offset : offset + high - low]
        return out

    def forget(self, before: int) -> None:
        """Drop all samples at positions below `before`."""
        drop = min(max(0, before - self.start), self.end - self.start)
        self._first += drop
        self.start += drop

    def restart(self, position: int) -> None:
        """Drop everything; the next sample appended is the one at `position`."""
        self._first = 0
        self.start = self.end = position
