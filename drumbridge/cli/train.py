"""`drumbridge train`: train a model and write it with its card or report."""

from __future__ import annotations

import argparse
import sys
import warnings
from pathlib import Path

from drumbridge.errors import SettingsError

RECIPES = ("drumbridge", "features-tree", "mfcc-cnn", "hit-image", "segment-cnn")  # the table itself imports torch


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "folder",
        type=Path,
        nargs="?",
        metavar="DATA_FOLDER",
        help="with --recipe: a folder with a folder for each class",
    )
    parser.add_argument("--recipe", choices=RECIPES, help="train on classes of your own, by one of these recipes")
    parser.add_argument(
        "--data", type=Path, metavar="DIR", help="without --recipe: folder with oneshots/ and patterns/"
    )
    parser.add_argument(
        "--soundfonts",
        type=Path,
        metavar="DIR",
        help="with --data: folder with General MIDI soundfonts to train on too",
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder to write the model and card to")
    parser.add_argument(
        "--work",
        type=Path,
        default=Path("runs/train"),
        metavar="DIR",
        help="folder for caches and checkpoints of --data; what is there is used (default: %(default)s)",
    )
    parser.add_argument("--name", help="name of the model (default: hits, or the recipe's)")
    parser.add_argument("--version", default="1", help="version of the model (default: %(default)s)")
    parser.add_argument("--date", help="the date to put on the card, YYYY-MM-DD")
    parser.add_argument("--seed", type=int, default=1, help="everything random comes from it (default: %(default)s)")
    parser.add_argument("--steps", type=int, help="steps of every network, with --data (default: as shipped)")
    recipe = parser.add_argument_group("with --recipe")
    recipe.add_argument("--epochs", type=int, help="passes over the sounds (default: the recipe's own)")
    recipe.add_argument("--trees", type=int, help="trees of features-tree, 1 for a decision tree (default: 100)")
    recipe.add_argument(
        "--hold-out",
        type=float,
        default=0.2,
        metavar="SHARE",
        help="share of the files that only measures, in whole kits (default: %(default)s)",
    )
    recipe.add_argument("--licence", default="not stated", help="licence of your sounds, for the manifest")
    recipe.add_argument("--split", default="train", help="rows of a manifest.csv in DATA_FOLDER (default: %(default)s)")


def run(args: argparse.Namespace) -> int:
    """Train, calibrate, measure, write."""
    _check(args)
    try:
        import onnx  # noqa: F401
        import torch  # noqa: F401
    except ImportError:
        raise SettingsError(
            "settings.extra", "Training needs more packages: in a checkout, pip install '.[train]'."
        ) from None
    print(_by_recipe(args) if args.recipe else _hits(args))
    return 0


def _check(args: argparse.Namespace) -> None:
    if args.recipe:
        if args.folder is None or args.data is not None:
            raise SettingsError(
                "settings.data",
                "--recipe trains on a DATA_FOLDER: drumbridge train --recipe NAME DATA_FOLDER --out DIR.",
            )
        for option in ("epochs", "trees"):
            if (value := getattr(args, option)) is not None and value < 1:
                raise SettingsError(f"settings.{option}", f"--{option} must be 1 or more, not {value}.")
        if args.out.exists() and not args.out.is_dir():
            raise SettingsError("settings.out", f"{args.out} is a file, not a folder to write to.")
    elif args.data is None or args.folder is not None:
        raise SettingsError(
            "settings.data", "Say what to train on: --recipe NAME DATA_FOLDER for classes of your own, or --data DIR."
        )
    elif args.date is None:
        raise SettingsError("settings.date", "--data makes a model card: say with --date which date to put on it.")


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


def _by_recipe(args: argparse.Namespace) -> Path:
    from drumbridge.training.recipes.recipe import Options
    from drumbridge.training.recipes.table import RECIPES as TABLE
    from drumbridge.training.recipes.train import train_by_recipe

    warnings.simplefilter("ignore", UserWarning)  # what the exporter says of itself is nothing to act on
    options = Options(args.seed, args.hold_out, args.epochs, args.trees)
    return train_by_recipe(
        TABLE[args.recipe], args.folder, args.out, options, name=args.name or args.recipe, version=args.version,
        date=args.date or "", licence=args.licence, split=args.split, say=_say,
    )  # fmt: skip


def _hits(args: argparse.Namespace) -> Path:
    from drumbridge.training.pipeline import Plan, train
    from drumbridge.training.publish import publish

    plan = Plan().changed(seed=args.seed, steps=args.steps)
    command = f"drumbridge train --data DIR --out DIR --version {args.version} --seed {args.seed} --date {args.date}"
    command += " --soundfonts DIR" if args.soundfonts else ""
    command += f" --steps {args.steps}" if args.steps else ""
    trained = train(args.data, args.work, plan, _say, args.soundfonts)
    return publish(
        trained, plan, args.data, args.out, name=args.name or "hits", version=args.version, date=args.date,
        command=command, say=_say,
    )  # fmt: skip
