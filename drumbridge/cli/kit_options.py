"""Options for kits: which one names the hits, and where kits are kept."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from drumbridge.core.classifier import Classifier
    from drumbridge.core.kit import Kit


def add_kit_arguments(parser: argparse.ArgumentParser) -> None:
    """Add ``--kit`` and ``--kits``."""
    parser.add_argument(
        "--kit", metavar="NAME", help="name hits by the pads of a kit that you taught (drumbridge learn)"
    )
    add_kits_folder(parser)


def add_kits_folder(parser: argparse.ArgumentParser) -> None:
    """Add ``--kits``."""
    parser.add_argument("--kits", type=Path, metavar="DIR", help="folder of kits (default: in your settings folder)")


def chosen_kit(args: argparse.Namespace) -> Kit | None:
    """Return the kit that was asked for.

    Raises
    ------
    KitError
        There is none of that name, or it cannot be read.
    """
    if not args.kit:
        return None
    from drumbridge.formats.kits import KitStore

    return KitStore(args.kits).load(args.kit)


def tell_of_another_model(kit: Kit, classifier: Classifier) -> None:
    """Say so where a kit was taught with another model than is to use it."""
    from drumbridge.engine.kit_learning import model_id

    from .terminal import note

    if kit.model != model_id(classifier):
        note(
            f"the kit {kit.name} was taught with the model {kit.model}; its taps were learned anew with "
            f"{model_id(classifier)}."
        )
