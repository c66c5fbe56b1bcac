"""``drumbridge serve`` from its first line to its last."""

import signal
import struct
import subprocess
import sys

import pytest
from osc_client import DEADLINE_S, Udp, message
from serve_process import ENVIRONMENT, port_of, start

STOPS = [signal.SIGINT, signal.SIGTERM] if sys.platform != "win32" else []


def _end(process: subprocess.Popen, number: int) -> str:
    """Send a signal; return what was logged."""
    process.send_signal(number)
    _, log = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 0
    assert "Traceback" not in log
    return log


@pytest.mark.parametrize("number", STOPS)
def test_a_signal_ends_it_cleanly(number):
    process, line = start("--port", "0")
    assert line.startswith("drumbridge ")
    client = Udp(port_of(line))
    assert client.ask("ping", 1) == [message("done", 1)]
    client.close()
    _end(process, number)


@pytest.mark.parametrize("number", STOPS)
def test_a_signal_ends_it_in_the_middle_of_jobs(number, running, small_model):
    process, line = start("--port", "0", "--model", str(small_model))
    client = Udp(port_of(line))
    for req in range(60):
        client.send("transcribe", req, str(running.loop))
    assert client.receive().address == "/drumbridge/hit"
    _end(process, number)
    ends = set()
    while len(ends) < 60:  # all are answered, also those that never ran
        answer = client.receive()
        if answer.address in ("/drumbridge/done", "/drumbridge/fail"):
            ends.add(answer.arguments[0])
    client.close()


def test_real_hits_come_back(running):
    client = Udp(running.port)
    answers = client.ask("transcribe", 1, str(running.loop))
    hits = [answer.arguments for answer in answers if answer.address == "/drumbridge/hit"]
    assert answers[-1] == message("done", 1, len(hits))
    assert len(hits) > 8
    assert [hit[1] for hit in hits] == list(range(len(hits)))
    assert [hit[2] for hit in hits] == sorted(hit[2] for hit in hits)
    assert {hit[4] for hit in hits} & {"kick", "closed_hat"}
    kick = client.ask("classify", 2, str(running.folder / "Bass drum.wav"))
    assert kick[-1].arguments[:2] == (2, "kick")
    part = client.ask("transcribe", 3, str(running.loop), 0.5, 1.0)
    assert all(0.5 <= answer.arguments[2] < 1.0 for answer in part[:-1] if answer.address == "/drumbridge/hit")
    client.close()


def _bad_files(folder):
    (folder / "empty.wav").touch()
    (folder / "text.wav").write_text("this is no audio, whatever its name says " * 100)
    (folder / "truncated.wav").write_bytes(b"RIFF\xff\xff\xff\x7fWAVEfmt ")
    (folder / "folder.wav").mkdir()
    wave = b"RIFF" + struct.pack("<I", 36 + 2) + b"WAVEfmt "
    for name, rate in (("0hz", 0), ("3ghz", 3_000_000_000)):
        layout = struct.pack("<IHHIIHH", 16, 1, 1, rate, 2 * rate & 0xFFFFFFFF, 2, 16)
        (folder / f"{name}.wav").write_bytes(wave + layout + b"data" + struct.pack("<I", 2) + b"\1\0")
    return sorted(path for path in folder.iterdir())


@pytest.mark.parametrize("request_name", ["classify", "transcribe"])
def test_what_cannot_be_used_fails_with_a_reason_and_the_server_goes_on(running, tmp_path, request_name):
    client = Udp(running.port)
    for req, path in enumerate([*_bad_files(tmp_path), tmp_path / "missing.wav", "", "http://example.org/a.wav"]):
        *_, end = client.ask(request_name, req, str(path))
        assert end.address == "/drumbridge/fail", path
        assert end.arguments[1].startswith("audio."), end
    (fail,) = client.ask("classify", 100, str(running.folder / "Bass drum.wav"), "no such model")
    assert fail.arguments[1].startswith("model.")
    assert client.ask("ping", 101) == [message("done", 101)]
    client.close()


def test_a_model_may_be_a_path_as_daws_give_it(running, small_model):
    client = Udp(running.port)
    *_, end = client.ask("classify", 1, str(running.folder / "Bass drum.wav"), small_model.as_uri())
    assert end.address == "/drumbridge/done"
    client.close()


@pytest.mark.parametrize("request_name", ["classify", "transcribe", "scan"])
def test_a_file_that_was_cut_off_is_read_with_a_warning(running, tmp_path, request_name):
    whole = (running.folder / "Bass drum.wav").read_bytes()
    (tmp_path / "cut off.wav").write_bytes(whole[: len(whole) // 2])
    client = Udp(running.port)
    answers = client.ask(request_name, 1, str(tmp_path if request_name == "scan" else tmp_path / "cut off.wav"))
    assert answers[-1].address == "/drumbridge/done"
    (warning,) = (answer for answer in answers if answer.address == "/drumbridge/warning")
    assert "cut off.wav" in warning.arguments[1]
    client.close()


def test_a_scan_tells_which_files_were_bad(running, tmp_path):
    bad = [path for path in _bad_files(tmp_path) if path.is_file()]
    client = Udp(running.port)
    answers = client.ask("scan", 1, str(tmp_path))
    assert answers[-1] == message("done", 1, 0, len(bad))
    assert [a.arguments[1] for a in answers if a.address == "/drumbridge/file/fail"] == [str(path) for path in bad]
    assert client.ask("scan", 2, str(tmp_path / "missing"))[0].arguments[:2] == (2, "audio.not_found")
    client.close()


@pytest.mark.parametrize("option", [[], ["--no-tcp"]])
def test_a_taken_port_is_one_line_and_exit_code_1(running, option):
    process, line = start("--port", str(running.port), *option)
    _, log = process.communicate(timeout=DEADLINE_S)
    assert line == ""
    assert process.returncode == 1
    assert f"Port {running.port} on 127.0.0.1 is taken" in log
    assert log.count("\n") == 1


def test_a_model_that_is_none_ends_it_with_one_line_and_exit_code_1(tmp_path):
    (tmp_path / "text.onnx").write_text("no model")
    process, _ = start("--port", "0", "--model", str(tmp_path / "text.onnx"))
    _, log = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 1
    assert "text.onnx" in log
    assert log.count("\n") == 1


def test_nothing_heavy_is_loaded_before_it_is_ready():
    code = (
        "import sys, drumbridge.cli.serve\n"
        "print([m for m in ('numpy', 'onnxruntime', 'soundfile', 'librosa', 'torch', 'rich') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=ENVIRONMENT, check=True)
    assert done.stdout.strip() == "[]"


def test_it_ends_when_nobody_asks_anything_for_as_long_as_it_was_told():
    process, line = start("--port", "0", "--idle-exit", "0.01")
    assert "is ready" in line
    _, log = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 0
    assert "Traceback" not in log


def test_no_patience_at_all_is_refused():
    process, line = start("--port", "0", "--idle-exit", "0")
    _, log = process.communicate(timeout=DEADLINE_S)
    assert (process.returncode, line) == (1, "")
    assert "[settings.idle_exit]" in log
