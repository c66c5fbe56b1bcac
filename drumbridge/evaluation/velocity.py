"""Does the velocity follow the drummer's: rank correlation with an annotation that has velocities.

Conventions: what is compared are strokes of one class that sound alone (a hat's level cannot be heard under a snare)
and were found within 50 ms. Correlation is Spearman's, because every annotator and every module has a
curve of its own; velocities are 1..127.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from .transcription import CLASSES, Estimate, Reference, read_reference

_WINDOW_S = 0.050
_ALONE_S = 0.030
_ENOUGH = 8  # strokes of a class in a track before their order says anything


def velocity_pairs(reference: Reference, estimate: Estimate) -> dict[str, list[tuple[int, int]]]:
    """Return (annotated, ours) of the strokes of each class that sound alone and were found."""
    times, found = np.array(reference.onsets_s), np.array(estimate.onsets_s)
    pairs: dict[str, list[tuple[int, int]]] = {name: [] for name in CLASSES}
    for k, (time_s, name) in enumerate(zip(reference.onsets_s, reference.classes, strict=True)):
        others = np.abs(np.delete(times, k) - time_s)
        if name is None or not len(found) or (len(others) and others.min() < _ALONE_S):
            continue
        nearest = int(np.argmin(np.abs(found - time_s)))
        if abs(found[nearest] - time_s) <= _WINDOW_S:
            pairs[name].append((reference.velocities[k], estimate.velocities[nearest]))
    return pairs


def rank_correlation(pairs: list[tuple[int, int]]) -> float:
    """Return Spearman's correlation, -1..1; NaN where one side never changes."""
    from scipy.stats import rankdata

    ranks = np.array([rankdata(side) for side in zip(*pairs, strict=True)])
    if np.ptp(ranks[0]) == 0 or np.ptp(ranks[1]) == 0:
        return float("nan")
    return float(np.corrcoef(ranks)[0, 1])


def evaluate_velocity(folder: Path, estimates: Mapping[str, Estimate]) -> list[dict[str, object]]:
    """Return track, class, strokes and correlation wherever a `<track>.plusplus.csv` holds enough velocities."""
    rows: list[dict[str, object]] = []
    for track, estimate in estimates.items():
        path = folder / f"{track}.plusplus.csv"
        reference = read_reference(path) if path.is_file() else None
        if reference is None or not reference.velocities:
            continue
        for name, pairs in velocity_pairs(reference, estimate).items():
            if len(pairs) >= _ENOUGH and not np.isnan(correlation := rank_correlation(pairs)):
                rows.append({"track": track, "class": name, "strokes": len(pairs), "correlation": correlation})
    return rows


def velocity_text(rows: list[dict[str, object]]) -> str:
    """Return one sentence: the median over tracks and classes, and each."""
    median = float(np.median([float(str(row["correlation"])) for row in rows]))
    each = ", ".join(f"{row['track']} {row['class']} {row['correlation']:.2f} ({row['strokes']})" for row in rows)
    return f"Velocity against the annotated, rank correlation of strokes that sound alone: median {median:.2f}; {each}."
