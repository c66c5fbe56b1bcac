"""The table of docs/systems.md: every recipe trained on the same one-shots and measured beside the shipped model.

Conventions: trains what OUT does not hold yet, by the commands that a user would type, each on one core, so that two
runs of this script with different --only fill two cores. Then the models are measured side by side on `check`,
and `segment-cnn` on loops of two styles as well (`style_loops.py`). Prints Markdown.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

from drumbridge.cli.train import RECIPES


def main() -> None:
    """Train, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="folder with oneshots/ and patterns/")
    parser.add_argument("out", type=Path, help="folder for models, reports and loops; what is there is used")
    parser.add_argument("--only", nargs="*", choices=[*RECIPES, "styles"], help="train these, and measure nothing")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    wanted = [*RECIPES, "styles"] if args.only is None else args.only
    for recipe in RECIPES:
        if recipe in wanted and not trained(args.out, recipe):
            drumbridge("train", "--recipe", recipe, args.data / "oneshots", "--out", args.out)
    loops = args.out / "loops"
    if "styles" in wanted:
        if not loops.is_dir():
            script = Path(__file__).with_name("style_loops.py")
            subprocess.run([sys.executable, script, args.data, loops], check=True)
        if not trained(args.out, "styles"):
            drumbridge("train", "--recipe", "segment-cnn", loops / "train", "--name", "styles", "--out", args.out)
    if args.only is None:
        models = [path for recipe in RECIPES for path in trained(args.out, recipe)]
        drumbridge("evaluate", *models, "hits", args.data / "oneshots", "--split", "check")
        drumbridge("evaluate", *trained(args.out, "styles"), loops / "check")


def trained(out: Path, name: str) -> list[Path]:
    """Return the model of that name, if it is there."""
    return sorted(out.glob(f"{name}-1-*.onnx"))[:1]


def drumbridge(verb: str, *arguments: object) -> None:
    """Run a verb and say how long it took, by the clock and of the processor, which a busy machine changes less."""
    start, before = time.perf_counter(), os.times()
    subprocess.run([sys.executable, "-m", "drumbridge", verb, *map(str, arguments)], check=True)
    clock_s, after = time.perf_counter() - start, os.times()
    processor_s = after.children_user + after.children_system - before.children_user - before.children_system
    print(f"{verb}: {clock_s / 60:.1f} minutes, {processor_s / 60:.1f} of one core", file=sys.stderr)


if __name__ == "__main__":
    main()
