"""What `sort` and `rename` share: a plan is shown, and done with --do; --undo takes it back.

Conventions: without --do nothing is touched. The undo file stands beside the library.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from drumbridge.engine.file_plan import Step
    from drumbridge.library.store import Library

_SHOWN = 20


def add_plan_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what both verbs take."""
    parser.add_argument("--library", metavar="FILE", help="the library's file (default: your own library)")
    parser.add_argument("--do", action="store_true", help="do it; without this the plan is only shown")
    parser.add_argument("--undo", type=Path, metavar="FILE", help="take back what an undo file tells of")


def show_or_do(steps: list[Step], library: Library, *, do: bool) -> int:
    """Print a plan, or do it and say how to take it back."""
    from drumbridge.engine.file_plan import MOVE, perform

    if not steps:
        print("nothing to do")
        return 0
    if not do:
        for step in steps[:_SHOWN]:
            print(f"{step.way}\t{step.source}\t{step.target}")
        more = f"; the first {_SHOWN} are shown" if len(steps) > _SHOWN else ""
        print(f"{len(steps)} files would be brought there{more}. Nothing was touched: --do does it.")
        return 0
    undo_file = _free_undo_file(library.path.parent)

    def done(step: Step) -> None:
        if step.way == MOVE:
            library.moved(step.source, step.target)

    n = perform(steps, undo_file, done)
    print(f"{n} files done; --undo {undo_file} takes it back")
    return 0


def take_back(undo_file: Path, library: Library) -> int:
    """Undo, and say what could not be; 1 if something was left."""
    import sys

    from drumbridge.engine.file_plan import MOVE, undo

    def done(step: Step) -> None:
        if step.way == MOVE:
            library.moved(step.target, step.source)

    n, left = undo(undo_file, done)
    print(f"{n} files taken back")
    for reason in left:
        print(f"drumbridge: {reason} [settings.undo]", file=sys.stderr)
    return 1 if left else 0


def _free_undo_file(folder: Path) -> Path:
    k = 1
    while (path := folder / f"drumbridge-undo-{k:04}.jsonl").exists():
        k += 1
    return path
