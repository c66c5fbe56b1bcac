"""A personal head: what a person's corrections add to a model's scores, near the sounds that were corrected.

Conventions: vectors are embeddings of length 1 (n, d), a ranking is ((label, probability), ...) of the model, its
best few. With p the model's probability of a class and e the embedding of a sound, the head adds to the logarithm of
the odds of each class

    shift(class) = sum over known sounds k of exp((cos(e, e_k) - 1) / WIDTH) * a(k, class)

which is kernel logistic regression with the model's own answer as its offset. Away from what was corrected the sum is
nought and the model's answer stands as it was, and so it does where the head agrees with it. In a one-shot the classes
share one probability (softmax), in a hit each has its own (sigmoid, see `drumbridge.core.hit_head`); both teach the
same coefficients. These are the minimum of the log loss with a ridge (`STRENGTH`), found by the bound of Boehning
(Ann. Inst. Statist. Math. 1992), which needs no step size, cannot run away, and holds for sigmoids too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

Ranking = Sequence[tuple[str, float]]

FLOOR: Final = 0.01  # of a probability: more sure than this of what it is not the model is never taken to be
WIDTH: Final = 0.3  # of the cosine: how near is near
STRENGTH: Final = 0.2  # of the ridge
_STEPS = 200
_SETTLED = 1e-4  # of a coefficient between two steps


@dataclass(frozen=True, eq=False)
class PersonalHead:
    """A learned head.

    Attributes
    ----------
    classes : tuple of str
    vectors : ndarray, float32, shape (n, d)
        Of the sounds that it was learned from, rounded to float16 as the library stores them.
    coefficients : ndarray, float32, shape (n, classes)
    """

    classes: tuple[str, ...]
    vectors: np.ndarray
    coefficients: np.ndarray

    def judge(self, vector: np.ndarray, ranking: Ranking) -> tuple[tuple[str, float], ...]:
        """Return the ranking of one one-shot, or the model's own where the head agrees with it.

        Parameters
        ----------
        vector : ndarray, float32, shape (d,)
        ranking : sequence of (str, float)
            The model's best labels, strongest first.
        """
        shifts = dict(zip(self.classes, self.shifts(vector).tolist(), strict=True))
        heard = dict(ranking)
        labels = [*heard, *(label for label in self.classes if label not in heard)]
        odds = np.array([max(heard.get(label, 0.0), FLOOR) for label in labels])
        odds *= np.exp(np.array([shifts.get(label, 0.0) for label in labels]))
        shares = odds / odds.sum()
        best = int(np.argmax(shares))
        if best == 0:  # the same label; surer, if anything
            first = (labels[0], max(ranking[0][1], float(shares[0])))
            return (first, *((label, p) for label, p in ranking[1:]))
        order = np.argsort(-shares, kind="stable")
        return tuple((labels[k], float(shares[k])) for k in order[: len(ranking)])

    def shifts(self, vector: np.ndarray) -> np.ndarray:
        """Return what is added to the logarithm of each class's odds; one sound at a time, so that bits never vary."""
        near = np.exp((self.vectors @ np.asarray(vector, dtype=np.float32) - 1.0) / WIDTH)
        return np.clip(near @ self.coefficients, -30.0, 30.0)


class Examples(NamedTuple):
    """What a head is fitted to: n sounds of one kind.

    Attributes
    ----------
    vectors : ndarray, shape (n, d)
        Of length 1.
    offsets : ndarray, float64, shape (n, classes)
        What the model says: logarithms of probabilities in a one-shot, of odds in a hit.
    wanted : ndarray, float64, shape (n, classes)
        Probabilities.
    weights : ndarray, float64, shape (n,)
        What each counts, above 0.
    apart : bool
        Each class has a probability of its own (hits), or they share one.
    """

    vectors: np.ndarray
    offsets: np.ndarray
    wanted: np.ndarray
    weights: np.ndarray
    apart: bool

    def probabilities(self, shifts: np.ndarray) -> np.ndarray:
        """Return what a head that adds these shifts, (n, classes), says."""
        return sigmoid(self.offsets + shifts) if self.apart else _softmax(self.offsets + shifts)


def one_shot_examples(
    classes: Sequence[str],
    vectors: np.ndarray,
    rankings: Sequence[Ranking],
    targets: Sequence[str | None],
    weights: np.ndarray,
) -> Examples:
    """Return one-shots as examples.

    Parameters
    ----------
    classes : sequence of str
    vectors : ndarray, shape (n, d)
        Of length 1.
    rankings : sequence of ranking
        What the model says of each sound.
    targets : sequence of str or None
        What a person says; None for a sound that should stay as the model hears it.
    weights : ndarray, float, shape (n,)
    """
    column = {label: k for k, label in enumerate(classes)}
    offsets = np.full((len(vectors), len(classes)), np.log(FLOOR))
    for row, ranking in zip(offsets, rankings, strict=True):
        for label, p in ranking:
            row[column[label]] = np.log(max(p, FLOOR))
    wanted = _softmax(offsets)
    for row, target in zip(wanted, targets, strict=True):
        if target is not None:
            row[:] = 0.0
            row[column[target]] = 1.0
    return Examples(np.asarray(vectors), offsets, wanted, np.asarray(weights, dtype=np.float64), apart=False)


def fit_head(classes: Sequence[str], *parts: Examples) -> PersonalHead:
    """Learn a head from sounds of one kind or of both; at least one sound."""
    ends = np.cumsum([len(part.vectors) for part in parts])[:-1]
    vectors = np.concatenate([part.vectors for part in parts]).astype(np.float16).astype(np.float32)
    weight = np.concatenate([part.weights for part in parts])[:, None]
    near = np.exp((vectors.astype(np.float64) @ vectors.T - 1.0) / WIDTH)
    bound = np.linalg.inv(0.5 * weight * near + STRENGTH * np.eye(len(near)))
    coefficients = np.zeros((len(vectors), len(classes)))
    for _ in range(_STEPS):
        shifts = np.split(near @ coefficients, ends)
        error = np.concatenate(
            [part.probabilities(shift) - part.wanted for part, shift in zip(parts, shifts, strict=True)]
        )
        step = bound @ (weight * error + STRENGTH * coefficients)
        coefficients -= step
        if np.abs(step).max() < _SETTLED:
            break
    return PersonalHead(tuple(classes), vectors, coefficients.astype(np.float32))


def sigmoid(log_odds: np.ndarray) -> np.ndarray:
    """Return probabilities."""
    return 1.0 / (1.0 + np.exp(-np.clip(log_odds, -60.0, 60.0)))


def _softmax(logits: np.ndarray) -> np.ndarray:
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    return odds / odds.sum(axis=1, keepdims=True)
