"""Opening the file of a library: made, brought up to date, or refused with a reason.

Conventions: ``user_version`` counts the schema (`migrations`), and ``application_id`` marks the file as ours.
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Final

from drumbridge.errors import LibraryError

from .migrations import MIGRATIONS

APPLICATION_ID: Final = 0x44524D42  # "DRMB"


def open_database(path: Path, *, writing: bool, wait_s: float) -> sqlite3.Connection:
    """Open the file of a library, make it if it is not there, and bring it up to date.

    Parameters
    ----------
    path : Path
    writing : bool
        False: only to be read; a file that is not there is then an error, and none is made.
    wait_s : float
        How long to wait for another program that writes.

    Raises
    ------
    LibraryError
        ``library.not_found``, ``library.not_a_library``, ``library.newer``, ``library.read_only``,
        ``library.locked`` or ``library.damaged``.
    """
    if path.is_dir():
        raise LibraryError("library.not_a_library", f"{path} is a folder, not the file of a library.")
    if not path.exists():
        if not writing:
            raise LibraryError("library.not_found", f"There is no library {path} yet: drumbridge scan makes it.")
        if not path.parent.is_dir():
            raise LibraryError("library.not_found", f"{path} cannot be made: there is no folder {path.parent}.")
    try:
        connection = _connect(path, writing=writing, wait_s=wait_s)
        try:
            _prepare(connection, path, writing=writing)
        except BaseException:
            connection.close()
            raise
        return connection
    except sqlite3.Error as error:
        raise explained(error, path) from error


def explained(error: sqlite3.Error, path: Path) -> LibraryError:
    """Return what an error of SQLite means to a person."""
    text = str(error)
    if "locked" in text or "busy" in text:
        return LibraryError("library.locked", f"Another program keeps the library {path} locked; try again later.")
    if "not a database" in text:
        return LibraryError("library.not_a_library", f"{path} is not the file of a library.")
    if "readonly" in text or "unable to open" in text:
        return LibraryError("library.read_only", f"The library {path} cannot be written: check its permissions.")
    if "malformed" in text or "corrupt" in text:
        return LibraryError(
            "library.damaged", f"The library {path} is damaged: restore a copy, or scan into a new one."
        )
    if "full" in text:
        return LibraryError("library.full", f"The library {path} cannot grow: the disk is full.")
    return LibraryError("library.failed", f"The library {path} cannot be used: {text}.")


def _connect(path: Path, *, writing: bool, wait_s: float) -> sqlite3.Connection:
    if writing:
        return sqlite3.connect(path, timeout=wait_s, isolation_level=None)
    # SQLite makes files beside a database in WAL mode even to read it. Where it may not, and nobody writes, the file
    # alone holds everything.
    alone = not os.access(path.parent, os.W_OK) and not path.with_name(path.name + "-wal").exists()
    uri = f"{path.absolute().as_uri()}?mode=ro{'&immutable=1' if alone else ''}"
    return sqlite3.connect(uri, uri=True, timeout=wait_s, isolation_level=None)


def _prepare(connection: sqlite3.Connection, path: Path, *, writing: bool) -> None:
    application, version = _marks(connection)
    if application != APPLICATION_ID:
        holds_something = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if application or version or holds_something or not writing:
            raise LibraryError("library.not_a_library", f"{path} is a database of another program, not a library.")
    if version > len(MIGRATIONS):
        raise LibraryError(
            "library.newer",
            f"{path} was written by a newer drumbridge (schema {version}, this one knows {len(MIGRATIONS)}): "
            "update drumbridge, or name another library.",
        )
    if version < len(MIGRATIONS) or application != APPLICATION_ID:
        if not writing:
            raise LibraryError("library.older", f"{path} is of an older drumbridge: scan once to bring it up to date.")
        connection.execute("PRAGMA journal_mode = WAL")
        _migrate(connection)
    if writing:
        connection.execute("PRAGMA synchronous = NORMAL")


def _migrate(connection: sqlite3.Connection) -> None:
    """Bring the schema up to date in one transaction; of two programs that try, the second finds it done."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        _, version = _marks(connection)
        for script in MIGRATIONS[version:]:
            for statement in _statements(script):
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def _statements(script: str) -> list[str]:
    """Return the statements of a script; ``executescript`` would end the transaction."""
    statements, pending = [], ""
    for line in script.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            statements.append(pending)
            pending = ""
    return statements


def _marks(connection: sqlite3.Connection) -> tuple[int, int]:
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    return int(application), int(connection.execute("PRAGMA user_version").fetchone()[0])
