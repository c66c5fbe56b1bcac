"""The audio files below a folder, a million of them if need be, each with what tells whether it changed.

Conventions: paths are bytes, as the system has them (`os.fsencode`), so that names that are no text are names too.
Nothing is kept of a file once it was yielded. Hidden entries and ``__MACOSX`` are left out, links are followed,
each folder is visited once, and as what it is before as what a link calls it. Imports nothing large.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from drumbridge.errors import AudioError

AUDIO_SUFFIXES = frozenset(
    {
        ".wav",
        ".wave",
        ".aif",
        ".aiff",
        ".aifc",
        ".flac",
        ".ogg",
        ".oga",
        ".opus",
        ".mp3",
        ".w64",
        ".rf64",
        ".caf",
        ".au",
    }
)
_SUFFIXES = frozenset(suffix[1:].encode() for suffix in AUDIO_SUFFIXES)
_INT64 = (1 << 63) - 1  # what SQLite holds; some systems' numbers have more bits


class FileEntry(NamedTuple):
    """A file and what changes with it."""

    path: bytes
    size: int
    mtime_ns: int
    inode: int  # 0 where the system has none
    device: int


def audio_files_below(
    folder: str | os.PathLike[str], on_unreadable: Callable[[bytes], None] | None = None
) -> Iterator[FileEntry]:
    """Yield the audio files in and below a folder, told by suffix, in no particular order.

    Parameters
    ----------
    folder : path-like
    on_unreadable : callable, optional
        Called with each folder below that cannot be listed: what is in it is not known.

    Raises
    ------
    AudioError
        ``audio.not_found``, ``audio.not_a_folder`` or ``audio.permission``, about `folder` itself, at once.
    """
    folder = Path(folder)
    try:
        os.lstat(folder)
    except (OSError, ValueError) as error:  # ValueError: characters that no file name has
        raise AudioError("audio.not_found", f"There is no folder {folder}.") from error
    if not folder.is_dir():
        raise AudioError("audio.not_a_folder", f"{folder} is a file, not a folder.")
    try:
        os.scandir(folder).close()
    except OSError as error:
        raise AudioError("audio.permission", f"{folder} may not be listed: check its permissions.") from error
    return _walk(os.fsencode(os.path.abspath(folder)), on_unreadable or (lambda path: None))


def entry_of(path: bytes, status: os.stat_result) -> FileEntry:
    """Return the entry of a file, given what the system says of it."""
    return FileEntry(path, status.st_size, status.st_mtime_ns, status.st_ino & _INT64, status.st_dev & _INT64)


def _walk(root: bytes, on_unreadable: Callable[[bytes], None]) -> Iterator[FileEntry]:
    visited: set[tuple[int, int]] = set()
    folders: list[bytes] = [root]
    links: list[bytes] = []
    while folders or links:
        parent = folders.pop() if folders else links.pop()
        try:
            status = os.stat(parent)
            identity = (status.st_dev, status.st_ino)
            if identity in visited:
                continue
            visited.add(identity)
            below: list[bytes] = []
            linked: list[bytes] = []
            with os.scandir(parent) as entries:
                for entry in entries:
                    name = entry.name
                    if name[:1] == b"." or name == b"__MACOSX":
                        continue
                    if name[name.rfind(b".") + 1 :].lower() in _SUFFIXES:
                        found = _entry(entry)
                        if found is not None:
                            yield found
                            continue
                    if _is_folder(entry):
                        (linked if entry.is_symlink() else below).append(entry.path)
        except OSError:
            on_unreadable(parent)
            continue
        folders += sorted(below, reverse=True)
        links += sorted(linked, reverse=True)


def _entry(entry: os.DirEntry[bytes]) -> FileEntry | None:
    try:
        status = entry.stat()
    except OSError:  # a link to nowhere, or gone since it was listed
        return None
    if not stat.S_ISREG(status.st_mode):
        return None
    return entry_of(entry.path, status)


def _is_folder(entry: os.DirEntry[bytes]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False
