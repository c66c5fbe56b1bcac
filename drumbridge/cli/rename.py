"""`drumbridge rename TEMPLATE [QUERY]`: the library's sounds get names that say what they are, where they are.

Conventions: the suffix stays, a name that is taken gets a number; a plan first, done with --do.
"""

from __future__ import annotations

import argparse

from .planned import add_plan_arguments, show_or_do, take_back


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes."""
    from drumbridge.engine.order import FIELDS

    parser.add_argument("template", nargs="?", metavar="TEMPLATE", help="as in '{label} {index:03} {name}'")
    parser.add_argument("query", nargs="*", metavar="QUERY", help="which sounds, as for find (default: all)")
    parser.epilog = "fields:\n" + "\n".join(f"  {{{field}}}".ljust(15) + text for field, text in FIELDS.items())
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    add_plan_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Plan, and show or do it; or undo."""
    from drumbridge.engine.file_plan import MOVE, plan
    from drumbridge.engine.order import check_template, renamed
    from drumbridge.errors import SettingsError
    from drumbridge.library.location import library_path
    from drumbridge.library.store import Library

    from .find import found_by

    with Library(library_path(args.library), writing=args.do or args.undo is not None) as library:
        if args.undo is not None:
            return take_back(args.undo, library)
        if args.template is None:
            raise SettingsError("settings.template", "Name the template, as in '{label} {index:03} {name}'.")
        check_template(args.template)
        sounds = [each.sound for each in found_by(args.query, library)]
        return show_or_do(plan(renamed(sounds, args.template), MOVE), library, do=args.do)
