"""What comes out: hits, transcriptions, classifications. Plain values, comparable and hashable.

Conventions: a position is an integer sample count of the source (its own rate), 0 is legal; a
score is a raw model output, a confidence a calibrated probability 0..1; level is dBFS; velocity is
MIDI 1..127. Label lists are strongest first.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Final

from .labels import UNSURE

ONE_SHOT: Final = "one_shot"  # a file with one sound
LOOP: Final = "loop"  # a file with several
KINDS: Final = (ONE_SHOT, LOOP)


class Stage(enum.IntEnum):
    """How certain a hit is: early may still change, final will not, withdrawn takes an early one back."""

    EARLY = 0
    FINAL = 1
    WITHDRAWN = 2


@dataclass(frozen=True, slots=True)
class LabelConfidence:
    """A label and the calibrated probability that it sounds."""

    label: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Hit:
    """One onset with all that is known of it.

    Attributes
    ----------
    index : int
        Counts the hits of a source from 0; an early hit and its final one share it.
    position : int
        Sample of the source at which the attack starts.
    velocity : int
        MIDI velocity, 1..127.
    level_db : float
        Peak level just after the attack, dBFS.
    labels : tuple of LabelConfidence
        Every label above its threshold, strongest first; empty when the model is unsure.
    confidence : float
        Confidence of the strongest label, also when it is below its threshold.
    strength : float
        Onset strength at the detected peak, the detector's unit (dB of spectral flux).
    stage : Stage
        FINAL unless the source is asked for early answers.
    scores : tuple of float
        Calibrated probability of each label of the model, in the model's order.
    """

    index: int
    position: int
    velocity: int
    level_db: float
    labels: tuple[LabelConfidence, ...]
    confidence: float
    strength: float = 0.0
    stage: Stage = Stage.FINAL
    scores: tuple[float, ...] = ()

    @property
    def label(self) -> str:
        """The strongest label, or "unsure"."""
        return self.labels[0].label if self.labels else UNSURE


@dataclass(frozen=True, slots=True)
class Transcription:
    """The hits of one source, in order of position.

    `warning` is empty, or one sentence about damage in the file that was read around.
    """

    hits: tuple[Hit, ...]
    sample_rate: int
    n_samples: int
    model: str
    warning: str = ""

    @property
    def duration_s(self) -> float:
        """Length of the source (or of the selected part), seconds."""
        return self.n_samples / self.sample_rate


@dataclass(frozen=True, slots=True)
class Classification:
    """What a one-shot is: all labels of the model, strongest first.

    `warning` is empty, or one sentence about damage in the file that was read around.
    """

    ranking: tuple[LabelConfidence, ...]
    unsure: bool
    velocity: int
    level_db: float
    embedding: tuple[float, ...]
    model: str
    warning: str = ""

    @property
    def label(self) -> str:
        """The strongest label (also when `unsure`)."""
        return self.ranking[0].label

    @property
    def confidence(self) -> float:
        """Calibrated probability of the strongest label."""
        return self.ranking[0].confidence
