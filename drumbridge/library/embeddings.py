"""All embeddings of a library as one matrix, kept with the open library while no sound is added.

Conventions: rows are unit vectors, so a product with one of them is the cosine of an angle: 1 is the same sound.
float32 (n, d): 77 MB for 100,000 sounds.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .store import Library


class Embeddings(NamedTuple):
    """The embeddings of everything that was heard in one way."""

    result_ids: np.ndarray  # int64 (n,), rising
    vectors: np.ndarray  # float32 (n, d), of length 1 (or 0)

    def similarities(self, vector: np.ndarray) -> np.ndarray:
        """Return how near each sound is to a unit vector, float32 (n,), -1..1."""
        return self.vectors @ vector


def load_embeddings(library: Library, hearing_id: int) -> Embeddings:
    """Return the embeddings of everything that was heard in one way."""
    with library.explaining() as connection:
        state = connection.execute(
            "SELECT count(*), max(result_id) FROM embeddings WHERE hearing_id = ?", (hearing_id,)
        ).fetchone()
        kept = library.kept.get(hearing_id)
        if kept is not None and kept[0] == state:
            return kept[1]  # type: ignore[no-any-return]
        ids: list[np.ndarray] = []
        vectors: list[np.ndarray] = []
        rows = connection.execute(
            "SELECT result_id, vector FROM embeddings WHERE hearing_id = ? ORDER BY result_id", (hearing_id,)
        )
        while part := rows.fetchmany(10_000):
            ids.append(np.array([row[0] for row in part], dtype=np.int64))
            vectors.append(unit_vectors(b"".join([row[1] for row in part]), len(part)))
    embeddings = Embeddings(
        np.concatenate(ids) if ids else np.zeros(0, dtype=np.int64),
        np.concatenate(vectors) if vectors else np.zeros((0, 0), dtype=np.float32),
    )
    library.kept[hearing_id] = (state, embeddings)
    return embeddings


def unit_vectors(stored: bytes, n: int) -> np.ndarray:
    """Return n stored embeddings as unit vectors, float32 (n, d)."""
    vectors = np.frombuffer(stored, dtype="<f2").reshape(n, -1).astype(np.float32)
    lengths = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))
    return vectors / np.maximum(lengths, 1e-12)[:, None]
