"""`drumbridge listen` and `drumbridge devices`, with a file for an interface: what is shown, and how it ends."""

import io
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import soundfile

import drumbridge
from drumbridge.audio import capture
from drumbridge.audio.devices import InputDevice
from drumbridge.cli import live_view, main
from drumbridge.core.events import Hit, LabelConfidence, Stage
from drumbridge.core.synthesis import render_loop
from drumbridge.engine.live_stream import GapReason

DEADLINE_S = 60
RATE = 44100
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(drumbridge.__file__).parents[1])}


@pytest.fixture(scope="module")
def groove(tmp_path_factory):
    path = tmp_path_factory.mktemp("audio") / "groove.wav"
    soundfile.write(path, render_loop([(4410, "kick", 110), (26460, "closed_hat", 110)]), RATE)
    return path


def listen(*arguments) -> subprocess.Popen:
    command = [sys.executable, "-m", "drumbridge", "listen", *map(str, arguments)]
    return subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_a_file_is_heard_to_its_end_and_each_hit_is_an_object(groove, small_model, tmp_path):
    options = ("--model", small_model, "--profiles", tmp_path)
    out, err = listen(groove, "--json", *options).communicate(timeout=DEADLINE_S)
    events = [json.loads(line) for line in out.splitlines()]
    kinds = [event["event"] for event in events]
    assert (kinds[0], set(kinds[1:-1]), kinds[-1], err) == ("started", {"hit"}, "summary", "")
    assert (events[0]["device"], events[0]["sample_rate"], events[0]["channels"]) == ("groove.wav", RATE, [1])
    final = [event for event in events if event.get("stage") == "final"]
    assert [list(event["labels"]) for event in final] == [["kick"], ["closed_hat"]]
    assert {event["index"] for event in events if event.get("stage") == "early"} >= {0, 1}
    assert events[-1]["hits"] == 2
    assert events[-1]["position"] == soundfile.info(groove).frames
    ran = subprocess.run(
        [sys.executable, "-m", "drumbridge", "transcribe", groove, "--json", "--model", small_model],
        env=ENVIRONMENT, capture_output=True, text=True, timeout=DEADLINE_S, check=True,
    )  # fmt: skip
    offline = [json.loads(line) for line in ran.stdout.splitlines()]
    assert [{k: event[k] for k in offline[0]} for event in final] == offline


def test_what_is_heard_is_saved(groove, small_model, tmp_path):
    (tmp_path / "takes").mkdir()
    options = ("--model", small_model, "--profiles", tmp_path, "--save", tmp_path / "takes")
    process = listen(groove, "--json", *options)
    out, err = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 0
    (wav,) = (tmp_path / "takes").glob("*.wav")
    assert f"note: saved {wav}, with .mid and .json beside it." in err
    final = [event for event in map(json.loads, out.splitlines()) if event.get("stage") == "final"]
    take = json.loads(wav.with_suffix(".json").read_text())
    assert wav.with_suffix(".mid").exists()
    assert take["n_samples"] == soundfile.info(groove).frames
    assert len(take["hits"]) == 2
    saved = [(hit["position"], hit["velocity"]) for hit in take["hits"]]
    assert saved == [(event["position"], event["velocity"]) for event in final]


def test_a_folder_for_takes_that_is_not_there_is_one_line(groove, small_model, tmp_path):
    process = listen(groove, "--model", small_model, "--profiles", tmp_path, "--save", tmp_path / "none")
    _, err = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 1
    assert re.fullmatch(r"drumbridge: There is no folder .*none: make it first\. \[take\.folder\]\n", err)


def test_an_input_that_cannot_be_heard_leaves_no_take_and_is_one_line(groove, small_model, tmp_path):
    (tmp_path / "takes").mkdir()
    options = ("--profiles", tmp_path, "--save", tmp_path / "takes", "--model", tmp_path / "none.onnx")
    process = listen(groove, *options)
    _, err = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 1
    assert re.fullmatch(r"drumbridge: .*none\.onnx.* \[model\.\w+\]\n", err)
    assert list((tmp_path / "takes").iterdir()) == []


def test_a_pipe_gets_lines_and_ctrl_c_is_an_end_like_any_other(small_model, tmp_path):
    soundfile.write(tmp_path / "long.wav", render_loop([(11025 * k, "kick", 110) for k in range(1, 240)]), RATE)
    process = listen(tmp_path / "long.wav", "--model", small_model, "--early-ms", 0, "--profiles", tmp_path)
    first = process.stdout.readline().split("\t")
    assert (first[0], first[1], first[4].partition(":")[0]) == ("final", "0", "kick")
    process.send_signal(signal.SIGINT if sys.platform != "win32" else signal.CTRL_C_EVENT)
    _, err = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 0
    assert re.search(r"note: \d+ hits in 0:\d\d\.\d{3}; 0 gaps; 0 xruns\.\n$", err)


def test_who_stops_reading_ends_it(groove, small_model, tmp_path):
    process = listen(groove, "--model", small_model, "--profiles", tmp_path)
    process.stdout.close()
    assert process.wait(DEADLINE_S) == 0
    assert "Traceback" not in process.stderr.read()
    process.stderr.close()


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["nowhere.wav"], "audio.not_found"),
        (["groove.wav", "--channel", "2"], "device.channel"),
        (["groove.wav", "--channel", "left"], "device.channel"),
        (["groove.wav", "--channel", "1+1"], "device.channel"),
        (["groove.wav", "--rate", "48000"], "device.rate"),
        (["groove.wav", "--block-size", "16"], "device.block_size"),
        (["groove.wav", "--early-ms", "-3"], "settings.early_ms"),
        (["groove.wav", "--model", "none.onnx"], "model.not_found"),
    ],
)
def test_what_cannot_be_is_one_line(groove, arguments, code, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(groove.parent)
    assert main(["listen", *arguments, "--profiles", str(tmp_path)]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert err.endswith(f"[{code}]\n")


HIT = Hit(3, 4410, 90, -6.0, (LabelConfidence("kick", 0.9),), 0.9)
STREAM = SimpleNamespace(sample_rate=RATE, stream_id=1, position=RATE, clock=SimpleNamespace(drift_ppm=0.0))
FOUND = SimpleNamespace(
    stream=STREAM,
    device=InputDevice(0, "Interface", "ALSA", 2, RATE, True),
    options=SimpleNamespace(channels=(1, 2), block_size=128),
    xruns=0,
    times_gone=0,
    trouble="",
    level_db=lambda: -12.0,
)


@pytest.fixture
def screen(monkeypatch):
    """A terminal of 100 columns whose text can be read."""
    from rich.console import Console

    written = io.StringIO()
    console = Console(file=written, force_terminal=True, width=100, color_system=None, highlight=False)
    monkeypatch.setattr(live_view, "stdout_console", lambda: console)
    return written


def early(hit: Hit, **changes) -> Hit:
    from dataclasses import replace

    return replace(hit, stage=Stage.EARLY, **changes)


def test_an_early_hit_is_corrected_in_place_and_scrolls_away_when_it_is_final(screen):
    view = live_view.TerminalView()
    view.began(FOUND)
    try:
        view.on_hits(STREAM, [early(HIT, labels=(LabelConfidence("snare", 0.5),)), early(HIT, index=4)])
        assert [line.split()[-1] for line in view.__rich__().plain.splitlines()[:2]] == ["?", "?"]
        assert "snare" in view.__rich__().plain
        view.on_hits(STREAM, [HIT])
        assert "snare" not in view.__rich__().plain
        assert view.__rich__().plain.count("kick") == 1  # the other one, still early
        view.on_hits(STREAM, [early(HIT, index=5)])
        from dataclasses import replace

        view.on_hits(STREAM, [replace(HIT, index=5)])  # waits for the one before it
        assert view.__rich__().plain.count("kick") == 2
        view.on_hits(STREAM, [replace(HIT, index=4, stage=Stage.WITHDRAWN)])
        assert view.__rich__().plain.count("kick") == 0
        assert "-12 dBFS" in view.__rich__().plain
    finally:
        view.ended(FOUND)
    assert "2 hits in 0:01.000; 1 early ones withdrawn; 0 gaps; 0 xruns." in screen.getvalue()
    assert "Listening to Interface (ALSA), channel 1+2, 44100 Hz" in screen.getvalue()


def test_what_is_missing_is_said(screen):
    view = live_view.TerminalView()
    view.began(FOUND)
    view.on_gap(STREAM, 4410, 441, GapReason.XRUN)
    view.on_gap(STREAM, 4410, 0, GapReason.DEVICE_GONE)
    view.ended(FOUND)
    shown = screen.getvalue()
    assert "10 ms are missing: xrun" in shown
    assert "the device is gone; it is taken up again when it is back" in shown
    assert "2 gaps (441 samples)" in shown


def test_what_happens_before_the_beginning_is_shown_after_it(capsys):
    view = live_view.JsonView()
    view.on_gap(STREAM, 0, 64, GapReason.XRUN)
    assert capsys.readouterr().out == ""
    view.began(FOUND)
    assert [json.loads(line)["event"] for line in capsys.readouterr().out.splitlines()] == ["started", "gap"]


def test_devices_are_listed_and_the_one_that_is_taken_is_marked(capsys, monkeypatch):
    devices = [
        InputDevice(1, "Scarlett 2i2 USB", "MME", 2, 44100, True),
        InputDevice(4, "Scarlett 2i2 USB", "Windows WASAPI", 2, 48000, False),
        InputDevice(5, "Laptop", "Windows WASAPI", 1, 48000, False),
    ]
    monkeypatch.setattr(capture.PortAudioInputs, "inputs", lambda self: devices)
    assert main(["devices", "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(row["index"], row["is_default"]) for row in rows] == [(1, False), (4, True), (5, False)]
    assert main(["devices"]) == 0
    assert "4\tScarlett 2i2 USB\tWindows WASAPI\t2\t48000\n" in capsys.readouterr().out


def test_no_device_is_no_error_for_who_asks_which_there_are(capsys, monkeypatch):
    monkeypatch.setattr(capture.PortAudioInputs, "inputs", lambda self: [])
    assert main(["devices"]) == 0
    assert "connect one" in capsys.readouterr().err
    assert main(["listen", "anything"]) == 1
    assert "[device.none]" in capsys.readouterr().err
