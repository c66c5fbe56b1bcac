"""Whether a personal head is better than the model: cross-validation on sounds that a person has judged.

Conventions: a judged sound is corrected (the person says another label than the model) or confirmed (the same).
Whoever confirms what is right as readily as he corrects what is wrong is believed as he stands: both answers are
counted on the sounds that he judged. Most people correct only what is wrong, and among such sounds any change at all
looks like a gain. Then sounds that were left alone stand in for those that nobody confirmed, each by the model's
calibrated confidence, and the two kinds are weighed as they should stand in the library by its mean confidence.
Sounds that are nearly the same are one group, and a group is never on both sides. The interval is a bootstrap over
groups (Efron and Tibshirani, 1993; percentiles).
One-shots and hits of recordings teach one head, and are judged apart, each by its own trial: what helps the one may
harm the other. All hits of a recording are of one group, for their drums, their room and their neighbours are the same,
and nothing is learned from that is nearly the same as what is held out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from .events import LOOP, ONE_SHOT
from .hit_head import HitHead, JudgedHits, called, hit_examples, names_of
from .kit_selection import near_groups
from .personal_head import PersonalHead, Ranking, fit_head, one_shot_examples

FOLDS: Final = 5
LEAST_CONFIRMED: Final = 10, 0.5  # sounds, and for each corrected one: with fewer, what was left alone stands in
NEARLY_THE_SAME: Final = 0.97  # cosine
_DRAWS = 2000
_LEFT_ALONE_WEIGHT = 0.3  # in learning, of a sound that nobody judged, beside 1 of one that somebody did


class JudgedSounds(NamedTuple):
    """One-shots that a person has judged, and some that were left alone.

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

    def rows(self, chosen: np.ndarray) -> JudgedSounds:
        """Return some of the sounds."""
        return JudgedSounds(self.vectors[chosen], [self.rankings[k] for k in chosen], [self.truths[k] for k in chosen])


class Judged(NamedTuple):
    """All that a head is learned from; of either kind there may be none."""

    sounds: JudgedSounds
    hits: JudgedHits


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


def learn_head(judged: Judged) -> PersonalHead:
    """Learn a head from all sounds."""
    sounds, hits = judged
    said = {truth for truth in (*sounds.truths, *hits.truths) if truth is not None}
    heard = {label for ranking in sounds.rankings for label, _ in ranking}
    classes = tuple(sorted(said | heard | (set(hits.rule.labels) if hits.truths else set())))
    parts = []
    if sounds.truths:
        parts.append(one_shot_examples(classes, *sounds, _weights(sounds.truths)))
    if hits.truths:
        parts.append(hit_examples(classes, hits, _weights(hits.truths)))
    return fit_head(classes, *parts)


def independent_groups(vectors: np.ndarray) -> np.ndarray:
    """Return the number of the group of each sound, int64 (n,); sounds that are nearly the same share one."""
    groups = np.arange(len(vectors))
    for members in near_groups(vectors, NEARLY_THE_SAME):
        groups[members] = members[0]
    return np.unique(groups, return_inverse=True)[1]


def try_head(judged: Judged, confidences: dict[str, float], seed: int = 0) -> dict[str, HeadTrial]:
    """Compare a head with the model by cross-validation, for one-shots and for hits of recordings apart.

    Parameters
    ----------
    judged : Judged
    confidences : dict of str to float
        By kind (`ONE_SHOT`, `LOOP` for hits), mean confidence of the model over the library, 0..1.
    seed : int
        Of the folds and of the bootstrap.

    Returns
    -------
    dict of str to HeadTrial
        By kind, where the person has judged any of it.
    """
    generator = np.random.default_rng(seed)
    sounds, hits = judged
    n = len(sounds.truths)
    groups = independent_groups(sounds.vectors), np.unique(hits.files, return_inverse=True)[1]
    folds = np.concatenate(
        [(generator.permutation(of.max(initial=-1) + 1) % FOLDS)[of] for of in groups]  # first the one-shots
    ).astype(np.int64)
    before = [ranking[0][0] for ranking in sounds.rankings]
    after = list(before)
    entries = hits.heard()
    hits_before = [names_of(labels) for labels in entries]
    hits_after = list(hits_before)
    for fold in range(FOLDS):
        learned = _apart(sounds.vectors, hits.vectors, folds == fold)
        if not learned.any():
            continue
        head = learn_head(Judged(sounds.rows(np.flatnonzero(learned[:n])), hits.rows(np.flatnonzero(learned[n:]))))
        for k in np.flatnonzero(folds[:n] == fold):
            after[k] = head.judge(sounds.vectors[k], sounds.rankings[k])[0][0]
        of_hits = HitHead(head, hits.rule)
        for k in np.flatnonzero(folds[n:] == fold):
            answer = of_hits.judge(hits.vectors[k], hits.odds[k])
            if answer is not None:
                hits_after[k] = names_of(answer.labels)
    trials = {}
    if any(truth is not None for truth in sounds.truths):
        mended = np.array([answer == truth for answer, truth in zip(after, sounds.truths, strict=True)])
        kept = np.array([answer == was for answer, was in zip(after, before, strict=True)])
        sure = np.array([ranking[0][1] for ranking in sounds.rankings])
        trials[ONE_SHOT] = _trial(
            sounds.truths, before, sure, mended, kept, groups[0], confidences[ONE_SHOT], generator
        )
    if any(truth is not None for truth in hits.truths):
        # Right is a hit that is called so and has lost what it was called by; kept, one with the very same labels.
        mended = np.array(
            [
                names[:1] == (truth,) and not set(was[:1]) & set(names)
                for names, was, truth in zip(hits_after, hits_before, hits.truths, strict=True)
            ]
        )
        kept = np.array([names == was for names, was in zip(hits_after, hits_before, strict=True)])
        sure = np.array([labels[0].confidence if labels else 0.0 for labels in entries])
        trials[LOOP] = _trial(
            hits.truths, [called(labels) for labels in entries], sure, mended, kept, groups[1], confidences[LOOP],
            generator,
        )  # fmt: skip
    return trials


def _apart(sounds: np.ndarray, hits: np.ndarray, held_out: np.ndarray) -> np.ndarray:
    """Return which sounds may be learned from when some are held out, bool (n,): none of those nor nearly one of them.

    Hits of different recordings are often nearly the same, so those are left out here instead of sharing a group, which
    would soon hold all recordings of a pack.
    """
    vectors = np.concatenate([part for part in (sounds, hits) if len(part)] or [sounds])
    learned = ~held_out
    if held_out.any() and learned.any():
        learned[learned] = (vectors[learned] @ vectors[held_out].T).max(axis=1) < NEARLY_THE_SAME
    return learned


def _trial(
    truths: Sequence[str | None],
    heard: Sequence[str],
    sure: np.ndarray,
    mended: np.ndarray,
    kept: np.ndarray,
    groups: np.ndarray,
    library_confidence: float,
    generator: np.random.Generator,
) -> HeadTrial:
    """Return what came of it for sounds of one kind."""
    wrong = np.array([truth is not None and truth != was for truth, was in zip(truths, heard, strict=True)])
    surely_right = np.array([truth == was for truth, was in zip(truths, heard, strict=True)])
    stand_ins = bool(surely_right.sum() < max(LEAST_CONFIRMED[0], LEAST_CONFIRMED[1] * wrong.sum()))
    left_alone = np.array([truth is None for truth in truths])
    right = library_confidence if stand_ins else float(surely_right.sum() / (surely_right.sum() + wrong.sum()))
    weight = np.where(left_alone & stand_ins, sure, 0.0) + surely_right
    mended = wrong & mended

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


def _weights(truths: Sequence[str | None]) -> np.ndarray:
    return np.array([_LEFT_ALONE_WEIGHT if truth is None else 1.0 for truth in truths])
