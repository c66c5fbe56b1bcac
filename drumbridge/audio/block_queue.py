"""Between an audio callback, which must never wait, and the thread that takes its blocks away.

Conventions: blocks are bytes of interleaved float32; lengths count samples of one channel. One thread puts, one
takes. All room is there from the start: `put` copies and returns, and what finds no room is counted.
"""

from __future__ import annotations

import queue
from typing import NamedTuple


class Waiting(NamedTuple):
    """One block that waited: its audio is valid until the next `take`."""

    audio: memoryview
    time_s: float  # when its first sample was recorded, by the device's clock
    arrived_s: float  # when it arrived, by ours
    lost: int  # samples that found no room just before it
    overflowed: bool  # whether the device lost some before it


class BlockQueue:
    """A bounded queue of blocks.

    Parameters
    ----------
    slots : int
        Blocks that may wait.
    block_size : int
        Samples of the longest block.
    channels : int
    """

    def __init__(self, slots: int, block_size: int, channels: int) -> None:
        self._bytes_a_sample = 4 * channels
        self._audio = [memoryview(bytearray(block_size * self._bytes_a_sample)) for _ in range(slots)]
        self._lengths = [0] * slots
        self._times_s = [0.0] * slots
        self._arrived_s = [0.0] * slots
        self._lost = [0] * slots
        self._overflowed = [False] * slots
        self._slots = slots
        self._put = self._taken = 0  # each is written by one thread only
        self._in_use = 0  # 1 while the block that was taken last may still be read
        self._unplaced = 0  # samples lost since the last block that found room
        self._overflow = False
        self._filled: queue.SimpleQueue[int] = queue.SimpleQueue()  # its put never waits, see the docs of queue

    def put(self, audio: memoryview, time_s: float, arrived_s: float, overflowed: bool = False) -> bool:
        """Copy a block in; return whether there was room."""
        n = len(audio) // self._bytes_a_sample
        slot = self._put % self._slots
        self._overflow |= overflowed
        if self._put - self._taken + self._in_use >= self._slots or len(audio) > len(self._audio[slot]):
            self._unplaced += n
            return False
        self._audio[slot][: len(audio)] = audio
        self._lengths[slot] = len(audio)
        self._times_s[slot], self._arrived_s[slot] = time_s, arrived_s
        self._lost[slot], self._unplaced = self._unplaced, 0
        self._overflowed[slot], self._overflow = self._overflow, False
        self._put += 1
        self._filled.put(slot)
        return True

    @property
    def is_empty(self) -> bool:
        """Whether nothing waits."""
        return self._filled.empty()

    def take(self, timeout_s: float) -> Waiting | None:
        """Wait for the next block; None when none came in time."""
        self._in_use = 0
        try:
            slot = self._filled.get(timeout=timeout_s)
        except queue.Empty:
            return None
        self._in_use = 1
        self._taken += 1
        audio = self._audio[slot][: self._lengths[slot]]
        return Waiting(audio, self._times_s[slot], self._arrived_s[slot], self._lost[slot], self._overflowed[slot])
