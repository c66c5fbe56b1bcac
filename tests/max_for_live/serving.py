"""``drumbridge serve`` as a process beside the tests."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import drumbridge
from drumbridge.osc.wire import Message, decode, encode


@dataclass
class Server:
    """A server process and what it listens with (None: the shipped model)."""

    port: int
    model: Path | None
    process: subprocess.Popen


@contextmanager
def serving(model: Path | None, port: int = 0) -> Iterator[Server]:
    """Start a server and end it; it must not have met a bug."""
    command = [sys.executable, "-m", "drumbridge", "serve", "--port", str(port)]
    command += ["--model", str(model)] if model is not None else []
    environment = {**os.environ, "PYTHONPATH": str(Path(drumbridge.__file__).parents[1])}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
    port = int(re.search(r"ready on [^ ]+, port (\d+)", process.stdout.readline())[1])
    wait_for_model(port)
    yield Server(port, model, process)
    process.terminate()
    _, log = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "Traceback" not in log


def wait_for_model(port: int) -> None:
    """Wait until the server has loaded its model, so that no test is about that."""
    deadline = time.monotonic() + 60
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.connect(("127.0.0.1", port))
        client.settimeout(60)
        while time.monotonic() < deadline:
            client.send(encode(Message("/drumbridge/status", "i", (1,))))
            facts: dict = {}
            while (answer := decode(client.recv(65536))).address != "/drumbridge/done":
                facts |= dict(zip(answer.arguments[1::2], answer.arguments[2::2], strict=False))
            if facts.get("model"):
                return
            threading.Event().wait(0.05)
    raise AssertionError("the model was not loaded in time")
