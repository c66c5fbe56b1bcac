"""What a recipe is: how it hears a file, how it learns, and what it hands over to be written.

Conventions: a recipe learns from what the deployed engine would hear: excerpts and pieces come from the
engine's own readers. Labels are indices into the sorted classes. Everything random comes from one seed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import torch

from drumbridge.inference.manifest import Manifest

Say = Callable[[str], None]


@dataclass(frozen=True)
class Layout:
    """How a model hears; see `Manifest`."""

    sample_rate: int
    samples_before: int
    samples_after: int
    segmentation: str

    @property
    def length(self) -> int:
        """Samples of an excerpt."""
        return self.samples_before + self.samples_after


@dataclass(frozen=True)
class Options:
    """What can be chosen of every recipe.

    Attributes
    ----------
    seed : int
    hold_out : float
        Share of the files that is not trained on, in whole kits, 0..0.5.
    epochs : int or None
        Passes over the training files, for recipes that have such; None is the recipe's own number.
    trees : int or None
        Trees of a forest, 1 for a decision tree; None is the recipe's own number.
    """

    seed: int = 1
    hold_out: float = 0.2
    epochs: int | None = None
    trees: int | None = None


@dataclass(frozen=True)
class Sounds:
    """What is trained on or held out: paths and the class of each, as an index."""

    paths: list[str]
    labels: np.ndarray


@dataclass
class Fitted:
    """What a recipe has learned.

    Attributes
    ----------
    model : Module
        Audio (n, samples) and `available` (n,) in; scores (n, classes) and embedding (n, d) out.
    held_out_scores, held_out_labels : ndarray
        Of what was held out, excerpt by excerpt, to calibrate on; may be empty.
    curve : list of dict
        A row for each epoch: epoch, loss, accuracy, held_out_loss, held_out_accuracy.
    facts : dict of str to str
        For the report.
    pictures : list of (name, PNG as base64)
    failed : dict of str to str
        Files that could not be used, and why.
    manifest : dict
        Fields of the manifest that are not as they usually are; of calibration and extra, what is added.
    """

    model: torch.nn.Module
    held_out_scores: np.ndarray
    held_out_labels: np.ndarray
    curve: list[dict[str, float]] = field(default_factory=list)
    facts: dict[str, str] = field(default_factory=dict)
    pictures: list[tuple[str, str]] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    manifest: dict[str, Any] = field(default_factory=dict)


class Recipe(Protocol):
    """One way to make a model."""

    @property
    def name(self) -> str:
        """What users type."""
        ...

    @property
    def what(self) -> str:
        """One sentence: what it does, and whose design it is."""
        ...

    @property
    def layout(self) -> Layout:
        """How its models hear."""
        ...

    @property
    def activation(self) -> str:
        """See `Manifest`."""
        ...

    def fit(self, train: Sounds, held_out: Sounds, classes: Sequence[str], options: Options, say: Say) -> Fitted:
        """Learn the classes."""
        ...

    def to_onnx(self, fitted: Fitted, manifest: Manifest) -> bytes:
        """Return the bytes of the model file."""
        ...
