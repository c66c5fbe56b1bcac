"""Paths as people's DAWs and scripts give them.

`path_from_daw` takes POSIX paths, ``~``, ``file://`` URLs, Windows drive letters (also under WSL), Max's
``Macintosh HD:/Users/...``, quotes around, and names in composed or decomposed Unicode. Where a text
can be read in several ways, the first reading that exists wins; what is there under exactly the given
name always does.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote_to_bytes

from drumbridge.errors import AudioError

_VOLUMES = Path("/Volumes")  # where macOS mounts them; the boot volume is a link to / there
_BOOT_VOLUME = "Macintosh HD"
_WSL_DRIVES = Path("/mnt")
_DRIVE = re.compile(r"^/?([A-Za-z]):[\\/](.*)$", re.DOTALL)
_VOLUME = re.compile(r"^([^/\\:]{2,}):/(?!/)(.*)$", re.DOTALL)
_URL = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]+)://", re.DOTALL)


def path_from_daw(text: str) -> Path:
    """Return the path that a DAW, a browser or a person means by `text`.

    The file need not exist; then the likeliest reading is returned, so that the error names it.

    Raises
    ------
    AudioError
        ``audio.path``: empty, with a NUL in it, or a web address.
    """
    if "\0" in text:
        raise AudioError("audio.path", "The path holds a NUL character, which no file name has.")
    if not text.strip():
        raise AudioError("audio.path", "The path is empty.")
    readings: list[Path] = []
    for reading in _readings(text):
        found = _existing(reading)
        if found is not None:
            return found
        readings.append(reading)
    return readings[-1]


def _readings(text: str) -> Iterator[Path]:
    """Yield the ways to read `text`, first the surest to be right if it exists, last the likeliest if none does."""
    url = _URL.match(text.strip())
    if url is None:
        yield Path(text)
    text = text.strip()
    if len(text) > 2 and text[0] == text[-1] and text[0] in "\"'":
        yield from _readings(text[1:-1])
    elif url is not None:
        if url[1].lower() != "file":
            raise AudioError("audio.path", f"{text[:60]} is a web address: only files on this machine can be read.")
        yield _path_of_url(text[url.end() :])
    elif text[:5].lower() == "file:":
        yield _path_of_url(text[5:])
    elif (drive := _DRIVE.match(text)) is not None:
        if os.name != "nt":
            yield _WSL_DRIVES / drive[1].lower() / drive[2].replace("\\", "/")
        yield Path(f"{drive[1]}:/{drive[2]}") if os.name == "nt" else Path(text)
    elif (volume := _VOLUME.match(text)) is not None:
        mounted, at_root = _VOLUMES / volume[1] / volume[2], Path("/") / volume[2]
        yield from (mounted, at_root) if volume[1] == _BOOT_VOLUME else (at_root, mounted)
    elif text[0] == "~":
        yield Path(os.path.expanduser(text))
    else:
        yield Path(text)


def _path_of_url(rest: str) -> Path:
    """Return the path of a file URL, given what follows ``file://``; ``#`` and ``?`` are part of names here."""
    if rest[:9].lower() == "localhost":
        rest = rest[9:]
    path = os.fsdecode(unquote_to_bytes(rest.encode("utf-8", "surrogateescape")))
    if "\0" in path:
        raise AudioError("audio.path", "The path holds a NUL character, which no file name has.")
    drive = _DRIVE.match(path)
    if drive is not None:
        in_wsl = _WSL_DRIVES / drive[1].lower() / drive[2].replace("\\", "/")
        return in_wsl if os.name != "nt" and in_wsl.exists() else Path(f"{drive[1]}:/{drive[2]}")
    if path and path[0] != "/":  # file://server/share
        path = "//" + path
    return Path(path)


def _existing(path: Path) -> Path | None:
    """Return `path` as the file system spells it (composed or decomposed Unicode), None if it is not there."""
    if _is_there(path):
        return path
    if str(path).isascii():
        return None
    for form in ("NFC", "NFD"):
        other = Path(unicodedata.normalize(form, str(path)))
        if _is_there(other):
            return other
    found = Path(path.anchor)
    for part in path.parts[1 if path.anchor else 0 :]:
        step = found / part
        if not _is_there(step):
            composed = unicodedata.normalize("NFC", part)
            try:
                names = os.listdir(found)
            except OSError:
                return None
            match = next((name for name in sorted(names) if unicodedata.normalize("NFC", name) == composed), None)
            if match is None:
                return None
            step = found / match
        found = step
    return found


def _is_there(path: Path) -> bool:
    try:
        os.lstat(path)
    except (OSError, ValueError):  # ValueError: characters that no file name has
        return False
    return True
