"""How much audio is missing in packets without numbers, from when they come: no clock of its own.

Conventions: times are monotonic seconds, given by the caller, lengths and positions are samples. A packet may come late
by any amount and the next ones then make up for it; what never makes up for it is missing. So what counts is how early
the earliest packet of a while is: where all of `SETTLE_S` is later than what came before, that much is missing. Nothing
can say where exactly: a hole is reported where it is understood, at most two `SETTLE_S` behind its place, or at once
after a silence of `PAUSE_S` (a transport that stopped). What is below `SLACK_S` looks like a busy machine.
"""

from __future__ import annotations

from collections import deque
from typing import Final

PAUSE_S: Final = 1.0
SETTLE_S: Final = 1.0
SLACK_S: Final = 0.05
_REMEMBERED = 10  # spans of SETTLE_S: in so long no clock drifts by SLACK_S


class MissingTime:
    """Watches the packets of one stream.

    Parameters
    ----------
    sample_rate : int
    pause_s, settle_s, slack_s : float
    """

    def __init__(
        self, sample_rate: int, *, pause_s: float = PAUSE_S, settle_s: float = SETTLE_S, slack_s: float = SLACK_S
    ) -> None:
        self._rate = sample_rate
        self._pause_s, self._settle_s, self._slack_s = pause_s, settle_s, slack_s
        self._position = 0
        self._last_s: float | None = None
        self._span_ends_s = 0.0
        self._earliest: float = 0.0  # of this span: least time of arrival minus time in the stream
        self._spans: deque[float] = deque(maxlen=_REMEMBERED)  # the same of those before

    def arrived(self, n: int, time_s: float, known: int = 0) -> int:
        """Note a packet of n samples; return how many are missing before it, beside those that are known to be."""
        hole = 0
        self._position += known
        lateness_s = time_s - (self._position + n) / self._rate
        if self._last_s is None:
            self._begin_span(lateness_s, time_s)
        elif time_s - self._last_s > self._pause_s:
            best_s = min([*self._spans, self._earliest])
            hole = max(0, round(min(lateness_s - best_s, time_s - self._last_s - n / self._rate) * self._rate))
            self._spans.clear()
            self._begin_span(lateness_s - hole / self._rate, time_s)
        elif time_s < self._span_ends_s:
            self._earliest = min(self._earliest, lateness_s)
        else:
            missing_s = self._earliest - min(self._spans, default=self._earliest)
            if missing_s > self._slack_s:
                hole = round(missing_s * self._rate)
                self._earliest -= hole / self._rate
            self._spans.append(self._earliest)
            self._begin_span(lateness_s - hole / self._rate, time_s)
        self._last_s = time_s
        self._position += hole + n
        return hole

    def _begin_span(self, lateness_s: float, time_s: float) -> None:
        self._earliest = lateness_s
        self._span_ends_s = time_s + self._settle_s
