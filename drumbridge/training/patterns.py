"""What drummers play: Groove MIDI performances, fills and drum machine patterns as lists of strokes.

Conventions: a stroke is a time in seconds, a label and a MIDI velocity. Groove MIDI Dataset: Gillick,
Roberts, Engel, Eck, Bamman, ICML 2019; its note map (Roland TD-11) differs from General MIDI at 22, 26
and 58. Drum machine patterns have no velocity: accents and feel are drawn.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import mido
import numpy as np


class Stroke(NamedTuple):
    """One note."""

    time_s: float
    label: str
    velocity: int


NOTE_LABELS: dict[int, str] = {
    36: "kick", 38: "snare", 40: "snare", 37: "rim", 48: "tom_high", 50: "tom_high", 45: "tom_mid", 47: "tom_mid",
    43: "tom_low", 58: "tom_low", 42: "closed_hat", 22: "closed_hat", 46: "open_hat", 26: "open_hat", 44: "pedal_hat",
    49: "crash", 55: "crash", 57: "china", 52: "china", 51: "ride", 59: "ride", 53: "ride_bell",
}  # fmt: skip
_SECOND_CRASH = ("crash", "crash", "china", "splash")  # what 57/52 becomes, drawn per loop

_HAND_PERCUSSION = (
    "shaker",
    "shaker",
    "tambourine",
    "tambourine",
    "conga",
    "bongo",
    "cowbell",
    "clave",
    "triangle",
    "clap",
)
_ORNAMENTED = {"kick", "snare", "rim", "clap", "closed_hat", "ride", "tom_low", "tom_mid", "tom_high", "conga", "bongo",
               "timbale", "cowbell", "clave"}  # fmt: skip
_TRACK_LABELS = {
    "BassDrum": "kick", "SnareDrum": "snare", "ClosedHiHat": "closed_hat", "OpenHiHat": "open_hat",
    "LowTom": "tom_low", "MediumTom": "tom_mid", "HighTom": "tom_high", "Cymbal": "crash", "RimShot": "rim",
    "Cowbell": "cowbell", "Clap": "clap", "Tambourine": "tambourine",
}  # fmt: skip


def read_performances(folder: Path) -> list[list[Stroke]]:
    """Read all Groove MIDI performances and fills below the patterns folder, each in order of time."""
    performances = []
    for path in sorted((folder / "groove_midi" / "mid").glob("*.mid")):
        now, strokes = 0.0, []
        for message in mido.MidiFile(path):
            now += message.time
            if message.type == "note_on" and message.velocity > 0 and message.note in NOTE_LABELS:
                strokes.append(Stroke(now, NOTE_LABELS[message.note], message.velocity))
        if strokes:
            performances.append(strokes)
    fills = json.loads((folder / "groove_midi_fills" / "fills.json").read_text(encoding="utf-8"))
    for fill in fills:
        strokes = [Stroke(t, NOTE_LABELS[note], v) for t, note, v in fill["events"] if note in NOTE_LABELS]
        if strokes:
            performances.append(sorted(strokes))
    return performances


def read_machine_patterns(folder: Path) -> list[dict[str, list[str]]]:
    """Read the one-bar patterns: label to steps, each "Rest", "Note" or "Flam"."""
    patterns = []
    for path in sorted((folder / "drum_machine_patterns").glob("Patterns_*.json")):
        for pattern in json.loads(path.read_text(encoding="utf-8")):
            tracks = {_TRACK_LABELS[t]: steps for t, steps in pattern["tracks"].items() if t in _TRACK_LABELS}
            if tracks:
                patterns.append(tracks)
    return patterns


def play_pattern(tracks: dict[str, list[str]], rng: np.random.Generator, duration_s: float) -> list[Stroke]:
    """Repeat a pattern with a tempo, swing, accents and small timing errors that are drawn."""
    step_s = 60 / rng.uniform(70, 170) / 4
    swing, feel_s = rng.uniform(0, 0.3) if rng.random() < 0.4 else 0.0, rng.uniform(0, 0.006)
    spread = rng.uniform(0, 14)
    extra = {label: int(rng.integers(0, 16)) for label in ("cowbell", "clap", "shaker", "conga") if rng.random() < 0.15}
    strokes, start = [], 0
    while start * step_s < duration_s:
        length = max(len(steps) for steps in tracks.values())
        for k in range(length):
            at = (start + k + (swing if k % 2 else 0.0)) * step_s
            for label, steps in tracks.items():
                if k < len(steps) and steps[k] != "Rest":
                    accent = 108 if k % 4 == 0 else 88
                    velocity = int(np.clip(rng.normal(accent, spread), 20, 127))
                    time_s = max(0.0, at + rng.normal(0, feel_s))
                    strokes.append(Stroke(time_s, label, velocity))
                    if steps[k] == "Flam":
                        strokes.append(Stroke(time_s + rng.uniform(0.018, 0.035), label, min(127, velocity + 20)))
            strokes += [Stroke(at, label, 90) for label, step in extra.items() if k % 8 == step % 8]
        start += length
    return sorted(s for s in strokes if s.time_s < duration_s)


def take_part(performance: list[Stroke], rng: np.random.Generator, duration_s: float) -> list[Stroke]:
    """Return a random part of a performance, starting at 0, with the second crash and the tempo redrawn."""
    end_s = performance[-1].time_s
    start_s = rng.uniform(0, max(0.01, end_s - duration_s))
    stretch = 2 ** rng.uniform(-0.25, 0.25)
    second = _SECOND_CRASH[int(rng.integers(len(_SECOND_CRASH)))]
    hats_to_ride = rng.random() < 0.2
    part = []
    for time_s, label, velocity in performance:
        if start_s <= time_s < start_s + duration_s / stretch:
            if label == "china":
                label = second
            elif label == "closed_hat" and hats_to_ride:
                label = "ride"
            part.append(Stroke((time_s - start_s) * stretch, label, velocity))
    return part


def hand_percussion(rng: np.random.Generator, duration_s: float) -> list[Stroke]:
    """Return one hand percussion instrument that plays along: a random pattern of eighths or sixteenths."""
    label = _HAND_PERCUSSION[int(rng.integers(len(_HAND_PERCUSSION)))]
    step_s, density = 60 / rng.uniform(70, 160) / (2 if rng.random() < 0.5 else 4), rng.uniform(0.2, 1.0)
    played = rng.random(16) < density
    return [
        Stroke(max(0.0, k * step_s + rng.normal(0, 0.005)), label, int(np.clip(rng.normal(85, 18), 20, 127)))
        for k in range(int(duration_s / step_s))
        if played[k % 16]
    ]


def ornamented(part: list[Stroke], rng: np.random.Generator, duration_s: float) -> list[Stroke]:
    """Return a part with flams, drags, doubles and short rolls, 20 to 60 ms from stroke to stroke.

    Drummers play them, and the pads that recorded the performances hardly did.
    """
    often, added = 10 ** rng.uniform(-2.0, -0.7), []
    for time_s, label, velocity in part:
        if label not in _ORNAMENTED or rng.random() > often:
            continue
        gap_s, kind = 10 ** rng.uniform(-1.7, -1.22), rng.random()
        if kind < 0.4:  # grace notes: one is a flam, two are a drag
            places, level = range(-int(rng.integers(1, 3)), 0), rng.uniform(0.25, 0.9)
            levels = [level for _ in places]
        else:  # a double, or a roll that dies away or grows
            places, slope = range(1, 2 if kind < 0.8 else int(rng.integers(3, 10))), rng.uniform(0.8, 1.1)
            levels = [slope**place for place in places]
        for place, level in zip(places, levels, strict=True):
            at_s = time_s + place * gap_s + rng.normal(0, 0.03) * gap_s
            if 0 <= at_s < duration_s:
                added.append(Stroke(at_s, label, int(np.clip(velocity * level, 8, 127))))
    return sorted(part + added)


def loops(
    folder: Path, rng: np.random.Generator, duration_s: float, *, ornaments: bool = False
) -> Iterator[list[Stroke]]:
    """Yield endless parts: half from performances, a quarter from fills and the rest from drum machine patterns.

    Parts with a crash, a tom or an open hat are kept always, others half the time: those strokes are rare. With
    `ornaments` half of them are `ornamented`.
    """
    performances = read_performances(folder)
    long = [p for p in performances if p[-1].time_s > 8.0]
    short = [p for p in performances if p[-1].time_s <= 8.0]
    patterns = read_machine_patterns(folder)
    rare = {"crash", "china", "splash", "open_hat", "tom_low", "tom_mid", "tom_high", "ride", "ride_bell", "rim"}
    while True:
        kind = rng.random()
        if kind < 0.55 and long:
            part = take_part(long[int(rng.integers(len(long)))], rng, duration_s)
        elif kind < 0.75 and short:
            part, at = [], 0.0
            while at < duration_s:
                fill = take_part(short[int(rng.integers(len(short)))], rng, duration_s)
                part += [Stroke(at + s.time_s, s.label, s.velocity) for s in fill if at + s.time_s < duration_s]
                at += (fill[-1].time_s if fill else 0.0) + rng.uniform(0.15, 0.6)
        else:
            part = play_pattern(patterns[int(rng.integers(len(patterns)))], rng, duration_s)
        if part and rng.random() < 0.2:
            part = sorted(part + hand_percussion(rng, duration_s))
        if part and ornaments and rng.random() < 0.5:
            part = ornamented(part, rng, duration_s)
        if part and (rng.random() < 0.5 or rare & {s.label for s in part}):
            yield part
