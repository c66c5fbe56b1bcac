"""Loops of two styles for `segment-cnn`: drummers' performances, played on kits of one-shots.

Conventions: writes OUT/train and OUT/check, each STYLE/PERFORMANCE/NUMBER.wav, 13.8 s (three pieces of the recipe) at
44.1 kHz. `train` plays performances of the Groove MIDI Dataset's training split on kits of the one-shots of `train`,
`check` those of its other splits on kits of `check`: neither a performance nor a kit stands on both sides.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

import mido
import numpy as np
import soundfile

from drumbridge.training.front_end import SAMPLE_RATE
from drumbridge.training.kits import KitShelf
from drumbridge.training.one_shots import read_manifest
from drumbridge.training.patterns import NOTE_LABELS, Stroke, take_part
from drumbridge.training.rendering import render

DURATION_S = 13.8


def main() -> None:
    """Render, and print how many loops there are."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="folder with oneshots/ and patterns/")
    parser.add_argument("out", type=Path)
    parser.add_argument("--styles", nargs=2, default=["rock", "jazz"])
    parser.add_argument("--loops", type=int, default=40, help="of each style and side (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    rng = np.random.default_rng(args.seed)
    with (args.data / "patterns" / "groove_midi" / "index.csv").open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if float(row["duration_s"]) > DURATION_S]
    for side in ("train", "check"):
        shelf = KitShelf(read_manifest(args.data / "oneshots", side))
        for style in args.styles:
            mine = [
                r
                for r in rows
                if r["style"].split("-")[0] == style and (r["gmd_split"] == "train") == (side == "train")
            ]
            for number in range(args.loops):
                row = mine[number % len(mine)]
                strokes = take_part(
                    _performance(args.data / "patterns" / "groove_midi" / "mid" / row["file"]), rng, DURATION_S
                )
                audio, _ = render(strokes, shelf.draw({stroke.label for stroke in strokes}, rng), rng)
                path = args.out / side / style / Path(row["file"]).stem / f"{number}.wav"
                path.parent.mkdir(parents=True, exist_ok=True)
                soundfile.write(path, audio[: round(DURATION_S * SAMPLE_RATE)], SAMPLE_RATE)
            print(f"{side}, {style}: {args.loops} loops of {min(args.loops, len(mine))} performances")


def _performance(path: Path) -> list[Stroke]:
    now, strokes = 0.0, []
    for message in mido.MidiFile(path):
        now += message.time
        if message.type == "note_on" and message.velocity > 0 and message.note in NOTE_LABELS:
            strokes.append(Stroke(now, NOTE_LABELS[message.note], message.velocity))
    return strokes


if __name__ == "__main__":
    main()
