"""`drumbridge learn` and `drumbridge kits`, as somebody types them."""

import json

import mido
import pytest
import soundfile
from small_models import manifest, write_small_model
from sounds import hat, kick, loop

from drumbridge.cli import main

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
