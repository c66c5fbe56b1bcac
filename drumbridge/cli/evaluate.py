"""`drumbridge evaluate`: measure a model on annotated audio, or several side by side on a folder of classes."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from drumbridge.errors import SettingsError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "paths",
        nargs="*",
        metavar="MODEL... DATA_FOLDER",
        help="models (names or .onnx files) to compare, and last a folder with a folder for each class",
    )
    parser.add_argument("--model", help="name of a model, or path of one")
    parser.add_argument("--one-shots", type=Path, metavar="DIR", help="folder of one-shots with a manifest.csv")
    parser.add_argument("--split", default="check", help="rows of the manifest to measure on (default: %(default)s)")
    parser.add_argument("--recordings", type=Path, metavar="DIR", help="folder of recordings with annotations as CSV")
    parser.add_argument("--baseline", action="store_true", help="train and measure a forest on hand-made features too")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures here")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write a page with pictures here")


def run(args: argparse.Namespace) -> int:
    """Measure, print the tables, write the files asked for."""
    if args.paths and (args.one_shots or args.recordings or args.baseline or args.model):
        raise SettingsError(
            "settings.data",
            "MODEL... DATA_FOLDER compares models and goes without --model, --one-shots, --recordings and --baseline.",
        )
    if not args.paths and args.one_shots is None and args.recordings is None:
        raise SettingsError(
            "settings.data", "Say what to measure on: MODEL... DATA_FOLDER, --one-shots DIR, --recordings DIR or both."
        )
    try:
        import mir_eval  # noqa: F401
    except ImportError:
        raise SettingsError(
            "settings.extra", "Evaluation needs more packages: in a checkout, pip install '.[eval]'."
        ) from None
    for target in (args.json, args.html):
        if target is not None and not target.absolute().parent.is_dir():  # said before the work, not after it
            raise SettingsError(
                "settings.report", f"There is no folder {target.absolute().parent} to write {target.name} to."
            )
        if target is not None and target.exists():
            raise SettingsError("settings.report", f"{target} exists already; choose another name, or remove it first.")
    from drumbridge.evaluation.report import report_html, report_text, side_by_side_html, side_by_side_text

    report = _side_by_side(args) if args.paths else _alone(args)
    print(side_by_side_text(report) if args.paths else report_text(report), end="")
    if args.json is not None:
        args.json.write_text(json.dumps(report, indent=1), encoding="utf-8")
    if args.html is not None:
        args.html.write_text((side_by_side_html if args.paths else report_html)(report), encoding="utf-8")
    return 0


def _say(what: str) -> None:
    print(what, file=sys.stderr)


def _side_by_side(args: argparse.Namespace) -> dict[str, Any]:
    from drumbridge.engine.engine import Engine
    from drumbridge.evaluation.class_folder import read_class_folder
    from drumbridge.evaluation.side_by_side import compare

    *models, folder = args.paths
    return compare(Engine(), models or [None], read_class_folder(Path(folder), args.split), say=_say)


def _alone(args: argparse.Namespace) -> dict[str, Any]:
    from drumbridge.engine.engine import Engine
    from drumbridge.evaluation.run import evaluate_one_shots, evaluate_recordings, read_items

    engine = Engine(model=args.model)
    report: dict[str, Any] = {"model": engine.load_model().name}
    if args.one_shots is not None:
        report["one_shots"] = evaluate_one_shots(engine, read_items(args.one_shots, args.split), say=_say)
        if args.baseline:
            from drumbridge.evaluation.baseline import evaluate_forest

            _say("the forest, on the same split")
            train, test = read_items(args.one_shots, "train"), read_items(args.one_shots, args.split)
            report["baseline"] = evaluate_forest(train, test)
    if args.recordings is not None:
        section, speed, _ = evaluate_recordings(engine, args.recordings, say=_say)
        report["transcription"], report["times_real_time"] = section, speed
    return report
