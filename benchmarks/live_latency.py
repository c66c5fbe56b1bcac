"""How long a hit of a live stream takes: from the packet that completes its decision window to the message.

A real recording is streamed over OSC in real time, in packets of 64 samples, into a server process of its own; this
process is the client that waits for the messages, so the figures hold both its sending and its receiving. The decision
window of a final hit is the whole excerpt of the model, that of an early one `--early-ms`; a hit that its own window
does not decide (an early one that had to wait for the onset to be confirmed) counts as late as it is.
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import soundfile
from measuring import arguments, print_table, recording

from drumbridge.engine.engine import Engine
from drumbridge.osc.wire import Message, decode, encode

ENDS = ("/drumbridge/done", "/drumbridge/fail")
STAGES = ("early", "final", "withdrawn")


class Stream:
    """One stream: a socket, its hits with the time they came, and when each packet was sent."""

    def __init__(self, port: int, rate: int, early_ms: float) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.connect(("127.0.0.1", port))
        self.socket.settimeout(60)
        self.hits: list[tuple[float, tuple]] = []
        self.gaps = 0
        (self.stream_id,) = self._ask("stream/open", "iiisf", rate, 1, "", early_ms)
        self._ask("notify", "ii", 1)
        self._thread = threading.Thread(target=self._receive)
        self._thread.start()

    def _ask(self, name: str, tags: str, *values: object) -> tuple:
        self.socket.send(encode(Message(f"/drumbridge/{name}", tags, (1, *values))))
        while True:
            answer = decode(self.socket.recv(65536))
            if answer.address == ENDS[1]:
                sys.exit(f"{name}: {answer.arguments}")
            if answer.address == ENDS[0]:
                return answer.arguments[1:]

    def _receive(self) -> None:
        while True:
            packet = self.socket.recv(65536)
            now = time.perf_counter()
            message = decode(packet)
            if message.address == "/drumbridge/live/hit" and message.arguments[0] == self.stream_id:
                self.hits.append((now, message.arguments))
            self.gaps += message.address == "/drumbridge/gap"
            if message.address in ENDS:
                return

    def send(self, number: int, block: bytes) -> None:
        self.socket.send(encode(Message("/drumbridge/stream/audio", "iib", (self.stream_id, number, block))))

    def close(self) -> None:
        self.socket.send(encode(Message("/drumbridge/stream/close", "ii", (2, self.stream_id))))
        self._thread.join()
        self.socket.close()


def cpu_s(pid: int) -> float:
    """Return the processor time of a process, where the system tells it (Linux), else NaN."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return float("nan")
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def play(streams: list[Stream], audio: np.ndarray, rate: int, n: int) -> np.ndarray:
    """Send everything at the pace of a device; return when each packet was sent, s."""
    blocks = [audio[k : k + n].astype("<f4").tobytes() for k in range(0, len(audio) - n + 1, n)]
    sent = np.zeros(len(blocks))
    start = time.perf_counter() + 0.05
    for number, block in enumerate(blocks):
        due = start + (number + 1) * n / rate
        while (wait := due - time.perf_counter()) > 0:
            time.sleep(wait)
        for stream in streams:
            stream.send(number, block)
        sent[number] = time.perf_counter()
    return sent


def main() -> None:
    parser = arguments(__doc__ or "")
    parser.add_argument("--seconds", type=float, default=60.0, help="of the recording (default %(default)s)")
    parser.add_argument("--packet", type=int, default=64, help="samples (default %(default)s)")
    parser.add_argument("--streams", type=int, default=1, help="at once (default %(default)s)")
    parser.add_argument("--early-ms", type=float, default=10.0, help="0: final hits only (default %(default)s)")
    options = parser.parse_args()
    serve = ["-m", "drumbridge", "serve", "--port", "0"] + (["--model", options.model] if options.model else [])
    model = Engine(model=options.model).load_model()
    with tempfile.TemporaryDirectory() as folder:
        path = recording(options.data, Path(folder))
        audio, rate = soundfile.read(path, dtype="float32", always_2d=True)
    audio = audio[: round(options.seconds * rate)].mean(axis=1)
    server = subprocess.Popen([sys.executable, *serve], stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        found = re.search(r"port (\d+)", server.stdout.readline())
        if found is None:
            sys.exit("the server did not start")
        streams = [Stream(int(found[1]), rate, options.early_ms) for _ in range(options.streams)]
        before_s = cpu_s(server.pid)
        sent = play(streams, audio, rate, options.packet)
        used_s = cpu_s(server.pid) - before_s
        for stream in streams:
            stream.close()
    finally:
        server.terminate()
        server.wait()
    duration_s = len(audio) / rate
    windows = {0: options.early_ms / 1000 * rate, 1: model.samples_after * rate / model.sample_rate}
    rows = [
        (
            "hits of one stream",
            "n",
            "p50 ms",
            "p90 ms",
            "p99 ms",
            "max ms",
            "after attack p50 ms",
            "p99 ms",
            "waits for audio",
        )
    ]
    for stage, window in windows.items():
        delays, totals = [], []
        for stream in streams:
            for came, hit in stream.hits:
                last = int((hit[3] + round(window) - 1) // options.packet)  # the packet that completes the window
                if hit[2] == stage and last < len(sent):
                    delays.append(1000 * (came - sent[last]))
                    totals.append(delays[-1] + 1000 * ((last + 1) * options.packet - hit[3]) / rate)
        if delays:
            share = 1 - np.sum(delays) / np.sum(totals)
            figures = [*np.percentile(delays, [50, 90, 99, 100]), *np.percentile(totals, [50, 99])]
            rows.append((STAGES[stage], str(len(delays)), *(f"{figure:.2f}" for figure in figures), f"{share:.1%}"))
    late_ms = 1000 * np.diff(sent).max()
    print_table(f"{path.name}, {duration_s:.0f} s, packets of {options.packet}, {len(streams)} streams", rows)
    print(f"withdrawn: {sum(hit[2] == 2 for stream in streams for _, hit in stream.hits)}, gaps: {streams[0].gaps}")
    print(f"processor: {100 * used_s / duration_s:.1f} % of one core; longest pause of the sender: {late_ms:.1f} ms")


if __name__ == "__main__":
    main()
