"""Band powers computed once: variants of every one-shot, kept as float16 logarithms.

Conventions: a cache holds `log_power` float16 (n, ROWS, BANDS), log10 of the power; `available` int32
(n,); `row` int32 (n,), the index of the one-shot. Rows of a variant stand together in the order of the
one-shots, so variant v of row r is at v * rows + r. The first variant is the unchanged sound, cut as
deployment cuts it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch

from drumbridge.core.excerpts import cut_excerpt, find_attack

from .augmentation import one_shot_variant
from .electronic import SOURCE, synthesise_electronic
from .front_end import SAMPLE_RATE, SAMPLES_AFTER, SAMPLES_BEFORE, FrontEnd
from .one_shots import OneShot, read_audio

_BATCH = 128


@dataclass
class PowerCache:
    """Band powers of n excerpts."""

    log_power: np.ndarray
    available: np.ndarray
    row: np.ndarray

    def save(self, path: Path) -> None:
        """Write to `path` (.npz)."""
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez(path, log_power=self.log_power, available=self.available, row=self.row)

    @staticmethod
    def load(path: Path) -> PowerCache:
        """Read what `save` wrote."""
        with np.load(path) as arrays:
            return PowerCache(arrays["log_power"], arrays["available"], arrays["row"])

    @staticmethod
    def joined(caches: list[PowerCache]) -> PowerCache:
        """Put caches of the same one-shots one after the other."""
        return PowerCache(*(np.concatenate([getattr(c, f.name) for c in caches]) for f in fields(PowerCache)))


def excerpts_to_log_power(excerpts: np.ndarray, front_end: FrontEnd) -> np.ndarray:
    """Return log10 powers, float16, shape (n, ROWS, BANDS)."""
    with torch.no_grad():
        powers = front_end(torch.from_numpy(excerpts))
    return torch.log10(powers + 1e-16).half().numpy()


def _one_variant(arguments: tuple[list[OneShot], int, int]) -> tuple[np.ndarray, np.ndarray]:
    rows, variant, seed = arguments
    torch.set_num_threads(1)
    front_end = FrontEnd()
    rng = np.random.default_rng([seed, variant])
    log_power, available, excerpts = [], [], []
    background = None
    for row in rows:
        generated = row.source == SOURCE
        audio = synthesise_electronic(row.label, rng) if generated else read_audio(row.path)
        position = find_attack(audio, SAMPLE_RATE)
        if position is None:
            excerpt, known = np.zeros(SAMPLES_BEFORE + SAMPLES_AFTER, np.float32), 0
        elif variant == 0:
            excerpt, known = cut_excerpt(audio, position, SAMPLES_BEFORE, SAMPLES_AFTER)
        else:
            excerpt, known = one_shot_variant(audio, position, row.label, rng, background)
        if rng.random() < 0.2:
            background = audio
        excerpts.append(excerpt)
        available.append(known)
        if len(excerpts) == _BATCH:
            log_power.append(excerpts_to_log_power(np.stack(excerpts), front_end))
            excerpts = []
    if excerpts:
        log_power.append(excerpts_to_log_power(np.stack(excerpts), front_end))
    return np.concatenate(log_power), np.array(available, np.int32)


def cache_one_shots(rows: Sequence[OneShot], variants: range, seed: int, processes: int = 2) -> PowerCache:
    """Compute the given variants of every one-shot, on `processes` cores."""
    with get_context("spawn").Pool(processes) as pool:
        results = pool.map(_one_variant, [(list(rows), v, seed) for v in variants], chunksize=1)
    return PowerCache(
        np.concatenate([powers for powers, _ in results]),
        np.concatenate([available for _, available in results]),
        np.tile(np.arange(len(rows), dtype=np.int32), len(variants)),
    )
