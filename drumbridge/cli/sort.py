"""`drumbridge sort FOLDER [QUERY]`: the library's sounds in folders by label.

Conventions: copies by default, never overwrites, never moves without --move; a plan first, done with --do.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from .planned import add_plan_arguments, show_or_do, take_back


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes."""
    parser.add_argument("folder", nargs="?", type=Path, metavar="FOLDER", help="where the folders of the labels go")
    parser.add_argument("query", nargs="*", metavar="QUERY", help="which sounds, as for find (default: all)")
    ways = parser.add_mutually_exclusive_group()
    ways.add_argument("--hardlink", dest="way", action="store_const", const="hardlink", help="link instead of copying")
    ways.add_argument("--symlink", dest="way", action="store_const", const="symlink", help="link by path")
    ways.add_argument("--move", dest="way", action="store_const", const="move", help="move the files themselves")
    add_plan_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Plan, and show or do it; or undo."""
    from drumbridge.engine.file_plan import COPY, plan
    from drumbridge.engine.order import into_folders
    from drumbridge.errors import SettingsError
    from drumbridge.library.location import library_path
    from drumbridge.library.store import Library

    from .find import found_by

    with Library(library_path(args.library), writing=args.do or args.undo is not None) as library:
        if args.undo is not None:
            return take_back(args.undo, library)
        if args.folder is None:
            raise SettingsError("settings.folder", "Name the folder that the sounds are to be sorted into.")
        if args.folder.exists() and not args.folder.is_dir():
            raise SettingsError("settings.folder", f"{args.folder} is a file, not a folder.")
        sounds = (each.sound for each in found_by(args.query, library))
        return show_or_do(plan(into_folders(sounds, args.folder.absolute()), args.way or COPY), library, do=args.do)
