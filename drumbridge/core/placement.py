"""Where sounds lie on the sample map: the two directions in which embeddings differ most.

Conventions: embeddings are float32 (n, d), places float32 (n, 2), similar sounds near each other. The axes are
found once (principal components, signs fixed by the largest part of each) and then only used: a new sound gets
its place without moving any other. Rejected: UMAP and t-SNE, which are prettier, cannot place a new sound without
a model of their own, and bring numba along.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np


class MapAxes(NamedTuple):
    """What turns an embedding into a place."""

    mean: np.ndarray  # (d,) float32
    axes: np.ndarray  # (d, 2) float32, scaled so that the sounds they were found on have a deviation of 1


def find_axes(parts: Iterable[np.ndarray]) -> MapAxes:
    """Return the axes of a map of some sounds, of which only a part has to be in memory at once.

    Parameters
    ----------
    parts : iterable of ndarray, each of shape (n, d)
        Their embeddings; at least one sound in all.
    """
    n, origin, total, squares = 0, np.zeros(0), np.zeros(0), np.zeros((0, 0))
    for part in parts:
        values = np.asarray(part, dtype=np.float64)
        if n == 0:
            # Sums are taken around a typical sound, so that little is lost where they are subtracted.
            origin = values.mean(axis=0)
            total, squares = np.zeros(len(origin)), np.zeros((len(origin), len(origin)))
        values = values - origin
        n += len(values)
        total += values.sum(axis=0)
        squares += values.T @ values
    offset = total / n
    variances, vectors = np.linalg.eigh(squares / n - np.outer(offset, offset))
    order = np.argsort(variances)[::-1][:2]
    axes = np.zeros((len(origin), 2))
    for k, index in enumerate(order):
        axis = vectors[:, index]
        sign = np.sign(axis[np.argmax(np.abs(axis))]) or 1.0
        axes[:, k] = sign * axis / np.sqrt(max(variances[index], 1e-12))
    return MapAxes((origin + offset).astype(np.float32), axes.astype(np.float32))


def place(embeddings: np.ndarray, axes: MapAxes) -> np.ndarray:
    """Return the places of sounds, float32 (n, 2)."""
    return ((np.asarray(embeddings, dtype=np.float32) - axes.mean) @ axes.axes).astype(np.float32)
