"""Picking the peaks of an onset curve, value by value, from the past and a few values ahead.

Conventions: frames count the values of the curve from 0; a peak is announced `ahead` values
after it. The threshold follows the mean of the recent past, so that a dense noisy passage asks for more.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np


@dataclass(frozen=True)
class PeakSettings:
    """What counts as a peak; lengths are in values of the curve (frames).

    Attributes
    ----------
    threshold : float
        A peak reaches at least this value ...
    mean_factor : float
        ... plus this many times the running mean before it.
    mean_length : int
        Time constant of the running mean.
    cap : float
        A value counts in the mean as at most this much above the threshold: a loud stroke asks for more from
        its early reflections, but must not hide the next stroke.
    behind, ahead : int
        A peak is the highest of this many values before and after it.
    """

    threshold: float = 0.25
    mean_factor: float = 2.0
    mean_length: int = 30
    cap: float = 4.0
    behind: int = 2
    ahead: int = 2

    def required(self, mean: float) -> float:
        """Return what a peak has to reach where the running mean is `mean`."""
        return self.threshold + self.mean_factor * mean

    def at_sensitivity(self, sensitivity: float) -> PeakSettings:
        """Return the settings with which a peak that stands out `sensitivity` times less is one."""
        return replace(self, threshold=self.threshold / sensitivity, mean_factor=self.mean_factor / sensitivity)


class Peak(NamedTuple):
    """One peak of a curve, and the running mean that it stood out of."""

    frame: int
    value: float
    mean: float


class PeakPicker:
    """Streaming peak picking; the same peaks come out for any cutting of the curve."""

    def __init__(self, settings: PeakSettings | None = None) -> None:
        self.settings = settings or PeakSettings()
        self.restart()

    def restart(self) -> None:
        """Start a new curve."""
        self._recent: deque[float] = deque(maxlen=self.settings.behind + 1 + self.settings.ahead)
        self._count = 0
        self._mean = 0.0

    @property
    def may_tell(self) -> bool:
        """Whether the next value may decide a peak; the one after it always may."""
        ahead = self.settings.ahead
        if ahead < 1 or len(self._recent) < ahead:
            return ahead < 1
        candidate = self._recent[-ahead]
        return candidate >= self.settings.required(self._mean) and candidate >= max(list(self._recent)[-ahead:])

    def process(self, values: np.ndarray) -> list[Peak]:
        """Take in the next values of the curve, shape (n,); return the peaks that they decide."""
        peaks: list[Peak] = []
        recent, ahead = self._recent, self.settings.ahead
        required, mean_length = self.settings.required, self.settings.mean_length
        for value in values.tolist():
            recent.append(value)
            self._count += 1
            if len(recent) <= ahead:
                continue
            value = recent[-1 - ahead]
            if value < required(self._mean):  # most are: no peak, and nothing to cap
                self._mean += (value - self._mean) / mean_length
            else:
                self._decide(ahead, peaks)
        return peaks

    def flush(self) -> list[Peak]:
        """End the curve: decide its last values with what is there after them."""
        peaks: list[Peak] = []
        for ahead in range(min(self.settings.ahead, self._count) - 1, -1, -1):
            self._decide(ahead, peaks)
        return peaks

    def _decide(self, ahead: int, peaks: list[Peak]) -> None:
        if len(self._recent) <= ahead:
            return
        settings = self.settings
        at = len(self._recent) - 1 - ahead
        value = self._recent[at]
        threshold = settings.required(self._mean)
        if value >= threshold:
            frame = self._count - 1 - ahead
            # Of equal values the first is the peak.
            before = max((self._recent[k] for k in range(max(0, at - settings.behind), at)), default=-1.0)
            after = max((self._recent[k] for k in range(at + 1, at + 1 + ahead)), default=-1.0)
            if value > before and value >= after:
                peaks.append(Peak(frame, value, self._mean))
        self._mean += (min(value, threshold + settings.cap) - self._mean) / settings.mean_length


def pick_peaks(curve: np.ndarray, settings: PeakSettings | None = None) -> list[Peak]:
    """Return the peaks of a whole curve, shape (n,)."""
    picker = PeakPicker(settings)
    return picker.process(curve) + picker.flush()
