"""The library: opening it, and what a scan writes into it.

Conventions: a `Library` is used by one thread at a time; threads, jobs and programs open one each. What is written
is written in short transactions, each of which leaves a library that is whole; a program that is killed loses
the transaction that it was in. Paths are bytes.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple

from .schema import explained, open_database
from .vector_file import forget_vectors

if TYPE_CHECKING:
    from .heard import HeardSound

_WAIT_S = 30.0


class HeardFile(NamedTuple):
    """One file that a scan is done with; `sound` None when its contents were known, or could not be heard."""

    path: bytes
    size: int
    mtime_ns: int
    inode: int
    device: int
    content_hash: bytes | None
    sound: HeardSound | None
    error_code: str | None = None
    error_message: str | None = None
    try_again: bool = False  # the error may be gone next time although the file is the same


class Library:
    """An open library; use it as a context.

    Parameters
    ----------
    path : path-like
    writing : bool
        False opens a library only to be read; it must exist then.
    wait_s : float
        How long to wait for another program that writes, seconds.

    Raises
    ------
    LibraryError
        As `drumbridge.library.schema.open_database`.
    """

    def __init__(self, path: str | os.PathLike[str], *, writing: bool = True, wait_s: float = _WAIT_S) -> None:
        self.path = Path(path)
        self.kept: dict[int, Any] = {}  # what was read at some cost and may be read again; see `embeddings`
        if writing and not self.path.exists():
            forget_vectors(self.path)  # of a library that stood here before
        self.connection = open_database(self.path, writing=writing, wait_s=wait_s)

    def __enter__(self) -> Library:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self.connection.close()

    @contextlib.contextmanager
    def explaining(self) -> Iterator[sqlite3.Connection]:
        """Give the connection; what SQLite complains of becomes a `LibraryError`."""
        try:
            yield self.connection
        except sqlite3.Error as error:
            raise explained(error, self.path) from error

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Write all of it or nothing."""
        with self.explaining() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def hearing(self, model_hash: bytes, settings: str, model: str) -> int:
        """Return the number of a way of hearing, which is given one when it is new.

        Parameters
        ----------
        model_hash : bytes
            Of the model's file.
        settings : str
            Everything else that a result depends on.
        model : str
            Name of the model, for people.
        """
        query = "SELECT id FROM hearings WHERE model_hash = ? AND settings = ?"
        with self.explaining() as connection:
            row = connection.execute(query, (model_hash, settings)).fetchone()
        if row is None:
            with self.transaction() as connection:
                connection.execute(
                    "INSERT OR IGNORE INTO hearings (model_hash, settings, model) VALUES (?, ?, ?)",
                    (model_hash, settings, model),
                )
                row = connection.execute(query, (model_hash, settings)).fetchone()
        return int(row[0])

    def known_contents(self, hashes: Sequence[bytes], hearing_id: int) -> set[bytes]:
        """Return those of some hashes whose contents were heard in this way already."""
        query = (
            "SELECT hash FROM contents JOIN results ON results.content_id = contents.id"
            f" WHERE hearing_id = ? AND hash IN ({', '.join('?' * len(hashes))})"
        )
        with self.explaining() as connection:
            return {row[0] for row in connection.execute(query, (hearing_id, *hashes))}

    def known_identities(
        self, entries: Sequence[tuple[bytes, int, int, int, int]], hearing_id: int
    ) -> dict[bytes, bytes]:
        """Return, by path, the content hashes of files that are known under another name, moved or linked.

        Parameters
        ----------
        entries : sequence of (path, size, mtime_ns, inode, device)
            Not more than some hundreds.
        """
        rows = ", ".join(["(?, ?, ?, ?, ?)"] * len(entries))
        query = (
            f"WITH entry (path, size, mtime_ns, inode, device) AS (VALUES {rows})"
            " SELECT entry.path, hash FROM entry"
            " JOIN files ON files.inode = entry.inode AND files.size = entry.size AND files.mtime_ns = entry.mtime_ns"
            " AND files.device = entry.device JOIN contents ON contents.id = files.content_id"
            " JOIN results ON results.content_id = contents.id AND results.hearing_id = ? WHERE entry.inode != 0"
        )
        with self.explaining() as connection:
            return dict(connection.execute(query, [value for entry in entries for value in entry] + [hearing_id]))

    def remember(self, files: Sequence[HeardFile], hearing_id: int) -> None:
        """Write what became of some files, in one transaction.

        Raises
        ------
        LibraryError
            ``library.locked``, ``library.full`` and the like; nothing of it is then written.
        """
        rows = []
        with self.transaction() as connection:
            for file in files:
                content_id = None
                if file.content_hash is not None:
                    content_id = _content(connection, file.content_hash, file.size)
                if file.sound is not None and content_id is not None:
                    _write_result(connection, content_id, hearing_id, file.sound)
                rows.append((*file[:5], content_id, None if file.try_again else hearing_id, *file[7:9]))
            connection.executemany(
                "INSERT INTO files (path, size, mtime_ns, inode, device, content_id, hearing_id, error_code,"
                " error_message) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (path) DO UPDATE SET"
                " size = excluded.size, mtime_ns = excluded.mtime_ns, inode = excluded.inode,"
                " device = excluded.device, content_id = excluded.content_id, hearing_id = excluded.hearing_id,"
                " error_code = excluded.error_code, error_message = excluded.error_message, vanished = 0",
                rows,
            )

    def moved(self, source: str, target: str) -> None:
        """Note that a file was moved, so that it is known at once under its new path."""
        with self.transaction() as connection:
            connection.execute("DELETE FROM files WHERE path = ?", (os.fsencode(target),))
            connection.execute("UPDATE files SET path = ? WHERE path = ?", (os.fsencode(target), os.fsencode(source)))


def _content(connection: sqlite3.Connection, content_hash: bytes, size: int) -> int:
    row = connection.execute(
        "INSERT INTO contents (hash, size) VALUES (?, ?) ON CONFLICT DO NOTHING RETURNING id", (content_hash, size)
    ).fetchone()
    row = row or connection.execute("SELECT id FROM contents WHERE hash = ?", (content_hash,)).fetchone()
    return int(row[0])


def _write_result(connection: sqlite3.Connection, content_id: int, hearing_id: int, sound: HeardSound) -> None:
    row = connection.execute(
        "INSERT INTO results (content_id, hearing_id, kind, duration_s, sample_rate, label, confidence, unsure,"
        " velocity, level_db, ranking, n_hits, warning) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT DO NOTHING RETURNING id",
        (
            content_id, hearing_id, sound.kind, sound.duration_s, sound.sample_rate, sound.label, sound.confidence,
            int(sound.unsure), sound.velocity, sound.level_db, sound.ranking, len(sound.hits), sound.warning,
        ),
    ).fetchone()  # fmt: skip
    if row is None:  # of two equal files that were heard side by side, the second
        return
    if sound.embedding and sound.hits:
        connection.execute("INSERT INTO hit_evidence VALUES (?, ?)", (row[0], sound.embedding))
    elif sound.embedding:
        connection.execute("INSERT INTO embeddings VALUES (?, ?, ?)", (row[0], hearing_id, sound.embedding))
    if sound.hits:
        connection.executemany(
            "INSERT INTO hits VALUES (?, ?, ?, ?, ?, ?, ?, ?)", [(row[0], *hit) for hit in sound.hits]
        )
