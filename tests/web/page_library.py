"""A small library with real files, made without a model: what it says of them is known exactly."""

import json
import os
from functools import cache
from pathlib import Path

import numpy as np
import soundfile

from drumbridge.core.synthesis import synthesise
from drumbridge.library.heard import HeardSound
from drumbridge.library.sample_map import place_new_sounds
from drumbridge.library.store import HeardFile, Library

RATE = 44100
LABELS = ("kick", "snare", "closed_hat", "open_hat", "clap", "tom_low")
HITS = ((0, "kick", 0.95), (11025, "closed_hat", 0.41), (22050, "snare", 0.93), (33075, "closed_hat", 0.88))
FORMATS = ((".wav", "PCM_16"), (".aiff", "PCM_24"), (".wav", "FLOAT"), (".flac", "PCM_24"), (".wav", "PCM_U8"))


def one_shot(k: int) -> HeardSound:
    """Return what is known of sound number k: least certain is the first."""
    label, rng = LABELS[k % len(LABELS)], np.random.default_rng(k)
    vector = 4 * np.eye(8)[k % len(LABELS)] + rng.normal(scale=0.4, size=8)
    confidence = round(0.2 + 0.75 * k / 30, 3)
    return HeardSound(
        "one_shot", 0.5, RATE, label, confidence, confidence < 0.3, 100, -6.0,
        json.dumps([[label, confidence], ["cowbell", 0.1], ["other", 0.05]]), "", (), vector.astype("<f2").tobytes(),
    )  # fmt: skip


def loop() -> HeardSound:
    """Return what is known of the loop."""
    hits = tuple(
        (k, position, 100, -6.0, label, confidence, json.dumps([[label, confidence], ["shaker", 0.3]]))
        for k, (position, label, confidence) in enumerate(HITS)
    )
    return HeardSound("loop", 1.0, RATE, "closed_hat", 0.65, False, 110, -3.0, '[["closed_hat", 0.5]]', "", hits)


@cache
def drum(label: str, seed: int, n: int) -> np.ndarray:
    """Return a drum of n samples, or what there is of it."""
    return synthesise(label, seed=seed)[:n]


def write_files(folder: Path, n: int = 30) -> list[Path]:
    """Write n one-shots in many formats, each below a folder of its label, and a loop; return their paths."""
    paths = []
    for k in range(n):
        label, (suffix, subtype) = LABELS[k % len(LABELS)], FORMATS[k % len(FORMATS)]
        path = folder / label / f"{label} {k:02}{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        audio = np.zeros(RATE // 2, dtype=np.float32)
        stroke = drum(label, k, len(audio))
        audio[: len(stroke)] = stroke
        soundfile.write(path, np.stack([audio, audio], axis=1) if k % 2 else audio, RATE, subtype=subtype)
        paths.append(path)
    audio = np.zeros(RATE, dtype=np.float32)
    for position, label, _ in HITS:
        stroke = drum(label, 0, RATE - position)
        audio[position : position + len(stroke)] += 0.5 * stroke
    paths.append(folder / "groove.wav")
    soundfile.write(paths[-1], audio, RATE)
    return paths


def hear_with_another_model(file: Path, paths: list[Path]) -> None:
    """Put one-shots into a library that another model has heard."""
    with Library(file) as library:
        hearing_id = library.hearing(b"other model", "{}", "other-1.onnx")
        heard = [
            HeardFile(os.fsencode(path), 1, 1, 5000 + k, 1, bytes([200, k]) * 8, one_shot(k))
            for k, path in enumerate(paths)
        ]
        library.remember(heard, hearing_id)
        place_new_sounds(library, hearing_id)


def make_library(file: Path, paths: list[Path]) -> None:
    """Write a library that knows these files, the last of them the loop, and one that could not be heard."""
    with Library(file) as library:
        hearing_id = library.hearing(b"model", "{}", "model")
        heard = []
        for k, path in enumerate(paths):
            status = os.stat(path)
            sound = loop() if k == len(paths) - 1 else one_shot(k)
            heard.append(HeardFile(
                os.fsencode(path), status.st_size, status.st_mtime_ns, status.st_ino, 1, k.to_bytes(16, "big"), sound
            ))  # fmt: skip
        broken = os.fsencode(paths[-1].with_name("broken.wav"))
        heard.append(HeardFile(broken, 1, 1, 0, 1, b"x" * 16, None, "audio.empty", "broken.wav is empty (0 bytes)."))
        library.remember(heard, hearing_id)
        place_new_sounds(library, hearing_id)
