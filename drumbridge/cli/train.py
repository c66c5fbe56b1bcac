"""`drumbridge train`: train a model and write it with its card."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from drumbridge.errors import SettingsError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="folder with oneshots/ and patterns/")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder to write the model and card to")
    parser.add_argument(
        "--work",
        type=Path,
        default=Path("runs/train"),
        metavar="DIR",
        help="folder for caches and checkpoints; what is there is used (default: %(default)s)",
    )
    parser.add_argument("--name", default="hits", help="name of the model (default: %(default)s)")
    parser.add_argument("--version", default="1", help="version of the model (default: %(default)s)")
    parser.add_argument("--date", required=True, help="the date to put on the card, YYYY-MM-DD")
    parser.add_argument("--seed", type=int, default=1, help="everything random comes from it (default: %(default)s)")
    parser.add_argument("--steps", type=int, help="steps of every network (default: those of the shipped model)")


def run(args: argparse.Namespace) -> int:
    """Train, calibrate, measure, write."""
    try:
        import onnx  # noqa: F401
        import torch  # noqa: F401
    except ImportError:
        raise SettingsError(
            "settings.extra", "Training needs more packages: in a checkout, pip install '.[train]'."
        ) from None
    from drumbridge.training.pipeline import Plan, train
    from drumbridge.training.publish import publish

    plan = Plan().changed(seed=args.seed, steps=args.steps)
    command = f"drumbridge train --data DIR --out DIR --seed {args.seed} --date {args.date}"
    command += f" --steps {args.steps}" if args.steps else ""

    def say(what: str) -> None:
        print(what, file=sys.stderr, flush=True)

    trained = train(args.data, args.work, plan, say)
    path = publish(
        trained,
        plan,
        args.data,
        args.out,
        name=args.name,
        version=args.version,
        date=args.date,
        command=command,
        say=say,
    )
    print(path)
    return 0
