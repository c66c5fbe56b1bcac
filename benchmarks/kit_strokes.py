"""Material for `learn_kit.py`: strokes on pads, heard through the transcriber that will run the kit.

Conventions: a task is a list of strokes with the pad that each is of, or "" for a sound that is no pad. Three sorts:
kits of which every label has several sounds (layers, variants: harder than one pad, because the sounds differ), kits
of which each pad is one sample, struck in many ways by `struck`, and recordings, where a pad is what sounds together.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soundfile

from drumbridge.core.classifier import Classifier
from drumbridge.core.events import Excerpt, Hit, LabelConfidence, Stage
from drumbridge.core.excerpts import find_attack
from drumbridge.core.transcriber import Transcriber, TranscriberSettings

EARLY_MS = (10.0, 20.0)
N_TAPS = 5
_NEAR_S = 0.025  # an annotation this near is the stroke
_ALONE_S = 0.06  # and another drum within this makes it another one
_SILENCE_DB = -66.0
_STROKES = 10  # of each sample
_PADS = 8


class Stroke(NamedTuple):
    """One stroke as it was heard: embedding and probabilities at each decision time in ms, 0 for the final one."""

    pad: str
    excerpt: Excerpt
    heard: dict[float, tuple[np.ndarray, np.ndarray]]


class Task(NamedTuple):
    """Strokes, in the order in which they were played, and how many of those that were played were heard."""

    sort: str
    name: str
    strokes: list[Stroke]
    heard: float


class _Ear:
    """In the place of a learned kit: notes what a transcriber asks of one."""

    def __init__(self) -> None:
        self.heads = dict.fromkeys(Stage)
        self.kit = None
        self.asked: list[tuple[np.ndarray, np.ndarray]] = []

    def ranking(
        self, stage: Stage, embedding: np.ndarray, probabilities: np.ndarray
    ) -> tuple[tuple[LabelConfidence, ...], float]:
        self.asked.append((embedding, probabilities))
        return (LabelConfidence(str(len(self.asked) - 1), 1.0),), 1.0


def heard_strokes(classifier: Classifier, audio: np.ndarray, played: Sequence[tuple[int, str]]) -> list[Stroke]:
    """Return the strokes of a track that are heard within 25 ms of where they were played."""
    finals: dict[int, Hit] = {}
    views: dict[int, dict[float, tuple[np.ndarray, np.ndarray]]] = defaultdict(dict)
    for early_ms in EARLY_MS:
        ear = _Ear()
        transcriber = Transcriber(classifier, settings=TranscriberSettings(early_ms=early_ms), kit=ear)  # type: ignore[arg-type]
        transcriber.keep_excerpts = True
        early = {}
        for hit in transcriber.process(audio) + transcriber.flush():
            if hit.stage is Stage.EARLY:
                early[hit.index] = ear.asked[int(hit.label)]
            elif hit.stage is Stage.FINAL:
                finals[hit.position] = hit
                views[hit.position][0.0] = ear.asked[int(hit.label)]
                if hit.index in early:
                    views[hit.position][early_ms] = early[hit.index]
    reach = round(_NEAR_S * classifier.sample_rate)
    strokes = []
    for position, pad in played:
        near = min(finals, key=lambda p: abs(p - position), default=None)
        if near is not None and abs(near - position) <= reach:
            hit = finals.pop(near)
            assert hit.excerpt is not None
            strokes.append(Stroke(pad, hit.excerpt, views[near]))
    return strokes


def one_shot_tasks(classifier: Classifier, data: Path, *, most_kits: int, seed: int = 0) -> Iterator[Task]:
    """Yield kits of the one-shots that nothing was trained on."""
    kits: dict[str, list[dict[str, str]]] = defaultdict(list)
    with open(data / "oneshots" / "manifest.csv", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["split"] == "check":
                kits[f"{row['source']}/{row['kit']}"].append(row)
    rng = np.random.default_rng(seed)
    for name, rows in kits.items():
        yield from _varied(classifier, data, name, rows, rng)
    struck_kits = [name for name, rows in kits.items() if sum(row["label"] != "other" for row in rows) >= _PADS + 2]
    for name in [*struck_kits[:most_kits], "foxdot/foxdot-beatbox"]:
        rows = [row for row in kits[name] if row["label"] != "other"]
        yield from _struck_kit(classifier, data, name, rows, rng)


def recording_tasks(classifier: Classifier, data: Path) -> Iterator[Task]:
    """Yield the MDB recordings: one drummer's kit each, a pad is the drums that sound together."""
    for path in sorted((data / "recordings" / "mdb").glob("*.flac")):
        audio, rate = soundfile.read(path, dtype="float32")
        assert rate == classifier.sample_rate
        with open(path.with_suffix(".plusplus.csv"), encoding="utf-8") as file:
            marks = [(float(row["onset_s"]), row["label"]) for row in csv.DictReader(file)]
        played = {}
        for onset_s, _ in marks:
            near = {label for at_s, label in marks if abs(at_s - onset_s) < _NEAR_S}
            if near == {label for at_s, label in marks if abs(at_s - onset_s) < _ALONE_S}:
                played[round(onset_s * rate)] = "+".join(sorted(near))
        strokes = heard_strokes(classifier, audio, sorted(played.items()))
        yield _task("recording", path.stem, strokes, len(played))


def _varied(
    classifier: Classifier, data: Path, name: str, rows: list[dict[str, str]], rng: np.random.Generator
) -> Iterator[Task]:
    counts = defaultdict(int)
    for row in rows:
        counts[row["label"]] += 1
    pads = [label for label, n in counts.items() if n > N_TAPS and label != "other"]
    if len(pads) < 4:
        return
    if len(pads) > _PADS:
        pads = sorted(rng.permutation(pads)[:_PADS])
    sounds = [(_sound(data, row), row["label"] if row["label"] in pads else "") for row in rows]
    track, played = _track([(sound, pad) for sound, pad in sounds], classifier.sample_rate, rng)
    yield _task("several sounds a pad", name, heard_strokes(classifier, track, played), len(played))


def _struck_kit(
    classifier: Classifier, data: Path, name: str, rows: list[dict[str, str]], rng: np.random.Generator
) -> Iterator[Task]:
    chosen = [rows[k] for k in rng.permutation(len(rows))[: _PADS + 4]]
    n_pads = min(_PADS, len(chosen)) if len(chosen) > 6 else len(chosen)
    sounds = []
    for k, row in enumerate(chosen):
        sample = _sound(data, row)
        pad = Path(row["path"]).stem if k < n_pads else ""
        sounds += [(struck(sample, classifier.sample_rate, rng), pad) for _ in range(_STROKES)]
    track, played = _track(sounds, classifier.sample_rate, rng)
    sort = "mouth, one sample a pad" if "beatbox" in name else "one sample a pad"
    yield _task(sort, name, heard_strokes(classifier, track, played), len(played))


def struck(sample: np.ndarray, sample_rate: int, rng: np.random.Generator) -> np.ndarray:
    """Return another stroke on the same pad.

    0 to 18 dB softer and, being softer, duller (1.5 dB an octave at most); another tone of +-1 dB an octave (sd),
    another tension of +-1.5 %, and another faint reflection of the room (20 ms, -40 dB).
    """
    softer_db = rng.uniform(0.0, 18.0)
    stretch = 1.0 + rng.uniform(-0.015, 0.015)
    stroke = np.interp(np.arange(int(len(sample) / stretch)) * stretch, np.arange(len(sample)), sample)
    n = len(stroke) + 2048
    spectrum = np.fft.rfft(stroke, n)
    hz = np.maximum(np.fft.rfftfreq(n, 1 / sample_rate), 50.0)
    tilt_db = rng.normal(0.0, 1.0) - 1.5 * softer_db / 18.0
    stroke = np.fft.irfft(spectrum * 10 ** (np.clip(tilt_db * np.log2(hz / 1000.0), -12.0, 12.0) / 20), n)
    room = (
        0.01
        * rng.normal(size=round(0.1 * sample_rate))
        * np.exp(-np.arange(round(0.1 * sample_rate)) / (0.02 * sample_rate))
    )
    room[0] = 1.0
    stroke = np.convolve(stroke, room)[: len(stroke)]
    return (0.9 * 10 ** (-softer_db / 20) * stroke / max(1e-9, float(np.abs(stroke).max()))).astype(np.float32)


def _sound(data: Path, row: dict[str, str]) -> np.ndarray:
    audio, _ = soundfile.read(data / "oneshots" / row["path"], dtype="float32")
    return audio


def _track(
    sounds: Sequence[tuple[np.ndarray, str]], sample_rate: int, rng: np.random.Generator
) -> tuple[np.ndarray, list[tuple[int, str]]]:
    """Return sounds one after another, each at most 1 s long and faded, over faint noise, and where each starts."""
    pieces, played, position = [], [], 0
    longest, pause = sample_rate, round(0.15 * sample_rate)
    for sound, pad in [(np.zeros(pause, dtype=np.float32), ""), *sounds]:
        sound = sound[:longest].copy()
        fade = min(len(sound), 1000)
        sound[len(sound) - fade :] *= np.linspace(1.0, 0.0, fade, dtype=np.float32)
        attack = find_attack(sound, sample_rate)
        if attack is not None:
            played.append((position + attack, pad))
        pieces += [sound, np.zeros(pause, dtype=np.float32)]
        position += len(sound) + pause
    track = np.concatenate(pieces)
    noise = 10 ** (_SILENCE_DB / 20) * rng.standard_normal(len(track), dtype=np.float32)
    return track + noise, played


def _task(sort: str, name: str, strokes: list[Stroke], n_played: int) -> Task:
    """Return a task: what was struck too seldom to be learned and told apart is no pad."""
    counts = defaultdict(int)
    for stroke in strokes:
        counts[stroke.pad] += 1
    kept = [stroke if counts[stroke.pad] > N_TAPS else stroke._replace(pad="") for stroke in strokes]
    return Task(sort, name, kept, len(strokes) / max(1, n_played))
