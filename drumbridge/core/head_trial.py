"""Whether a personal head is better than the model: cross-validation on sounds that a person has judged.

Conventions: a judged sound is corrected (the person says another label than the model) or confirmed (the same).
Whoever confirms what is right as readily as he corrects what is wrong is believed as he stands: both answers are
counted on the sounds that he judged. Most people correct only what is wrong, and among such sounds any change at all
looks like a gain. Then sounds that were left alone stand in for those that nobody confirmed, each by the model's
calibrated confidence, and the two kinds are weighed as they should stand in the library by its mean confidence.
Sounds that are nearly the same are one group, and a group is never on both sides. The interval is a bootstrap over
groups (Efron and Tibshirani, 1993; percentiles).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from .kit_selection import near_groups
from .personal_head import PersonalHead, Ranking, fit_head

FOLDS: Final = 5
LEAST_CONFIRMED: Final = 10, 0.5  # sounds, and for each corrected one: with fewer, what was left alone stands in
NEARLY_THE_SAME: Final = 0.97  # cosine
_DRAWS = 2000
_LEFT_ALONE_WEIGHT = 0.3  # in learning, of a sound that nobody judged, beside 1 of one that somebody did


class JudgedSounds(NamedTuple):
    """Sounds that a person has judged, and some that were left alone.

    Attributes
    ----------
    vectors : ndarray, float32, shape (n, d)
        Embeddings of length 1.
    rankings : list of ranking
        What the model says.
    truths : list of str or None
        What the person says; None: nothing was said.
    """

    vectors: np.ndarray
    rankings: list[Ranking]
    truths: list[str | None]


class HeadTrial(NamedTuple):
    """What came of it.

    Attributes
    ----------
    corrected, mended : int
        Sounds that the model hears wrongly, and those of them that the head hears rightly when it has not learned them.
    confirmed, kept : float
        Sounds that the model hears rightly, and those of them that the head leaves so.
    stand_ins : bool
        True: nobody confirmed enough, so sounds that were left alone stand in for it, each by the model's confidence.
    model, head : float
        Share of right answers among the judged sounds, or, with stand-ins, over the library, 0..1.
    gain, low, high : float
        head - model, and the 95 % interval of it.
    """

    corrected: int
    mended: int
    confirmed: float
    kept: float
    stand_ins: bool
    model: float
    head: float
    gain: float
    low: float
    high: float

    @property
    def better(self) -> bool:
        """Whether the head is better beyond chance."""
        return self.low > 0.0


def learn_head(sounds: JudgedSounds) -> PersonalHead:
    """Learn a head from all sounds."""
    return _learned(sounds, np.arange(len(sounds.truths)))


def independent_groups(vectors: np.ndarray) -> np.ndarray:
    """Return the number of the group of each sound, int64 (n,); sounds that are nearly the same share one."""
    groups = np.arange(len(vectors))
    for members in near_groups(vectors, NEARLY_THE_SAME):
        groups[members] = members[0]
    return np.unique(groups, return_inverse=True)[1]


def try_head(sounds: JudgedSounds, library_confidence: float, seed: int = 0) -> HeadTrial:
    """Compare a head with the model by cross-validation.

    Parameters
    ----------
    sounds : JudgedSounds
    library_confidence : float
        Mean confidence of the model over the library, 0..1.
    seed : int
        Of the folds and of the bootstrap.
    """
    generator = np.random.default_rng(seed)
    groups = independent_groups(sounds.vectors)
    folds = (generator.permutation(groups.max() + 1) % FOLDS)[groups]
    heard = [ranking[0][0] for ranking in sounds.rankings]
    answers = list(heard)
    for fold in range(FOLDS):
        learned = np.flatnonzero(folds != fold)
        if len(learned) == 0:
            continue
        head = _learned(sounds, learned)
        for k in np.flatnonzero(folds == fold):
            answers[k] = head.judge(sounds.vectors[k], sounds.rankings[k])[0][0]
    wrong = np.array([truth is not None and truth != was for truth, was in zip(sounds.truths, heard, strict=True)])
    surely_right = np.array([truth == was for truth, was in zip(sounds.truths, heard, strict=True)])
    stand_ins = bool(surely_right.sum() < max(LEAST_CONFIRMED[0], LEAST_CONFIRMED[1] * wrong.sum()))
    sure = np.array([ranking[0][1] for ranking in sounds.rankings])
    left_alone = np.array([truth is None for truth in sounds.truths])
    right = library_confidence if stand_ins else float(surely_right.sum() / (surely_right.sum() + wrong.sum()))
    weight = np.where(left_alone & stand_ins, sure, 0.0) + surely_right
    mended = wrong & np.array([answer == truth for answer, truth in zip(answers, sounds.truths, strict=True)])
    kept = np.array([answer == was for answer, was in zip(answers, heard, strict=True)])

    def accuracy(counts: np.ndarray) -> float:
        n_wrong, n_right = float(counts @ wrong), float(counts @ weight)
        of_wrong = float(counts @ mended) / n_wrong if n_wrong else 0.0
        of_right = float(counts @ (weight * kept)) / n_right if n_right else 0.0
        return right * of_right + (1.0 - right) * of_wrong

    n_groups = int(groups.max()) + 1
    draws = [
        accuracy(np.bincount(generator.integers(n_groups, size=n_groups), minlength=n_groups)[groups])
        for _ in range(_DRAWS)
    ]
    low, high = np.quantile(draws, [0.025, 0.975]) - right
    head_right = accuracy(np.ones(len(groups)))
    return HeadTrial(
        corrected=int(wrong.sum()), mended=int(mended.sum()), confirmed=float(weight.sum()),
        kept=float((weight * kept).sum()), stand_ins=stand_ins, model=right, head=head_right, gain=head_right - right,
        low=float(low), high=float(high),
    )  # fmt: skip


def _learned(sounds: JudgedSounds, rows: np.ndarray) -> PersonalHead:
    truths: Sequence[str | None] = [sounds.truths[k] for k in rows]
    weights = np.array([_LEFT_ALONE_WEIGHT if truth is None else 1.0 for truth in truths])
    return fit_head(sounds.vectors[rows], [sounds.rankings[k] for k in rows], truths, weights)
