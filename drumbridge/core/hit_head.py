"""A personal head on the hits of a recording, where several drums may sound at once.

Conventions: log odds are log(p / (1 - p)) of the model's calibrated probabilities, each label on its own, float16
(n, labels), as the library stores them; whoever judges a hit rounds them in the same way, so all say the same.
The head adds its shift to the log odds of each label, from which labels are decided as ever (families, thresholds).
Where that gives the same labels the model's answer stands to the bit, confidences included.

What a person says of a hit is about the drum that it was called after, its strongest label. So a correction wants its
label to sound and none of the family that it was called by; a confirmation wants the strongest label. Whatever else
sounds with it, a hat under the snare, is to stay as the model has it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final, NamedTuple

import numpy as np

from .decision import DecisionRule
from .events import LabelConfidence
from .labels import BY_NAME, UNSURE, to_family
from .personal_head import FLOOR, Examples, PersonalHead, sigmoid

_FARTHEST: Final = 15.0  # of log odds that are kept: one in three million
_DOUBT: Final = float(np.log((1.0 - FLOOR) / FLOOR))  # surer than this, as log odds, the model is never taken to be
_OWN_THRESHOLD: Final = 0.5  # of a label that the model does not have


class JudgedHit(NamedTuple):
    """What a head calls a hit; the fields of `drumbridge.core.events.Hit`."""

    labels: tuple[LabelConfidence, ...]
    guess: LabelConfidence
    confidence: float


class HitHead:
    """A head that judges hits of one model.

    Parameters
    ----------
    head : PersonalHead
    rule : DecisionRule
        The model's.
    """

    def __init__(self, head: PersonalHead, rule: DecisionRule) -> None:
        own = tuple(label for label in head.classes if label not in rule.labels)
        self._head = head
        self._n_own = len(own)
        self._rule = replace(
            rule, labels=(*rule.labels, *own), thresholds=(*rule.thresholds, *(_OWN_THRESHOLD for _ in own))
        )
        columns = {label: k for k, label in enumerate(head.classes)}
        known = [k for k, label in enumerate(self._rule.labels) if label in columns]
        self._known = np.array(known, dtype=np.int64)
        self._columns = np.array([columns[self._rule.labels[k]] for k in known], dtype=np.int64)

    def hear(self, embedding: np.ndarray, probabilities: np.ndarray) -> JudgedHit | None:
        """Return what the head calls a hit as the model has just heard it; else as `judge`."""
        vector = storable(embedding).astype(np.float32)
        return self.judge(vector / max(float(np.sqrt(vector @ vector)), 1e-12), log_odds(probabilities))

    def judge(self, vector: np.ndarray, odds: np.ndarray) -> JudgedHit | None:
        """Return what the head calls a hit, or None where it gives the same labels as the model.

        Parameters
        ----------
        vector : ndarray, float32, shape (d,)
            The hit's embedding, of length 1.
        odds : ndarray, float16, shape (labels,)
            See `log_odds`.
        """
        model = np.concatenate([sigmoid(odds.astype(np.float64)), np.zeros(self._n_own)])
        doubted = np.concatenate([np.clip(odds.astype(np.float64), -_DOUBT, _DOUBT), np.full(self._n_own, -_DOUBT)])
        shifts = np.zeros(len(model))
        shifts[self._known] = self._head.shifts(vector)[self._columns]
        # Without a shift the model's probability, also where that is surer than anything a head can shift.
        shifted = np.clip(model + sigmoid(doubted + shifts) - sigmoid(doubted), 0.0, 1.0)
        labels = self._rule.hit_labels(shifted)
        if names_of(labels) == names_of(self._rule.hit_labels(model)):
            return None
        best = int(shifted.argmax())
        guess = self._rule.called(self._rule.labels[best], float(shifted[best]))
        return JudgedHit(labels, guess, labels[0].confidence if labels else guess.confidence)


class JudgedHits(NamedTuple):
    """Hits of recordings that a person has judged, and some that were left alone.

    Attributes
    ----------
    vectors : ndarray, float32, shape (n, d)
        Embeddings of length 1.
    odds : ndarray, float16, shape (n, labels)
        What the model says, see `log_odds`.
    truths : list of str or None
        What the person says; None: nothing was said.
    files : list of int
        The recording of each; hits of one are never on both sides of a trial.
    rule : DecisionRule
        The model's.
    """

    vectors: np.ndarray
    odds: np.ndarray
    truths: list[str | None]
    files: list[int]
    rule: DecisionRule

    def heard(self) -> list[tuple[LabelConfidence, ...]]:
        """Return the labels of each hit as the model has them, strongest first."""
        return [self.rule.hit_labels(sigmoid(row.astype(np.float64))) for row in self.odds]

    def rows(self, chosen: np.ndarray) -> JudgedHits:
        """Return some of the hits."""
        return JudgedHits(
            self.vectors[chosen], self.odds[chosen], [self.truths[k] for k in chosen],
            [self.files[k] for k in chosen], self.rule,
        )  # fmt: skip


def log_odds(probabilities: np.ndarray) -> np.ndarray:
    """Return calibrated probabilities as log odds, float16, same shape."""
    p = np.asarray(probabilities, dtype=np.float64)
    with np.errstate(divide="ignore"):
        odds = np.log(p) - np.log1p(-p)
    return np.clip(odds, -_FARTHEST, _FARTHEST).astype(np.float16)


def storable(embedding: np.ndarray) -> np.ndarray:
    """Return an embedding as the library stores it, float16, same shape."""
    return np.clip(embedding, -65000, 65000).astype(np.float16)


def names_of(labels: Sequence[LabelConfidence]) -> tuple[str, ...]:
    """Return the names of the labels of a hit, strongest first."""
    return tuple(entry.label for entry in labels)


def called(labels: Sequence[LabelConfidence]) -> str:
    """Return what a hit with these labels is called."""
    return labels[0].label if labels else UNSURE


def hit_examples(classes: Sequence[str], hits: JudgedHits, weights: np.ndarray) -> Examples:
    """Return hits as examples to learn a head from.

    Parameters
    ----------
    classes : sequence of str
        All labels of the model, and what the person says.
    hits : JudgedHits
    weights : ndarray, float, shape (n,)
    """
    column = {label: k for k, label in enumerate(classes)}
    offsets = np.full((len(hits.truths), len(classes)), -_DOUBT)
    offsets[:, [column[label] for label in hits.rule.labels]] = np.clip(hits.odds.astype(np.float64), -_DOUBT, _DOUBT)
    wanted = sigmoid(offsets)
    for row, truth, labels in zip(wanted, hits.truths, hits.heard(), strict=True):
        if truth is None:
            continue
        if labels and labels[0].label != truth:
            family = _family(labels[0].label)
            row[[k for k, label in enumerate(classes) if _family(label) == family]] = 0.0
        row[column[truth]] = 1.0
    return Examples(hits.vectors, offsets, wanted, np.asarray(weights, dtype=np.float64), apart=True)


def _family(label: str) -> str:
    return to_family(label) if label in BY_NAME else label
