"""`drumbridge demo`: the main job, shown for real and measured against the truth.

Conventions: a loop is synthesised into a temporary file; a real server (`drumbridge serve`, a process of its
own on a free port) is asked for its hits over OSC by a client in a third process. Processes and files are
gone when it ends, however it ends. A drum is right when a hit within 50 ms names it or one of its group.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import wave
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from drumbridge.core.events import LabelConfidence
from drumbridge.errors import DrumbridgeError

_AT_MOST_S = 20.0
_NEAR_S = 0.05
_RATE = 44100


@dataclass
class _Stroke:
    """What was played at one moment, and what was heard of it."""

    position_s: float
    played: list[str] = field(default_factory=list)
    heard: _Heard | None = None


@dataclass
class _Heard:
    """One hit as the client got it."""

    position_s: float
    velocity: int
    labels: list[LabelConfidence]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes."""
    parser.add_argument("--model", metavar="NAME", help="name of an installed model, or path of an .onnx file")


def run(args: argparse.Namespace) -> int:
    """Run the demo; 1 when no hits come back."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # clean up then too
    with tempfile.TemporaryDirectory(prefix="drumbridge-demo-") as folder:
        loop = Path(folder) / "loop.wav"
        strokes = _write_loop(loop)
        options = ["--port", "0", *(["--model", args.model] if args.model else [])]
        with contextlib.ExitStack() as ending:
            alarm = threading.Timer(_AT_MOST_S, ending.close)  # ends the processes, and so every wait for them
            alarm.daemon = True
            alarm.start()
            ending.callback(alarm.cancel)
            log = Path(folder) / "server.log"
            to_log = ending.enter_context(log.open("wb"))
            server = ending.enter_context(_process("drumbridge", "serve", *options, stderr=to_log))
            port = _ready_port(server, log)
            print(f"server: drumbridge serve is ready on port {port} (process {server.pid})")
            client = ending.enter_context(_process("drumbridge.cli.demo_client", str(port), str(loop)))
            print(f"client: python-osc asks it to transcribe {loop} (process {client.pid})\n", flush=True)
            threading.Thread(target=_end_with, args=(client, server), daemon=True).start()
            hits, round_trips_ms = _listen(client, server, log)
    if not hits:
        raise DrumbridgeError("demo.no_hits", "The server answered but heard no hit: is the model all right?")
    others = _match(strokes, hits)
    _print_table(strokes, others)
    _print_summary(strokes, others, round_trips_ms)
    return 0


@contextlib.contextmanager
def _process(module: str, *arguments: str, stderr: IO[bytes] | None = None) -> Iterator[subprocess.Popen[str]]:
    """Run a module in a process of its own, and end it with the context."""
    command = [sys.executable, "-m", module, *arguments]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=stderr, text=True)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(2.0)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _write_loop(path: Path) -> list[_Stroke]:
    import numpy as np

    from drumbridge.core.synthesis import demo_loop

    audio, played = demo_loop(_RATE)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(_RATE)
        file.writeframes(np.round(audio * 32767).astype("<i2").tobytes())
    strokes: dict[int, _Stroke] = {}
    for position, label in played:
        strokes.setdefault(position, _Stroke(position / _RATE)).played.append(label)
    return list(strokes.values())


def _ready_port(server: subprocess.Popen[str], log: Path) -> int:
    assert server.stdout is not None
    line = server.stdout.readline()
    if found := re.search(r"port (\d+)", line):
        return int(found[1])
    raise _ended(log)


def _ended(log: Path) -> DrumbridgeError:
    """Return why the server ended: its own last words, if it had any."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    last = lines[-1] if lines else ""
    if said := re.fullmatch(r"drumbridge: (.*) \[([a-z0-9_.]+)\]", last):
        return DrumbridgeError(said[2], said[1])
    return DrumbridgeError("demo.no_server", f"The server ended before it had answered. {last}")


def _end_with(client: subprocess.Popen[str], server: subprocess.Popen[str]) -> None:
    """End a client that would wait for a server that is gone."""
    server.wait()
    client.terminate()


def _listen(
    client: subprocess.Popen[str], server: subprocess.Popen[str], log: Path
) -> tuple[list[_Heard], list[float]]:
    """Return the hits that the client gets, and its round trips in ms."""
    assert client.stdout is not None
    hits: list[_Heard] = []
    round_trips_ms: list[float] = []
    for line in client.stdout:
        address, *arguments = json.loads(line)
        if address == "/drumbridge/hit":
            hits.append(_to_heard(*arguments))
        elif address == "/drumbridge/fail":
            if arguments[1] == "job.cancelled":  # not by us: the server ends, and its log says why
                server.wait()
                raise _ended(log)
            raise DrumbridgeError(str(arguments[1]), str(arguments[2]))
        elif address == "round_trip_ms":
            round_trips_ms = arguments
    if client.wait() and server.poll() is not None:
        raise _ended(log)
    if client.wait() or not round_trips_ms:
        raise DrumbridgeError("demo.no_answer", f"The client got no full answer within {_AT_MOST_S:.0f} s.")
    return hits, round_trips_ms


def _to_heard(req: int, index: int, position_s: float, velocity: int, *labels: Any) -> _Heard:
    pairs = zip(labels[::2], labels[1::2], strict=True)
    return _Heard(position_s, velocity, [LabelConfidence(label, p) for label, p in pairs])


def _match(strokes: list[_Stroke], hits: list[_Heard]) -> list[_Heard]:
    """Give every stroke the hit nearest to it; return the hits that belong to none."""
    for hit in hits:
        stroke = min(strokes, key=lambda s: abs(s.position_s - hit.position_s))
        off_s = abs(stroke.position_s - hit.position_s)
        if off_s <= _NEAR_S and (stroke.heard is None or off_s < abs(stroke.position_s - stroke.heard.position_s)):
            stroke.heard = hit
    return [hit for hit in hits if all(stroke.heard is not hit for stroke in strokes)]


def _right(stroke: _Stroke) -> list[str]:
    """Return the drums of a stroke that were named rightly."""
    from drumbridge.core.labels import BY_NAME, to_eleven

    labels = [entry.label for entry in stroke.heard.labels] if stroke.heard else []
    heard = {to_eleven(label) for label in labels if label in BY_NAME}
    return [label for label in stroke.played if to_eleven(label) in heard]


def _print_table(strokes: list[_Stroke], others: list[_Heard]) -> None:
    from rich.table import Table
    from rich.text import Text

    from .terminal import label_cell, labels_cell, stdout_console

    table = Table("time s", "played", "heard", "vel", "ms off", "right", box=None, padding=(0, 1, 0, 0))
    rows = [(stroke.position_s, stroke) for stroke in strokes]
    rows += [(hit.position_s, _Stroke(hit.position_s, heard=hit)) for hit in others]
    for position_s, stroke in sorted(rows, key=lambda row: row[0]):
        played = Text("  ").join(label_cell(label, label) for label in stroke.played) or Text("nothing", "dim")
        if stroke.heard is None:
            table.add_row(f"{position_s:.3f}", played, Text("nothing", "dim"), "", "", f"0/{len(stroke.played)}")
            continue
        off_ms = f"{1000 * (stroke.heard.position_s - position_s):+.1f}" if stroke.played else ""
        right = f"{len(_right(stroke))}/{len(stroke.played)}" if stroke.played else "no"
        heard = labels_cell(stroke.heard.labels)
        table.add_row(f"{position_s:.3f}", played, heard, str(stroke.heard.velocity), off_ms, right)
    stdout_console().print(table)


def _print_summary(strokes: list[_Stroke], others: list[_Heard], round_trips_ms: list[float]) -> None:
    found = sum(stroke.heard is not None for stroke in strokes)
    right = sum(len(_right(stroke)) for stroke in strokes)
    drums = sum(len(stroke.played) for stroke in strokes)
    print(
        f"\n{found} of {len(strokes)} strokes found, {len(others)} hits not played, "
        f"{right} of {drums} drums named rightly."
    )
    print(
        f"A ping over OSC takes {statistics.median(round_trips_ms):.2f} ms there and back "
        f"(median of {len(round_trips_ms)})."
    )
