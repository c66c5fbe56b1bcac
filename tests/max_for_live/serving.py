"""``drumbridge serve`` as a process beside the tests."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import drumbridge


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
    line = process.stdout.readline()
    yield Server(int(re.search(r"ready on [^ ]+, port (\d+)", line)[1]), model, process)
    process.terminate()
    _, log = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "Traceback" not in log
