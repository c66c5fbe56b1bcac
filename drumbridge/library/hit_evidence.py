"""What a personal head judges the hits of loops by: their embeddings and the log odds of all labels.

Conventions: one blob for a loop, little-endian float16 (hits, labels + d), in the order of the hits: first the log odds
(`drumbridge.core.hit_head.log_odds`), then the embedding. Loops without a hit have none.
"""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

import numpy as np

from .embeddings import unit_vectors


class HitEvidence(NamedTuple):
    """Of the hits of one loop."""

    vectors: np.ndarray  # float32 (hits, d), rows of length 1
    odds: np.ndarray  # float16 (hits, labels)


def hit_evidence(connection: sqlite3.Connection, result_id: int, n_labels: int) -> HitEvidence:
    """Return the evidence of the hits of a loop that has some, given how many labels the model has that heard it."""
    n_hits, stored = connection.execute(
        "SELECT n_hits, evidence FROM results JOIN hit_evidence ON result_id = id WHERE id = ?", (result_id,)
    ).fetchone()
    rows = np.frombuffer(stored, dtype="<f2").reshape(n_hits, -1)
    vectors = unit_vectors(np.ascontiguousarray(rows[:, n_labels:]).tobytes(), n_hits)
    return HitEvidence(vectors, rows[:, :n_labels].astype(np.float16))
