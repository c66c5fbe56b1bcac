"""What comes out: hits, transcriptions, classifications. Plain values, comparable and hashable.

Conventions: a position is an integer sample count of the source (its own rate), 0 is legal; a
score is a raw model output, a confidence a calibrated probability 0..1; level is dBFS; velocity is
MIDI 1..127. Label lists are strongest first.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from .labels import BY_NAME, INDEX, UNSURE, UNSURE_COLOUR, pad_index
from .pad import Pad

if TYPE_CHECKING:
    import numpy as np

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
    """A label and the calibrated probability that it sounds.

    `pad` is the pad of a kit that is called so, None where the label is one of the table of labels.
    """

    label: str
    confidence: float
    pad: Pad | None = None

    @property
    def note(self) -> int:
        """MIDI note that plays it."""
        return self.pad.note if self.pad else BY_NAME.get(self.label, BY_NAME["other"]).gm_note

    @property
    def index(self) -> int:
        """Place in the table of labels; pads stand behind "unsure", in the order of their numbers."""
        return INDEX[self.label] if self.pad is None else pad_index(self.pad.number)

    @property
    def colour(self) -> int:
        """0xRRGGBB."""
        if self.pad:
            return self.pad.colour
        return BY_NAME[self.label].colour if self.label in BY_NAME else UNSURE_COLOUR


class Excerpt(NamedTuple):
    """What was heard of a stroke, at the model's rate: `audio` float32 (n,), `available` real samples of it."""

    audio: np.ndarray
    available: int


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
        Every label above its threshold, strongest first; empty when the model is unsure. With a kit in use, the pad
        that was played; empty when it is none of them.
    confidence : float
        Confidence of the strongest label, also when it is below its threshold.
    strength : float
        Onset strength at the detected peak, the detector's unit (dB of spectral flux).
    stage : Stage
        FINAL unless the source is asked for early answers.
    scores : tuple of float
        Calibrated probability of each label of the model, in the model's order.
    guess : LabelConfidence or None
        The likeliest label, also when the model is unsure of it; None when it is none of a kit's pads.
    excerpt : Excerpt or None
        What was heard, where that was asked for; no part of what a hit is equal to.
    embedding : ndarray, float32, shape (d,), or None
        What the model made of it, where that was asked for; no part of what a hit is equal to either.
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
    guess: LabelConfidence | None = None
    excerpt: Excerpt | None = field(default=None, compare=False, repr=False)
    embedding: np.ndarray | None = field(default=None, compare=False, repr=False)

    @property
    def note(self) -> int | None:
        """MIDI note to play: of the strongest label, else of the best guess; None for none of a kit's pads."""
        entry = self.labels[0] if self.labels else self.guess
        return None if entry is None else entry.note

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
