"""What node.script runs: it finds drumbridge and starts a server that answers."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from live_set import DEADLINE_S

import drumbridge
from drumbridge.osc.wire import Message, decode, encode
from max_for_live.build import ROOT as SOURCES

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="not installed: node")

# What Node for Max offers a script, as lines on stdin and stdout.
MAX_API = """
const handlers = {};
exports.addHandler = (name, handler) => { handlers[name] = handler; };
exports.outlet = (...atoms) => { process.stdout.write(JSON.stringify(atoms) + "\\n"); };
require("readline").createInterface({input: process.stdin}).on("line", (line) => {
    const [name, ...values] = JSON.parse(line);
    handlers[name](...values);
}).on("close", () => process.exit(0));
"""
PYTHONPATH = str(Path(drumbridge.__file__).parents[1])


class Launcher:
    def __init__(self, folder: Path, home: Path, path: str = "") -> None:
        modules = folder / "node_modules"
        modules.mkdir()
        (modules / "max-api.js").write_text(MAX_API)
        environment = {"HOME": str(home), "PATH": path, "PYTHONPATH": PYTHONPATH, "NODE_PATH": str(modules)}
        command = [shutil.which("node"), str(SOURCES / "js" / "launch.js")]
        self._process = subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self.hear() == ["node_ready"]

    def launch(self, port: int, folder: object) -> None:
        self._process.stdin.write(json.dumps(["launch", port, str(folder)]) + "\n")
        self._process.stdin.flush()

    def hear(self) -> list:
        return json.loads(self._process.stdout.readline())

    def close(self) -> None:
        self._process.stdin.close()
        self._process.wait(timeout=DEADLINE_S)
        self._process.stdout.close()


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def pid_of_server(port: int) -> int:
    """Ask until the server answers; return its process number."""
    deadline = time.monotonic() + DEADLINE_S
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(0.5)
        client.connect(("127.0.0.1", port))
        while time.monotonic() < deadline:
            try:
                client.send(encode(Message("/drumbridge/status", "i", (1,))))
                answer = decode(client.recv(65536))
            except OSError:
                continue
            if answer.address == "/drumbridge/status/value":
                return dict(zip(answer.arguments[1::2], answer.arguments[2::2], strict=True))["pid"]
    pytest.fail("the server does not answer")


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_the_note_beside_the_device_says_what_to_start(tmp_path):
    (tmp_path / "drumbridge-server.json").write_text(json.dumps({"command": [sys.executable, "-m", "drumbridge"]}))
    launcher = Launcher(tmp_path, tmp_path)
    port = free_port()
    launcher.launch(port, tmp_path)
    assert launcher.hear() == ["node_launched"]
    pid = pid_of_server(port)
    launcher.close()
    assert pid_of_server(port) == pid, "the server outlives Node"
    os.kill(pid, signal.SIGTERM)


def test_what_ends_at_once_is_told(tmp_path):
    (tmp_path / "drumbridge-server.json").write_text(json.dumps({"command": [sys.executable, "-c", "1"]}))
    launcher = Launcher(tmp_path, tmp_path)
    launcher.launch(free_port(), tmp_path)
    assert launcher.hear() == ["node_launched"]
    assert launcher.hear() == ["node_ended"]
    launcher.close()


@pytest.mark.parametrize("note", [None, "no json", '{"command": []}', '{"command": ["/no/such/program"]}'])
def test_without_drumbridge_it_says_so(tmp_path, note):
    if note is not None:
        (tmp_path / "drumbridge-server.json").write_text(note)
    if any(os.path.exists(f"{folder}/drumbridge") for folder in ("/usr/local/bin", "/opt/homebrew/bin")):
        pytest.skip("drumbridge is installed for everybody here")
    launcher = Launcher(tmp_path, tmp_path)
    launcher.launch(free_port(), tmp_path)
    assert launcher.hear() == ["node_not_found"]
    launcher.close()
