"""How good an answer is: accuracy, calibration, onset F-measure, and how sure one can be of each figure.

Conventions: truth comes before answer, reference before estimate; times are seconds; a probability is
0..1. Transcription scores are mir_eval's (Raffel et al., ISMIR 2014) within a tolerance window.
Intervals are percentile bootstraps over whole kits or tracks, for files of one kit are not independent.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np


def accuracy(truth: Sequence[str], answer: Sequence[str]) -> float:
    """Return the share of answers that are right."""
    return float(np.mean([t == a for t, a in zip(truth, answer, strict=True)])) if len(truth) else float("nan")


def balanced_accuracy(truth: Sequence[str], answer: Sequence[str]) -> float:
    """Return the mean over the classes in `truth` of the share of each that is found."""
    by_class: dict[str, list[bool]] = {}
    for t, a in zip(truth, answer, strict=True):
        by_class.setdefault(t, []).append(t == a)
    return float(np.mean([np.mean(found) for found in by_class.values()])) if by_class else float("nan")


def confusion(truth: Sequence[str], answer: Sequence[str], classes: Sequence[str]) -> np.ndarray:
    """Return counts, int, shape (classes, classes): rows are the truth, columns the answer."""
    index = {name: k for k, name in enumerate(classes)}
    table = np.zeros((len(classes), len(classes)), dtype=int)
    for t, a in zip(truth, answer, strict=True):
        table[index[t], index[a]] += 1
    return table


def calibration_error(confidence: np.ndarray, right: np.ndarray, bins: int = 10) -> float:
    """Return the expected calibration error (Naeini et al., AAAI 2015) over bins of equal width."""
    confidence, right = np.asarray(confidence, float), np.asarray(right, float)
    which = np.minimum((confidence * bins).astype(int), bins - 1)
    error = 0.0
    for k in np.unique(which):
        inside = which == k
        error += inside.mean() * abs(confidence[inside].mean() - right[inside].mean())
    return float(error)


def reliability(confidence: np.ndarray, right: np.ndarray, bins: int = 10) -> list[tuple[float, float, int]]:
    """Return (mean confidence, share right, count) of each bin that holds anything."""
    which = np.minimum((np.asarray(confidence) * bins).astype(int), bins - 1)
    return [
        (float(confidence[which == k].mean()), float(right[which == k].mean()), int((which == k).sum()))
        for k in np.unique(which)
    ]


def risk_coverage(confidence: np.ndarray, right: np.ndarray) -> list[tuple[float, float]]:
    """Return (coverage, accuracy) when only the most confident tenth, two tenths, ... are answered."""
    order = np.argsort(-np.asarray(confidence), kind="stable")
    sorted_right = np.asarray(right, float)[order]
    cuts = [max(1, round(len(order) * tenth / 10)) for tenth in range(1, 11)] if len(order) else []
    return [(cut / len(order), float(sorted_right[:cut].mean())) for cut in cuts]


def bootstrap(
    units: Sequence[str], figure: Callable[[np.ndarray], float], *, rounds: int = 1000, seed: int = 0
) -> tuple[float, float]:
    """Return the 95 % interval of a figure when whole units are drawn with replacement.

    Parameters
    ----------
    units : sequence of str, length n
        The kit or track of each item.
    figure : callable
        Takes the indices of the drawn items, returns the figure.
    """
    rng = np.random.default_rng(seed)
    members: dict[str, list[int]] = {}
    for k, unit in enumerate(units):
        members.setdefault(unit, []).append(k)
    groups = [np.array(rows) for rows in members.values()]
    values = [
        figure(np.concatenate([groups[g] for g in rng.integers(0, len(groups), len(groups))])) for _ in range(rounds)
    ]
    return float(np.nanpercentile(values, 2.5)), float(np.nanpercentile(values, 97.5))


def matched(reference_s: Sequence[float], estimate_s: Sequence[float], window_s: float) -> tuple[int, int, int]:
    """Return how many onsets match one to one within the window, and how many there are on either side.

    Returns
    -------
    matches, references, estimates : int
    """
    import mir_eval

    reference, estimate = np.sort(np.asarray(reference_s, float)), np.sort(np.asarray(estimate_s, float))
    if len(reference) == 0 or len(estimate) == 0:
        return 0, len(reference), len(estimate)
    return len(mir_eval.util.match_events(reference, estimate, window_s)), len(reference), len(estimate)


def f_measure(matches: int, references: int, estimates: int) -> float:
    """Return the F-measure of counts; 1 when there was nothing to find and nothing was found."""
    return 2 * matches / (references + estimates) if references + estimates else 1.0


def merge_near(times_s: Sequence[float], within_s: float = 0.020) -> list[float]:
    """Return the onsets with those nearer than `within_s` to the one kept before them left out."""
    kept: list[float] = []
    for time_s in sorted(times_s):
        if not kept or time_s - kept[-1] >= within_s:
            kept.append(time_s)
    return kept
