"""`drumbridge scan FOLDER...`: folders of samples into the library.

Conventions: what the library knows and has not changed is not heard again; Ctrl-C at any time, the same command goes
on from there. Files that cannot be used are listed on stderr at the end and make the exit code 1.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from functools import cache
from typing import TYPE_CHECKING

from .quiet import quiet_libraries

if TYPE_CHECKING:
    from drumbridge.engine.scan import Model, Scan
    from drumbridge.engine.scan_workers import Workers
    from drumbridge.inference.classifier import OnnxClassifier
    from drumbridge.library.listing import Counts
    from drumbridge.library.store import Library


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes."""
    parser.add_argument("folders", nargs="+", metavar="FOLDER", help="a folder of samples; those below it count too")
    parser.add_argument("--library", metavar="FILE", help="the library's file (default: your own library)")
    parser.add_argument(
        "--kind", choices=("auto", "one_shot", "loop"), default="auto", help="what the files are; auto tells (default)"
    )
    parser.add_argument("--model", metavar="NAME", help="name of an installed model, or path of an .onnx file")
    parser.add_argument("--watch", action="store_true", help="go on when all is heard: hear what changes, until Ctrl-C")
    parser.add_argument("--dask", metavar="ADDRESS", help="let the workers of a Dask cluster hear (extra dask)")
    parser.add_argument("--json", action="store_true", help="print the counts as a JSON object")


@quiet_libraries()
def run(args: argparse.Namespace) -> int:
    """Scan, and say what was found and what failed."""
    # Read when numpy is imported: its threads would spin, and all for one product of matrices at the end.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from drumbridge.engine.scan import model_of_scan
    from drumbridge.library.location import library_path
    from drumbridge.library.store import Library

    model = model_of_scan(args.model, args.kind)
    with Library(library_path(args.library)) as library:
        failed = _scan(args, library, model, args.folders)
        if args.watch:
            failed = _watch(args, library, model)
    return 1 if failed else 0


def _scan(args: argparse.Namespace, library: Library, model: Model, folders: list[str]) -> int:
    """Scan some folders, report, and return how many files could not be heard."""
    from drumbridge.engine.scan import Scan

    from .progress import Progress

    scan = Scan(library, model, lambda: _classifier(model.name))
    counts = scan.compare(folders)
    done = 0
    try:
        with Progress("hearing", "files") as progress:
            for paths in scan.run(_workers(args, model) if counts.todo else None):
                done += len(paths)
                progress.update(done, counts.todo)
    except KeyboardInterrupt:
        print(
            f"drumbridge: stopped: {counts.listed - counts.todo + done} of {counts.listed} files are in the library; "
            "the same command goes on from there.",
            file=sys.stderr,
        )
        raise
    return _report(args, library, scan, counts)


def _workers(args: argparse.Namespace, model: Model) -> Workers | None:
    if args.dask is None:
        return None
    from drumbridge.engine.dask_workers import DaskWorkers

    return DaskWorkers(args.dask, model)


def _watch(args: argparse.Namespace, library: Library, model: Model) -> int:
    """Scan what changes until Ctrl-C; return how many files could not be heard in the last change."""
    from drumbridge.audio.watching import changed_folders

    from .terminal import note

    note(f"watching {', '.join(args.folders)}; Ctrl-C ends it.")
    failed = 0
    for folders in changed_folders(args.folders):
        failed = _scan(args, library, model, folders)
    return failed


@cache
def _classifier(name: str) -> OnnxClassifier:
    from drumbridge.inference.registry import load_model

    return load_model(name)


def _report(args: argparse.Namespace, library: Library, scan: Scan, counts: Counts) -> int:
    """Print what the folders hold and what is wrong with which file; return how many could not be heard."""
    from .terminal import stdout_is_terminal

    n_failed = scan.count_failed()
    if args.json:
        numbers = {"files": counts.listed, "new": counts.todo, "failed": n_failed, "vanished": counts.vanished}
        print(json.dumps({**numbers, "library": os.fspath(library.path), "labels": scan.labels()}), flush=True)
    else:
        parts = [f"{counts.listed:,} files", f"{counts.todo:,} of them new or changed", f"{counts.vanished:,} vanished"]
        print(f"{', '.join(parts)}; library: {library.path}", flush=True)
        if stdout_is_terminal():
            _print_labels(scan.labels())
    _complain_of(scan, n_failed, counts.listed)
    return n_failed


def _print_labels(by_label: dict[str, int]) -> None:
    """Print how many sounds have which label."""
    from .terminal import label_cell, stdout_console

    for label, n in by_label.items():
        stdout_console().print(label_cell(label, f"{n:7,}  {label}"))


def _complain_of(scan: Scan, n_failed: int, n: int) -> None:
    from drumbridge.cli import complain
    from drumbridge.errors import LibraryError

    for folder in scan.unreadable:
        complain(LibraryError("library.folder", f"{os.fsdecode(folder)} cannot be listed: check its permissions."))
    if not n_failed:
        return
    print(f"drumbridge: {n_failed} of {n} files could not be heard:", file=sys.stderr)
    for sound in scan.failed():
        complain(LibraryError(sound.error_code, sound.error_message))
