"""`drumbridge classify`: order, shapes of output, and what happens to broken files."""

import csv
import io
import json
import subprocess
import sys

import numpy as np
import pytest
import soundfile

from drumbridge.cli import main
from drumbridge.core.synthesis import synthesise


@pytest.fixture
def sounds(tmp_path):
    """Two sounds that the small model tells apart, under names that are hard to print."""
    paths = [tmp_path / "tief ♪.wav", tmp_path / "hoch, \tspitz.flac"]
    for path, label in zip(paths, ("kick", "closed_hat"), strict=True):
        soundfile.write(path, synthesise(label), 44100)
    return [str(path) for path in paths]


def test_plain_text_keeps_the_order(sounds, small_model, capsys):
    assert main(["classify", *sounds, *sounds[::-1], "--model", str(small_model)]) == 0
    lines = capsys.readouterr().out.splitlines()
    expected = [(sounds[0], "kick"), (sounds[1], "closed_hat"), (sounds[1], "closed_hat"), (sounds[0], "kick")]
    assert [tuple(line.rsplit("\t", 2)[:2]) for line in lines] == expected
    assert all(0.5 < float(line.rsplit("\t")[-1]) <= 1 for line in lines)


def test_json_is_an_object_a_line(sounds, small_model, capsys):
    assert main(["classify", *sounds, "--json", "--model", str(small_model)]) == 0
    objects = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [each["path"] for each in objects] == sounds
    for each, label in zip(objects, ("kick", "closed_hat"), strict=True):
        assert {"path", "label", "confidence", "scores"} <= set(each)
        assert each["label"] == label == next(iter(each["scores"]))
        assert each["confidence"] == each["scores"][label] == max(each["scores"].values())


def test_csv_survives_commas_and_tabs(sounds, small_model, capsys):
    assert main(["classify", *sounds, "--csv", "--model", str(small_model)]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [(row["path"], row["label"]) for row in rows] == [(sounds[0], "kick"), (sounds[1], "closed_hat")]


def test_a_broken_file_stops_nobody(sounds, small_model, tmp_path, capsys):
    text = tmp_path / "text.wav"
    text.write_text("not audio at all")
    missing = str(tmp_path / "missing.wav")
    files = [missing, sounds[0], str(text), "https://example.org/a.wav", sounds[1]]
    assert main(["classify", *files, "--model", str(small_model)]) == 1
    out, err = capsys.readouterr()
    assert [line.rsplit("\t", 2)[0] for line in out.splitlines()] == sounds
    first, *reasons = err.splitlines()
    assert first == "drumbridge: 3 of 5 files could not be classified:"
    assert len(reasons) == 3
    for name, code in ((missing, "audio.not_found"), (str(text), "audio."), ("https://example.org", "audio.path")):
        assert any(name in reason and f"[{code}" in reason for reason in reasons), (name, reasons)


def test_one_broken_file_is_one_line(small_model, tmp_path, capsys):
    assert main(["classify", str(tmp_path), "--model", str(small_model)]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1


def test_a_missing_model_is_the_users_error(sounds, capsys):
    assert main(["classify", *sounds, "--model", "no-such-model"]) == 1
    assert "no-such-model" in capsys.readouterr().err


def test_one_line_also_where_a_c_library_has_more_to_say(tmp_path, small_model):
    # libsndfile takes this for MP3, and its mpg123 says on stderr how it gave up
    noise = np.random.default_rng(1).integers(0, 256, 50000, dtype=np.uint8)
    (tmp_path / "noise.mp3").write_bytes(noise.tobytes())
    for verb in ("classify", "transcribe"):
        call = [sys.executable, "-m", "drumbridge", verb, str(tmp_path / "noise.mp3"), "--model", str(small_model)]
        ran = subprocess.run(call, capture_output=True, text=True, timeout=60)
        assert (ran.returncode, ran.stdout) == (1, "")
        assert ran.stderr.endswith("[audio.not_audio]\n")
        assert ran.stderr.count("\n") == 1
