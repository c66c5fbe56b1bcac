"""How much later than its hit message a note leaves: REAPER's virtual keyboard beside the OSC client, in one run.

A recording is streamed in real time, in packets of 64 samples, into a server process of its own, which tells this one
of each hit twice: as a live/hit message and as a note. Both are datagrams to sockets of one thread here, so what is
between them is what the server does to play. How long notes sound is measured too.
"""

from __future__ import annotations

import re
import selectors
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile
from live_latency import SETTLE_S, Client, osc, play
from measuring import arguments, print_table, recording

from drumbridge.engine.note_plan import DURATION_MS
from drumbridge.osc.wire import decode


def receive_both(client: Client, keyboard: socket.socket, over: threading.Event) -> list[tuple[float, str, int]]:
    """Keep hits in the client, and return the notes as (time, address, velocity), until told to end."""
    notes = []
    with selectors.DefaultSelector() as waiting:
        waiting.register(client.socket, selectors.EVENT_READ)
        waiting.register(keyboard, selectors.EVENT_READ)
        while not over.is_set():
            for key, _ in waiting.select(0.1):
                packet = key.fileobj.recv(65536)
                now, message = time.perf_counter(), decode(packet)
                if key.fileobj is keyboard:
                    notes.append((now, message.address, message.arguments[0]))
                elif message.address == "/drumbridge/live/hit":
                    client.hits.append((now, message.arguments))
    return notes


def row(name: str, times_ms: Sequence[float]) -> tuple[str, ...]:
    """Return the distribution of some times as text."""
    return name, str(len(times_ms)), *(f"{value:.2f}" for value in np.percentile(times_ms, [50, 90, 99, 100]))


def main() -> None:
    parser = arguments(__doc__ or "")
    parser.add_argument("--seconds", type=float, default=30.0, help="of the recording (default %(default)s)")
    parser.add_argument("--packet", type=int, default=64, help="samples (default %(default)s)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = recording(options.data, Path(folder))
        audio, rate = soundfile.read(path, dtype="float32", always_2d=True)
    audio = audio[: round(options.seconds * rate)].mean(axis=1)
    n = options.packet
    blocks = [audio[k : k + n] for k in range(0, len(audio) - n + 1, n)]
    keyboard = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    keyboard.bind(("127.0.0.1", 0))
    serve = ["-m", "drumbridge", "serve", "--port", "0", "--reaper-notes", str(keyboard.getsockname()[1])]
    serve += ["--model", options.model] if options.model else []
    server = subprocess.Popen([sys.executable, *serve], stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        found = re.search(r"port (\d+)", server.stdout.readline())
        if found is None:
            sys.exit("the server did not start")
        client = Client(int(found[1]))
        send = osc(client, blocks, rate, 10.0, 0)
        over = threading.Event()
        notes: list[tuple[float, str, int]] = []
        receiver = threading.Thread(target=lambda: notes.extend(receive_both(client, keyboard, over)))
        receiver.start()
        play([send], len(blocks), rate, n)
        time.sleep(SETTLE_S)
        over.set()
        receiver.join()
    finally:
        server.terminate()
        server.wait()
    first: dict[int, tuple[float, tuple]] = {}
    for came, hit in client.hits:
        first.setdefault(hit[1], (came, hit))
    struck = [note for note in notes if note[2]]
    assert [(f"/vkb_midi/0/note/{hit[4]}", hit[5]) for _, hit in first.values()] == [note[1:] for note in struck]
    later_ms = [1000 * (note[0] - hit[0]) for note, hit in zip(struck, first.values(), strict=True)]
    began: dict[str, float] = {}
    lasted_ms = []
    for came, address, velocity in notes:
        if velocity:
            began[address] = came
        else:
            lasted_ms.append(1000 * (came - began.pop(address)))
    withdrawn = sum(hit[2] == 2 for _, hit in client.hits)
    rows = [("ms", "n", "p50", "p90", "p99", "max"), row("note after its hit message", later_ms)]
    rows.append(row(f"how long a note of {DURATION_MS} ms sounds", lasted_ms))
    print_table(f"{path.name}, {len(audio) / rate:.0f} s, packets of {n}; {withdrawn} hits withdrawn", rows)


if __name__ == "__main__":
    main()
