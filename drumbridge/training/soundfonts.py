"""One-shots played by General MIDI soundfonts: more kits, and more of what is no drum.

Conventions: only fonts of `FONTS` are used, whose licences allow it; the rest of a folder is left alone. Each preset is
rendered by FluidSynth, dry, note by note, and cut into files that lie in the work folder beside a table of them.
Presets of one font share most of their sounds, so a sound that stands there already is left out. Notes are MIDI notes;
drum presets lie in bank 128 (SoundFont 2.04, section 7.2, and General MIDI 2's percussion map).
"""

from __future__ import annotations

import csv
import hashlib
import shutil
import struct
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import mido
import numpy as np
import soundfile

from drumbridge.errors import SettingsError

from .front_end import SAMPLE_RATE
from .one_shots import OneShot


@dataclass(frozen=True)
class Font:
    """A soundfont that may be trained on.

    Attributes
    ----------
    source : str
        Its name in tables and credits.
    licence : str
    kit : str
        What the names of its kits begin with.
    drums : tuple of int
        Drum presets to use: kits by the General MIDI map. The TR-808s, and of TimGM6mb and sf_GMbank the first kit too,
        stay out, with what other kits have of them: the same sounds are among those that only measure. So does the room
        kit of TimGM6mb, whose rims and claps sound like kicks.
    """

    source: str
    licence: str
    kit: str
    drums: tuple[int, ...]


FONTS = {
    "TimGM6mb.sf2": Font("timgm6mb", "MIT/GPL/other-open", "timgm", (16, 24, 32, 40)),
    "sf_GMbank.sf2": Font("sf-gmbank", "CC0/public-domain", "gmbank", (8, 16, 24, 32, 40)),
    "OPL-3_FM_128M.sf2": Font("opl3", "CC-BY-SA", "opl3", (0,)),
    "FluidR3_GS.sf2": Font("fluid-gs", "MIT/GPL/other-open", "fluid-gs", ()),
    "MuseScore_General_Full.sf2": Font(
        "musescore-general", "MIT/GPL/other-open", "fluid-musescore", (*range(25), *range(26, 48))
    ),
}
DRUM_NOTES = {
    35: "kick", 36: "kick", 37: "rim", 38: "snare", 39: "clap", 40: "snare", 41: "tom_low", 42: "closed_hat",
    43: "tom_low", 44: "pedal_hat", 45: "tom_mid", 46: "open_hat", 47: "tom_mid", 48: "tom_high", 49: "crash",
    50: "tom_high", 51: "ride", 52: "china", 53: "ride_bell", 54: "tambourine", 55: "splash", 56: "cowbell",
    57: "crash", 58: "percussion", 59: "ride", 60: "bongo", 61: "bongo", 62: "conga", 63: "conga", 64: "conga",
    65: "timbale", 66: "timbale", 67: "percussion", 68: "percussion", 69: "shaker", 70: "shaker", 73: "percussion",
    74: "percussion", 75: "clave", 76: "clave", 77: "clave", 78: "percussion", 79: "percussion", 80: "triangle",
    81: "triangle", 82: "shaker", 85: "percussion", 86: "percussion", 87: "percussion",
}  # fmt: skip
_ORCHESTRA = 48  # from here on drum presets have maps of their own
_BRUSH_KITS = range(40, 48)
_BRUSHES = {39: "snare", 40: ""}  # a slap; a swirl, which is no stroke
_PROGRAMS = {113: "percussion", 115: "clave", 116: "percussion", 117: "tom", 118: "tom"}  # the rest of 0..127: other
_VELOCITIES = (55, 115)
_DRUM_S, _NOTE_S = 2.0, 0.7
_COLUMNS = ("path", "label", "source", "kit", "licence")
_SAME = 0.995  # correlation of two sounds that are one


def prepare_soundfonts(folder: Path, work: Path, say: Callable[[str], None]) -> None:
    """Render what is missing of the fonts in `folder` into `work`; raises where there is no font or no FluidSynth."""
    fonts = [path for path in sorted(folder.glob("*.sf2")) if path.name in FONTS]
    if not fonts:
        raise SettingsError(
            "settings.soundfonts", f"{folder} holds none of the soundfonts that may be trained on: {', '.join(FONTS)}."
        )
    if shutil.which("fluidsynth") is None:
        raise SettingsError("settings.soundfonts", "The soundfonts are played by FluidSynth, which is not installed.")
    for font in fonts:
        table = _table_of(work, FONTS[font.name])
        if not table.is_file():
            say(f"rendering the notes of {font.name}")
            _render(font, FONTS[font.name], table)


def soundfont_rows(work: Path) -> list[OneShot]:
    """Return the rows of what `prepare_soundfonts` rendered, none where it was not asked to."""
    rows = []
    for font in FONTS.values():
        table = _table_of(work, font)
        if table.is_file():
            with table.open(newline="", encoding="utf-8") as lines:
                for row in csv.DictReader(lines):
                    path = table.parent / row["path"]
                    rows.append(OneShot(path, row["label"], row["source"], row["kit"], row["licence"], ""))
    return rows


def presets_of(font: Path) -> list[tuple[int, int]]:
    """Return bank and program of each preset of a soundfont, in order; raises where the file is none."""
    data = font.read_bytes()
    start = data.find(b"phdr")
    if data[:4] != b"RIFF" or data[8:12] != b"sfbk" or start < 0:
        raise SettingsError("settings.soundfonts", f"{font} is no SoundFont 2 file.")
    size = struct.unpack_from("<I", data, start + 4)[0]
    records = (struct.unpack_from("<20sHH14x", data, start + 8 + k) for k in range(0, size - 38, 38))  # but the last
    return sorted((bank, program) for _, program, bank in records)


def _table_of(work: Path, font: Font) -> Path:
    return work / "soundfonts" / font.source / "table.csv"


def _notes(font: Font, bank: int, program: int) -> tuple[str, list[tuple[int, int, str]]]:
    """Return the kit of a preset and its notes to play: note, velocity, label."""
    if bank == 128:
        if program >= _ORCHESTRA or not font.drums:
            return "", []
        labels = {**DRUM_NOTES, **_BRUSHES} if program in _BRUSH_KITS else DRUM_NOTES
        return f"{font.kit}-{program:02d}", [(n, v, label) for n, label in labels.items() if label for v in _VELOCITIES]
    if bank == 0 and program in _PROGRAMS:
        return f"{font.kit}-drums", [(note, 100, _PROGRAMS[program]) for note in (48, 60, 72)]
    if bank > 9 or program == 119:  # doubles of what stands in the first banks; a cymbal played backwards
        return "", []
    seed = int(hashlib.sha256(f"{font.source} {bank} {program}".encode()).hexdigest()[:8], 16)
    return f"{font.kit}-melodic", [(34 + seed % 45, 60 + seed % 60, "other")]


def _render(font: Path, known: Font, table: Path) -> None:
    rows, kept = [], _Kept()
    for bank, program in presets_of(font):
        kit, notes = _notes(known, bank, program)
        for (note, velocity, label), audio in zip(notes, _play(font, bank, program, notes), strict=True):
            if audio is None or not kept.add(audio, label) or (bank == 128 and program not in known.drums):
                continue
            path = Path(kit) / f"{label}_{bank:03d}_{program:03d}_{note:03d}_{velocity:03d}.flac"
            (table.parent / kit).mkdir(parents=True, exist_ok=True)
            soundfile.write(table.parent / path, audio, SAMPLE_RATE, subtype="PCM_16")
            rows.append((path.as_posix(), label, known.source, kit, known.licence))
    with table.with_suffix(".part").open("w", newline="", encoding="utf-8") as lines:
        writer = csv.writer(lines)
        writer.writerow(_COLUMNS)
        writer.writerows(rows)
    table.with_suffix(".part").replace(table)


def _play(font: Path, bank: int, program: int, notes: list[tuple[int, int, str]]) -> Iterator[np.ndarray | None]:
    """Yield each note's sound, mono float32, from 5 ms before it is heard; None where nothing is."""
    if not notes:
        return
    drums = bank == 128
    length, channel = (_DRUM_S, 9) if drums else (_NOTE_S, 0)
    pause = length + 1.0
    track = mido.MidiTrack()
    if not drums:
        track.append(mido.Message("control_change", channel=channel, control=0, value=bank))
    track.append(mido.Message("program_change", channel=channel, program=program))
    second = 960  # ticks, at 120 beats a minute and 480 ticks a beat
    for note, velocity, _ in notes:
        track.append(mido.Message("note_on", channel=channel, note=note, velocity=velocity, time=second // 2))
        track.append(mido.Message("note_off", channel=channel, note=note, time=round(second * length) - second // 2))
        track.append(
            mido.Message("control_change", channel=channel, control=120, value=0, time=second)
        )  # all sound off
    with TemporaryDirectory() as folder:
        midi, wave = Path(folder) / "notes.mid", Path(folder) / "notes.wav"
        mido.MidiFile(tracks=[track]).save(midi)
        subprocess.run(
            ["fluidsynth", "-n", "-i", "-q", "-R", "0", "-C", "0", "-g", "0.5", "-r", str(SAMPLE_RATE),
             "-o", "synth.midi-bank-select=gs", "-o", "synth.dynamic-sample-loading=1",
             "-F", str(wave), str(font), str(midi)],
            check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        audio = soundfile.read(wave, dtype="float32", always_2d=True)[0].mean(1)
    for k in range(len(notes)):
        start = round((k * pause + 0.5 - 0.1) * SAMPLE_RATE)
        sound = audio[start : start + round((length - 0.3) * SAMPLE_RATE)]
        loud = np.flatnonzero(np.abs(sound) > 0.01 * max(np.abs(sound).max(initial=0.0), 1e-3))
        if len(loud) < 100:
            yield None
            continue
        sound = sound[max(0, loud[0] - round(0.005 * SAMPLE_RATE)) : loud[-1] + 1].copy()
        fade = min(len(sound), 200)
        sound[-fade:] *= np.linspace(1, 0, fade, dtype=np.float32)
        yield sound


class _Kept:
    """The sounds of a font so far, to leave out what stands there already, be it louder or softer."""

    def __init__(self) -> None:
        self._shapes: dict[str, list[np.ndarray]] = {}

    def add(self, audio: np.ndarray, label: str) -> bool:
        """Keep a sound; False where it is there already."""
        shape = np.zeros(8192, np.float32)
        part = audio[: len(shape)]
        shape[: len(part)] = part
        shape /= np.linalg.norm(shape) + 1e-9
        there = self._shapes.setdefault(label, [])
        if there and float(np.abs(np.stack(there) @ shape).max()) > _SAME:
            return False
        there.append(shape)
        return True
