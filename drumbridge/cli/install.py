"""``drumbridge install live|reaper``: copies the devices or scripts to where the DAW looks for them.

Conventions: a row of `_TARGETS` says what is copied where. Beside what was written lies a list of checksums: a file
that still is as we wrote it is replaced by its new version, one that was changed, or that we did not write, is kept
and told of. Nothing outside the folder is touched.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from drumbridge.errors import DrumbridgeError

_PACKAGE = Path(__file__).resolve().parent.parent
_WRITTEN = "drumbridge-installed.json"
_AUDIO_EFFECTS = Path("Presets", "Audio Effects", "Max Audio Effect", "DrumBridge")
_MIDI_EFFECTS = Path("Presets", "MIDI Effects", "Max MIDI Effect", "DrumBridge")
_SCRIPTS = Path("Scripts", "drumbridge")
SERVER_NOTE: Final = "drumbridge-server.json"  # where a device or a script reads what to start


class _Target(NamedTuple):
    what: str
    folder: Callable[[], Path | None]  # where the DAW looks, None where there is no such DAW
    folder_name: str
    how_to_find: str
    files: Callable[[], Iterator[tuple[Path, bytes]]]  # relative path, content
    home: Path  # relative, of the list of checksums
    next_step: str


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``install``."""
    parser.add_argument("daw", choices=sorted(_TARGETS), help="live: Max for Live devices; reaper: scripts")
    parser.add_argument(
        "--to", type=Path, metavar="DIR", help="Live's User Library or REAPER's resource folder, if moved"
    )
    parser.add_argument("--dry-run", action="store_true", help="only say what would be written")
    parser.add_argument("--force", action="store_true", help="replace files that were changed; they are kept as *.bak")


def run(args: argparse.Namespace) -> int:
    """Copy, say what was written; 1 when a file was kept because somebody changed it."""
    target = _TARGETS[args.daw]
    files = list(target.files())
    folder = args.to.expanduser() if args.to is not None else target.folder()
    if folder is None:
        raise DrumbridgeError("install.no_daw", f"{target.what} does not run on this system: say with --to where to.")
    if not folder.is_dir():
        raise DrumbridgeError(
            "install.no_folder", f"There is no {target.folder_name} at {folder}. {target.how_to_find}"
        )
    written = _read_list(folder / target.home / _WRITTEN)
    kept = []
    for path, content in files:
        place, checksum = folder / path, hashlib.sha256(content).hexdigest()
        found = hashlib.sha256(place.read_bytes()).hexdigest() if place.is_file() else None
        if found not in (None, checksum, written.get(path.as_posix())) and not args.force:
            kept.append(place)
            print(f"kept      {place}")
            continue
        if found == checksum:
            print(f"unchanged {place}")
        else:
            print(f"{'would write' if args.dry_run else 'wrote    '} {place}")
            if not args.dry_run:
                _write(place, content, backup=found not in (None, written.get(path.as_posix())))
        written[path.as_posix()] = checksum
    if not args.dry_run:
        _write(folder / target.home / _WRITTEN, (json.dumps(written, indent=1) + "\n").encode(), backup=False)
    if kept:
        names = ", ".join(place.name for place in kept)
        message = f"{names}: changed since it was installed, or not ours, and so kept. --force replaces it."
        raise DrumbridgeError("install.changed", message)
    if not args.dry_run:
        print(f"\n{target.next_step}")
    return 0


def _write(place: Path, content: bytes, *, backup: bool) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    if backup:
        place.replace(place.with_name(place.name + ".bak"))
    unfinished = place.with_name(place.name + ".part")
    unfinished.write_bytes(content)
    os.replace(unfinished, place)  # a DAW that looks sees the old file or the new one


def _read_list(path: Path) -> dict[str, str]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _packed(name: str, in_checkout: str) -> Path:
    """Return a folder that the wheel carries; in a checkout it stands beside the package."""
    installed = _PACKAGE / name
    folder = installed if installed.is_dir() else _PACKAGE.parent / in_checkout
    if not folder.is_dir():
        raise DrumbridgeError("install.missing", f"This installation of drumbridge lacks {folder}. Install it anew.")
    return folder


def _live_files() -> Iterator[tuple[Path, bytes]]:
    for path in sorted(_packed("_live", "max_for_live/devices").glob("*.amxd")):
        yield (_MIDI_EFFECTS if "Pads" in path.name else _AUDIO_EFFECTS) / path.name, path.read_bytes()
    yield _AUDIO_EFFECTS / SERVER_NOTE, _note_of_this_program()


def _reaper_files() -> Iterator[tuple[Path, bytes]]:
    folder = _packed("_reaper", "reaper")
    for path in sorted(folder.rglob("*.lua")):
        yield _SCRIPTS / path.relative_to(folder), path.read_bytes()
    yield _SCRIPTS / "lib" / SERVER_NOTE, _note_of_this_program()


def _note_of_this_program() -> bytes:
    """Return how a DAW, which has not our PATH, starts the drumbridge that installs this."""
    return (json.dumps({"command": [sys.executable, "-m", "drumbridge"]}, indent=1) + "\n").encode()


def _user_library() -> Path | None:
    if sys.platform == "darwin":
        return Path.home() / "Music" / "Ableton" / "User Library"
    if sys.platform == "win32":
        return Path.home() / "Documents" / "Ableton" / "User Library"
    return None


def _reaper_resources() -> Path | None:
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "REAPER"
    if sys.platform == "win32":
        return Path(os.environ.get("APPDATA", Path.home() / "AppData" / "Roaming")) / "REAPER"
    return Path(os.environ.get("XDG_CONFIG_HOME", Path.home() / ".config")) / "REAPER"


_TARGETS: Final = {
    "live": _Target(
        "Ableton Live",
        _user_library,
        "User Library of Live",
        "In Live, Settings - Library shows where it is; name it with --to.",
        _live_files,
        _AUDIO_EFFECTS,
        "In Live's browser: User Library - Presets - Audio Effects - Max Audio Effect. Drop DrumBridge on a track.",
    ),
    "reaper": _Target(
        "REAPER",
        _reaper_resources,
        "resource folder of REAPER",
        "In REAPER, Options - Show REAPER resource path opens it; name it with --to.",
        _reaper_files,
        _SCRIPTS,
        "In REAPER: Actions - Show action list - New action - Load ReaScript: choose the files in Scripts/drumbridge.",
    ),
}
