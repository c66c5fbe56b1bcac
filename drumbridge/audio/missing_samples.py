"""How many samples a device has lost, from when it says that its blocks were recorded.

Conventions: times are seconds; a block has two of them, when its first sample was recorded by the device's clock and
when it arrived by ours. No clock and no thread. A time stamp may be late by any jitter but is hardly ever early, so
what is compared is the lower envelope of ``time - position / rate``.
"""

from __future__ import annotations

from collections import deque
from typing import Final

THRESHOLD_S: Final = 0.02  # what nobody reports is believed from here on: more than any driver's jitter
_BUCKET_S = 0.1
_RECENT = 5  # buckets that have to agree
_BEFORE = 20  # buckets that they are compared with
_SLACK_S = 0.05  # by how much a report of the device may exceed what our own clock has seen


class MissingSamples:
    """The account of one device.

    Parameters
    ----------
    sample_rate : int
        Hz.
    """

    def __init__(self, sample_rate: int) -> None:
        self._rate = sample_rate
        self._position = 0
        self._by_device = _Envelope()
        self._by_arrival = _Envelope()
        self._bucket_ends = 0

    def before(self, n: int, time_s: float, arrived_s: float, *, lost: int = 0, overflowed: bool = False) -> int:
        """Take in a block, and return how many samples are missing before it.

        Parameters
        ----------
        n : int
            Its length.
        time_s, arrived_s : float
            When its first sample was recorded, and when it arrived.
        lost : int
            Samples before it that are known to be missing; counted in what is returned.
        overflowed : bool
            Whether the device says that it lost some before it.

        Returns
        -------
        int
            What the device reports counts as much as its time stamps show, which may be nothing. What it does not
            report is noticed half a second late, and from 20 ms on.
        """
        self._position += lost
        at_s = self._position / self._rate
        by_device, by_arrival = time_s - at_s, arrived_s - at_s
        missing = 0
        if overflowed:
            jump_s = min(self._by_device.above(by_device), self._by_arrival.above(by_arrival) + _SLACK_S)
            missing = max(0, round(jump_s * self._rate))
        elif self._position >= self._bucket_ends:
            self._bucket_ends = self._position + round(_BUCKET_S * self._rate)
            jump_s = min(self._by_device.jump_s(), self._by_arrival.jump_s() + THRESHOLD_S / 2)
            if jump_s >= THRESHOLD_S:
                missing = round(jump_s * self._rate)
                self._by_device.settle(missing / self._rate)
                self._by_arrival.settle(missing / self._rate)
            self._by_device.next_bucket()
            self._by_arrival.next_bucket()
        self._by_device.add(by_device - missing / self._rate)
        self._by_arrival.add(by_arrival - missing / self._rate)
        self._position += missing + n
        return lost + missing


class _Envelope:
    """The least delay of each of the last buckets of time."""

    def __init__(self) -> None:
        self._lowest: deque[float] = deque(maxlen=_RECENT + _BEFORE)

    def add(self, delay_s: float) -> None:
        if not self._lowest:
            self._lowest.append(delay_s)
        elif delay_s < self._lowest[-1]:
            self._lowest[-1] = delay_s

    def next_bucket(self) -> None:
        if self._lowest:
            self._lowest.append(float("inf"))

    def above(self, delay_s: float) -> float:
        """Return by how much a delay exceeds the least one."""
        return delay_s - min(self._lowest, default=delay_s)

    def jump_s(self) -> float:
        """Return by how much the recent delays exceed those before; 0 until there are enough."""
        if len(self._lowest) <= _RECENT:
            return 0.0
        delays = list(self._lowest)
        return min(delays[-_RECENT:]) - min(delays[:-_RECENT])

    def settle(self, jump_s: float) -> None:
        """Take the recent delays for explained."""
        for k in range(1, min(_RECENT, len(self._lowest)) + 1):
            self._lowest[-k] -= jump_s
