"""What a scan found on the disk beside what the library knows: what is to be done, what has vanished.

Conventions: the listing and the list of what is to be done are temporary tables, which SQLite keeps in a file that
nobody else sees, so a million files need no memory; they go with the connection. A folder that could not be listed is
unknown: nothing in it is called vanished. The order of work is that of the paths, whatever the disk's.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple

from .store import Library

_ROWS = 2000  # written at once

Entry = tuple[bytes, int, int, int, int]  # path, size, mtime_ns, inode, device

_UNCHANGED = (
    "files.path = listing.path AND files.size = listing.size AND files.mtime_ns = listing.mtime_ns"
    " AND files.inode = listing.inode AND files.hearing_id = :hearing_id"
)


class Counts(NamedTuple):
    """How many files are listed, are to be heard, and have vanished since the last scan."""

    listed: int
    todo: int
    vanished: int


class Listing:
    """The files of one scan.

    Parameters
    ----------
    library : Library
        Open for writing; one listing at a time.
    """

    IS_LISTED = "EXISTS (SELECT 1 FROM listing WHERE listing.path = sounds.path)"
    IS_UNCHANGED = f"{IS_LISTED} AND NOT EXISTS (SELECT 1 FROM todo WHERE todo.path = sounds.path)"

    def __init__(self, library: Library) -> None:
        self._library = library
        with library.explaining() as connection:
            for table in ("listing", "todo"):
                connection.execute(f"DROP TABLE IF EXISTS temp.{table}")
            connection.execute(
                "CREATE TEMP TABLE listing (path BLOB PRIMARY KEY, size INTEGER, mtime_ns INTEGER, inode INTEGER,"
                " device INTEGER) WITHOUT ROWID"
            )

    def add(self, entries: Iterable[Entry], cancelled: Callable[[], None] | None = None) -> None:
        """Take in what was found on the disk; `cancelled` is called now and then and may raise."""
        source = iter(entries)
        with self._library.explaining() as connection:
            while rows := list(islice(source, _ROWS)):
                connection.execute("BEGIN")
                connection.executemany("INSERT OR IGNORE INTO listing VALUES (?, ?, ?, ?, ?)", rows)
                connection.execute("COMMIT")
                if cancelled is not None:
                    cancelled()

    def compare(self, hearing_id: int, roots: Iterable[bytes], unreadable: Iterable[bytes] = ()) -> Counts:
        """Find what is to be heard, and mark what has vanished below the roots, or has come back.

        Parameters
        ----------
        hearing_id : int
            How files are to be heard.
        roots, unreadable : iterable of bytes
            Folders that were walked, and those below them that could not be listed.
        """
        hidden = list(unreadable)
        named = {"hearing_id": hearing_id}
        with self._library.explaining() as connection:
            connection.execute(
                "CREATE TEMP TABLE todo AS SELECT listing.* FROM listing WHERE NOT EXISTS"
                f" (SELECT 1 FROM files WHERE {_UNCHANGED}) ORDER BY path",
                named,
            )
            connection.execute("CREATE INDEX temp.todo_by_path ON todo (path)")
            listed = connection.execute("SELECT count(*) FROM listing").fetchone()[0]
            todo = connection.execute("SELECT count(*) FROM todo").fetchone()[0]
            vanished = 0
            for root in roots:
                vanished += self._mark(
                    "vanished = 1",
                    "path > ? AND path < ? AND NOT vanished"
                    " AND NOT EXISTS (SELECT 1 FROM listing WHERE listing.path = files.path)"
                    + " AND NOT (path > ? AND path < ?)"
                    * len(hidden),
                    [*_below(root), *(end for folder in hidden for end in _below(folder))],
                )
            self._mark("vanished = 0", f"vanished AND EXISTS (SELECT 1 FROM listing WHERE {_UNCHANGED})", named)
        return Counts(listed, todo, vanished)

    def _mark(self, change: str, where: str, values: Sequence[Any] | dict[str, Any]) -> int:
        """Change some rows of files and return how many; where there are none, nothing is written."""
        query = f"SELECT count(*) FROM files WHERE {where}"
        n = int(self._library.connection.execute(query, values).fetchone()[0])
        if n:
            with self._library.transaction() as connection:
                connection.execute(f"UPDATE files SET {change} WHERE {where}", values)
        return n

    def todo(self, n: int) -> Iterator[list[Entry]]:
        """Yield what is to be heard, n files at a time, in order of their paths."""
        last = 0
        while True:
            with self._library.explaining() as connection:
                rows = connection.execute(
                    "SELECT rowid, * FROM todo WHERE rowid > ? ORDER BY rowid LIMIT ?", (last, n)
                ).fetchall()
            if not rows:
                return
            last = rows[-1][0]
            yield [row[1:] for row in rows]


def _below(folder: bytes) -> tuple[bytes, bytes]:
    """Return what all paths below a folder lie between."""
    separator = os.fsencode(os.sep)
    start = folder.rstrip(separator) + separator
    return start, start[:-1] + bytes([separator[0] + 1])
