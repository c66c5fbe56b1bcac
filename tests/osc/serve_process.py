"""``drumbridge serve`` as a process of its own."""

import os
import re
import subprocess
import sys
from pathlib import Path

import drumbridge

SERVE = [sys.executable, "-m", "drumbridge", "serve"]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(drumbridge.__file__).parents[1])}


def start(*options: str) -> tuple[subprocess.Popen, str]:
    """Start a server; return it and the line that says it is ready ("" when it ended instead)."""
    process = subprocess.Popen(
        [*SERVE, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT
    )
    return process, process.stdout.readline()


def port_of(line: str) -> int:
    return int(re.search(r"ready on [^ ]+, port (\d+)", line)[1])
