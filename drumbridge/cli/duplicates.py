"""`drumbridge duplicates [QUERY]`: the same sound more than once, or nearly.

Conventions: groups stand apart, the first path of each is the first by name. Nothing is deleted.
"""

from __future__ import annotations

import argparse
import json


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes."""
    parser.add_argument("query", nargs="*", metavar="QUERY", help="among which sounds, as for find (default: all)")
    parser.add_argument(
        "--near", type=float, nargs="?", const=0.98, metavar="SIMILARITY",
        help="also sounds that are nearly the same; at least so similar, 0..1 (default: %(const)s)",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print an array of paths for each group, one a line")
    parser.add_argument("--library", metavar="FILE", help="the library's file (default: your own library)")


def run(args: argparse.Namespace) -> int:
    """Find the groups, and print them."""
    from drumbridge.errors import SettingsError
    from drumbridge.library.duplicates import same_sounds, similar_sounds
    from drumbridge.library.location import library_path
    from drumbridge.library.store import Library

    from .find import found_by

    if args.near is not None and not 0 < args.near <= 1:
        raise SettingsError("settings.near", f"A similarity is above 0 and at most 1, not {args.near:g}.")
    with Library(library_path(args.library), writing=False) as library:
        sounds = [each.sound for each in found_by(args.query, library)]
        groups = same_sounds(sounds) if args.near is None else similar_sounds(library, sounds, args.near)
    for group in groups:
        if args.json:
            print(json.dumps(group))
        else:
            print("\n".join([*group, ""]))
    extra = sum(len(group) - 1 for group in groups)
    if not args.json:
        print(f"{len(groups)} groups; {extra} files are one too many")
    return 0
