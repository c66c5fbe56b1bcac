"""The examples, each run by its own program against a real server, while a loop is streamed to that.

What each of them does with a hit has to be what a client of the tests is told of the same hits: none more, none less.
"""

import os
import runpy
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from live_player import HIT, Player, cut
from osc_client import DEADLINE_S, Udp
from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import build_msg
from serve_process import ENVIRONMENT
from test_real_clients import Output, free_port, needs

from drumbridge.core.synthesis import demo_loop

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
SCLANG_STARTS_WITHIN_S = 120


@pytest.fixture
def told(running):
    """Return a function that streams the loop and returns what everybody is told of it: stage, note, velocity."""
    client = Udp(running.port)

    def play() -> list[tuple[int, int, int]]:
        player = Player(client, "", 10.0)
        audio = demo_loop(44100)[0].astype(np.float32)
        player.play(cut(audio, 512)).close()
        hits = [event.arguments for event in player.events if event.address == HIT]
        assert len(hits) > 8
        return [(stage, note, velocity) for _, _, stage, _, note, velocity, *_ in hits]

    yield play
    client.close()


def early(hits) -> list[tuple[int, int]]:
    return [(note, velocity) for stage, note, velocity in hits if stage == 0]


def lines_until(output: Output, is_last, timeout_s: float = DEADLINE_S) -> list[str]:
    lines = []
    while not lines or not is_last(lines[-1]):
        line = output.line(timeout_s)
        assert line is not None, output.lines
        lines.append(line)
    return lines


def ended(process: subprocess.Popen) -> None:
    process.kill()
    process.wait()
    process.stdout.close()


@needs("pd")
def test_the_pure_data_patch_plays_the_early_hits(running, told, tmp_path):
    patch = tmp_path / "drumbridge.pd"
    text = (EXAMPLES / "puredata" / "drumbridge.pd").read_text(encoding="utf-8")
    assert text.count(" 23786") == 1
    patch.write_text(text.replace(" 23786", f" {running.port}"), encoding="utf-8")
    listening = tmp_path / "listening.pd"
    listening.write_text(
        "#N canvas 0 0 300 200 12;\n#X obj 9 9 r drumbridge-hit;\n#X obj 9 39 print hit;\n#X connect 0 0 1 0;\n"
    )
    command = [
        "pd",
        "-nogui",
        "-noaudio",
        "-nomidi",
        "-noprefs",
        "-stderr",
        "-open",
        str(listening),
        "-open",
        str(patch),
    ]
    process = subprocess.Popen(command, stderr=subprocess.STDOUT, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
    try:
        output = Output(process)
        before = lines_until(output, lambda line: line == "drumbridge: done 2")
        assert [line for line in before if "create" in line or "error" in line] == []
        expected = early(told())
        heard = [output.line(DEADLINE_S) for _ in expected]
        assert heard == [f"hit: {note} {velocity}" for note, velocity in expected]
    finally:
        ended(process)


@needs("sclang")
def test_the_supercollider_script_plays_the_early_hits(running, told, tmp_path):
    script = tmp_path / "run.scd"
    script.write_text(f'~drumbridgePort = {running.port}; "{EXAMPLES / "supercollider" / "drumbridge.scd"}".load;')
    environment = {
        **os.environ, "QT_QPA_PLATFORM": "offscreen", "QTWEBENGINE_DISABLE_SANDBOX": "1",
        "HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path),
    }  # fmt: skip
    process = subprocess.Popen(
        ["sclang", str(script)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.PIPE,
        env=environment,
    )
    try:
        output = Output(process)
        before = lines_until(output, lambda line: line == "drumbridge tells its hits", SCLANG_STARTS_WITHIN_S)
        assert [line for line in before if "ERROR" in line] == []
        expected = early(told())
        heard = [output.line(DEADLINE_S) for _ in expected]
        assert heard == [f"hit: note {note} velocity {velocity}" for note, velocity in expected]
    finally:
        ended(process)
        process.stdin.close()


@needs("node")
def test_the_node_script_prints_every_stage(running, told):
    command = ["node", str(EXAMPLES / "node" / "hits.js"), str(running.port)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
    try:
        output = Output(process)
        assert output.line(DEADLINE_S) == "listening"
        expected = told()
        heard = [output.line(DEADLINE_S).split() for _ in expected]
        stages = ("early", "final", "withdrawn")
        assert [(stages.index(stage), int(note), int(velocity)) for stage, _, note, velocity, _ in heard] == expected
    finally:
        ended(process)


@needs("node")
def test_the_node_script_says_when_nobody_is_there():
    command = ["node", str(EXAMPLES / "node" / "hits.js"), str(free_port())]
    done = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE_S, check=False)
    assert done.returncode == 1
    assert "does not answer on port" in done.stderr


class Table:
    """What a Table DAT is for the callbacks: rows that are known by their first cell, columns by the first row."""

    def __init__(self) -> None:
        self.rows: list[list[str]] = [["old"]]

    def clear(self) -> None:
        self.rows = []

    def appendRow(self, values) -> None:
        self.rows.append([str(value) for value in values])

    def __setitem__(self, place, value) -> None:
        row, column = place
        (found,) = [cells for cells in self.rows if cells[0] == row]
        found[self.rows[0].index(column)] = str(value)


class Out:
    """What an OSC Out DAT is: it sends."""

    def __init__(self, wire, port: int) -> None:
        self._wire, self._to = wire, ("127.0.0.1", port)

    def sendOSC(self, address, values) -> None:
        self._wire.sendto(build_msg(address, values).dgram, self._to)


def test_the_touchdesigner_callbacks_fill_the_table(running, told):
    """TouchDesigner does not run here: its part is a socket, and a table and a sender with what is used of them."""
    table, complaints = Table(), []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
        wire.bind(("127.0.0.1", 0))
        wire.settimeout(DEADLINE_S)
        operators = {"hits": table, "drumbridge_out": Out(wire, running.port)}
        names = {"op": operators.__getitem__, "debug": lambda *words: complaints.append(words)}
        module = runpy.run_path(str(EXAMPLES / "touchdesigner" / "drumbridge_callbacks.py"), init_globals=names)
        module["start"].__globals__["REPLY_PORT"] = wire.getsockname()[1]

        def receive() -> OscMessage:
            message = OscMessage(wire.recv(65536))
            module["onReceiveOSC"](None, 0, "", b"", 0.0, message.address, message.params, None)
            return message

        module["start"]()
        while receive().params[:1] != [2]:
            pass
        expected = told()
        for _ in expected:
            receive()
        wire.sendto(build_msg("/drumbridge/ping", []).dgram, ("127.0.0.1", running.port))
        receive()
    notes = [note for note, _ in early(expected)]
    assert table.rows[0] == ["note", "count", "velocity", "confidence"]
    assert [(int(row[0]), int(row[1])) for row in table.rows[1:]] == [
        (note, notes.count(note)) for note in dict.fromkeys(notes)
    ]
    last = dict(early(expected))
    assert [float(row[2]) for row in table.rows[1:]] == [last[int(row[0])] / 127 for row in table.rows[1:]]
    assert [words[0] for words in complaints] == ["drumbridge:"]


def test_the_python_client_prints_the_hits_of_a_file(running, tmp_path):
    script = tmp_path / "osc_client.py"
    text = (EXAMPLES / "osc_client.py").read_text(encoding="utf-8")
    script.write_text(text.replace("23786", str(running.port)), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(script), str(running.loop)],
        capture_output=True, text=True, timeout=2 * DEADLINE_S, env=ENVIRONMENT, check=True,
    )  # fmt: skip
    rows = done.stdout.splitlines()
    assert len(rows) > 8
    assert rows[0].startswith("hit 0 at 0.0")


def test_every_example_is_in_the_table_of_the_readme():
    text = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    files = [path.relative_to(EXAMPLES).as_posix() for path in EXAMPLES.rglob("*") if path.is_file()]
    missing = [name for name in files if name != "README.md" and f"]({name})" not in text and "__pycache__" not in name]
    assert missing == []
