"""Rendered loops as the detector hears them: band powers, labels and presence of every proposed onset.

Conventions: `targets` int8 (n, MODEL_LABELS): 1 sounds, 0 does not, -1 not known (a stroke nobody can
hear, or one that belongs to a neighbouring proposal). `present` int8 (n,): 1 a stroke starts here, 0 the
detector was wrong, -1 not known. `certain` bool (n,): the detector's balanced settings propose it too. `strength`
float32 (n,): height of the onset curve, dB; 0 where it did not propose. `since` int32 (n,): samples since the proposal
before it in the same loop.
A stroke belongs to the nearest proposal within 25 ms; strokes less than 20 ms apart are one onset. Onsets that the
detector missed are added at their true place, a little off.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch

from drumbridge.core.excerpts import cut_excerpt
from drumbridge.core.onsets import Onset, OnsetSettings, detect_onsets

from .front_end import SAMPLE_RATE, SAMPLES_AFTER, SAMPLES_BEFORE, FrontEnd
from .kits import KitShelf
from .objective import MODEL_LABELS, label_to_targets
from .one_shots import OneShot
from .patterns import loops
from .power_cache import excerpts_to_log_power
from .rendering import Heard, render

DURATION_S = 12.0
_NEAR = round(0.025 * SAMPLE_RATE)
_MERGE = round(0.020 * SAMPLE_RATE)
_LONG = 10 * SAMPLE_RATE  # as if nothing had been heard before


@dataclass
class LoopCache:
    """Proposed onsets of rendered loops."""

    log_power: np.ndarray
    available: np.ndarray
    targets: np.ndarray
    present: np.ndarray
    certain: np.ndarray
    strength: np.ndarray
    since: np.ndarray

    def save(self, path: Path) -> None:
        """Write to `path` (.npz)."""
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez(path, **{f.name: getattr(self, f.name) for f in fields(self)})

    @staticmethod
    def load(path: Path) -> LoopCache:
        """Read what `save` wrote."""
        with np.load(path) as arrays:
            return LoopCache(**{f.name: arrays[f.name] for f in fields(LoopCache)})

    @staticmethod
    def joined(caches: list[LoopCache]) -> LoopCache:
        """Put caches one after the other."""
        return LoopCache(**{f.name: np.concatenate([getattr(c, f.name) for c in caches]) for f in fields(LoopCache)})


def merged_onsets(heard: list[Heard]) -> list[int]:
    """Return the positions of the audible strokes, those within 20 ms of the first of a cluster merged."""
    onsets: list[int] = []
    for position in sorted(stroke.position for stroke in heard if stroke.audible):
        if not onsets or position - onsets[-1] > _MERGE:
            onsets.append(position)
    return onsets


def label_proposals(positions: np.ndarray, heard: list[Heard]) -> tuple[np.ndarray, np.ndarray]:
    """Say what each proposed position holds.

    Parameters
    ----------
    positions : ndarray of int, shape (n,)
        In order.
    heard : list of Heard

    Returns
    -------
    targets : ndarray of int8, shape (n, MODEL_LABELS)
    present : ndarray of int8, shape (n,)
    """
    present = np.zeros(len(positions), np.int8)
    targets = np.zeros((len(positions), len(MODEL_LABELS)), np.int8)
    for onset in merged_onsets(heard):
        if len(positions):
            nearest = int(np.argmin(np.abs(positions - onset)))
            if abs(positions[nearest] - onset) <= _NEAR:
                present[nearest] = 1
    for stroke in heard:
        near = np.flatnonzero(np.abs(positions - stroke.position) <= _NEAR)
        outputs = label_to_targets(stroke.label) > 0
        for k in near:
            sounds = stroke.audible and present[k] == 1
            row = targets[k]
            row[outputs] = 1 if sounds else np.where(row[outputs] == 1, 1, -1)
            if not stroke.audible and present[k] == 0:
                present[k] = -1
    return targets, present


def _render_one(arguments: tuple[KitShelf, Path, int, int, int, bool]) -> LoopCache:
    shelf, patterns, seed, chunk, count, ornaments = arguments
    torch.set_num_threads(1)
    front_end = FrontEnd()
    rng = np.random.default_rng([seed, chunk])
    parts = loops(patterns, rng, DURATION_S, ornaments=ornaments)
    caches = []
    for _ in range(count):
        strokes = next(parts)
        kit = shelf.draw({stroke.label for stroke in strokes}, rng)
        audio, heard = render(strokes, kit, rng, one_voice=ornaments and rng.random() < 0.4)
        proposed = detect_onsets(audio, SAMPLE_RATE, OnsetSettings.proposals())
        onsets = {onset.position: onset for onset in proposed}
        positions = list(onsets)
        missed = [p for p in merged_onsets(heard) if not positions or min(abs(p - q) for q in positions) > _NEAR]
        positions += [max(0, p + int(rng.normal(0, 60))) for p in missed]
        if not positions:
            continue
        ordered = np.array(sorted(positions))
        targets, present = label_proposals(ordered, heard)
        cut = [cut_excerpt(audio, int(p), SAMPLES_BEFORE, SAMPLES_AFTER) for p in ordered]
        log_power = excerpts_to_log_power(np.stack([excerpt for excerpt, _ in cut]), front_end)
        known = np.array([known for _, known in cut], np.int32)
        found = [onsets.get(int(p), Onset(int(p), 0.0, int(p), certain=False)) for p in ordered]
        certain, strength = np.array([o.certain for o in found]), np.array([o.strength for o in found], np.float32)
        since = np.diff(ordered, prepend=ordered[0] - _LONG).astype(np.int32)
        caches.append(LoopCache(log_power, known, targets, present, certain, strength, since))
    return LoopCache.joined(caches)


def cache_loops(
    rows: list[OneShot], patterns: Path, chunks: range, seed: int, count: int = 25, processes: int = 2, *,
    ornaments: bool = False,
) -> LoopCache:  # fmt: skip
    """Render `count` loops for each chunk from kits made of `rows`, and keep what the detector proposes.

    Each chunk is a seed of its own, so any number of processes gives the same loops.
    """
    shelf = KitShelf(rows)
    with get_context("fork").Pool(processes) as pool:
        return LoopCache.joined(
            pool.map(_render_one, [(shelf, patterns, seed, chunk, count, ornaments) for chunk in chunks], chunksize=1)
        )
