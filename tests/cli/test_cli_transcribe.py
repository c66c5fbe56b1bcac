"""`drumbridge transcribe`: every shape of output says the same, and no file is destroyed."""

import csv
import io
import json

import mido
import pytest
import soundfile

from drumbridge.cli import main
from drumbridge.core.synthesis import render_loop

RATE = 48000
PLAYED = [(4800, "kick"), (28800, "closed_hat"), (52800, "kick"), (76800, "closed_hat")]


@pytest.fixture
def recording(tmp_path):
    path = tmp_path / "groove.wav"
    audio = render_loop([(position, label, 110) for position, label in PLAYED], sample_rate=RATE)
    soundfile.write(path, audio, RATE)
    return path


@pytest.fixture
def transcribe(recording, small_model, capsys):
    """Run the verb on the recording; return the exit code, stdout and stderr."""

    def run(*arguments, file=recording):
        code = main(["transcribe", str(file), "--model", str(small_model), *map(str, arguments)])
        return (code, *capsys.readouterr())

    return run


def test_json(transcribe):
    code, out, _ = transcribe("--json")
    hits = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert [hit["index"] for hit in hits] == [0, 1, 2, 3]
    for hit, (position, label) in zip(hits, PLAYED, strict=True):
        assert abs(hit["position"] - position) < 0.005 * RATE
        assert hit["position_s"] == pytest.approx(hit["position"] / RATE, abs=1e-6)
        assert next(iter(hit["labels"])) == label
        assert 1 <= hit["velocity"] <= 127


def test_all_shapes_say_the_same(transcribe, tmp_path):
    hits = [json.loads(line) for line in transcribe("--json")[1].splitlines()]
    table = list(csv.DictReader(io.StringIO(transcribe("--csv")[1])))
    plain = [line.split("\t") for line in transcribe()[1].splitlines()]
    transcribe("--midi", tmp_path / "out.mid")
    played = [message for message in mido.MidiFile(tmp_path / "out.mid") if message.type == "note_on"]
    assert len(hits) == len(table) == len(plain) == len(played)
    for hit, row, line, message in zip(hits, table, plain, played, strict=True):
        assert int(row["index"]) == int(line[0]) == hit["index"]
        assert int(row["position"]) == hit["position"]
        assert float(line[1]) == pytest.approx(hit["position_s"], abs=1e-4)
        assert int(row["velocity"]) == int(line[2]) == message.velocity == hit["velocity"]
        label = next(iter(hit["labels"]))
        assert row["label"] == line[3].split(":")[0] == label
        assert message.note == {"kick": 36, "closed_hat": 42}[label]


def test_a_part_counts_from_the_start_of_the_file(transcribe):
    whole = [json.loads(line)["position"] for line in transcribe("--json")[1].splitlines()]
    part = [json.loads(line)["position"] for line in transcribe("--json", "--start", 0.5, "--end", 1.2)[1].splitlines()]
    assert part == whole[1:3]


def test_a_part_outside_the_file_is_the_users_error(transcribe):
    code, out, err = transcribe("--start", 100)
    assert (code, out) == (1, "")
    assert err.count("\n") == 1
    assert "[audio.range]" in err


def test_silence_has_no_hits(transcribe, tmp_path):
    silence = tmp_path / "silence.wav"
    soundfile.write(silence, [0.0] * RATE, RATE)
    code, out, err = transcribe(file=silence)
    assert (code, out) == (0, "")
    assert "no drum hits" in err


def test_a_file_that_exists_needs_force(transcribe, tmp_path):
    target = tmp_path / "precious.mid"
    target.write_bytes(b"years of work")
    code, out, err = transcribe("--midi", target)
    assert (code, out) == (1, "")
    assert "--force" in err
    assert target.read_bytes() == b"years of work"
    assert transcribe("--midi", target, "--force")[0] == 0
    assert len(list(mido.MidiFile(target))) > 4


def test_the_recording_itself_is_never_overwritten(transcribe, recording):
    before = recording.read_bytes()
    code, _, err = transcribe("--midi", recording, "--force")
    assert code == 1
    assert "the recording itself" in err
    assert recording.read_bytes() == before


@pytest.mark.parametrize("target", [".", "no/such/folder/out.mid"])
def test_a_target_that_cannot_be_written_is_told_before_the_work(transcribe, tmp_path, monkeypatch, target):
    monkeypatch.chdir(tmp_path)
    code, out, err = transcribe("--midi", target)
    assert (code, out) == (1, "")
    assert "[settings.midi]" in err
