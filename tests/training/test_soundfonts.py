"""Soundfonts as a source of one-shots: which are used, what is made of their notes, what is asked for once only."""

import shutil
import struct
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile

pytest.importorskip("torch")

from drumbridge.core.excerpts import find_attack
from drumbridge.core.labels import BY_NAME
from drumbridge.errors import SettingsError
from drumbridge.training import soundfonts
from drumbridge.training.credits import CREDITS
from drumbridge.training.front_end import SAMPLE_RATE
from drumbridge.training.soundfonts import FONTS, Font, prepare_soundfonts, presets_of, soundfont_rows

NAME = "two_drums.sf2"


def chunk(name: bytes, data: bytes) -> bytes:
    return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


def write_font(path: Path) -> None:
    """Write a soundfont with a drum kit and a melodic preset: up to note 37 a thud sounds, above it a beep."""
    t = np.arange(8000) / SAMPLE_RATE
    sounds = [np.sin(2 * np.pi * hz * t) * np.exp(-t * 30) for hz in (60, 1000)]
    silence = np.zeros(46)
    smpl = b"".join((np.r_[sound, silence] * 30000).astype("<i2").tobytes() for sound in sounds)
    headers, start = b"", 0
    for name in (b"thud", b"beep"):
        headers += struct.pack(
            "<20sIIIIIBbHH", name, start, start + 8000, start, start + 8000, SAMPLE_RATE, 60, 0, 0, 1
        )
        start += 8046
    headers += struct.pack("<20sIIIIIBbHH", b"EOS", *[0] * 9)
    key_range, fixed_pitch, sample_id, instrument = 43, 56, 53, 41
    zones = [(0, 37, 0), (38, 127, 1)]
    generators = b"".join(
        struct.pack("<HBBHHHH", key_range, low, high, fixed_pitch, 0, sample_id, sample) for low, high, sample in zones
    )
    presets = [(b"Kit", 0, 128), (b"Piano", 0, 0)]
    hydra = {
        b"phdr": b"".join(
            struct.pack("<20sHHHIII", n, program, bank, k, 0, 0, 0) for k, (n, program, bank) in enumerate(presets)
        ) + struct.pack("<20sHHHIII", b"EOP", 0, 0, len(presets), 0, 0, 0),
        b"pbag": b"".join(struct.pack("<HH", k, 0) for k in range(len(presets) + 1)),
        b"pmod": bytes(10),
        b"pgen": struct.pack("<HH", instrument, 0) * len(presets) + bytes(4),
        b"inst": struct.pack("<20sH", b"All", 0) + struct.pack("<20sH", b"EOI", 2),
        b"ibag": struct.pack("<HHHHHH", 0, 0, 3, 0, 6, 0),
        b"imod": bytes(10),
        b"igen": generators + bytes(4),
        b"shdr": headers,
    }  # fmt: skip
    info = chunk(b"ifil", struct.pack("<HH", 2, 4)) + chunk(b"isng", b"EMU8000\0") + chunk(b"INAM", b"Test\0\0")
    lists = chunk(b"LIST", b"INFO" + info) + chunk(b"LIST", b"sdta" + chunk(b"smpl", smpl))
    lists += chunk(b"LIST", b"pdta" + b"".join(chunk(name, data) for name, data in hydra.items()))
    path.write_bytes(chunk(b"RIFF", b"sfbk" + lists))


@pytest.fixture
def font(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setitem(FONTS, NAME, Font("ours", "MIT", "test", (0,)))
    folder = tmp_path / "fonts"
    folder.mkdir()
    write_font(folder / NAME)
    return folder / NAME


def test_presets_are_read_in_order(font: Path) -> None:
    assert presets_of(font) == [(0, 0), (128, 0)]


@pytest.mark.parametrize("data", [b"", b"RIFF", b"RIFF\0\0\0\0sfbk", b"MThd\0\0\0\6"])
def test_what_is_no_soundfont_is_said_to_be_none(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.sf2").write_bytes(data)
    with pytest.raises(SettingsError, match=r"a\.sf2 is no SoundFont 2 file"):
        presets_of(tmp_path / "a.sf2")


def test_a_folder_without_a_known_font_is_refused(tmp_path: Path) -> None:
    (tmp_path / "unknown.sf2").write_bytes(b"RIFF")
    with pytest.raises(SettingsError, match="holds none of the soundfonts that may be trained on: TimGM6mb"):
        prepare_soundfonts(tmp_path, tmp_path / "work", lambda _: None)


def test_nothing_was_rendered_nothing_is_trained_on(tmp_path: Path) -> None:
    assert soundfont_rows(tmp_path) == []


@pytest.mark.skipif(shutil.which("fluidsynth") is None, reason="FluidSynth is not installed")
def test_notes_become_labelled_sounds_once(font: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    prepare_soundfonts(font.parent, tmp_path / "work", said.append)
    rows = soundfont_rows(tmp_path / "work")
    assert said == [f"rendering the notes of {NAME}"]
    assert {row.kit for row in rows} == {"test-00", "test-melodic"}
    # One thud and one beep there are: each stands once under every label that asks for it.
    labels = [row.label for row in rows]
    assert sorted(labels) == sorted(set(labels))
    assert {"kick", "snare", "closed_hat", "other"} <= set(labels) <= set(BY_NAME)
    for row in rows:
        audio, rate = soundfile.read(row.path, dtype="float32")
        position = find_attack(audio, SAMPLE_RATE)
        assert rate == SAMPLE_RATE
        assert position is not None
        assert position < 0.02 * SAMPLE_RATE
    monkeypatch.setattr(subprocess, "run", None)  # what is there is not rendered again
    prepare_soundfonts(font.parent, tmp_path / "work", said.append)
    assert len(said) == 1


def test_every_font_is_credited() -> None:
    assert all(font.source in CREDITS for font in FONTS.values())
    assert soundfonts.DRUM_NOTES.keys() <= set(range(27, 88))
