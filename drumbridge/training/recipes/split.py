"""Which files are held out: whole kits, chosen by the seed, and never so many that a class is lost.

Conventions: what belongs together (a unit) is a kit. Files that lie directly in a class's folder are one
unit, for nobody knows their kits; recordings that do are a unit each, because all pieces of one stay together.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from drumbridge.evaluation.class_folder import kit_of
from drumbridge.evaluation.one_shots import Item

from ..one_shots import groups_of_kits, read_manifest


def units_of(items: Sequence[Item], folder: Path, split: str, *, recordings: bool) -> list[str]:
    """Return the unit of each item; a manifest.csv also tells near-duplicates and machines, which join kits."""
    if (folder / "manifest.csv").is_file():
        return groups_of_kits(read_manifest(folder, split))
    return [kit_of(item) or (item.path.as_posix() if recordings else f"all of {item.label}") for item in items]


def held_out(labels: Sequence[str], units: Sequence[str], share: float, seed: int) -> np.ndarray:
    """Return which items are held out, bool, shape (n,).

    Units are taken in an order drawn by the seed, as long as no more than `share` of all items is held
    out, and no class loses more than half of its items.
    """
    sizes = Counter(units)
    left = Counter(labels)
    least = {label: (n + 1) // 2 for label, n in left.items()}
    members: dict[str, Counter[str]] = {}
    for label, unit in zip(labels, units, strict=True):
        members.setdefault(unit, Counter())[label] += 1
    chosen: set[str] = set()
    room = share * len(labels)
    for unit in sorted(sizes, key=lambda name: hashlib.sha256(f"{seed} {name}".encode()).hexdigest()):
        if sizes[unit] <= room and all(left[label] - n >= least[label] for label, n in members[unit].items()):
            chosen.add(unit)
            room -= sizes[unit]
            left -= members[unit]
    return np.array([unit in chosen for unit in units], dtype=bool)
