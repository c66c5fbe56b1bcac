"""Sounds as lists that other programs open: CSV, JSON, M3U playlists, databases of REAPER's Media Explorer.

Conventions: text is UTF-8 with ``\\n``; a name that is no text keeps its bytes in M3U and the Media Explorer, which
are read as bytes. The Media Explorer's format is not documented by its maker: ``FILE "path" size 0 seconds`` and
``DATA "field:value" ...`` are what its users found; ``u:`` is its custom tag, ``d:`` the description. In REAPER: put
the file into the folder MediaDB of REAPER's resource path, then add it as a database in the Media Explorer.
"""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterable
from typing import Any, BinaryIO, NamedTuple

COLUMNS = (
    "path", "kind", "label", "confidence", "unsure", "corrected", "duration_s", "sample_rate", "velocity", "level_db",
    "hits",
)  # fmt: skip


class ListedSound(NamedTuple):
    """One sound of a list; `facts` are what its columns are taken from."""

    path: str
    label: str
    duration_s: float
    size: int
    mtime_s: int
    facts: dict[str, Any]


def write_csv(file: BinaryIO, sounds: Iterable[ListedSound]) -> None:
    """Write a table with a header."""
    import io

    text = io.TextIOWrapper(file, encoding="utf-8", errors="surrogateescape", newline="", write_through=True)
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(COLUMNS)
    for sound in sounds:
        rows.writerow([sound.facts[column] for column in COLUMNS])
    text.detach()


def write_json(file: BinaryIO, sounds: Iterable[ListedSound]) -> None:
    """Write one array of objects, each on a line of its own."""
    file.write(b"[")
    for k, sound in enumerate(sounds):
        file.write((b",\n" if k else b"\n") + json.dumps(sound.facts, allow_nan=False).encode())
    file.write(b"\n]\n")


def write_m3u(file: BinaryIO, sounds: Iterable[ListedSound]) -> None:
    """Write an extended playlist."""
    file.write(b"#EXTM3U\n")
    for sound in sounds:
        if "\n" in sound.path or "\r" in sound.path:
            continue  # a playlist has one path a line
        title = f"{sound.label} - {os.path.splitext(os.path.basename(sound.path))[0]}"
        file.write(os.fsencode(f"#EXTINF:{round(sound.duration_s)},{title}\n{sound.path}\n"))


def write_reaper_database(file: BinaryIO, sounds: Iterable[ListedSound]) -> None:
    """Write a database of REAPER's Media Explorer in which the label is the custom tag."""
    for sound in sounds:
        if any(character in sound.path for character in '"\n\r'):
            continue  # the format has no way to write it
        confidence = f"{100 * sound.facts['confidence']:.0f} %"
        file.write(os.fsencode(f'FILE "{sound.path}" {sound.size} 0 {sound.mtime_s}\n'))
        file.write(f'DATA "u:{sound.label}" "d:{sound.label}, {confidence} sure"\n'.encode())


WRITERS = {
    ".csv": write_csv,
    ".json": write_json,
    ".m3u": write_m3u,
    ".m3u8": write_m3u,
    ".reaperfilelist": write_reaper_database,
}
