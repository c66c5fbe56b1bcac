"""From a query to sounds: conditions as SQL, ``like:`` as the distance between embeddings.

Conventions: embeddings are compared by their angle (cosine), which ignores how loud the network found a sound. Only
sounds that were heard by the same model in the same way are comparable. A term says what is left out: files that
vanished or failed are found only by ``is:vanished`` and ``is:failed``.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from drumbridge.core.labels import GROUPS, LABELS
from drumbridge.errors import LibraryError

from .query import IS_NOT, NUMBERS, Term, parse_query, parse_term
from .sounds import Sound, own_labels, sounds_where
from .store import Library

if TYPE_CHECKING:
    import numpy as np

_LOOKED_AT = 500  # nearest sounds that are asked whether they fit a query before all are
_AT_ONCE = 50  # asked in one go

Hear = Callable[[str], "tuple[bytes, int]"]

_STATE_CONDITIONS = {
    "corrected": "corrected",
    "personal": "personal",
    "unsure": "unsure",
    "failed": "error_code IS NOT NULL",
    "vanished": "vanished",
}


class Found(NamedTuple):
    """A sound, and how similar it is to what ``like:`` named, -1..1; None without ``like:``."""

    sound: Sound
    similarity: float | None = None


def terms_for(library: Library, query: str | Sequence[str]) -> tuple[Term, ...]:
    """Return the terms of a query that may name labels of the user's own.

    Parameters
    ----------
    library : Library
    query : str or sequence of str
        A whole query, or a term each, of which the values need no quotes.

    Raises
    ------
    LibraryError
        ``library.query``.
    """
    own = partial(own_labels, library)
    if isinstance(query, str):
        return parse_query(query, own)
    return tuple(parse_term(word, own) for word in query)


def find_sounds(
    library: Library, terms: Sequence[Term], *, limit: int | None = None, hear: Hear | None = None
) -> Iterator[Found]:
    """Yield the sounds of which all terms hold, by path, or with ``like:`` the nearest first.

    Parameters
    ----------
    library : Library
    terms : sequence of Term
        See `parse_query`.
    limit : int, optional
        At most this many.
    hear : callable, optional
        Given the path after ``like:`` when the library does not know it, returns its embedding as it is stored, and
        the number of the hearing that it belongs to.

    Raises
    ------
    LibraryError
        ``library.not_heard``: what the sounds should be like is not known and cannot be heard.
    """
    library.connection.create_function("name_holds", 2, _name_holds, deterministic=True)
    library.connection.create_function("path_holds", 2, _path_holds, deterministic=True)
    where, values = conditions(terms)
    like = next((term for term in terms if term.field == "like"), None)
    if like is None:
        found: Iterator[Found] = map(Found, sounds_where(library, where, values))
    else:
        found = _nearest(library, like.values[0], where, values, hear)
    yield from islice(found, limit)


def _nearest(library: Library, name: str, where: str, values: list[Any], hear: Hear | None) -> Iterator[Found]:
    import numpy as np

    from .embeddings import load_embeddings, unit_vectors

    path = os.path.abspath(os.path.expanduser(name))
    stored, hearing_id = _stored(library, path, hear)
    embeddings = load_embeddings(library, hearing_id)
    similarities = embeddings.similarities(unit_vectors(stored, 1)[0])
    # Most queries are answered by the nearest few; only if those do not fit is every sound asked whether it does.
    nearest = np.arange(len(similarities))
    if len(nearest) > _LOOKED_AT:
        nearest = np.sort(np.argpartition(-similarities, _LOOKED_AT)[:_LOOKED_AT])
    nearest = nearest[np.argsort(-similarities[nearest], kind="stable")]
    where, values = f"{where} AND path != ?", [*values, os.fsencode(path)]
    for start in range(0, len(nearest), _AT_ONCE):
        yield from _fitting(
            library, nearest[start : start + _AT_ONCE], embeddings.result_ids, similarities, where, values
        )
    if len(nearest) == len(similarities):
        return
    with library.explaining() as connection:
        query = f"SELECT DISTINCT result_id FROM sounds WHERE hearing_id = ? AND {where}"
        rows = connection.execute(query, [hearing_id, *values]).fetchall()
    wanted = np.array([row[0] for row in rows], dtype=np.int64)
    rest = np.setdiff1d(np.flatnonzero(np.isin(embeddings.result_ids, wanted)), nearest)
    rest = rest[np.argsort(-similarities[rest], kind="stable")]
    for start in range(0, len(rest), _AT_ONCE):
        yield from _fitting(library, rest[start : start + _AT_ONCE], embeddings.result_ids, similarities, where, values)


def _fitting(
    library: Library,
    rows: np.ndarray,
    result_ids: np.ndarray,
    similarities: np.ndarray,
    where: str,
    values: list[Any],
) -> Iterator[Found]:
    """Yield the sounds of some rows of the embeddings that fit a condition, row by row and by path."""
    wanted = result_ids[rows].tolist()
    are_theirs = (
        "id IN (SELECT files.id FROM results JOIN files ON files.content_id = results.content_id"
        f" AND files.hearing_id = results.hearing_id WHERE results.id IN ({_marks(wanted)}))"
    )
    sounds: dict[int, list[Sound]] = {}
    for sound in sounds_where(library, f"{are_theirs} AND {where}", [*wanted, *values]):
        sounds.setdefault(sound.result_id, []).append(sound)
    for row, result_id in zip(rows, wanted, strict=True):
        for sound in sounds.get(result_id, ()):
            yield Found(sound, round(float(similarities[row]), 4))


def _marks(values: Sequence[Any]) -> str:
    return ", ".join("?" * len(values))


def _stored(library: Library, path: str, hear: Hear | None) -> tuple[bytes, int]:
    with library.explaining() as connection:
        row = connection.execute(
            "SELECT vector, embeddings.hearing_id FROM sounds JOIN embeddings USING (result_id) WHERE path = ?",
            (os.fsencode(path),),
        ).fetchone()
    if row is not None:
        return row[0], row[1]
    if hear is None:
        raise LibraryError("library.not_heard", f"The library does not know {path}: scan its folder first.")
    return hear(path)


def conditions(terms: Sequence[Term]) -> tuple[str, list[Any]]:
    """Return the terms, ``like:`` left out, as a condition on the view ``sounds`` and its values."""
    parts: list[str] = []
    values: list[Any] = []
    states = {value for term in terms if term.field == "is" for value in term.values}
    if "vanished" not in states:
        parts.append("NOT vanished")
    if not states & {"failed", "vanished"}:
        parts.append("error_code IS NULL AND result_id IS NOT NULL")
    for term in terms:
        if term.field == "like":
            continue
        part, of_part = _condition(term)
        parts.append(f"NOT ({part})" if term.operator == IS_NOT else f"({part})")
        values += of_part
    return " AND ".join(parts), values


def _condition(term: Term) -> tuple[str, list[Any]]:
    marks = _marks(term.values)
    if term.field in NUMBERS:
        return f"{NUMBERS[term.field][0]} {term.operator} ?", list(term.values)
    if term.field == "is":
        return " OR ".join(_STATE_CONDITIONS[value] for value in term.values), []
    if term.field == "label":
        return f"CASE WHEN unsure THEN 'unsure' ELSE label END IN ({marks})", list(term.values)
    if term.field == "group":
        labels = [label.name for label in LABELS if label.group in term.values]
        labels += [value for value in term.values if value not in GROUPS]  # "unsure", and labels of a user's own
        return f"CASE WHEN unsure THEN 'unsure' ELSE label END IN ({_marks(labels)})", labels
    if term.field == "with":
        return (
            "EXISTS (SELECT 1 FROM heard_hits WHERE heard_hits.result_id = sounds.result_id"
            f" AND heard_hits.label IN ({marks}))",
            list(term.values),
        )
    if term.field == "below":
        folder = os.fsencode(os.path.abspath(os.path.expanduser(term.values[0])))
        folder = folder.rstrip(os.fsencode(os.sep)) + os.fsencode(os.sep)
        return "path >= ? AND path < ?", [folder, folder[:-1] + bytes([folder[-1] + 1])]
    if term.field == "name":
        return "name_holds(path, ?)", [_folded(term.values[0])]
    if term.field == "path":
        return "path_holds(path, ?)", [_folded(term.values[0])]
    return f"{term.field} IN ({marks})", list(term.values)


def _path_holds(path: bytes, wanted: str) -> bool:
    """Whether a text is in a path; case and the form of accents do not matter."""
    return wanted in _folded(os.fsdecode(path))


def _name_holds(path: bytes, wanted: str) -> bool:
    """Whether a text is in the name of a file, its suffix left out."""
    return wanted in _folded(os.path.splitext(os.path.basename(os.fsdecode(path)))[0])


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", text).casefold()
