"""Where sounds lie on the sample map: the two directions in which embeddings differ most.

Conventions: embeddings are float32 (n, d), places float32 (n, 2), similar sounds near each other. The axes are
found once (principal components, signs fixed by the largest part of each) and then only used: a new sound gets
its place without moving any other. Rejected: UMAP and t-SNE, which are prettier, cannot place a new sound without
a model of their own, and bring numba along.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class MapAxes(NamedTuple):
    """What turns an embedding into a place."""

    mean: np.ndarray  # (d,) float32
    axes: np.ndarray  # (d, 2) float32, scaled so that the sounds they were found on have a deviation of 1


def find_axes(embeddings: np.ndarray) -> MapAxes:
    """Return the axes of a map of these sounds.

    Parameters
    ----------
    embeddings : ndarray, shape (n, d)
        At least one.
    """
    values = np.asarray(embeddings, dtype=np.float64)
    mean = values.mean(axis=0)
    covariance = np.atleast_2d(np.cov(values - mean, rowvar=False, bias=True))
    variances, vectors = np.linalg.eigh(covariance)
    order = np.argsort(variances)[::-1][:2]
    axes = np.zeros((values.shape[1], 2))
    for k, index in enumerate(order):
        axis = vectors[:, index]
        sign = np.sign(axis[np.argmax(np.abs(axis))]) or 1.0
        axes[:, k] = sign * axis / np.sqrt(max(variances[index], 1e-12))
    return MapAxes(mean.astype(np.float32), axes.astype(np.float32))


def place(embeddings: np.ndarray, axes: MapAxes) -> np.ndarray:
    """Return the places of sounds, float32 (n, 2)."""
    return ((np.asarray(embeddings, dtype=np.float32) - axes.mean) @ axes.axes).astype(np.float32)
