"""A running `drumbridge serve` with a small model, drum loops whose hits are known, and a device beside it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import soundfile
from serving import Server, serving

from drumbridge.core.synthesis import synthesise

RATE = 44100


@pytest.fixture(scope="session")
def server(small_model) -> Iterator[Server]:
    with serving(small_model) as one:
        yield one


def write_drums(path: Path, strokes: list[tuple[float, str]], length_s: float) -> Path:
    """Write a mono file of `length_s` with drums at their times."""
    audio = np.zeros(round(length_s * RATE), dtype=np.float32)
    for time_s, name in strokes:
        start = round(time_s * RATE)
        sound = synthesise(name)[: len(audio) - start]
        audio[start : start + len(sound)] += sound
    soundfile.write(path, np.clip(audio, -1, 1), RATE)
    return path


@dataclass
class Sounds:
    """Audio files on disk."""

    kick: Path
    hat: Path
    loop: Path
    kicks: Path
    missing: Path


@pytest.fixture(scope="session")
def sounds(tmp_path_factory) -> Sounds:
    folder = tmp_path_factory.mktemp("Schlägel und Felle")
    soundfile.write(folder / "Bass drum.wav", synthesise("kick"), RATE)
    soundfile.write(folder / "Hi-Hat ü.wav", synthesise("closed_hat"), RATE)
    beat = [(0.25 * k + 0.1, "kick" if k % 2 == 0 else "closed_hat") for k in range(16)]
    return Sounds(
        folder / "Bass drum.wav",
        folder / "Hi-Hat ü.wav",
        write_drums(folder / "loop.wav", beat, 4.5),
        write_drums(folder / "kicks.wav", [(0.5 * k + 0.1, "kick") for k in range(8)], 4.5),
        folder / "gone.wav",
    )
