"""``drumbridge learn NAME``: pads of somebody's own, taught by a few taps each.

Conventions: taps come from files (``--from``), from one recording in a known order (``--taps``), or from an audio
interface while somebody plays (``--device``). A kit that exists is only added to with ``--add``. It is stored when
something was learned, whole or not at all. ``--from-corrections`` teaches no kit but the ear: see `learn_corrections`.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING

from .kit_options import add_kits_folder
from .live_options import add_hit_arguments, hit_settings
from .quiet import quiet_libraries

if TYPE_CHECKING:
    from drumbridge.core.kit import Kit

_FEW = 3  # taps of a pad below which a kit is told to be thin


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes."""
    parser.add_argument("name", nargs="?", metavar="NAME", help="of the kit")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument(
        "--from", dest="folder", type=Path, metavar="FOLDER",
        help="learn from files: a folder in FOLDER is a pad, and a file beside those a pad of its own",
    )  # fmt: skip
    source.add_argument(
        "--taps",
        type=Path,
        metavar="REC",
        help="learn from one recording: all strokes of the first of --pads, then ...",
    )
    source.add_argument(
        "--device", metavar="DEVICE", nargs="?", const="",
        help="learn while you play: an audio interface as in drumbridge listen (default: the system's own choice)",
    )  # fmt: skip
    source.add_argument(
        "--from-corrections",
        action="store_true",
        help="learn a personal head from the library's corrections, and offer it if it is better than the model",
    )
    parser.add_argument("--use", action="store_true", help="with --from-corrections: take it into use if it is better")
    parser.add_argument(
        "--return", dest="give_up", action="store_true", help="with --from-corrections: go back to the model"
    )
    parser.add_argument("--library", metavar="FILE", help="the library of --from-corrections (default: your own)")
    parser.add_argument(
        "--channel",
        default="",
        metavar="N",
        help="channel of the device, from 1; 1+2 mixes two (default: the first two)",
    )
    parser.add_argument("--pads", metavar="A,B,...", help="the pads in --taps, in the order in which they were played")
    parser.add_argument("--per-pad", type=int, default=5, metavar="N", help="strokes of each (default: %(default)s)")
    parser.add_argument("--add", action="store_true", help="add to a kit that exists")
    parser.add_argument("--model", metavar="NAME", help="name of an installed model, or path of an .onnx file")
    add_kits_folder(parser)
    add_hit_arguments(parser)


@quiet_libraries()
def run(args: argparse.Namespace) -> int:
    """Learn, and store what was learned."""
    _check_usage(args)
    if args.from_corrections:
        from .learn_corrections import learn_from_corrections

        return learn_from_corrections(args)
    from drumbridge.engine.engine import Engine
    from drumbridge.engine.kit_learning import fitted_kit, learned_kit, new_kit
    from drumbridge.engine.kit_taps import taps_from_folder, taps_from_recording
    from drumbridge.errors import DrumbridgeError, KitError
    from drumbridge.formats.kits import KitStore, kit_name

    from .terminal import note

    store = KitStore(args.kits)
    name = kit_name(args.name)
    pads = [pad.strip() for pad in (args.pads or "").split(",") if pad.strip()]
    if (args.taps is not None) != bool(pads) or args.per_pad < 1:
        raise DrumbridgeError("cli.usage", "--taps needs --pads a,b,... and --per-pad from 1 on")
    if store.has(name) and not args.add:
        raise KitError("kit.exists", f"There is a kit {name!r} already: --add adds to it, drumbridge kits deletes it.")
    settings = hit_settings(args)
    engine = Engine(model=args.model, kits=args.kits)
    classifier = engine.load_hit_model()
    kit = fitted_kit(store.load(name), classifier) if store.has(name) else new_kit(name, classifier)
    if args.device is not None:
        from drumbridge.audio.devices import parse_channels

        from .learn_live import learn_live

        learn_live(engine, name, args.device, parse_channels(args.channel), settings)
        if not store.has(name):
            note("nothing was taught.")
            return 0
        print_pads(store.load(name))
        note(f"stored in {store.folder}; now: drumbridge transcribe FILE --kit {name!r}")
        return 0
    if args.folder is not None:
        kit = taps_from_folder(
            kit, args.folder, classifier, settings=settings,
            on_file=lambda path, pad, n: note(f"{path.name}: {n} {'tap' if n == 1 else 'taps'} of {pad}."),
        )  # fmt: skip
    else:
        kit = taps_from_recording(kit, args.taps, pads, args.per_pad, classifier, settings=settings)
    since = time.perf_counter()
    learned_kit(kit, classifier, settings)  # what cannot be learned is not stored
    took_ms = 1000 * (time.perf_counter() - since)
    store.save(kit)
    print_pads(kit)
    note(f"learned in {took_ms:.0f} ms and stored in {store.folder}; now: drumbridge transcribe FILE --kit {name!r}")
    return 0


def _check_usage(args: argparse.Namespace) -> None:
    from drumbridge.errors import DrumbridgeError

    of_library = args.use or args.give_up or args.library is not None
    if args.from_corrections:
        if args.name is not None or args.pads is not None or args.add:
            raise DrumbridgeError("cli.usage", "--from-corrections teaches no kit: it takes no NAME, --pads or --add")
        if args.use and args.give_up:
            raise DrumbridgeError("cli.usage", "--use and --return contradict each other")
    elif args.name is None:
        raise DrumbridgeError("cli.usage", "name the kit (see drumbridge learn --help)")
    elif of_library:
        raise DrumbridgeError("cli.usage", "--use, --return and --library go with --from-corrections")


def print_pads(kit: Kit) -> None:
    """Print the pads of a kit: index over OSC, name, note and number of taps; thin ones are told of."""
    from drumbridge.core.labels import pad_index

    from .terminal import label_cell, note, stdout_console, stdout_is_terminal

    for pad in kit.pads:
        n = len(kit.taps_of(pad.number))
        if stdout_is_terminal():
            row = label_cell(
                pad.name, f"{pad.name:20} note {pad.note:3}  {n:3} {'tap' if n == 1 else 'taps'}", pad.colour
            )
            stdout_console().print(row)
        else:
            print(f"{pad_index(pad.number)}\t{pad.name}\t{pad.note}\t{n}", flush=True)
    thin = [pad.name for pad in kit.pads if len(kit.taps_of(pad.number)) < _FEW]
    if thin:
        note(f"fewer than {_FEW} taps of {', '.join(thin)}: five of each make a kit that is sure of itself.")
