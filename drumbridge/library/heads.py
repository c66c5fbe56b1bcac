"""Personal heads in the library: kept, taken into use, returned from; what they say of sounds that were heard before.

Conventions: a head belongs to the model whose embedding it was learned on, and speaks only of one-shots that this model
heard. What the model heard stays in `results`; what the head calls otherwise stands in `rescored`, made from the stored
embeddings, so that neither taking a head into use nor returning hears anything again. There is at most one head in use,
and at most one that waits; both are replaced by the next.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from drumbridge.errors import LibraryError

from .store import Library

if TYPE_CHECKING:
    import numpy as np

    from drumbridge.core.personal_head import PersonalHead

FORMAT: Final = 1  # counts changes of what a stored head means
_ROWS = 2000


class KeptHead(NamedTuple):
    """A head as the library keeps it.

    Attributes
    ----------
    id : int
    model_hash : bytes
    model : str
        Name and version, for people.
    unsure_below : float
        Confidence below which a sound is unsure, as the model's.
    head : PersonalHead
    trial : dict
        What its cross-validation found, by the names of `drumbridge.core.head_trial.HeadTrial`.
    """

    id: int
    model_hash: bytes
    model: str
    unsure_below: float
    head: PersonalHead
    trial: dict[str, Any]


def keep_head(
    library: Library,
    head: PersonalHead,
    *,
    model_hash: bytes,
    model: str,
    unsure_below: float,
    trial: dict[str, Any],
) -> int:
    """Keep a head that waits to be taken into use, in the place of one that waited before; return its number."""
    with library.transaction() as connection:
        connection.execute("DELETE FROM heads WHERE NOT in_use")
        row = connection.execute(
            "INSERT INTO heads (format, model_hash, model, unsure_below, classes, vectors, coefficients, trial, in_use,"
            " covered) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, 0) RETURNING id",
            (
                FORMAT, model_hash, model, unsure_below, json.dumps(head.classes),
                head.vectors.astype("<f2").tobytes(), head.coefficients.astype("<f4").tobytes(), json.dumps(trial),
            ),
        ).fetchone()  # fmt: skip
    return int(row[0])


def head_in_use(library: Library) -> KeptHead | None:
    """Return the head in use, None without."""
    return _kept(library, "in_use")


def waiting_head(library: Library) -> KeptHead | None:
    """Return the head that was learned and is not in use yet, None without."""
    return _kept(library, "NOT in_use")


def use_head(library: Library, head_id: int) -> int:
    """Take a head into use: every sound that its model heard is judged by it; return how many files it calls
    otherwise that nobody corrected.

    Raises
    ------
    LibraryError
        ``library.no_head``.
    """
    with library.transaction() as connection:
        if connection.execute("SELECT 1 FROM heads WHERE id = ?", (head_id,)).fetchone() is None:
            raise LibraryError("library.no_head", "That head is not in the library any more: learn again.")
        connection.execute("DELETE FROM heads WHERE id != ?", (head_id,))
        connection.execute("DELETE FROM rescored")
        connection.execute("UPDATE heads SET in_use = 1, covered = 0")
    rescore_new_sounds(library)
    with library.explaining() as connection:
        return int(connection.execute("SELECT count(*) FROM sounds WHERE personal").fetchone()[0])


def return_to_model(library: Library) -> bool:
    """Let the model's own answers count again; the head waits. Return whether one was in use."""
    with library.transaction() as connection:
        used = connection.execute("SELECT count(*) FROM heads WHERE in_use").fetchone()[0] > 0
        if used:
            connection.execute("DELETE FROM heads WHERE NOT in_use")
            connection.execute("UPDATE heads SET in_use = 0, covered = 0")
            connection.execute("DELETE FROM rescored")
    return used


def rescore_new_sounds(library: Library) -> None:
    """Judge by the head in use what was heard since it was taken into use; without one nothing is done."""
    with library.explaining() as connection:
        row = connection.execute(
            "SELECT id FROM heads WHERE in_use AND covered < (SELECT coalesce(max(id), 0) FROM results)"
        ).fetchone()
    kept = head_in_use(library) if row is not None else None
    if kept is None:
        return
    from .embeddings import unit_vectors

    with library.transaction() as connection:
        (last,) = connection.execute("SELECT covered FROM heads WHERE id = ?", (kept.id,)).fetchone()
        while rows := connection.execute(
            "SELECT results.id, kind, label, confidence, ranking, vector FROM results"
            " JOIN hearings ON hearings.id = results.hearing_id LEFT JOIN embeddings ON result_id = results.id"
            f" WHERE results.id > ? AND model_hash = ? ORDER BY results.id LIMIT {_ROWS}",
            (last, kept.model_hash),
        ).fetchall():
            connection.executemany(
                "INSERT OR REPLACE INTO rescored VALUES (?, ?, ?, ?, ?)",
                [
                    changed
                    for id_, kind, label, confidence, ranking, vector in rows
                    if kind == "one_shot" and vector
                    for changed in _rescored(kept, id_, label, confidence, ranking, unit_vectors(vector, 1)[0])
                ],
            )
            last = rows[-1][0]
        connection.execute(
            "UPDATE heads SET covered = (SELECT coalesce(max(id), 0) FROM results) WHERE id = ?", (kept.id,)
        )


def _rescored(
    kept: KeptHead, result_id: int, label: str, confidence: float, ranking: str, vector: np.ndarray
) -> Iterator[tuple[Any, ...]]:
    """Yield the row of a sound that the head calls otherwise, or is surer of."""
    heard = [(name, float(p)) for name, p in json.loads(ranking)]
    heard[0] = (label, confidence)
    judged = kept.head.judge(vector, heard)
    name, sure = judged[0][0], round(judged[0][1], 6)
    if (name, sure) != (label, round(confidence, 6)):
        listed = json.dumps([[other, round(p, 4)] for other, p in judged])
        yield result_id, name, sure, int(sure < kept.unsure_below), listed


def _kept(library: Library, which: str) -> KeptHead | None:
    with library.explaining() as connection:
        row = connection.execute(
            "SELECT id, format, model_hash, model, unsure_below, classes, vectors, coefficients, trial"
            f" FROM heads WHERE {which} ORDER BY id DESC LIMIT 1"
        ).fetchone()
    if row is None:
        return None
    if row[1] != FORMAT:
        raise LibraryError(
            "library.head_format",
            "The personal head of this library was learned by another version of drumbridge: learn it again.",
        )
    import numpy as np

    from drumbridge.core.personal_head import PersonalHead

    classes = tuple(json.loads(row[5]))
    coefficients = np.frombuffer(row[7], dtype="<f4").reshape(-1, len(classes))
    vectors = np.frombuffer(row[6], dtype="<f2").reshape(len(coefficients), -1).astype(np.float32)
    head = PersonalHead(classes, vectors, coefficients)
    return KeptHead(row[0], row[2], row[3], row[4], head, json.loads(row[8]))
