"""The pictures of a recipe's report, each a name and a PNG as base64.

Conventions: drawn by matplotlib without a window; nothing is written to disk.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from drumbridge.evaluation.report import picture_of


def learning_curves(curve: Sequence[dict[str, float]]) -> tuple[str, str]:
    """Return loss and accuracy over the epochs, of what is trained on and of what is held out."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=(10, 4))
    for axes, what in zip(figure.subplots(1, 2), ("loss", "accuracy"), strict=True):
        epochs = [row["epoch"] for row in curve]
        axes.plot(epochs, [row[what] for row in curve], "o-", label="trained on")
        if f"held_out_{what}" in curve[-1]:
            axes.plot(epochs, [row[f"held_out_{what}"] for row in curve], "s--", label="held out")
        axes.set(xlabel="epoch", ylabel=what)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(alpha=0.3)
        axes.legend()
    return picture_of("Learning curves", figure)


def importances(names: Sequence[str], values: np.ndarray) -> tuple[str, str]:
    """Return the most important features as bars."""
    from matplotlib.figure import Figure

    order = np.argsort(values)[-25:]
    figure = Figure(figsize=(7, 7))
    axes = figure.add_subplot()
    axes.barh([names[k] for k in order], values[order])
    axes.set(xlabel="importance (share of the impurity that it takes away)")
    return picture_of("Features that matter most", figure)


def tree(model: Any, names: Sequence[str], classes: Sequence[str], title: str) -> tuple[str, str]:
    """Return the first decisions of a scikit-learn tree."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from sklearn.tree import plot_tree

    figure = Figure(figsize=(20, 9))
    FigureCanvasAgg(figure)  # plot_tree measures its text
    plot_tree(
        model, max_depth=3, feature_names=list(names), class_names=list(classes), filled=True, rounded=True,
        impurity=False, proportion=True, fontsize=7, ax=figure.add_subplot(),
    )  # fmt: skip
    return picture_of(title, figure)


def accuracy_over_trees(curve: Sequence[dict[str, float]]) -> tuple[str, str]:
    """Return the accuracy of a forest over the number of its trees."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 4))
    axes = figure.add_subplot()
    for key, label in (("accuracy", "trained on"), ("held_out_accuracy", "held out")):
        if key in curve[-1]:
            axes.plot([row["trees"] for row in curve], [row[key] for row in curve], "o-", label=label)
    axes.set(xlabel="trees", ylabel="accuracy")
    axes.grid(alpha=0.3)
    axes.legend()
    return picture_of("Learning curve", figure)
