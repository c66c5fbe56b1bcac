"""The quick ear: where a sound seems to start, told a few milliseconds after it did.

Conventions: positions are samples of the stream, Python ints from 0. A trigger is the first value of an
onset curve above its threshold; nobody waits to see whether it is the highest. The curve is that of
`onset_strength` with a window half as long and a step half as large as the ordinary one, so a stroke is
heard 3 ms after its attack at the median instead of 7. It is wrong more often: `OnsetDetector` and the model
have the last word. Triggers are 20 ms apart, but where the curve rises far above all that followed the last one:
a pedal, a stick on a rim or the spill of another drum shortly before a stroke must not hide it. The attack is looked
for `_WAIT_S` later, since `refine_attack` needs to see what follows.
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

import numpy as np

from .attack import refine_attack
from .history import History
from .onset_strength import OnsetStrength, StrengthSettings, scaled_length
from .peaks import PeakSettings

_CURVE = StrengthSettings(frame_length=512, hop_length=110, lag=2, depth=5)
_THRESHOLD = PeakSettings(threshold=0.5, mean_factor=2.0, mean_length=60)
_REARM = 0.5  # of the highest value since the last trigger, what the curve must fall to before the next
_SEPARATION = 882  # samples at 44100 Hz from one trigger to the next, as for onsets
_STANDS_OUT = 2.5  # times as high as all values but the last two since the trigger: another stroke, behind a soft noise
_RISE = 3  # values that the curve of one stroke may go on rising
_AGAIN_S = 0.010  # between the attacks of the two
_WAIT_S = 0.002
_SEARCH_S = 0.012  # the attack is looked for this far before the end of the frame that triggered ...
_NEAR_S = 0.003  # ... and most likely here


class Trigger(NamedTuple):
    """Where a sound seems to start.

    Attributes
    ----------
    position : int
        Sample of the stream at which the attack starts.
    strength : float
        Value of the curve when it crossed the threshold, dB.
    known_at : int
        Length of the stream that it took to know this, samples.
    """

    position: int
    strength: float
    known_at: int


class TriggerDetector:
    """Streaming triggers; the same ones come out for any cutting of the input.

    Parameters
    ----------
    sample_rate : int
        Hz.
    sensitivity : float
        Divides the thresholds.
    """

    def __init__(self, sample_rate: int, sensitivity: float = 1.0) -> None:
        self.sample_rate = sample_rate
        self._strength = OnsetStrength(sample_rate, _CURVE)
        self._half = self._strength.frame_length // 2
        self.set_sensitivity(sensitivity)
        self._separation = scaled_length(_SEPARATION, sample_rate)
        self._again = round(_AGAIN_S * sample_rate)
        self._wait = round(_WAIT_S * sample_rate)
        self._search = round(_SEARCH_S * sample_rate)
        self._near = round(_NEAR_S * sample_rate)
        self._history = History()
        self.restart(0)

    def set_sensitivity(self, sensitivity: float) -> None:
        """Divide the thresholds by another number from here on."""
        self._threshold = _THRESHOLD.at_sensitivity(sensitivity)

    def restart(self, position: int, *, after_gap: bool = False) -> None:
        """Start a stream whose next sample is the one at `position`: after silence, or amid unheard sound."""
        self._strength.restart(after_gap=after_gap)
        self._history.restart(position)
        # Where the frame that triggered ends, value, whether it stands out of what triggered before it.
        self._waiting: deque[tuple[int, float, bool]] = deque()
        self._segment = position
        self._earliest = position if after_gap else position - self._search
        self._last = position - self._search - self._separation
        self._frame = 0
        self._mean = 0.0
        self._highest: float | None = None  # since the last trigger; None when armed
        self._since: list[float] = []  # the values from the last trigger on, while another is too near
        self._last_end = position - self._separation

    @property
    def until_next(self) -> int:
        """How many samples are missing until a trigger may be told, at least 1."""
        missing = self._strength.until_next
        return min(missing, self._waiting[0][0] + self._wait - self._history.end) if self._waiting else missing

    def process(self, block: np.ndarray) -> list[Trigger]:
        """Take in audio, float32, shape (n,), and return the triggers that it completes."""
        self._history.append(block)
        for value in self._strength.process(block).tolist():
            self._cross(value, self._segment + self._frame * self._strength.hop_length + self._half)
            self._frame += 1
        triggers: list[Trigger] = []
        while self._waiting and self._waiting[0][0] + self._wait <= self._history.end:
            self._refine(*self._waiting.popleft(), triggers)
        # A crossing may still be found as far back as a frame that is not complete ends, and its attack before that.
        self._history.forget(self._history.end - 2 * self._half - self._wait - self._search)
        return triggers

    def _cross(self, value: float, end: int) -> None:
        required = self._threshold.required(self._mean)
        near = end - self._last_end < self._separation
        stands_out = near and len(self._since) >= _RISE and value >= max(required, _STANDS_OUT * max(self._since[:-1]))
        if near:
            self._since.append(value)
        if stands_out:
            self._waiting.append((end, value, True))
            self._highest, self._since = value, [value]
        elif self._highest is not None:
            self._highest = max(self._highest, value)
            if value < required or value < _REARM * self._highest:
                self._highest = None
        elif value >= required and not near:
            self._waiting.append((end, value, False))
            self._highest, self._last_end, self._since = value, end, [value]
        self._mean += (min(value, required + self._threshold.cap) - self._mean) / self._threshold.mean_length

    def _refine(self, end: int, value: float, stands_out: bool, triggers: list[Trigger]) -> None:
        start = max(end - self._search, self._earliest)
        if not stands_out:
            start = max(start, self._last + 1)
        known_at = end + self._wait
        if start >= known_at:
            return
        audio = self._history.read(start, known_at)
        attack = start + refine_attack(audio, self.sample_rate, max(0, end - self._near - start))
        position = max(self._segment, attack)
        if position - self._last >= (self._again if stands_out else self._separation):
            triggers.append(Trigger(position, value, known_at))
            self._last = position
