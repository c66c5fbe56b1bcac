"""`drumbridge demo` with real processes: it shows hits, and it leaves nothing behind."""

import os
import re
import signal
import subprocess
import sys

import pytest

from drumbridge.cli.demo import _Heard, _match, _right, _Stroke
from drumbridge.core.events import LabelConfidence


@pytest.fixture
def demo(tmp_path, small_model):
    """Start the demo; its temporary files lie in `tmp_path/temporary`."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    started = []

    def start(*arguments):
        process = subprocess.Popen(
            [sys.executable, "-u", "-m", "drumbridge", "demo", *(arguments or ["--model", str(small_model)])],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "TMPDIR": str(temporary), "TEMP": str(temporary), "TMP": str(temporary)},
            # A shell that runs the tests in the background has all of them ignore Ctrl-C.
            preexec_fn=None if sys.platform == "win32" else lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()
    assert list(temporary.iterdir()) == []


def test_it_prints_what_was_heard_beside_what_was_played(demo):
    process = demo()
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    server, client = (int(pid) for pid in re.findall(r"\(process (\d+)\)", out))
    assert len({process.pid, server, client}) == 3
    rows = re.findall(r"^(\d\.\d{3}) +(\w+).*$", out, re.MULTILINE)
    assert rows[0] == ("0.000", "crash")
    figures = re.search(r"(\d+) of (\d+) strokes found, (\d+) hits .* (\d+) of (\d+) drums", out).groups()
    found, strokes, others, right, drums = map(int, figures)
    assert (strokes, drums) == (18, 27)
    assert len(rows) == 18 + others
    assert 9 < found <= 18
    assert 3 < right < 20  # the small model knows two drums
    assert re.search(r"A ping over OSC takes \d+\.\d\d ms there and back", out)


@pytest.mark.skipif(sys.platform == "win32", reason="signals are others there")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ended_early_it_leaves_nothing(demo, number):
    process = demo()
    pids = [int(re.search(r"\(process (\d+)\)", process.stdout.readline())[1]) for _ in range(2)]
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (130, "")
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_a_model_that_is_not_there_is_told(demo):
    process = demo("--model", "no-such-model")
    _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert re.fullmatch(r"drumbridge: [^\n]*'no-such-model'[^\n]*\n", err)


def heard(position_s, **labels):
    return _Heard(position_s, 100, [LabelConfidence(label, p) for label, p in labels.items()])


def test_a_hit_belongs_to_the_stroke_next_to_it():
    strokes = [_Stroke(1.0, ["kick", "crash"]), _Stroke(1.2, ["tom_low"])]
    near, nearer, elsewhere = heard(1.03, snare=0.9), heard(1.01, splash=0.9, snare=0.6), heard(1.1, tom_low=0.9)
    assert _match(strokes, [near, nearer, elsewhere]) == [near, elsewhere]
    assert [stroke.heard for stroke in strokes] == [nearer, None]
    assert _right(strokes[0]) == ["crash"]  # a splash is of its group
    assert _right(strokes[1]) == []
