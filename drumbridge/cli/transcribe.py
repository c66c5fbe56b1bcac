"""`drumbridge transcribe FILE`: every hit with its time, velocity and labels.

Conventions: hits are printed as soon as they are known, in order; positions count from the start of the
file, also of a part of it. A file that exists is overwritten only with --force, and never the recording itself.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from .kit_options import add_kit_arguments, chosen_kit, tell_of_another_model
from .live_options import add_hit_arguments, hit_settings
from .quiet import quiet_libraries

if TYPE_CHECKING:
    from collections.abc import Callable

    from drumbridge.core.events import Hit, Transcription


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes."""
    parser.add_argument("file", metavar="FILE", help="a recording of drums")
    shape = parser.add_mutually_exclusive_group()
    shape.add_argument("--json", action="store_true", help="print a JSON object for each hit, one a line")
    shape.add_argument("--csv", action="store_true", help="print a table of comma-separated values")
    parser.add_argument("--midi", type=Path, metavar="OUT.mid", help="also write the hits to a MIDI file")
    parser.add_argument("--force", action="store_true", help="overwrite the MIDI file if it exists")
    parser.add_argument("--start", type=float, default=0.0, metavar="S", help="start of the part to listen to, seconds")
    parser.add_argument("--end", type=float, metavar="S", help="end of the part, seconds")
    parser.add_argument("--model", metavar="NAME", help="name of an installed model, or path of an .onnx file")
    parser.add_argument("--after-ms", type=float, metavar="MS", help="decide on this much of each sound")
    add_kit_arguments(parser)
    add_hit_arguments(parser)


@quiet_libraries()
def run(args: argparse.Namespace) -> int:
    """Transcribe, print, and write the MIDI file."""
    from drumbridge.audio.paths import path_from_daw
    from drumbridge.engine.engine import Engine

    from .progress import Progress
    from .terminal import note

    recording = path_from_daw(args.file)
    if args.midi is not None:
        _check_target(args.midi, recording, force=args.force)
    settings = hit_settings(args, after_ms=args.after_ms)
    kit = chosen_kit(args)
    on_hits = _printer(args)
    engine = Engine(model=args.model)
    if kit is not None:
        tell_of_another_model(kit, engine.load_hit_model())
    with Progress("transcribing") as progress:
        transcription = engine.transcribe(
            recording,
            start_s=args.start,
            end_s=args.end,
            settings=settings,
            kit=kit,
            on_hits=on_hits,
            on_progress=progress.update,
        )
    if args.csv:
        from drumbridge.formats.csv import write_hits

        write_hits(sys.stdout, transcription.hits, transcription.sample_rate)
    if transcription.warning:
        note(transcription.warning)
    if not transcription.hits:
        note(f"no drum hits in {recording}.")
    if args.midi is not None:
        _write_midi(args.midi, transcription)
    return 0


def _printer(args: argparse.Namespace) -> Callable[[list[Hit], int], None] | None:
    """Return what prints hits as they come; a CSV table is written at the end."""
    if args.csv:
        return None
    if args.json:
        return _print_json
    from .terminal import stdout_is_terminal

    return _print_rows if stdout_is_terminal() else _print_plain


def _print_json(hits: list[Hit], sample_rate: int) -> None:
    from drumbridge.formats.json import hit_to_object, to_line

    for hit in hits:
        print(to_line(hit_to_object(hit, sample_rate)))
    sys.stdout.flush()


def _print_plain(hits: list[Hit], sample_rate: int) -> None:
    for hit in hits:
        labels = " ".join(f"{entry.label}:{entry.confidence:.2f}" for entry in hit.labels) or hit.label
        print(f"{hit.index}\t{hit.position / sample_rate:.4f}\t{hit.velocity}\t{labels}")
    sys.stdout.flush()


def _print_rows(hits: list[Hit], sample_rate: int) -> None:
    from rich.text import Text

    from .terminal import heading, labels_cell, stdout_console

    if hits and hits[0].index == 0:
        stdout_console().print(heading(f"{'hit':>5}  {'time':>10}  {'vel':>3}  labels"))
    for hit in hits:
        row = Text(f"{hit.index:5}  {_clock(hit.position / sample_rate):>10}  {hit.velocity:3}  ")
        stdout_console().print(row + labels_cell(hit.labels))


def _clock(time_s: float) -> str:
    """Return a time as minutes:seconds, to the millisecond."""
    ms = round(time_s * 1000)
    return f"{ms // 60000}:{ms // 1000 % 60:02}.{ms % 1000:03}"


def _check_target(target: Path, recording: Path, *, force: bool) -> None:
    from drumbridge.errors import SettingsError

    if target.is_dir():
        raise SettingsError("settings.midi", f"{target} is a folder: name the MIDI file itself.")
    if not target.absolute().parent.is_dir():
        raise SettingsError("settings.midi", f"{target} cannot be written: there is no folder {target.parent}.")
    if not os.access(target if target.exists() else target.absolute().parent, os.W_OK):
        raise SettingsError("settings.midi", f"{target} cannot be written: check the permissions there.")
    if not target.exists():
        return
    if recording.exists() and target.samefile(recording):
        raise SettingsError("settings.midi", f"{target} is the recording itself: give the MIDI file another name.")
    if not force:
        raise SettingsError("settings.midi", f"{target} exists already: --force overwrites it.")


def _write_midi(target: Path, transcription: Transcription) -> None:
    from drumbridge.errors import SettingsError
    from drumbridge.formats.midi import write_midi

    from .terminal import note

    try:
        write_midi(target, transcription)
    except OSError as error:
        raise SettingsError("settings.midi", f"{target} cannot be written: {error.strerror}.") from None
    note(f"{len(transcription.hits)} hits written to {target}.")
