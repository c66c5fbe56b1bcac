"""The embeddings of a large library in a file beside it, so that the first ``like:`` need not read them row by row.

Conventions: little-endian: a header, unit vectors, float32 (n, d), the numbers of their results, int64 (n,), rising.
The file is a copy of what the table of embeddings says, and never needed: rows are only ever added to the table, with
rising numbers, so the file holds all up to its last one, and what came later is read from the table. Only a scan writes
it, while it holds the library's lock, and puts it in its place whole. What does not fit the library is not used.
"""

from __future__ import annotations

import contextlib
import os
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    import numpy as np

    from .store import Library

_MAGIC: Final = b"DRMBVEC1"
_HEADER = struct.Struct("<8s6q8x")  # magic, n, d, last result, inode and device of the library, spare
_FEWEST = 2000  # sounds that are read from the table as quickly
_BEHIND = 50  # the file is written anew when it lacks one in so many, and the fewest
_COMPARED = 16  # rows that are compared with the table


class Header(NamedTuple):
    """What a file of vectors holds."""

    n: int
    d: int
    last_result: int
    inode: int
    device: int


def keep_vectors(library: Library, hearing_id: int) -> bool:
    """Write the file if there is none, or if it lacks too much; return whether it was written.

    It is not where there is no room or permission for it.
    """
    path = _path(library.path, hearing_id)
    header = _header(path)
    last, n = (header.last_result, header.n) if header and _is_of(header, library.path) else (0, 0)
    enough = _FEWEST + n // _BEHIND
    query = "SELECT count(*) FROM (SELECT 1 FROM embeddings WHERE hearing_id = ? AND result_id > ? LIMIT ?)"
    with library.explaining() as connection:
        if connection.execute(query, (hearing_id, last, enough)).fetchone()[0] < enough:
            return False
    new = path.with_name(path.name + ".new")
    with library.transaction():  # of two scans one writes
        try:
            _write(library, hearing_id, new)
            os.replace(new, path)  # refused by Windows while another program reads it
        except OSError:
            with contextlib.suppress(OSError):
                new.unlink()
            return False
    return True


def kept_vectors(library: Library, hearing_id: int) -> tuple[np.ndarray, np.ndarray] | None:
    """Return the numbers of the results, int64 (n,), and their unit vectors, float32 (n, d), mapped; None without."""
    import numpy as np

    from .embeddings import unit_vectors

    path = _path(library.path, hearing_id)
    header = _header(path)
    if header is None or not header.n or not _is_of(header, library.path):
        return None
    try:
        vectors = np.memmap(path, "<f4", "r", _HEADER.size, (header.n, header.d))
        ids = np.array(np.memmap(path, "<i8", "r", _HEADER.size + 4 * header.n * header.d, (header.n,)))
    except (OSError, ValueError):
        return None
    rows = np.unique(np.linspace(0, header.n - 1, _COMPARED).astype(np.int64))
    query = "SELECT vector FROM embeddings WHERE result_id = ? AND hearing_id = ?"
    with library.explaining() as connection:
        for k in rows:
            row = connection.execute(query, (int(ids[k]), hearing_id)).fetchone()
            if row is None or len(row[0]) != 2 * header.d or not np.allclose(unit_vectors(row[0], 1)[0], vectors[k]):
                return None
    return ids, vectors


def forget_vectors(library_path: Path) -> None:
    """Remove the files beside a library that is not there any more."""
    for path in library_path.parent.glob(f"{_escaped(library_path.name)}-vectors*"):
        with contextlib.suppress(OSError):
            path.unlink()


def _path(library_path: Path, hearing_id: int) -> Path:
    return library_path.with_name(f"{library_path.name}-vectors{hearing_id}")


def _escaped(name: str) -> str:
    return "".join(f"[{character}]" if character in "*?[" else character for character in name)


def _header(path: Path) -> Header | None:
    """Return the header of a whole file of vectors."""
    try:
        with open(path, "rb") as file:
            magic, *values, _ = _HEADER.unpack(file.read(_HEADER.size))
            size = os.fstat(file.fileno()).st_size
    except (OSError, struct.error):
        return None
    header = Header(*values)
    whole = size == _HEADER.size + header.n * (4 * header.d + 8)
    return header if magic == _MAGIC and header.n >= 0 and header.d > 0 and whole else None


def _is_of(header: Header, library_path: Path) -> bool:
    """Whether the file was made from this very library, and not from one that was in its place."""
    return (header.inode, header.device) == _identity(library_path)


def _identity(path: Path) -> tuple[int, int]:
    status = os.stat(path)
    mask = (1 << 63) - 1
    return status.st_ino & mask, status.st_dev & mask


def _write(library: Library, hearing_id: int, path: Path) -> None:
    """Write all vectors, some thousands at a time."""
    import numpy as np

    from .embeddings import rows_after

    ids: list[np.ndarray] = []
    d = 1
    with open(path, "wb") as file:
        file.write(bytes(_HEADER.size))
        for of_part, vectors in rows_after(library, hearing_id, 0):
            ids.append(of_part)
            d = vectors.shape[1]
            file.write(vectors.astype("<f4").tobytes())
        numbers = np.concatenate([np.zeros(0, dtype=np.int64), *ids])
        file.write(numbers.astype("<i8").tobytes())
        file.seek(0)
        last = int(numbers[-1]) if len(numbers) else 0
        file.write(_HEADER.pack(_MAGIC, len(numbers), d, last, *_identity(library.path), 0))
        file.flush()
        os.fsync(file.fileno())
