"""What a person knows better: labels that stand in the place of what was heard.

Conventions: a correction hangs on the contents of a file (its hash), so it follows the sound wherever it is moved or
copied, and stays when another model hears it. `WHOLE` is the position of a correction of a whole file; in a loop it is
the sample of the hit's attack. An empty label takes a correction back.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from drumbridge.core.own_labels import check_label_name
from drumbridge.errors import LibraryError

from .store import Library

WHOLE: Final = -1


class Correction(NamedTuple):
    """One correction."""

    content_hash: bytes
    position: int
    label: str


def check_label(label: str) -> str:
    """Return a label that a sound may be given, as it is kept: one of the table, one of a user's own, or "" for none.

    Raises
    ------
    LibraryError
        ``library.label``: it can be no label.
    """
    try:
        return check_label_name(label) if label else ""
    except ValueError as error:
        raise LibraryError("library.label", f"{label!r:.60} cannot be a label: {error}.") from None


def correct(library: Library, content_hash: bytes, position: int, label: str) -> str:
    """Write a correction, or take one back with an empty label; return the label as it is kept.

    Raises
    ------
    LibraryError
        ``library.label``, or what is wrong with the library.
    """
    label = check_label(label)
    with library.transaction() as connection:
        if label:
            connection.execute(
                "INSERT INTO corrections VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET label = excluded.label",
                (content_hash, position, label),
            )
        else:
            connection.execute(
                "DELETE FROM corrections WHERE content_hash = ? AND position = ?", (content_hash, position)
            )
    return label


def correction_of(library: Library, content_hash: bytes, position: int) -> str:
    """Return the correction of a sound or of a hit, "" if there is none."""
    with library.explaining() as connection:
        row = connection.execute(
            "SELECT label FROM corrections WHERE content_hash = ? AND position = ?", (content_hash, position)
        ).fetchone()
    return row[0] if row else ""


def corrections(library: Library) -> Iterator[Correction]:
    """Yield all corrections."""
    with library.explaining() as connection:
        for row in connection.execute("SELECT content_hash, position, label FROM corrections ORDER BY 1, 2"):
            yield Correction(*row)


def hit_position(library: Library, content_hash: bytes, index: int) -> int | None:
    """Return where a hit of a loop starts, `WHOLE` for the only sound of a one-shot; None for what is not known."""
    with library.explaining() as connection:
        row = connection.execute(
            "SELECT results.id, kind FROM files JOIN contents ON contents.id = files.content_id"
            " JOIN results ON results.content_id = contents.id AND results.hearing_id = files.hearing_id"
            " WHERE hash = ? ORDER BY vanished LIMIT 1",
            (content_hash,),
        ).fetchone()
        if row is None:
            return None
        if row[1] == "one_shot" and index == 0:
            return WHOLE
        hit = connection.execute(
            "SELECT position FROM hits WHERE result_id = ? AND hit_index = ?", (row[0], index)
        ).fetchone()
    if hit is None:
        raise LibraryError("library.no_hit", f"There is no hit with index {index} in that file.")
    return int(hit[0])
