"""``drumbridge abletonosc colour|undo``: colours and names for the clips of a running Live, without Max for Live.

Conventions: results are rows on stdout, in the order of tracks and slots, which count from 1 there as people see them;
what was counted goes to stderr. Nothing is changed before every clip was heard. What clips were before is kept in a
file, from which ``undo`` takes back the newest run.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from drumbridge.errors import AudioError, DrumbridgeError, SettingsError

from .quiet import quiet_libraries

if TYPE_CHECKING:
    from drumbridge.core.verdict import Verdict
    from drumbridge.osc.ableton_clips import LiveClip, LiveClips, Wish

    Heard = Verdict | DrumbridgeError

ACTIONS = {
    "colour": "give clips the colour of the drum in them",
    "undo": "give the clips of the last run the colours and names back that they had",
}
_MISSING: Final = "audio.not_found"
_AT_LEAST: Final = 0.5  # as in the device for Live


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes."""
    from drumbridge.osc.ableton_osc import PORT, REPLY_PORT

    parser.add_argument(
        "action", choices=tuple(ACTIONS), help="; ".join(f"{action}: {text}" for action, text in ACTIONS.items())
    )
    parser.add_argument(
        "--clips", choices=("selected", "track", "all"), default="track",
        help="of the session: the selected one, those of the selected track, or all (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument("--name", action="store_true", help="name the clips too")
    parser.add_argument(
        "--minimum", type=float, default=_AT_LEAST, metavar="P",
        help="what is less sure than this gets the colour of unsure, 0..1 (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--colour", action="append", default=[], metavar="LABEL=RRGGBB",
        help='another colour than the usual for a label, for "unsure", or for "drums" (several); may be repeated',
    )  # fmt: skip
    parser.add_argument("--dry-run", action="store_true", help="only say what would be done")
    parser.add_argument("--undo-file", type=Path, metavar="FILE", help="where old colours are kept (default: your own)")
    parser.add_argument("--port", type=int, default=PORT, help="where AbletonOSC listens (default: %(default)s)")
    parser.add_argument(
        "--reply-port", type=int, default=REPLY_PORT, help="where it sends its answers (default: %(default)s)"
    )
    parser.add_argument("--model", metavar="NAME", help="name of an installed model, or path of an .onnx file")


@quiet_libraries()
def run(args: argparse.Namespace) -> int:
    """Do it; 1 when a clip could not be heard or was gone."""
    from drumbridge.osc.ableton_clips import LiveClips
    from drumbridge.osc.ableton_osc import AbletonOsc

    if not 0 <= args.minimum <= 1:
        raise SettingsError("settings.minimum", f"--minimum takes 0 to 1, not {args.minimum:g}.")
    colours = _colours(args.colour)
    with AbletonOsc(args.port, args.reply_port) as live:
        if args.action == "undo":
            return _undo(LiveClips(live), args.undo_file, dry_run=args.dry_run)
        return _colour(LiveClips(live), args, colours)


def _colours(changes: Iterable[str]) -> dict[str, int]:
    """Return the colour of every label, with what the user wants otherwise."""
    from drumbridge.core.labels import LABELS, SEVERAL, SEVERAL_COLOUR, UNSURE, UNSURE_COLOUR

    colours = {label.name: label.colour for label in LABELS} | {UNSURE: UNSURE_COLOUR, SEVERAL: SEVERAL_COLOUR}
    for change in changes:
        label, _, colour = change.partition("=")
        label = label.strip().replace(" ", "_")
        if label not in colours:
            raise SettingsError("settings.colour", f"--colour {change}: there is no label {label!r}.")
        try:
            if len(colour) != 6:
                raise ValueError
            colours[label] = int(colour, 16)
        except ValueError:
            raise SettingsError(
                "settings.colour", f"--colour {change}: a colour has six hexadecimal digits, as in kick=E5484D."
            ) from None
    return colours


def _colour(clips: LiveClips, args: argparse.Namespace, colours: dict[str, int]) -> int:
    from drumbridge.core.own_labels import label_colour
    from drumbridge.osc.ableton_clips import Wish

    from .progress import Progress
    from .terminal import note

    with Progress("looking at clips", unit="clips") as progress:
        found = clips.found(args.clips, progress.update)
    heard = _hear([clip for clip in found if clip.path], args.model)
    verdicts = {
        place: verdict if isinstance(verdict, DrumbridgeError) else verdict.at_least(args.minimum)
        for place, verdict in heard.items()
    }
    for known in verdicts.values():
        if not isinstance(known, DrumbridgeError):  # a model of somebody's own has other labels than the table
            colours.setdefault(known.label, label_colour(known.label))
    wishes = [
        Wish(clip, colours[verdict.label], verdict.name if args.name else None)
        for clip in found
        if (verdict := verdicts.get((clip.track, clip.slot))) is not None and not isinstance(verdict, DrumbridgeError)
    ]
    gone = 0 if args.dry_run else _paint(clips, wishes, args.undo_file)
    _print_rows(found, verdicts, colours)
    counts = Counter(_kind(clip, verdicts) for clip in found)
    said = [
        f"{len(wishes) - gone} clips {'would be ' if args.dry_run else ''}coloured",
        *(f"{counts[kind]} {text}" for kind, text in _TOLD.items() if counts[kind]),
        *([f"{gone} went away meanwhile"] if gone else []),
    ]
    note(", ".join(said) + ".")
    if wishes and not args.dry_run:
        note("drumbridge abletonosc undo gives them back what they had.")
    return 1 if gone or counts["missing"] or counts["failed"] else 0


_TOLD: Final = {
    "unsure": "of them unsure",
    "notes": "are no audio clips",
    "missing": "have no file any more",
    "failed": "could not be heard",
}


def _kind(clip: LiveClip, verdicts: dict[tuple[int, int], Heard]) -> str:
    verdict = verdicts.get((clip.track, clip.slot))
    if verdict is None:
        return "notes"
    if isinstance(verdict, DrumbridgeError):
        return "missing" if verdict.code == _MISSING else "failed"
    return "unsure" if verdict.label == "unsure" else "sure"


def _hear(found: list[LiveClip], model: str | None) -> dict[tuple[int, int], Heard]:
    """Return what each clip is, or why that cannot be said; the same part of the same file is heard once."""
    if not found:
        return {}
    import os
    from concurrent.futures import ThreadPoolExecutor
    from threading import Event

    from drumbridge.audio.paths import path_from_daw
    from drumbridge.engine.clip_hearing import hear_clip
    from drumbridge.engine.engine import Engine

    from .progress import Progress

    engine = Engine(model=model)
    engine.load_hit_model()
    stop = Event()

    def hear(what: tuple[str, tuple[float, float] | None]) -> Heard:
        try:
            return hear_clip(engine, path_from_daw(what[0]), what[1], cancelled=stop.is_set)
        except AudioError as error:
            return error

    sounds = list(dict.fromkeys((clip.path, clip.part) for clip in found))
    heard: dict[tuple[str, tuple[float, float] | None], Heard] = {}
    with Progress("listening", unit="files") as progress, ThreadPoolExecutor(os.cpu_count()) as pool:
        try:
            for sound, verdict in zip(sounds, pool.map(hear, sounds), strict=True):
                heard[sound] = verdict
                progress.update(len(heard), len(sounds))
        finally:
            stop.set()
            pool.shutdown(cancel_futures=True)
    return {(clip.track, clip.slot): heard[clip.path, clip.part] for clip in found}


def _paint(clips: LiveClips, wishes: list[Wish], undo_file: Path | None) -> int:
    """Colour and name, keeping what was; return how many clips were gone."""
    from drumbridge.formats.clip_undo import ClipChange, ClipUndo

    undo = ClipUndo(undo_file)
    before = undo.runs()
    changes = [
        ClipChange(clip.track, clip.slot, clip.path, clip.colour, clip.name, new_name=wish.name)
        for wish in wishes
        for clip in (wish.clip,)
    ]
    undo.store([*before, changes])
    painted = clips.paint(wishes)
    made = [
        replace(change, new_colour=clip.colour)
        for change, clip in zip(changes, painted, strict=True)
        if clip is not None
    ]  # fmt: skip
    undo.store([*before, made])
    return painted.count(None)


def _undo(clips: LiveClips, undo_file: Path | None, *, dry_run: bool) -> int:
    """Take the newest run back, but leave alone what somebody changed since; 1 when a clip was gone."""
    from drumbridge.formats.clip_undo import ClipUndo
    from drumbridge.osc.ableton_clips import Wish

    from .terminal import note

    undo = ClipUndo(undo_file)
    runs = undo.runs()
    if not runs:
        note("nothing to undo.")
        return 0
    changes = runs[-1]
    there = clips.at([(change.track, change.slot) for change in changes])
    wishes, gone, kept = [], 0, 0
    for change in changes:
        clip = there.get((change.track, change.slot))
        if clip is None or clip.path != change.path:
            gone += 1
            continue
        colour = change.colour if change.new_colour in (None, clip.colour) else None
        name = change.name if change.new_name is not None and change.new_name == clip.name else None
        kept += colour is None or (name is None and change.new_name is not None)
        if colour is not None or name is not None:
            wishes.append(Wish(clip, colour, name))
    if not dry_run:
        gone += clips.paint(wishes).count(None)
        undo.store(runs[:-1])
    said = [f"{len(wishes)} clips {'would be' if dry_run else 'are'} as they were before"]
    said += [f"{kept} were changed by somebody since then and left alone"] * bool(kept)
    said += [f"{gone} are not in their slots any more"] * bool(gone)
    note(", ".join(said) + ".")
    return 1 if gone else 0


def _print_rows(found: list[LiveClip], verdicts: dict[tuple[int, int], Heard], colours: dict[str, int]) -> None:
    """Print a row for each clip of audio; in a pipe track, slot, label, confidence and file, with tabs."""
    from drumbridge.cli import complain

    from .terminal import heading, label_cell, stdout_console, stdout_is_terminal

    rows = [(clip, verdict) for clip in found if (verdict := verdicts.get((clip.track, clip.slot))) is not None]
    width = max((len(clip.track_name) for clip, _ in rows), default=0)
    if rows and stdout_is_terminal():
        stdout_console().print(heading(f"{'label':16} {'p':4}  {'track':{width}}  slot  file"))
    for clip, verdict in rows:
        if isinstance(verdict, DrumbridgeError):
            complain(verdict)
        elif stdout_is_terminal():
            row = label_cell(verdict.label, verdict.name, colours.get(verdict.label))
            row.append(" " * max(1, 17 - row.cell_len))
            row.append(f"{verdict.confidence:.2f}  {clip.track_name:{width}}  {clip.slot + 1:4}  {clip.path}")
            stdout_console().print(row)
        else:
            name = f"unsure ({verdict.guess}?)" if verdict.guess else verdict.label
            print(clip.track + 1, clip.slot + 1, name, f"{verdict.confidence:.2f}", clip.path, sep="\t")
