"""Choosing the best and most different of many sounds of one kind, and finding sounds that are nearly the same.

Conventions: vectors are embeddings of length 1, float32 (n, d); the cosine between two is 1 for the same sound.
"""

from __future__ import annotations

import numpy as np

_PIECE = 2048  # rows that are compared with all others at once


def choose_different(confidences: np.ndarray, vectors: np.ndarray, n: int) -> list[int]:
    """Return the indices of n sounds: the surest one, then each time the one that is sure and unlike those before.

    Parameters
    ----------
    confidences : ndarray, shape (m,)
        0..1.
    vectors : ndarray, shape (m, d)
    n : int
        Fewer are returned when there are no more.
    """
    if len(confidences) == 0:
        return []
    chosen = [int(np.argmax(confidences))]
    distance = 1.0 - vectors @ vectors[chosen[0]]
    while len(chosen) < min(n, len(confidences)):
        worth = confidences * np.maximum(distance, 0.0)
        worth[chosen] = -1.0
        best = int(np.argmax(worth))
        chosen.append(best)
        distance = np.minimum(distance, 1.0 - vectors @ vectors[best])
    return chosen


def near_groups(vectors: np.ndarray, least: float) -> list[list[int]]:
    """Return groups of sounds in which each is at least so similar to another one, as rising indices.

    Parameters
    ----------
    vectors : ndarray, shape (n, d)
    least : float
        Cosine.
    """
    parent = list(range(len(vectors)))

    def root(k: int) -> int:
        while parent[k] != k:
            parent[k] = parent[parent[k]]
            k = parent[k]
        return k

    for start in range(0, len(vectors), _PIECE):
        near = vectors[start : start + _PIECE] @ vectors[start:].T >= least
        for row, column in np.argwhere(np.triu(near, k=1)):
            one, other = root(start + int(row)), root(start + int(column))
            parent[max(one, other)] = min(one, other)
    groups: dict[int, list[int]] = {}
    for k in range(len(vectors)):
        groups.setdefault(root(k), []).append(k)
    return [group for group in groups.values() if len(group) > 1]
