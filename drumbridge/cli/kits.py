"""``drumbridge kits``: what was taught, and what is to become of it.

Conventions: without an action every kit is a line: name, pads, taps, model. Nothing is asked: what was deleted is gone.
"""

from __future__ import annotations

import argparse

from .kit_options import add_kits_folder

ACTIONS = {
    "list": "every kit",
    "show": "the pads of a kit: label index over OSC, name, note, taps",
    "rename": "give a kit another name",
    "undo": "take back the last tap of a kit",
    "delete": "delete a kit",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes."""
    parser.add_argument(
        "action", nargs="?", choices=tuple(ACTIONS), default="list",
        help="; ".join(f"{action}: {text}" for action, text in ACTIONS.items()) + " (default: list)",
    )  # fmt: skip
    parser.add_argument("name", nargs="?", metavar="NAME", help="of the kit")
    parser.add_argument("new_name", nargs="?", metavar="NEW", help="its new name")
    add_kits_folder(parser)


def run(args: argparse.Namespace) -> int:
    """Do it."""
    from drumbridge.errors import DrumbridgeError
    from drumbridge.formats.kits import KitStore

    from .terminal import note

    wanted = {"list": 0, "rename": 2}.get(args.action, 1)
    if sum(name is not None for name in (args.name, args.new_name)) != wanted:
        names = ("no name", "the name of a kit", "the names of a kit, old and new")[wanted]
        raise DrumbridgeError("cli.usage", f"kits {args.action} takes {names} (see drumbridge kits --help)")
    store = KitStore(args.kits)
    if args.action == "list":
        for name in store.names():
            kit = store.load(name)
            print(f"{name}\t{len(kit.pads)} pads\t{len(kit.taps)} taps\t{kit.model}", flush=True)
        if not store.names():
            note(f"no kits in {store.folder}: drumbridge learn makes one.")
    elif args.action == "show":
        from .learn import print_pads

        print_pads(store.load(args.name))
    elif args.action == "rename":
        store.rename(args.name, args.new_name)
    elif args.action == "undo":
        kit = store.load(args.name)
        pad = kit.find(kit.taps[-1].pad).name if kit.taps else ""
        store.save(kit.undone())
        note(f"the last tap of {pad} was taken back.")
    else:
        store.delete(args.name)
    return 0
