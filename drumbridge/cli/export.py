"""`drumbridge export OUT [QUERY]`: the library's sounds as a list or a drum kit for other programs.

Conventions: the suffix of OUT says what it becomes; ``--kit`` makes OUT a folder that holds a kit and its sounds. What
exists is overwritten only with --force, and a folder never.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from drumbridge.formats.sound_lists import ListedSound
    from drumbridge.library.search import Found
    from drumbridge.library.store import Library


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes."""
    parser.add_argument("out", type=Path, metavar="OUT", help=".csv, .json, .m3u8, .ReaperFileList or .sfz; a folder")
    parser.add_argument("query", nargs="*", metavar="QUERY", help="which sounds, as for find (default: all)")
    parser.add_argument("--kit", action="store_true", help="OUT becomes a folder: a kit for SFZ, Hydrogen and REAPER")
    parser.add_argument("--per-pad", type=int, default=1, metavar="N", help="sounds for each pad, in turn (default: 1)")
    parser.add_argument("--force", action="store_true", help="overwrite OUT if it is a file that exists")
    parser.add_argument("--library", metavar="FILE", help="the library's file (default: your own library)")


def run(args: argparse.Namespace) -> int:
    """Write the list or the kit, and say how much there is in it."""
    from drumbridge.errors import SettingsError
    from drumbridge.formats.sound_lists import WRITERS
    from drumbridge.library.location import library_path
    from drumbridge.library.store import Library

    from .find import found_by

    suffix = args.out.suffix.lower()
    if not args.kit and suffix not in (*WRITERS, ".sfz"):
        known = ".csv, .json, .m3u8, .ReaperFileList, .sfz"
        raise SettingsError(
            "settings.out", f"{args.out} has no suffix that says what it is to become: {known}, or --kit."
        )
    if not 1 <= args.per_pad <= 16:
        raise SettingsError("settings.per_pad", f"A pad takes 1 to 16 sounds, not {args.per_pad}.")
    _check_out(args)
    with Library(library_path(args.library), writing=False) as library:
        found = found_by(args.query, library)
        if args.kit or suffix == ".sfz":
            return _write_kit(args, library, found)
        n = 0

        def listed() -> Iterator[ListedSound]:
            nonlocal n
            for each in found:
                n += 1
                yield _listed(each)

        with open(args.out, "wb") as file:
            WRITERS[suffix](file, listed())
    print(f"{n} sounds in {args.out}")
    return 0


def _check_out(args: argparse.Namespace) -> None:
    from drumbridge.errors import SettingsError

    if not args.out.absolute().parent.is_dir():
        raise SettingsError("settings.out", f"{args.out} cannot be written: there is no folder {args.out.parent}.")
    if args.kit:
        if args.out.exists() and (not args.out.is_dir() or any(args.out.iterdir())):
            raise SettingsError("settings.out", f"{args.out} exists: a kit needs a new folder, or an empty one.")
    elif args.out.is_dir():
        raise SettingsError("settings.out", f"{args.out} is a folder: name the file itself.")
    elif args.out.exists() and not args.force:
        raise SettingsError("settings.out", f"{args.out} exists already: --force overwrites it.")


def _write_kit(args: argparse.Namespace, library: Library, found: Iterator[Found]) -> int:
    from drumbridge.engine.order import kit_pads
    from drumbridge.errors import SettingsError
    from drumbridge.formats.sampler_kits import Pad, kit_to_hydrogen, kit_to_reaper_script, kit_to_sfz

    chosen = kit_pads(library, (each.sound for each in found), args.per_pad)
    if not chosen:
        raise SettingsError("settings.query", "No sound that was found can be put on a pad.")
    if not args.kit:
        pads = [
            Pad(label, note, tuple(_relative(sound.path, args.out.absolute().parent) for sound in sounds))
            for label, note, sounds in chosen
        ]
        args.out.write_text(kit_to_sfz(pads), encoding="utf-8", errors="surrogateescape")
    else:
        from drumbridge.engine.file_plan import copy_new

        args.out.mkdir(exist_ok=True)
        pads = []
        for label, note, sounds in chosen:
            names = [f"{label} {k}{os.path.splitext(sound.path)[1]}" for k, sound in enumerate(sounds, start=1)]
            for name, sound in zip(names, sounds, strict=True):
                copy_new(sound.path, os.fspath(args.out / name))
            pads.append(Pad(label, note, tuple(names)))
        (args.out / "kit.sfz").write_text(kit_to_sfz(pads), encoding="utf-8")
        (args.out / "drumkit.xml").write_text(kit_to_hydrogen(pads, args.out.name), encoding="utf-8")
        script = kit_to_reaper_script(pads, args.out.name)
        (args.out / "add to REAPER.lua").write_text(script, encoding="utf-8")
    print(f"{len(pads)} pads, {sum(len(pad.paths) for pad in pads)} sounds in {args.out}")
    return 0


def _listed(found: Found) -> ListedSound:
    from drumbridge.core.labels import UNSURE
    from drumbridge.formats.sound_lists import ListedSound

    from .find import sound_to_object

    sound = found.sound
    try:
        status = os.stat(sound.path)
        size, mtime_s = status.st_size, int(status.st_mtime)
    except OSError:  # gone since the last scan
        size = mtime_s = 0
    label = UNSURE if sound.unsure else sound.label
    return ListedSound(sound.path, label, sound.duration_s, size, mtime_s, sound_to_object(*found))


def _relative(path: str, folder: Path) -> str:
    try:
        return os.path.relpath(path, folder)
    except ValueError:  # another drive
        return path
