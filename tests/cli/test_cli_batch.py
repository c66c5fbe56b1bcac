"""`drumbridge batch`: the same answers as the verbs for people, line by line, and an end when nobody wants more."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import soundfile

import drumbridge
from drumbridge.cli import main
from drumbridge.core.synthesis import render_loop, synthesise
from drumbridge.engine.engine import Engine

RATE = 44100


@pytest.fixture
def folder(tmp_path):
    soundfile.write(tmp_path / "Bässe 鼓.wav", synthesise("kick"), RATE)
    soundfile.write(tmp_path / "hat.wav", synthesise("closed_hat"), RATE)
    strokes = [(k * RATE // 2, ("kick", "closed_hat")[k % 2], 110) for k in range(8)]
    soundfile.write(tmp_path / "groove.wav", render_loop(strokes, n_samples=4 * RATE), RATE)
    return tmp_path


@pytest.fixture
def batch(folder, small_model, capsys):
    """Write questions to a file and run the verb on it; return the exit code, the answers and stderr."""

    def run(*questions, to=None, more=()):
        lines = [question if isinstance(question, str) else json.dumps(question) for question in questions]
        (folder / "q.jsonl").write_text("".join(line + "\n" for line in lines), encoding="utf-8")
        target = [] if to is None else ["--to", str(to)]
        code = main(["batch", str(folder / "q.jsonl"), "--model", str(small_model), *target, *more])
        out, err = capsys.readouterr()
        text = out if to is None else to.read_text(encoding="utf-8")
        return code, [json.loads(line) for line in text.splitlines()], err

    return run


def test_every_question_is_answered_as_the_engine_answers(batch, folder, small_model):
    code, answers, _ = batch(
        {"transcribe": str(folder / "groove.wav"), "start_s": 0.9, "end_s": 2.6},
        {"classify": str(folder / "Bässe 鼓.wav")},
        {"classify": str(folder / "hat.wav")},
    )
    assert code == 0
    assert list(answers[0]) == ["ready", "questions"]
    assert answers[-1] == {"done": 3, "failed": 0}
    labels = {answer["request"]: answer["label"] for answer in answers if "label" in answer}
    assert labels == {1: "kick", 2: "closed_hat"}
    expected = Engine(model=str(small_model)).transcribe(folder / "groove.wav", start_s=0.9, end_s=2.6).hits
    hits = [answer["hit"] for answer in answers if "hit" in answer]
    assert [hit["position"] for hit in hits] == [hit.position for hit in expected]
    assert len(hits) == 4
    assert {"request": 0, "done": 4} in answers
    progress = [answer["progress"] for answer in answers if "progress" in answer]
    assert progress
    assert all(0 <= share <= 1 for share in progress)


def test_answers_go_to_a_new_file_only(batch, folder):
    to = folder / "answers.jsonl"
    code, answers, _ = batch({"classify": str(folder / "hat.wav")}, to=to)
    assert (code, answers[1]["label"]) == (0, "closed_hat")
    before = to.read_bytes()
    code, _, err = batch({"classify": str(folder / "hat.wav")}, to=to)
    assert (code, to.read_bytes()) == (1, before)
    assert "exists already" in err


def test_what_cannot_be_heard_stops_nothing_else(batch, folder):
    code, answers, _ = batch(
        {"classify": str(folder / "none.wav")},
        {"classify": ""},
        {"transcribe": str(folder / "none.wav")},
        {"classify": str(folder / "hat.wav")},
    )
    fails = {answer["request"]: answer["fail"] for answer in answers if "fail" in answer}
    assert fails == {0: "audio.not_found", 1: "audio.path", 2: "audio.not_found"}
    assert [answer["label"] for answer in answers if "label" in answer] == ["closed_hat"]
    assert (code, answers[-1]) == (1, {"done": 4, "failed": 3})


def test_a_running_server_is_asked(batch, folder, small_model):
    command = [sys.executable, "-m", "drumbridge", "serve", "--port", "0", "--model", str(small_model)]
    environment = {**os.environ, "PYTHONPATH": str(Path(drumbridge.__file__).parents[1])}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as server:
        try:
            port = re.search(r"port (\d+)", server.stdout.readline())[1]
            code, answers, _ = batch(
                {"osc": "/drumbridge/ping"},
                {"osc": "/drumbridge/status"},
                {"osc": "/drumbridge/midi/stop", "arguments": [3]},
                more=["--port", port],
            )
        finally:
            server.terminate()
    assert code == 1
    assert {"request": 0, "done": []} in answers
    replies = [answer["reply"] for answer in answers if "reply" in answer]
    assert replies[0][0] == "/drumbridge/status/value"
    assert "version" in replies[0]
    fails = {answer["request"]: answer["fail"] for answer in answers if "fail" in answer}
    assert fails == {2: "osc.arguments"}


def test_no_server_is_said(batch):
    code, answers, _ = batch({"osc": "/drumbridge/ping"}, more=["--port", "1"])
    assert (code, answers[1]["fail"]) == (1, "server.silent")


@pytest.mark.parametrize(
    "line",
    [
        '{"osc": 3}',
        '{"osc": "/a", "arguments": [true]}',
        '{"osc": "/a", "arguments": {}}',
        "kick.wav",
        "[]",
        "{}",
        '{"classify": 3}',
        '{"classify": "a", "end_s": 1}',
        '{"transcribe": "a", "start_s": "0"}',
    ],
)
def test_what_is_no_question_is_refused_with_its_line(batch, line):
    code, answers, err = batch('{"classify": "a.wav"}', line)
    assert (code, answers) == (1, [])
    assert "Line 2 of" in err
    assert "[settings.batch]" in err


def test_the_work_ends_when_the_questions_are_taken_away(folder, small_model, monkeypatch, capsys):
    questions = folder / "q.jsonl"
    questions.write_text(json.dumps({"transcribe": str(folder / "groove.wav")}) + "\n", encoding="utf-8")
    load = Engine.load_model

    def load_and_take_away(self, *arguments):
        questions.unlink(missing_ok=True)
        return load(self, *arguments)

    monkeypatch.setattr(Engine, "load_model", load_and_take_away)
    code = main(["batch", str(questions), "--model", str(small_model)])
    out, err = capsys.readouterr()
    last = json.loads(out.splitlines()[-1])
    assert code == 1
    assert last["fail"] == "job.cancelled"
    assert "[job.cancelled]" in err


def test_a_missing_file_of_questions_is_one_line(capsys, tmp_path):
    assert main(["batch", str(tmp_path / "no.jsonl")]) == 1
    assert "cannot be read" in capsys.readouterr().err
