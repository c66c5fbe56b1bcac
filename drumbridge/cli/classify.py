"""`drumbridge classify FILE...`: one label for each one-shot.

Conventions: results keep the order of the files; a file that cannot be used is skipped, told of on stderr
at the end, and makes the exit code 1.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from .kit_options import add_kit_arguments, chosen_kit, tell_of_another_model
from .quiet import quiet_libraries

if TYPE_CHECKING:
    from drumbridge.core.events import Classification
    from drumbridge.errors import DrumbridgeError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes."""
    parser.add_argument("files", nargs="+", metavar="FILE", help="audio files with one sound each")
    shape = parser.add_mutually_exclusive_group()
    shape.add_argument("--json", action="store_true", help="print a JSON object for each file, one a line")
    shape.add_argument("--csv", action="store_true", help="print a table of comma-separated values")
    parser.add_argument("--model", metavar="NAME", help="name of an installed model, or path of an .onnx file")
    parser.add_argument("--head", action="store_true", help="answer by the personal head that the library has in use")
    parser.add_argument("--library", metavar="FILE", help="the library of --head (default: your own library)")
    parser.add_argument(
        "--after-ms", type=float, metavar="MS", help="decide on this much of the sound after its attack"
    )
    add_kit_arguments(parser)


@quiet_libraries()
def run(args: argparse.Namespace) -> int:
    """Classify, print, and say what failed."""
    from drumbridge.cli import complain

    failures: list[tuple[str, DrumbridgeError]] = []
    classified = _classified(args, failures)
    if args.json:
        from drumbridge.formats.json import classification_to_object, to_line

        for path, result in classified:
            print(to_line(classification_to_object(path, result)), flush=True)
    elif args.csv:
        from drumbridge.formats.csv import write_classifications

        write_classifications(sys.stdout, classified)
    else:
        _print_rows(classified)
    if len(args.files) > 1 and failures:
        print(f"drumbridge: {len(failures)} of {len(args.files)} files could not be classified:", file=sys.stderr)
    for _, error in failures:
        complain(error)
    return 1 if failures else 0


def _classified(
    args: argparse.Namespace, failures: list[tuple[str, DrumbridgeError]]
) -> Iterator[tuple[str, Classification]]:
    from drumbridge.audio.paths import path_from_daw
    from drumbridge.engine.engine import Engine
    from drumbridge.errors import DrumbridgeError

    from .progress import Progress
    from .terminal import note

    if args.head and args.kit is not None:
        raise DrumbridgeError("cli.usage", "--head and --kit contradict each other: pads or labels")
    names, paths = [], []
    for name in args.files:
        try:
            paths.append(path_from_daw(name))
            names.append(name)
        except DrumbridgeError as error:
            failures.append((name, error))
    engine, kit = Engine(model=args.model, library=args.library, head=args.head), chosen_kit(args)
    if kit is not None:
        tell_of_another_model(kit, engine.load_hit_model())
    results = engine.classify_many(paths, after_ms=args.after_ms, kit=kit)
    with Progress("classifying") as progress:
        for done, (name, (_, result)) in enumerate(zip(names, results, strict=True), start=1):
            progress.update(done, len(names))
            if isinstance(result, DrumbridgeError):
                failures.append((name, result))
                continue
            if result.warning:
                note(result.warning)
            yield name, result


def _print_rows(classified: Iterator[tuple[str, Classification]]) -> None:
    from .terminal import heading, label_cell, stdout_console, stdout_is_terminal

    if not stdout_is_terminal():
        for path, result in classified:
            print(f"{path}\t{_called(result)}\t{result.confidence:.2f}", flush=True)
        return
    from drumbridge.core.labels import UNSURE, UNSURE_COLOUR

    for k, (path, result) in enumerate(classified):
        if k == 0:
            stdout_console().print(heading(f"{'label':24} {'p':4}  file"))
        colour = UNSURE_COLOUR if result.unsure else result.ranking[0].colour
        row = label_cell(UNSURE if result.unsure else result.label, _called(result), colour)
        row.append(" " * max(1, 25 - row.cell_len))
        stdout_console().print(row.append(f"{result.confidence:.2f}  {path}"))


def _called(result: Classification) -> str:
    return f"unsure ({result.label}?)" if result.unsure else result.label
