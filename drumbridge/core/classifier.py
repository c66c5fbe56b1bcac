"""What the core asks of a classifier: audio excerpts in, scores and an embedding out.

The implementation (onnxruntime) lives in `drumbridge.inference`; tests use a small one of their
own. An excerpt is `samples_before + samples_after` samples at `sample_rate`; the onset is at index
`samples_before`. `available` says how many samples from the onset on are real; what follows is zero.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np

from .decision import DecisionRule


class ModelOutput(NamedTuple):
    """Raw output for n excerpts."""

    scores: np.ndarray  # (n, labels) float32
    embedding: np.ndarray  # (n, d) float32
    presence: np.ndarray | None = None  # (n,) float32 probability that a sound starts at the onset


class ExcerptLayout(Protocol):
    """What has to be known to cut an excerpt: a rate in Hz, and samples on both sides of the onset."""

    @property
    def sample_rate(self) -> int: ...
    @property
    def samples_before(self) -> int: ...
    @property
    def samples_after(self) -> int: ...


class Classifier(Protocol):
    """Anything that scores excerpts.

    Attributes
    ----------
    has_presence : bool
        Whether `score` gives a presence: the transcriber then proposes more onsets than it believes in.
    """

    name: str
    sample_rate: int
    samples_before: int
    samples_after: int
    rule: DecisionRule
    has_presence: bool

    def score(self, audio: np.ndarray, available: np.ndarray) -> ModelOutput:
        """Score excerpts.

        Parameters
        ----------
        audio : ndarray, float32, shape (n, samples_before + samples_after)
        available : ndarray, int64, shape (n,)
            Real samples counted from the onset, 0..samples_after.
        """
        ...

    def prompt_length(self, known: int) -> int:
        """Return how many of `known` samples from the onset on to look at, for an answer that shall leave on time."""
        ...
