"""How often each sound is trained on: groups, labels and kits against each other.

Conventions: weights are what `torch.multinomial` draws by; their sum means nothing.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
import torch

from drumbridge.core.labels import to_eleven

from .electronic import SOURCE as GENERATED
from .loop_cache import LoopCache
from .one_shots import OneShot


def sampling_weights(rows: list[OneShot], generated: float = 1.0) -> np.ndarray:
    """Return how often each one-shot is drawn, in proportion, shape (rows,).

    A group of the eleven is drawn in proportion to the square root of its files: by its files the large would crowd out
    the rest, and drawn evenly `other` would be the rarest word of all. Within a group labels count alike but for the
    square root of their files, and so do the kits of a label. Sounds that were generated are drawn `generated` times as
    often as they would be.
    """
    groups = [to_eleven(row.label) for row in rows]
    size = Counter(groups)
    labels = Counter(row.label for row in rows)
    in_kit = Counter((row.source, row.kit, row.label) for row in rows)
    weight = np.array([(labels[row.label] * in_kit[row.source, row.kit, row.label]) ** -0.5 for row in rows])
    for group, files in size.items():
        members = np.array([g == group for g in groups])
        weight[members] *= files**0.5 / weight[members].sum()
    return weight * np.where([row.source == GENERATED for row in rows], generated, 1.0)


def hit_sampling_weights(hits: LoopCache) -> torch.Tensor:
    """Return the weight of each loop onset: rare labels more often, unknown presence never, shape (n,)."""
    sounding = hits.targets > 0
    rarity = np.maximum(sounding.sum(0), 20.0) ** -0.5
    weight = np.where(sounding, rarity[None], 0.0).max(1)
    typical = float(np.median(weight[weight > 0])) if (weight > 0).any() else 1.0
    weight = np.where(weight > 0, np.minimum(weight, 6 * typical), typical)
    return torch.from_numpy(np.where(hits.present < 0, 0.0, weight))
