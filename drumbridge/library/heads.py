"""Personal heads in the library: kept, taken into use, returned from; what they say of sounds that were heard before.

Conventions: a head belongs to the model whose embedding it was learned on, and speaks only of what this model heard,
and only of the kinds (one-shots, hits of loops) that it was found better for. What the model heard stays in `results`
and `hits`; what the head calls otherwise stands in `rescored` and `rescored_hits`, made from what is stored, so that
neither taking a head into use nor returning hears anything again. There is at most one head in use, and at most one
that waits; both are replaced by the next.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from drumbridge.errors import LibraryError

from .store import Library

if TYPE_CHECKING:
    from drumbridge.core.decision import DecisionRule
    from drumbridge.core.personal_head import PersonalHead

FORMAT: Final = 1  # counts changes of what a stored head means


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
    kinds : tuple of str
        What it speaks of: "one_shot", "loop" (their hits).
    rule : DecisionRule
        How the model decides the labels of a hit.
    trial : dict
        What its cross-validation found, by kind and by the names of `drumbridge.core.head_trial.HeadTrial`.
    """

    id: int
    model_hash: bytes
    model: str
    unsure_below: float
    head: PersonalHead
    kinds: tuple[str, ...]
    rule: DecisionRule
    trial: dict[str, Any]


def keep_head(
    library: Library,
    head: PersonalHead,
    *,
    model_hash: bytes,
    model: str,
    rule: DecisionRule,
    kinds: Collection[str],
    trial: dict[str, Any],
) -> int:
    """Keep a head that waits to be taken into use, in the place of one that waited before; return its number."""
    with library.transaction() as connection:
        connection.execute("DELETE FROM heads WHERE NOT in_use")
        row = connection.execute(
            "INSERT INTO heads (format, model_hash, model, unsure_below, classes, vectors, coefficients, kinds, rule,"
            " trial, in_use, covered) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0) RETURNING id",
            (
                FORMAT, model_hash, model, rule.unsure_below, json.dumps(head.classes),
                head.vectors.astype("<f2").tobytes(), head.coefficients.astype("<f4").tobytes(),
                json.dumps(sorted(kinds)), json.dumps({"labels": rule.labels, "thresholds": rule.thresholds}),
                json.dumps(trial),
            ),
        ).fetchone()  # fmt: skip
    return int(row[0])


def head_in_use(library: Library) -> KeptHead | None:
    """Return the head in use, None without."""
    return _kept(library, "in_use")


def waiting_head(library: Library) -> KeptHead | None:
    """Return the head that was learned and is not in use yet, None without."""
    return _kept(library, "NOT in_use")


def use_head(library: Library, head_id: int) -> tuple[int, int]:
    """Take a head into use: every sound that its model heard is judged by it.

    Returns
    -------
    (int, int)
        How many files it calls otherwise that nobody corrected, and in how many loops it calls hits otherwise.

    Raises
    ------
    LibraryError
        ``library.no_head``.
    """
    with library.transaction() as connection:
        if connection.execute("SELECT 1 FROM heads WHERE id = ?", (head_id,)).fetchone() is None:
            raise LibraryError("library.no_head", "That head is not in the library any more: learn again.")
        connection.execute("DELETE FROM heads WHERE id != ?", (head_id,))
        _forget(connection)
        connection.execute("UPDATE heads SET in_use = 1, covered = 0")
    rescore_new_sounds(library)
    with library.explaining() as connection:
        counted = dict(connection.execute("SELECT kind, count(*) FROM sounds WHERE personal GROUP BY kind").fetchall())
    return counted.get("one_shot", 0), counted.get("loop", 0)


def return_to_model(library: Library) -> bool:
    """Let the model's own answers count again; the head waits. Return whether one was in use."""
    with library.transaction() as connection:
        used = connection.execute("SELECT count(*) FROM heads WHERE in_use").fetchone()[0] > 0
        if used:
            connection.execute("DELETE FROM heads WHERE NOT in_use")
            connection.execute("UPDATE heads SET in_use = 0, covered = 0")
            _forget(connection)
    return used


def _forget(connection: sqlite3.Connection) -> None:
    connection.execute("DELETE FROM rescored")
    connection.execute("DELETE FROM rescored_hits")


def rescore_new_sounds(library: Library) -> None:
    """Judge by the head in use what was heard since it was taken into use; without one nothing is done."""
    with library.explaining() as connection:
        row = connection.execute(
            "SELECT id FROM heads WHERE in_use AND covered < (SELECT coalesce(max(id), 0) FROM results)"
        ).fetchone()
    kept = head_in_use(library) if row is not None else None
    if kept is None:
        return
    from .rescoring import judge_results

    with library.transaction() as connection:
        (last,) = connection.execute("SELECT covered FROM heads WHERE id = ?", (kept.id,)).fetchone()
        judge_results(connection, kept, last)
        connection.execute(
            "UPDATE heads SET covered = (SELECT coalesce(max(id), 0) FROM results) WHERE id = ?", (kept.id,)
        )


def _kept(library: Library, which: str) -> KeptHead | None:
    with library.explaining() as connection:
        row = connection.execute(
            "SELECT id, format, model_hash, model, unsure_below, classes, vectors, coefficients, kinds, rule,"
            " trial"
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

    from drumbridge.core.decision import DecisionRule
    from drumbridge.core.personal_head import PersonalHead

    classes = tuple(json.loads(row[5]))
    coefficients = np.frombuffer(row[7], dtype="<f4").reshape(-1, len(classes))
    vectors = np.frombuffer(row[6], dtype="<f2").reshape(len(coefficients), -1).astype(np.float32)
    head = PersonalHead(classes, vectors, coefficients)
    stored = json.loads(row[9])
    rule = DecisionRule(
        tuple(stored.get("labels", ())), thresholds=tuple(stored.get("thresholds", ())), unsure_below=row[4]
    )
    return KeptHead(row[0], row[2], row[3], row[4], head, tuple(json.loads(row[8])), rule, json.loads(row[10]))
