"""The pictures of a recipe's report, each a name and a PNG as base64.

Conventions: drawn by matplotlib without a window; nothing is written to disk.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from drumbridge.evaluation.report import picture_of

_DRAWN_DEPTH = 3  # of a tree: eight answers are what fits a page


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
    """Return the first decisions of a scikit-learn tree: questions, yes to the left, and what classes are left."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(15, 2 + 2 * _DRAWN_DEPTH))
    axes = figure.add_subplot()
    axes.set(xlim=(0, 1), ylim=(-_DRAWN_DEPTH - 0.5, 0.5))
    axes.axis("off")
    t = model.tree_
    waiting = [(0, 0, 0.0, 1.0)]  # node, depth, and the width that it has
    while waiting:
        node, depth, left, right = waiting.pop()
        middle = (left + right) / 2
        shares = t.value[node, 0] / t.value[node, 0].sum()
        best = np.argsort(-shares, kind="stable")[:2]
        lines = [f"{classes[k]} {100 * shares[k]:.0f} %" for k in best if shares[k] >= 0.005]
        if t.children_left[node] >= 0 and depth < _DRAWN_DEPTH:
            lines = [f"{_question(names[t.feature[node]], float(t.threshold[node]))}?", ", ".join(lines)]
            for child, low, high, answer in (
                (t.children_left[node], left, middle, "yes"), (t.children_right[node], middle, right, "no"),
            ):  # fmt: skip
                axes.plot([middle, (low + high) / 2], [-depth, -depth - 1], color="0.6", zorder=1)
                axes.text((middle + (low + high) / 2) / 2, -depth - 0.5, answer, ha="center", color="0.3", fontsize=8)
                waiting.append((int(child), depth + 1, low, high))
        text = "\n".join([*lines, f"{t.n_node_samples[node]} files"])
        axes.text(
            middle, -depth, text, ha="center", va="center", fontsize=8,
            bbox={"boxstyle": "round", "facecolor": "#eef4ff", "edgecolor": "0.6"}, zorder=2,
        )  # fmt: skip
    return picture_of(title, figure)


def _question(name: str, threshold: float) -> str:
    """Return a comparison as people put it: fundamentals in Hz, levels in dB."""
    plain = name.replace("_", " ").removesuffix(" s")
    if name.startswith("fundamental") and name != "fundamental_deviation":
        return f"{plain}\nup to {2**threshold:.0f} Hz"
    unit = "s" if name == "duration_s" else "octaves" if name == "fundamental_deviation" else "dB"
    return f"{plain}\nup to {threshold:.2g} {unit}"


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
