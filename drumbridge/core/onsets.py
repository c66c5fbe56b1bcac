"""From audio to onsets: curve, peaks, attack. A stream goes in, positions come out.

Conventions: a position is the sample of the stream at which the attack starts, a Python int from 0;
onsets come in order of position. Nothing looks further ahead than `latency` samples. With its default
threshold the detector is balanced and can be used alone; `OnsetSettings.proposals` makes it miss as
little as possible, for a classifier that says itself whether a sound starts at an onset.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from .attack import refine_attack
from .history import History
from .onset_strength import OnsetStrength, StrengthSettings, scaled_length
from .peaks import Peak, PeakPicker, PeakSettings

_STANDS_OUT = 3.0  # times as strong as the onset just before it: a stroke is not swallowed by a noise
_BALANCED = PeakSettings()
_PIECE = 8192  # samples taken at once from a longer block: keeps memory bounded and in the cache


@dataclass(frozen=True)
class OnsetSettings:
    """Settings of all stages. Lengths are in samples at 44100 Hz and are scaled to the detector's rate.

    Attributes
    ----------
    strength : StrengthSettings
    peaks : PeakSettings
        Its `threshold` is the detector's sensitivity, dB.
    separation : int
        An attack nearer than this to the one before it belongs to the same stroke (or flam), unless it is much
        stronger.
    search_before, search_after : int
        The attack is looked for this far before and after the centre of the peak's frame; out of silence the curve
        peaks as soon as a frame touches the attack.
    """

    strength: StrengthSettings = field(default_factory=StrengthSettings)
    peaks: PeakSettings = field(default_factory=PeakSettings)
    separation: int = 882
    search_before: int = 660
    search_after: int = 680

    @classmethod
    def proposals(cls) -> OnsetSettings:
        """Return the sensitive settings: nearly every stroke is found, and some things that are none."""
        balanced = cls()
        return replace(balanced, peaks=replace(balanced.peaks, threshold=0.2, mean_factor=1.5))


class Onset(NamedTuple):
    """Where a sound starts.

    Attributes
    ----------
    position : int
        Sample of the stream at which the attack starts.
    strength : float
        Value of the onset curve at its peak, dB.
    peak_position : int
        Centre of the frame in which the curve peaks, sample of the stream.
    certain : bool
        The balanced settings would take it too: no model is needed to believe in it.
    """

    position: int
    strength: float
    peak_position: int
    certain: bool = True


class OnsetDetector:
    """Streaming onset detection; the same onsets come out for any cutting of the input.

    Parameters
    ----------
    sample_rate : int
        Hz.
    settings : OnsetSettings, optional
        Balanced by default.
    """

    def __init__(self, sample_rate: int, settings: OnsetSettings | None = None) -> None:
        self.sample_rate = sample_rate
        self.settings = settings = settings or OnsetSettings()
        self._strength = OnsetStrength(sample_rate, settings.strength)
        self._picker = PeakPicker(settings.peaks)
        self._history = History()
        self._separation = scaled_length(settings.separation, sample_rate)
        self._search_before = scaled_length(settings.search_before, sample_rate)
        self._search_after = scaled_length(settings.search_after, sample_rate)
        ahead = (settings.peaks.ahead + 1) * self._strength.hop_length + self._strength.frame_length // 2
        self._latency = self._search_before + ahead
        self.reset()

    def set_sensitivity(self, sensitivity: float) -> None:
        """Divide the thresholds of the settings by a number, from here on."""
        self._picker.settings = self.settings.peaks.at_sensitivity(sensitivity)

    def reset(self) -> None:
        """Start a new stream at position 0."""
        self._restart(0, after_gap=False)

    def latency(self) -> int:
        """Return the most samples from an attack until the end of the block that announces it."""
        return self._latency

    @property
    def until_next(self) -> int:
        """How many samples are missing until an onset may be announced, at least 1."""
        return self._strength.until_next + (0 if self._picker.may_tell else self._strength.hop_length)

    def known_at(self, onset: Onset) -> int:
        """Return how long the stream must be for `onset` to be announced, samples; `flush` may do so earlier."""
        ahead = self.settings.peaks.ahead * self._strength.hop_length + self._strength.frame_length // 2
        return onset.peak_position + ahead + 1  # the first frame of a stream waits for one sample more

    def process(self, block: np.ndarray) -> list[Onset]:
        """Take in audio and return the onsets that it completes.

        Parameters
        ----------
        block : ndarray, float32, shape (n,)
            Finite samples of any number.
        """
        onsets: list[Onset] = []
        for start in range(0, len(block), _PIECE):
            piece = np.asarray(block[start : start + _PIECE], dtype=np.float32)
            self._history.append(piece)
            values = self._strength.process(piece)
            if len(values):
                self._refine(self._picker.process(values), onsets)
                self._history.forget(self._history.end - self._latency - _PIECE)
        return onsets

    def flush(self) -> list[Onset]:
        """End the stream: return the onsets that waited for more. `reset` or `skip` before going on.

        An attack in the last half frame (12 ms) is not looked for: there is nothing to name it by.
        """
        onsets: list[Onset] = []
        self._refine(self._picker.flush(), onsets)
        return onsets

    def skip(self, n: int) -> list[Onset]:
        """Pass over a gap of n samples: return the onsets before it and start afresh behind it.

        What sounds when the gap ends is no onset, for its beginning was not heard.
        """
        onsets = self.flush()
        self._restart(self._history.end + n, after_gap=True)
        return onsets

    def _restart(self, position: int, *, after_gap: bool) -> None:
        self._strength.restart(after_gap=after_gap)
        self._picker.restart()
        self._history.restart(position)
        self._segment = position
        self._earliest = position if after_gap else position - self._search_before
        self._last = position - self._search_before - self._separation
        self._last_strength = 0.0

    def _refine(self, peaks: list[Peak], onsets: list[Onset]) -> None:
        for peak in peaks:
            centre = self._segment + peak.frame * self._strength.hop_length
            # Not back to an earlier attack; and the edge of a gap is no attack, while the start of a source may be one.
            start = max(centre - self._search_before, self._earliest, self._last + 1)
            audio = self._history.read(start, centre + self._search_after)
            attack = start + refine_attack(audio, self.sample_rate, centre - start)
            position = min(max(self._segment, attack), self._history.end - 1)
            swallowed = position - self._last < self._separation and peak.value < _STANDS_OUT * self._last_strength
            if swallowed or position <= self._last:
                continue
            certain = peak.value >= _BALANCED.required(peak.mean)
            onsets.append(Onset(position, peak.value, centre, certain))
            self._last = position
            self._last_strength = peak.value


def detect_onsets(audio: np.ndarray, sample_rate: int, settings: OnsetSettings | None = None) -> list[Onset]:
    """Return the onsets of some audio, float32, shape (n,)."""
    detector = OnsetDetector(sample_rate, settings)
    return detector.process(audio) + detector.flush()
