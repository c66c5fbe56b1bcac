"""Processes of drumbridge's own that answer on their stdout: started so that they find the same drumbridge, and alone.

Conventions: what a process is asked for is its last argument; it is to end when its stdin does.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

_PARENT: Final = str(Path(__file__).parents[1])


def child_code(module: str) -> str:
    """Return the code that runs `main` of a module; not by -m, which would look in the current folder first."""
    return f"import sys; sys.path = [p for p in sys.path if p] + [{_PARENT!r}]; from {module} import main; main()"


def start_child(code: str, asked: str, **variables: str) -> subprocess.Popen[bytes]:
    """Start a process that runs some code, with `variables` in its environment beside ours."""
    # A group of its own: Ctrl-C is for us, who then end it.
    flags = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0) | getattr(subprocess, "CREATE_NO_WINDOW", 0)
    return subprocess.Popen(
        [sys.executable, "-c", code, asked],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        creationflags=flags,
        start_new_session=sys.platform != "win32",
        env={**os.environ, **variables},
    )
