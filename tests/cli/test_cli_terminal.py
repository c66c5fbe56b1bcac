"""What a person sees: colours of the labels on a terminal, none with NO_COLOR, a bar for long work."""

import os
import re
import subprocess
import sys

import pytest
import soundfile

from drumbridge.core.labels import BY_NAME
from drumbridge.core.synthesis import render_loop, synthesise

pty = pytest.importorskip("pty", reason="there are no pseudo-terminals here")


SOONER = "import sys, drumbridge.cli.progress as p; p._AFTER_S = 0; from drumbridge.cli import main; sys.exit(main())"


def on_a_terminal(*arguments, sooner=False, **environment):
    """Run a command with stdout and stderr on a terminal of 100 columns; return what it shows.

    With `sooner`, bars appear at once and not after a second.
    """
    ours, theirs = pty.openpty()
    kept = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "TERM", "COLORTERM")}
    process = subprocess.Popen(
        [sys.executable, *(["-c", SOONER] if sooner else ["-m", "drumbridge"]), *map(str, arguments)],
        stdout=theirs,
        stderr=theirs,
        env={**kept, "TERM": "xterm-256color", "COLORTERM": "truecolor", "COLUMNS": "100", **environment},
    )
    os.close(theirs)
    shown = b""
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:  # what Linux says at the end
            break
        if not piece:
            break
        shown += piece
    os.close(ours)
    assert process.wait(60) == 0, shown
    return shown.decode()


def background(label: str) -> str:
    colour = BY_NAME[label].colour
    return f"\x1b[48;2;{colour >> 16};{colour >> 8 & 255};{colour & 255}m"


@pytest.fixture
def groove(tmp_path):
    path = tmp_path / "groove.wav"
    soundfile.write(path, render_loop([(0, "kick", 110), (22050, "closed_hat", 110)]), 44100)
    return path


def test_every_label_has_its_colour(groove, small_model):
    shown = on_a_terminal("transcribe", groove, "--model", small_model)
    rows = [line for line in shown.splitlines() if re.search(r"\d:\d\d\.\d{3}", line)]
    assert len(rows) == 2
    for row, label in zip(rows, ("kick", "closed_hat"), strict=True):
        assert background(label) in row
        assert re.search(rf"{label} \d\.\d\d", row)


def test_no_color_is_respected(groove, tmp_path, small_model):
    kick = tmp_path / "kick.wav"
    soundfile.write(kick, synthesise("kick"), 44100)
    for arguments in (("transcribe", groove), ("classify", kick)):
        shown = on_a_terminal(*arguments, "--model", small_model, NO_COLOR="1")
        assert "kick" in shown
        assert not re.search(r"\x1b\[[0-9;]*[34]8;", shown)


def test_long_work_has_a_bar_and_all_rows_stay(tmp_path, small_model):
    path = tmp_path / "long.wav"
    strokes = [(11025 * k, "kick", 110) for k in range(400)]
    soundfile.write(path, render_loop(strokes), 44100)
    shown = on_a_terminal("transcribe", path, "--model", small_model, sooner=True)
    assert "transcribing" in shown
    assert len(re.findall(r"\d:\d\d\.\d{3}", shown)) >= 400
