"""What the benchmark scripts share: the audio they measure with, and how a figure is printed.

Conventions: every script prints a small table and one ratio against something real that ran in the same
process or run; times are seconds, the median of some rounds that alternate between the two sides.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import soundfile

from drumbridge.core.synthesis import demo_loop, synthesise

SYNTHESISED = ("kick", "snare", "closed_hat", "open_hat", "tom_low", "tom_mid", "tom_high", "clap", "crash", "ride")


def arguments(description: str) -> argparse.ArgumentParser:
    """Return a parser with what every script takes."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument(
        "--data",
        type=Path,
        default=os.environ.get("DRUMBRIDGE_DATA"),
        help="folder of real audio (oneshots/, recordings/mdb/); without it drums are synthesised",
    )
    parser.add_argument("--model", help="name or path of a model")
    return parser


def one_shot_files(data: Path | None, n: int, folder: Path) -> list[Path]:
    """Return n one-shots, spread over the real ones where there are any, else written into `folder`."""
    found = sorted((Path(data) / "oneshots").rglob("*.flac")) if data else []
    if len(found) >= n:
        return found[:: len(found) // n][:n]
    paths = []
    for k in range(n):
        paths.append(folder / f"{k}.flac")
        soundfile.write(paths[-1], synthesise(SYNTHESISED[k % len(SYNTHESISED)], seed=k), 44100)
    return paths


def recording(data: Path | None, folder: Path) -> Path:
    """Return the longest real recording where there is one, else two minutes of the demo loop."""
    found = sorted((Path(data) / "recordings" / "mdb").glob("*.flac")) if data else []
    if found:
        return max(found, key=lambda path: soundfile.info(path).frames)
    audio, _ = demo_loop()
    path = folder / "loop.flac"
    with soundfile.SoundFile(path, "w", 44100, 1) as file:
        while file.frames < 120 * 44100:
            file.write(audio)
    return path


def recordings(data: Path | None, folder: Path, seconds: float) -> Path:
    """Return one file of so many seconds: of the real recordings in turn, or of the demo loop."""
    sources = sorted((Path(data) / "recordings" / "mdb").glob("*.flac")) if data else []
    path, wanted = folder / "recordings.wav", round(seconds * 44100)
    with soundfile.SoundFile(path, "w", 44100, 1, subtype="FLOAT") as file:
        while file.frames < wanted:
            for source in sources or [recording(None, folder)]:
                audio = soundfile.read(source, dtype="float32", always_2d=True)[0].mean(axis=1)
                file.write(audio[: wanted - file.frames])
    return path


def alternate(sides: Sequence[Callable[[], object]], rounds: int) -> list[float]:
    """Run each side in turn, `rounds` times after one that does not count; return the median time of each, s."""
    times: list[list[float]] = [[] for _ in sides]
    for k in range(rounds + 1):
        for side, of_side in zip(sides, times, strict=True):
            start = time.perf_counter()
            side()
            if k:
                of_side.append(time.perf_counter() - start)
    return [statistics.median(of_side) for of_side in times]


def print_table(title: str, rows: Sequence[Sequence[str]]) -> None:
    """Print rows of text in columns under a title."""
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    print(title)
    for row in rows:
        cells = [row[0].ljust(widths[0])] + [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        print("  " + "  ".join(cells))
