"""`features-tree`: numbers that people can name, and a decision tree or a forest that decides on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from drumbridge.inference.manifest import Manifest

from ..export import model_to_onnx
from .features import FEATURES, Features
from .forest import Forest
from .hearing import check_classes, hear
from .pictures import accuracy_over_trees, importances, tree
from .recipe import Fitted, Layout, Options, Say, Sounds

_LAYOUT = Layout(44100, 0, 3 * 44100, "whole")
_TREES = 100
_LEAST_IN_A_LEAF = 2


class TreeModel(torch.nn.Module):
    """What is exported: audio to features to the trees; the embedding is the standardised features."""

    def __init__(self, features: Features, forest: Forest, mean: torch.Tensor, spread: torch.Tensor) -> None:
        super().__init__()
        self.features, self.forest = features, forest
        self.register_buffer("mean", mean)
        self.register_buffer("spread", spread)

    def forward(self, audio: torch.Tensor, available: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return log probabilities (n, classes) and the embedding (n, FEATURES)."""
        features = self.features(audio, available)
        return self.forest(features), (features - self.mean) / self.spread


@dataclass(frozen=True)
class FeaturesTree:
    """See `Recipe`."""

    name: str = "features-tree"
    what: str = (
        "Duration, loudness at ten points, fundamental and frequency bands, and trees that decide on them "
        "(Sobot, Machine Learning for Drummers)."
    )
    layout: Layout = _LAYOUT
    activation: str = "softmax"

    def fit(self, train: Sounds, held_out: Sounds, classes: Sequence[str], options: Options, say: Say) -> Fitted:
        """Learn the classes."""
        from sklearn.ensemble import RandomForestClassifier
        from sklearn.tree import DecisionTreeClassifier

        features = Features(self.layout).eval()
        failed: dict[str, str] = {}
        say(f"measuring {len(train.paths) + len(held_out.paths)} files")
        x, y = self._measured(features, train, failed)
        check_classes(y, classes, failed)
        unknown, unknown_y = self._measured(features, held_out, failed)
        how = {"min_samples_leaf": _LEAST_IN_A_LEAF, "class_weight": "balanced", "random_state": options.seed}
        alone = DecisionTreeClassifier(**how).fit(x, y)
        n_trees = options.trees or _TREES
        say(f"growing {n_trees} trees on {len(FEATURES)} features")
        if n_trees == 1:
            trees, weight = [alone], alone.feature_importances_
        else:
            grown = RandomForestClassifier(n_trees, n_jobs=2, **how).fit(x, y)
            trees, weight = grown.estimators_, grown.feature_importances_
        forest = Forest(trees)
        curve = []
        for n in sorted({1, 2, 5, 10, 20, 50, 100, n_trees} & set(range(1, n_trees + 1))):
            row = {"trees": float(n), "accuracy": _right(Forest(trees[:n]), x, y)}
            if len(unknown):
                row["held_out_accuracy"] = _right(Forest(trees[:n]), unknown, unknown_y)
            curve.append(row)
        say(", ".join(f"{key.replace('_', ' ')} {value:.3f}" for key, value in curve[-1].items() if key != "trees"))
        title = "The tree" if n_trees == 1 else "A single tree on the same features (the forest has many)"
        pictures = [
            accuracy_over_trees(curve),
            importances(FEATURES, weight),
            tree(alone, FEATURES, classes, f"{title}: its first decisions"),
        ]
        facts = {"features": str(len(FEATURES)), "trees": f"{n_trees}, up to {forest.depth} decisions deep"}
        mean, spread = torch.from_numpy(x.mean(0)), torch.from_numpy(x.std(0) + 1e-3)
        with torch.no_grad():
            scores = forest(torch.from_numpy(unknown)).numpy()
        model = TreeModel(features, forest, mean, spread).eval()
        return Fitted(model, scores, unknown_y, curve, facts, pictures, failed)

    def to_onnx(self, fitted: Fitted, manifest: Manifest) -> bytes:
        """Return the bytes of the model file."""
        return model_to_onnx(fitted.model, manifest, outputs=("scores", "embedding"))

    def _measured(self, features: Features, sounds: Sounds, failed: dict[str, str]) -> tuple[np.ndarray, np.ndarray]:
        """Return features, float32 (n, FEATURES), and labels, int (n,)."""
        rows, labels = [np.zeros((0, len(FEATURES)), np.float32)], [np.zeros(0, np.int64)]
        for batch in hear(sounds.paths, self.layout, failed):
            with torch.no_grad():
                rows.append(features(torch.from_numpy(batch.audio), torch.from_numpy(batch.available)).numpy())
            labels.append(sounds.labels[batch.file])
        return np.concatenate(rows), np.concatenate(labels)


def _right(forest: Forest, x: np.ndarray, y: np.ndarray) -> float:
    with torch.no_grad():
        return float(np.mean(forest(torch.from_numpy(x)).argmax(1).numpy() == y))


FEATURES_TREE = FeaturesTree()
