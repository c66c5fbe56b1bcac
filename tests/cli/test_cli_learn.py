"""`drumbridge learn` and `drumbridge kits`, as somebody types them."""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import mido
import pytest
import soundfile
from small_models import manifest, write_small_model
from sounds import hat, kick, loop

import drumbridge
from drumbridge.cli import main
from drumbridge.cli.kit_options import chosen_kit
from drumbridge.errors import DrumbridgeError

RATE = 44100


@pytest.fixture
def kits(tmp_path, small_model):
    """Return a function that runs a verb with a folder of kits, and returns its exit code."""

    def run(verb: str, *arguments: object) -> int:
        model = [] if verb == "kits" else ["--model", small_model]
        return main([verb, *map(str, [*arguments, "--kits", tmp_path / "kits", *model])])

    return run


@pytest.fixture
def recording(tmp_path):
    path = tmp_path / "taps.wav"
    strokes = [(0.2 + 0.4 * k, (kick if k < 3 else hat)(peak=0.5 + 0.05 * k)) for k in range(6)]
    soundfile.write(path, loop(strokes), RATE)
    return path


def test_learned_from_a_recording_and_used_on_another(kits, recording, tmp_path, capsys):
    assert kits("learn", "Desk", "--taps", recording, "--pads", "thud, tick", "--per-pad", "3") == 0
    out, err = capsys.readouterr()
    assert out.splitlines() == ["29\tthud\t36\t3", "30\ttick\t37\t3"]
    assert "learned in" in err
    song = tmp_path / "song.wav"
    soundfile.write(song, loop([(0.3, hat()), (1.0, kick())]), RATE)
    assert kits("transcribe", song, "--kit", "desk", "--midi", tmp_path / "song.mid") == 0
    out, err = capsys.readouterr()
    assert [line.split("\t")[3].split(":")[0] for line in out.splitlines()] == ["tick", "thud"]
    assert [m.note for m in mido.MidiFile(tmp_path / "song.mid") if m.type == "note_on"] == [37, 36]


def test_one_shots_are_called_by_the_pads_of_a_kit(kits, recording, tmp_path, capsys):
    assert kits("learn", "desk", "--taps", recording, "--pads", "thud,tick", "--per-pad", "3") == 0
    capsys.readouterr()
    soundfile.write(tmp_path / "low.wav", kick(), RATE)
    soundfile.write(tmp_path / "high.wav", hat(), RATE)
    assert kits("classify", tmp_path / "low.wav", tmp_path / "high.wav", "--kit", "Desk") == 0
    out, err = capsys.readouterr()
    assert [line.split("\t")[1] for line in out.splitlines()] == ["thud", "tick"]
    assert err == ""
    assert kits("classify", tmp_path / "low.wav", "--kit", "desk", "--json", "--after-ms", "10") == 0
    assert set(json.loads(capsys.readouterr().out)["scores"]) == {"thud", "tick"}


@pytest.mark.parametrize("segmentation", ["whole", "fixed"])
@pytest.mark.parametrize("source", ["--taps", "--device"])
def test_a_model_of_whole_files_can_learn_no_pads(recording, tmp_path, capsys, segmentation, source):
    shape = {"samples_before": 0, "samples_after": 4608} if segmentation == "fixed" else {}
    text = json.dumps(manifest(segmentation=segmentation, **shape))
    model = write_small_model(tmp_path / "whole.onnx", manifest_text=text, presence=False)
    pads = ["--pads", "thud,tick", "--per-pad", "3"] if source == "--taps" else []
    code = main(["learn", "desk", source, str(recording), *pads, "--model", str(model), "--kits", str(tmp_path / "k")])
    err = capsys.readouterr().err
    assert (code, err.count("\n")) == (1, 1)
    assert "names whole files, not the hits in them" in err
    assert err.endswith("[model.segmentation]\n")
    assert not (tmp_path / "k").exists()


def test_a_kit_is_added_to_only_when_asked(kits, recording, tmp_path, capsys):
    assert kits("learn", "desk", "--taps", recording, "--pads", "thud,tick", "--per-pad", "3") == 0
    (tmp_path / "more").mkdir()
    soundfile.write(tmp_path / "more" / "thud.wav", kick(), RATE)
    assert kits("learn", "desk", "--from", tmp_path / "more") == 1
    assert "--add adds to it" in capsys.readouterr().err
    assert kits("learn", "desk", "--from", tmp_path / "more", "--add") == 0
    assert kits("kits", "show", "desk") == 0
    assert capsys.readouterr().out.splitlines()[-2:] == ["29\tthud\t36\t4", "30\ttick\t37\t3"]
    assert kits("kits", "undo", "desk") == 0
    assert "the last tap of thud" in capsys.readouterr().err
    assert kits("kits", "rename", "desk", "table") == 0
    assert kits("kits") == 0
    assert capsys.readouterr().out.split("\t")[:3] == ["table", "2 pads", "6 taps"]
    assert kits("kits", "delete", "table") == 0
    assert kits("kits") == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert "no kits" in err


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("learn", "desk", "--taps", "REC", "--pads", "a,b"), "kit.count"),
        (("learn", "desk", "--taps", "REC"), "cli.usage"),
        (("learn", "desk", "--taps", "REC", "--pads", "a", "--per-pad", "0"), "cli.usage"),
        (("learn", "../desk", "--from", "."), "kit.name"),
        (("learn", "desk", "--from", "/no/such/folder"), "audio.not_found"),
        (("kits", "show", "nobody"), "kit.not_found"),
        (("kits", "rename", "desk"), "cli.usage"),
        (("transcribe", "REC", "--kit", "nobody"), "kit.not_found"),
        (("classify", "REC", "--kit", "nobody"), "kit.not_found"),
    ],
)
def test_what_cannot_be_is_one_line(kits, recording, capsys, arguments, code):
    verb, *rest = [str(recording) if argument == "REC" else argument for argument in arguments]
    assert kits(verb, *rest) == 1
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert f"[{code}]" in err


def test_a_kit_that_another_model_heard_says_so(kits, recording, tmp_path, capsys):
    assert kits("learn", "desk", "--taps", recording, "--pads", "thud,tick", "--per-pad", "3") == 0
    capsys.readouterr()
    other = write_small_model(tmp_path / "other.onnx", manifest_text=json.dumps(manifest(name="other", version="2")))
    assert (
        main(["transcribe", str(recording), "--kit", "desk", "--kits", str(tmp_path / "kits"), "--model", str(other)])
        == 0
    )
    out, err = capsys.readouterr()
    assert [line.split("\t")[3].split(":")[0] for line in out.splitlines()] == ["thud"] * 3 + ["tick"] * 3
    assert "was taught with the model small 1" in err
    assert "learned anew" in err


def test_pads_are_taught_by_playing_them(tmp_path, small_model):
    """A file stands for the interface; it is played to the end, and taps are told as they are heard."""
    path = tmp_path / "room.wav"
    soundfile.write(path, loop([(1.0 + 0.4 * k, kick(peak=0.5 + 0.1 * k)) for k in range(4)], length_s=60.0), RATE)
    command = [sys.executable, "-m", "drumbridge", "learn", "desk", "--device", path, "--kits", tmp_path / "kits"]
    environment = {**os.environ, "PYTHONPATH": str(Path(drumbridge.__file__).parents[1])}
    with subprocess.Popen(
        [*map(str, command), "--model", str(small_model)], env=environment, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as learning:  # fmt: skip
        killer = threading.Timer(60, learning.kill)
        killer.start()
        learning.stdin.write("thud\n")
        learning.stdin.flush()
        told = []
        while not told or told[-1] != "thud 4":
            line = learning.stderr.readline()
            assert line, told
            told.append(line.strip())
        out, err = learning.communicate("u\n\n\n")
        killer.cancel()
    assert told[-4:] == ["thud 1", "thud 2", "thud 3", "thud 4"]
    assert learning.returncode == 0
    assert out.splitlines() == ["29\tthud\t36\t3"]
    assert "  thud 3\n" in err


def test_what_was_taught_names_what_is_listened_to(kits, recording, tmp_path, small_model, capsys):
    assert kits("learn", "desk", "--taps", recording, "--pads", "thud,tick", "--per-pad", "3") == 0
    capsys.readouterr()
    with pytest.raises(DrumbridgeError, match="no kit 'nobody'"):
        chosen_kit(SimpleNamespace(kit="nobody", kits=tmp_path / "kits"))
    song = tmp_path / "song.wav"
    soundfile.write(song, loop([(2.0, hat()), (2.6, kick())]), RATE)
    command = [sys.executable, "-m", "drumbridge", "listen", song, "--kit", "desk", "--kits", tmp_path / "kits"]
    environment = {**os.environ, "PYTHONPATH": str(Path(drumbridge.__file__).parents[1])}
    ran = subprocess.run(
        [*map(str, command), "--model", str(small_model)],
        env=environment, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    rows = [line.split("\t") for line in ran.stdout.splitlines()]
    assert [row[4].split(":")[0] for row in rows if row[0] == "final"] == ["tick", "thud"]
