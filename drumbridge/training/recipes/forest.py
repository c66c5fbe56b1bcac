"""Decision trees as tensors: what scikit-learn has grown, followed by comparisons and gathers in the graph.

Conventions: all nodes of all trees stand in one row; a leaf points at itself, so that every path can be
followed for as many steps as the deepest tree has. `x <= threshold` goes left, as in scikit-learn.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

_LEAST = 1e-3  # probability that no class falls below: a few trees are never quite sure


class Forest(torch.nn.Module):
    """The mean of trees: features (n, d) to log probabilities (n, classes).

    Parameters
    ----------
    trees : sequence of sklearn.tree.DecisionTreeClassifier
        Fitted on the same features and classes.
    """

    def __init__(self, trees: Sequence[Any]) -> None:
        super().__init__()
        feature, threshold, left, right, leaf, shares, roots = [], [], [], [], [], [], []
        start = leaves = 0
        for tree in trees:
            t = tree.tree_
            is_leaf = t.children_left < 0
            own = np.arange(t.node_count)
            roots.append(start)
            feature.append(np.where(is_leaf, 0, t.feature))
            threshold.append(np.where(is_leaf, np.inf, t.threshold))
            left.append(start + np.where(is_leaf, own, t.children_left))
            right.append(start + np.where(is_leaf, own, t.children_right))
            leaf.append(np.where(is_leaf, leaves + np.cumsum(is_leaf) - 1, 0))
            value = t.value[is_leaf, 0]
            shares.append(value / value.sum(1, keepdims=True))
            start += t.node_count
            leaves += int(is_leaf.sum())
        self.depth = max(int(tree.tree_.max_depth) for tree in trees)
        for name, parts in (("feature", feature), ("left", left), ("right", right), ("leaf", leaf)):
            self.register_buffer(name, torch.as_tensor(np.concatenate(parts), dtype=torch.int64), False)
        self.register_buffer("threshold", torch.from_numpy(_down_to_float32(np.concatenate(threshold))), False)
        self.register_buffer("shares", torch.as_tensor(np.concatenate(shares), dtype=torch.float32), False)
        self.register_buffer("roots", torch.as_tensor(roots, dtype=torch.int64)[None], False)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Return log probabilities."""
        node = self.roots.expand(features.shape[0], -1)
        for _ in range(self.depth):
            value = torch.gather(features, 1, self.feature[node])
            node = torch.where(value <= self.threshold[node], self.left[node], self.right[node])
        probabilities = self.shares[self.leaf[node]].mean(1)
        return torch.log(probabilities * (1 - _LEAST) + _LEAST / probabilities.shape[1])


def _down_to_float32(threshold: np.ndarray) -> np.ndarray:
    """Return the largest float32 that is not above each threshold: it parts the float32 numbers in the same way."""
    rounded = threshold.astype(np.float32)
    return np.where(rounded > threshold, np.nextafter(rounded, np.float32(-np.inf)), rounded).astype(np.float32)
