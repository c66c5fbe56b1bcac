"""Reading the library: sounds as plain values, few or a million, each with a person's correction where there is one.

Conventions: the views ``sounds`` and ``heard_hits`` of the schema are all that is read here. A path is text as Python
has it (`os.fsdecode`). Rows come from a cursor: nothing is kept.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from drumbridge.core.labels import BY_NAME, UNSURE

from .store import Library

_COLUMNS = (
    "id, path, kind, label, confidence, unsure, corrected, duration_s, sample_rate, velocity, level_db, ranking,"
    " n_hits, warning, error_code, error_message, vanished, x, y, content_hash, result_id"
)


@dataclass(frozen=True, slots=True)
class Sound:
    """One file of the library; what was heard is empty where `error_code` says why it could not be.

    Attributes
    ----------
    id : int
        Stays the same while the file keeps its path.
    path : str
    kind : str
        "one_shot", "loop" or "".
    label, confidence, unsure
        The correction if there is one, with a confidence of 1.
    corrected : bool
    duration_s : float
    sample_rate : int
        Hz.
    velocity : int
    level_db : float
        dBFS.
    ranking : tuple of (str, float)
        As it was heard, strongest first.
    n_hits : int
        Of a loop.
    warning, error_code, error_message : str
    vanished : bool
    place : (float, float) or None
        On the map; None for a loop, and before it was placed.
    content_hash : bytes
    result_id : int
        0 without a result.
    """

    id: int
    path: str
    kind: str
    label: str
    confidence: float
    unsure: bool
    corrected: bool
    duration_s: float
    sample_rate: int
    velocity: int
    level_db: float
    ranking: tuple[tuple[str, float], ...]
    n_hits: int
    warning: str
    error_code: str
    error_message: str
    vanished: bool
    place: tuple[float, float] | None
    content_hash: bytes
    result_id: int


@dataclass(frozen=True, slots=True)
class HeardHit:
    """One hit of a loop; `label` is the correction if there is one."""

    index: int
    position: int
    velocity: int
    level_db: float
    label: str
    confidence: float
    corrected: bool
    labels: tuple[tuple[str, float], ...]


def sounds_where(library: Library, where: str, values: Sequence[Any] = (), order: str = "path") -> Iterator[Sound]:
    """Yield the sounds of which a condition on the view ``sounds`` is true."""
    with library.explaining() as connection:
        for row in connection.execute(f"SELECT {_COLUMNS} FROM sounds WHERE {where} ORDER BY {order}", values):
            yield _sound(row)


def sounds_at(library: Library, paths: Iterable[bytes]) -> Iterator[Sound]:
    """Yield the sounds with these paths, in this order; those that the library does not know are left out."""
    for path in paths:
        yield from sounds_where(library, "path = ?", (path,))


def sounds_of(library: Library, ids: Iterable[int]) -> Iterator[Sound]:
    """Yield the sounds with these ids, in this order; those that the library does not know are left out."""
    for id_ in ids:
        yield from sounds_where(library, "id = ?", (id_,))


def hits_of(library: Library, sound: Sound) -> list[HeardHit]:
    """Return the hits of a loop, in order."""
    query = (
        "SELECT hit_index, position, velocity, level_db, label, confidence, corrected, labels FROM heard_hits"
        " WHERE result_id = ? ORDER BY hit_index"
    )
    with library.explaining() as connection:
        rows = connection.execute(query, (sound.result_id,)).fetchall()
    return [
        HeardHit(index, position, velocity, level_db, label, confidence, bool(corrected), _pairs(labels))
        for index, position, velocity, level_db, label, confidence, corrected, labels in rows
    ]


def own_labels(library: Library) -> list[str]:
    """Return the labels in use that are not in the table: those of a user's corrections, of a head that
    was learned from them, and of a model of a user's."""
    found: set[str] = set()
    with library.explaining() as connection:
        for table in ("corrections", "results", "hits"):
            found.update(row[0] for row in connection.execute(f"SELECT DISTINCT label FROM {table}"))
        for row in connection.execute("SELECT classes FROM heads WHERE in_use"):
            found.update(json.loads(row[0]))
    return sorted(found - set(BY_NAME) - {UNSURE, ""})


def _sound(row: tuple[Any, ...]) -> Sound:
    (id_, path, kind, label, confidence, unsure, corrected, duration_s, sample_rate, velocity, level_db, ranking,
     n_hits, warning, error_code, error_message, vanished, x, y, content_hash, result_id) = row  # fmt: skip
    return Sound(
        id_, os.fsdecode(path), kind or "", label or "", confidence or 0.0, bool(unsure), bool(corrected),
        duration_s or 0.0, sample_rate or 0, velocity or 0, -120.0 if level_db is None else level_db, _pairs(ranking),
        n_hits or 0, warning or "", error_code or "", error_message or "", bool(vanished),
        None if x is None else (x, y), content_hash or b"", result_id or 0,
    )  # fmt: skip


def _pairs(text: str | None) -> tuple[tuple[str, float], ...]:
    return tuple((label, p) for label, p in json.loads(text)) if text else ()
