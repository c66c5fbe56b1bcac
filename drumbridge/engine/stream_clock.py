"""How the position of a stream relates to the server's time, from when its audio arrives.

Conventions: times are monotonic seconds, given by the caller; positions are samples. A packet is never early but may
be late by any amount, so what counts is the lower envelope: the least delayed arrival of each bucket of time.
"""

from __future__ import annotations

from collections import deque
from typing import Final

BUCKET_S: Final = 2.0
_BUCKETS = 60  # two minutes; a crystal drifts with its temperature, so what is older says nothing
_ENOUGH = 5  # buckets before a drift is told


class StreamClock:
    """The relation of one stream.

    Parameters
    ----------
    sample_rate : int
        Nominal, Hz.
    """

    def __init__(self, sample_rate: int) -> None:
        self._rate = sample_rate
        self._buckets: deque[tuple[float, float]] = deque(maxlen=_BUCKETS)  # (time, time - position / rate)
        self._ends_s = 0.0

    def arrived(self, position: int, time_s: float) -> None:
        """Note that the sample before `position` had arrived at `time_s`."""
        offset = time_s - position / self._rate
        if not self._buckets or time_s >= self._ends_s:
            self._buckets.append((time_s, offset))
            self._ends_s = time_s + BUCKET_S
        elif offset < self._buckets[-1][1]:
            self._buckets[-1] = (time_s, offset)

    def restart(self) -> None:
        """Forget everything: audio is missing, and nobody knows how much."""
        self._buckets.clear()

    @property
    def drift_ppm(self) -> float:
        """How much faster than nominal the source's clock runs, parts per million; 0 until 10 s are known."""
        return -1e6 * self._line()[1]

    def time_s(self, position: int) -> float:
        """Return when the sample `position` arrived, or will."""
        time_s, slope, offset = self._line()
        at = position / self._rate + offset
        return at + slope * (at - time_s)

    def _line(self) -> tuple[float, float, float]:
        """Return a time, the slope of the offsets by least squares, and their offset at that time."""
        if not self._buckets:
            return 0.0, 0.0, 0.0
        # The first and the last bucket: one may begin with a burst, the other may have little in it yet.
        inner = list(self._buckets)[1:-1]
        if len(inner) < _ENOUGH:
            time_s = self._buckets[-1][0]
            return time_s, 0.0, min(offset for _, offset in self._buckets)
        time_s = sum(t for t, _ in inner) / len(inner)
        offset = sum(o for _, o in inner) / len(inner)
        spread = sum((t - time_s) ** 2 for t, _ in inner)
        return time_s, sum((t - time_s) * (o - offset) for t, o in inner) / spread, offset
