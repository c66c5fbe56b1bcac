"""One-shots for training: the manifest, audio, and a split that keeps kits and machines together.

Conventions: `manifest.csv` lies in the data folder with columns path, label, source, kit, licence,
split and near_duplicate_cluster; audio is mono at SAMPLE_RATE. Rows marked `check` are never read here:
they only measure. A held-out fold is made of whole groups: a group joins a kit, every kit that shares a
near-duplicate cluster with it, and every kit of the same drum machine.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from drumbridge.errors import SettingsError
from drumbridge.evaluation.one_shot_manifest import manifest_rows

from .front_end import SAMPLE_RATE

# Kits of one machine under different names: whoever trains on one must not be tested on the other.
_MACHINES = ("808", "909", "707", "606", "505", "linn|lm-?[12]", "cr-?78", "8000", "rz-?1", "kpr-?77", "black-pearl",
             "salamander", "gmrock|gmkit", "millo", "fugue", "frankensnare", "fluid|gm-[0-9]",
             "breakbeat|cheebacabra")  # fmt: skip


@dataclass(frozen=True)
class OneShot:
    """One row of the manifest."""

    path: Path
    label: str
    source: str
    kit: str
    licence: str
    cluster: str


def read_manifest(folder: Path, split: str) -> list[OneShot]:
    """Read the rows of one split; raises as `manifest_rows` does."""
    return [
        OneShot(folder / row["path"], row["label"], row["source"], row["kit"], row["licence"],
                row["near_duplicate_cluster"])
        for row in manifest_rows(folder, split)
    ]  # fmt: skip


def read_audio(path: Path) -> np.ndarray:
    """Return the mono audio of a file that is at SAMPLE_RATE already, float32."""
    audio, rate = soundfile.read(path, dtype="float32", always_2d=True)
    if rate != SAMPLE_RATE:
        raise SettingsError("settings.data", f"{path} is at {rate} Hz; training audio has to be at {SAMPLE_RATE} Hz.")
    return np.ascontiguousarray(audio.mean(1))


def groups_of_kits(rows: list[OneShot]) -> list[str]:
    """Return the group of each row: rows of one group always stand on one side of a split."""
    parent: dict[str, str] = {}

    def find(x: str) -> str:
        parent.setdefault(x, x)
        while parent[x] != x:
            x = parent[x]
        return x

    def join(a: str, b: str) -> None:
        a, b = sorted((find(a), find(b)))
        parent[b] = a

    kits = [f"{row.source}/{row.kit}" for row in rows]
    for row, kit in zip(rows, kits, strict=True):
        if row.cluster:
            join(kit, f"cluster {row.cluster}")
        for machine in _MACHINES:
            if re.search(machine, row.kit) or re.search(machine, row.path.name):
                join(kit, f"machine {machine}")
    return [find(kit) for kit in kits]


def fold_of_groups(groups: list[str], folds: int, seed: int) -> np.ndarray:
    """Return the fold of each row, 0..folds-1: groups in a seeded order, each to the emptiest fold."""
    size: dict[str, int] = {}
    for group in groups:
        size[group] = size.get(group, 0) + 1
    order = sorted(size, key=lambda g: (-size[g], hashlib.sha256(f"{seed} {g}".encode()).hexdigest()))
    total, fold = [0] * folds, {}
    for group in order:
        emptiest = int(np.argmin(total))
        fold[group] = emptiest
        total[emptiest] += size[group]
    return np.array([fold[group] for group in groups])
