"""Which pad a stroke is of, learned from a handful of taps: distances to each pad's mean, and "none of them".

Conventions: points are float, shape (n, d), any d: what a model answers to a stroke, see `points`. Distances are
Mahalanobis distances to the means of the pads in a covariance that all pads share (that of the taps around their own
means), shrunk towards a sphere because there are fewer taps than dimensions (Ledoit and Wolf, J. Multivariate Analysis
2004, for the idea). How far a stroke may be from its pad, and how much nearer than to the others, is learned from taps
that were left out: no tap is judged by a mean that it is part of.
"""

from __future__ import annotations

import math

import numpy as np

from ..errors import KitError

LABELS_WEIGHT = 0.6  # of what the model calls a stroke beside a direction of length 1
SHRINKAGE = 0.6  # weight of the sphere; between 0.1 and 0.9 it hardly matters
_FLOOR = 0.01  # of the spread between pads: what a pad whose taps are all alike is given as its own
_ALONE = 0.15  # the same where no pad has two taps, so nobody knows how they differ
_FOLDS = 5
_ALIKE = 0.05  # left-out taps are taken to be at least so far from the others
_NEAR, _FAR = 1.5, 9.0  # times the distance of the taps: where no pad is, at least, and when there is only one pad
_TEMPERATURES = np.geomspace(0.25, 64.0, 25)


def points(embeddings: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Return what strokes are compared by: the direction of the embedding, and what the model calls it.

    Parameters
    ----------
    embeddings : ndarray, shape (n, d)
    probabilities : ndarray, shape (n, labels)
        Of each label on its own.
    """
    embeddings = np.asarray(embeddings, dtype=np.float64)
    directions = embeddings / np.maximum(np.linalg.norm(embeddings, axis=1, keepdims=True), 1e-12)
    return np.concatenate([directions, LABELS_WEIGHT * probabilities], axis=1)


class PadHead:
    """Learned pads.

    Parameters
    ----------
    strokes : ndarray, float64, shape (n, d)
        The point of each tap.
    pads : sequence of int
        The pad of each.

    Attributes
    ----------
    pads : tuple of int
        In the order of the probabilities.
    reach : float
        Distance at which a stroke is as likely of the nearest pad as of none.

    Raises
    ------
    KitError
        ``kit.no_taps``: no tap is there. ``kit.model``: a point is not finite.
    """

    def __init__(self, strokes: np.ndarray, pads: np.ndarray | list[int]) -> None:
        labels, owners = np.unique(np.asarray(pads, dtype=np.int64), return_inverse=True)
        if len(strokes) == 0:
            raise KitError("kit.no_taps", "The kit has no taps yet: hit each pad a few times.")
        if not np.isfinite(strokes).all():
            raise KitError("kit.model", "The model answers a tap with numbers that are not finite.")
        self.pads = tuple(labels.tolist())
        self._space = _Space(strokes, owners, len(labels))
        own, others = _left_out(strokes, owners, len(labels), self._space)
        self._temperature = _temperature(own, others)
        self.reach, self._steepness = _reach(own, others)

    def judge(self, stroke: np.ndarray) -> tuple[np.ndarray, float]:
        """Say which pad a stroke is of.

        Parameters
        ----------
        stroke : ndarray, float64, shape (d,)

        Returns
        -------
        probabilities : ndarray, float64, shape (pads,)
            Of each pad if it is one of them; they sum to 1.
        known : float
            Probability that it is one of them, 0..1.
        """
        distances = self.distances(stroke[None])[0]
        shares = np.exp(-(distances - distances.min()) / self._temperature)
        excess = self._steepness * (np.log(max(distances.min(), 1e-12)) - np.log(self.reach))
        return shares / shares.sum(), float(1.0 / (1.0 + np.exp(np.clip(excess, -60.0, 60.0))))

    def distances(self, strokes: np.ndarray) -> np.ndarray:
        """Return squared distances, about 1 for a typical tap, from the mean of each pad; shape (n, pads)."""
        return self._space.distances(strokes)


class _Space:
    """Means of classes, and the metric around them; `within` is their spread, by default that of the points."""

    def __init__(self, points: np.ndarray, owners: np.ndarray, n_classes: int, within: float | None = None) -> None:
        n, d = points.shape
        self.means = np.stack([points[owners == k].mean(axis=0) for k in range(n_classes)])
        residuals = points - self.means[owners]
        freedom = max(1, n - n_classes)
        between = float(((self.means - self.means.mean(axis=0)) ** 2).sum()) / max(1, n_classes - 1)
        if within is None:
            floor = (_FLOOR if n > n_classes else _ALONE) * (between or 1.0)
            within = max(float((residuals**2).sum()) / freedom, floor)
        self.within = within
        sphere = SHRINKAGE * within / d
        # The covariance has the rank of the taps at most, so its inverse is a sphere with a few axes shortened.
        _, singular, self._axes = np.linalg.svd(residuals, full_matrices=False)
        along = (1.0 - SHRINKAGE) * singular**2 / freedom
        self._sphere = sphere * d
        self._shortening = 1.0 - sphere / (along + sphere)

    def distances(self, points: np.ndarray) -> np.ndarray:
        """Return squared distances, shape (n, classes)."""
        squared = (points**2).sum(axis=1)[:, None] + (self.means**2).sum(axis=1) - 2.0 * points @ self.means.T
        along = (points @ self._axes.T)[:, None] - (self.means @ self._axes.T)[None]
        return np.maximum(squared - (along**2 * self._shortening).sum(axis=2), 0.0) / self._sphere


def _left_out(points: np.ndarray, owners: np.ndarray, n_classes: int, space: _Space) -> tuple[np.ndarray, np.ndarray]:
    """Return for each tap the distance to its own pad when it is not learned from, and to the others, inf for none."""
    folds = np.zeros(len(points), dtype=int)
    for k in range(n_classes):
        mine = np.flatnonzero(owners == k)
        folds[mine] = np.arange(len(mine)) % _FOLDS if len(mine) > 1 else -1  # one tap cannot do without itself
    distances = space.distances(points)
    for fold in range(_FOLDS):
        out = folds == fold
        if out.any():
            distances[out] = _Space(points[~out], owners[~out], n_classes, space.within).distances(points[out])
    rows = np.arange(len(points))
    own = distances[rows, owners].copy()
    distances[rows, owners] = np.inf
    return own[folds >= 0], distances[folds >= 0]


def _temperature(own: np.ndarray, others: np.ndarray) -> float:
    """Return what distances are divided by for the likeliest probabilities of the taps that were left out."""
    if len(own) == 0 or not np.isfinite(others).any():
        return 1.0
    odds = np.exp(np.clip((own[:, None, None] - others[:, :, None]) / _TEMPERATURES, -60.0, 60.0)).sum(axis=1)
    return float(_TEMPERATURES[int(np.argmin(np.log1p(odds).mean(axis=0)))])


def _reach(own: np.ndarray, others: np.ndarray) -> tuple[float, float]:
    """Return the distance that is the border between a pad and none, and how steep the border is.

    It lies half way (of the logarithm) between what nine of ten left-out taps keep to and the distance from a tap to
    the nearest other pad, which is how a sound that is no pad may look. Rather too far than too near: a pad that falls
    silent is worse than a stray hit.
    """
    inside = max(float(np.quantile(own, 0.9)), _ALIKE) if len(own) else 1.0
    strange = others.min(axis=1) if others.size else np.full(1, np.inf)
    outside = float(np.median(strange)) if np.isfinite(strange).all() else _FAR * inside
    outside = max(outside, _NEAR * inside)
    return math.sqrt(inside * outside), 2.0 * math.log(9.0) / math.log(outside / inside)
