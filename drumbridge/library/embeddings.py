"""All embeddings of a library, from the file beside it or the table, kept while no sound is added.

Conventions: rows are unit vectors, so a product with one of them is the cosine of an angle: 1 is the same sound.
float32 (n, d): 77 MB for 100,000 sounds, mapped from a file where there is one (`vector_file`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from .sounds import Sound
from .store import Library
from .vector_file import kept_vectors


class Embeddings(NamedTuple):
    """The embeddings of everything that was heard in one way."""

    result_ids: np.ndarray  # int64 (n,), rising
    parts: tuple[np.ndarray, ...]  # float32 (n, d) one below the other, rows of length 1 (or 0)

    def similarities(self, vector: np.ndarray) -> np.ndarray:
        """Return how near each sound is to a unit vector, float32 (n,), -1..1."""
        return np.concatenate([np.zeros(0, dtype=np.float32), *(part @ vector for part in self.parts)])


def load_embeddings(library: Library, hearing_id: int) -> Embeddings:
    """Return the embeddings of everything that was heard in one way."""
    with library.explaining() as connection:
        # What others wrote, and what was written here; counting would read the whole table.
        state = (connection.execute("PRAGMA data_version").fetchone()[0], connection.total_changes)
    kept = library.kept.get(hearing_id)
    if kept is not None and kept[0] == state:
        return kept[1]  # type: ignore[no-any-return]
    in_file = kept_vectors(library, hearing_id)
    parts = [] if in_file is None else [in_file]
    parts += rows_after(library, hearing_id, 0 if in_file is None else int(in_file[0][-1]))
    ids = np.concatenate([np.zeros(0, dtype=np.int64), *(of_part for of_part, _ in parts)])
    embeddings = Embeddings(ids, tuple(vectors for _, vectors in parts))
    library.kept[hearing_id] = (state, embeddings)
    return embeddings


def rows_after(library: Library, hearing_id: int, result_id: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield some numbers of results, int64 (n,), and their unit vectors, float32 (n, d), after one, in order."""
    with library.explaining() as connection:
        rows = connection.execute(
            "SELECT result_id, vector FROM embeddings WHERE result_id > ? AND hearing_id = ? ORDER BY result_id",
            (result_id, hearing_id),
        )
        while part := rows.fetchmany(10_000):
            ids = np.array([row[0] for row in part], dtype=np.int64)
            yield ids, unit_vectors(b"".join([row[1] for row in part]), len(part))


def unit_vectors(stored: bytes, n: int) -> np.ndarray:
    """Return n stored embeddings as unit vectors, float32 (n, d)."""
    vectors = np.frombuffer(stored, dtype="<f2").reshape(n, -1).astype(np.float32)
    lengths = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))
    return vectors / np.maximum(lengths, 1e-12)[:, None]


def vectors_of(library: Library, sounds: Sequence[Sound]) -> np.ndarray:
    """Return the unit vectors of some sounds that were heard alike, float32 (n, d); zeros for one without."""
    if not sounds:
        return np.zeros((0, 1), dtype=np.float32)
    stored: list[bytes] = []
    with library.explaining() as connection:
        for sound in sounds:
            row = connection.execute("SELECT vector FROM embeddings WHERE result_id = ?", (sound.result_id,)).fetchone()
            stored.append(row[0] if row else b"")
    length = max(map(len, stored)) or 2
    return unit_vectors(b"".join(blob if len(blob) == length else bytes(length) for blob in stored), len(stored))
