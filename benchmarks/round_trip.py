"""Round trip of a request over UDP on loopback, beside a bare UDP echo in Python and python-osc's server.

Every server is a process of its own and this one is the client, so the process layout is the same for all. The
same bytes are sent to all, in rounds that alternate; their times are pooled. Busy: the next request
follows the answer. Paced: one request each 5 ms, as a DAW would, each after a sleep of the processor.
"""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile
from measuring import arguments, print_table, recording

from drumbridge.core.synthesis import synthesise
from drumbridge.osc.wire import Message, decode, encode

PING = encode(Message("/drumbridge/ping", "i", (1,)))
ENDS = ("/drumbridge/done", "/drumbridge/fail")
PACE_S = 0.005


def echo() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as bare:
        bare.bind(("127.0.0.1", 0))
        print(f"port {bare.getsockname()[1]}", flush=True)
        while True:
            bare.sendto(*bare.recvfrom(65536))


def python_osc() -> None:
    from pythonosc.dispatcher import Dispatcher
    from pythonosc.osc_server import BlockingOSCUDPServer

    dispatcher = Dispatcher()
    dispatcher.map("/drumbridge/ping", lambda address, req: ("/drumbridge/done", [req]))
    server = BlockingOSCUDPServer(("127.0.0.1", 0), dispatcher)
    print(f"port {server.server_address[1]}", flush=True)
    server.serve_forever()


class Server:
    """A server process and a socket connected to it."""

    def __init__(self, *command: str) -> None:
        self.process = subprocess.Popen([sys.executable, *command], stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        found = re.search(r"port (\d+)", self.process.stdout.readline())
        if found is None:
            sys.exit(f"{command} did not start")
        self.port = int(found[1])
        self.socket = self.connect()

    def connect(self) -> socket.socket:
        one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        one.connect(("127.0.0.1", self.port))
        one.settimeout(60)
        return one

    def ping_s(self) -> float:
        """Return the time of one round trip, seconds."""
        send, receive, now = self.socket.send, self.socket.recv, time.perf_counter
        start = now()
        send(PING)
        receive(65536)
        return now() - start


def ask(one: socket.socket, name: str, tags: str, *values: object) -> Message:
    """Ask for something and return its done or fail."""
    one.send(encode(Message(f"/drumbridge/{name}", tags, values)))
    while True:
        answer = decode(one.recv(65536))
        if isinstance(answer, Message) and answer.address in ENDS:
            return answer


def busy(servers: Sequence[Server], n: int) -> list[list[float]]:
    times: list[list[float]] = [[] for _ in servers]
    for _ in range(20):
        for server, of_server in zip(servers, times, strict=True):
            server.ping_s()  # wakes the process up
            of_server += [server.ping_s() for _ in range(n // 20)]
    return times


def paced(servers: Sequence[Server], n: int) -> list[list[float]]:
    times: list[list[float]] = [[] for _ in servers]
    for _ in range(n):
        for server, of_server in zip(servers, times, strict=True):
            time.sleep(PACE_S)
            of_server.append(server.ping_s())
    return times


def rows(names: Sequence[str], times: Sequence[Sequence[float]]) -> list[tuple[str, ...]]:
    """Return a table of medians and 99th percentiles, with their ratio to the first line."""
    table: list[tuple[str, ...]] = [("", "p50 us", "p99 us", "p50 ratio", "p99 ratio")]
    base = np.percentile(times[0], [50, 99])
    for name, of_server in zip(names, times, strict=True):
        p50, p99 = np.percentile(of_server, [50, 99])
        table.append((name, f"{1e6 * p50:.1f}", f"{1e6 * p99:.1f}", f"{p50 / base[0]:.2f}", f"{p99 / base[1]:.2f}"))
    return table


def jobs(server: Server, data: Path | None, folder: Path, n: int) -> None:
    """Measure a whole classify, and pings while another client's transcription runs."""
    kick = np.zeros(44100, np.float32)
    sound = synthesise("kick")[:44100]
    kick[: len(sound)] = sound
    one_shot = folder / "kick.wav"
    soundfile.write(one_shot, kick, 44100)
    times = []
    for req in range(n // 10):
        start = time.perf_counter()
        answer = ask(server.socket, "classify", "is", req, str(one_shot))
        times.append(time.perf_counter() - start)
        if answer.address != ENDS[0]:
            sys.exit(f"classify failed: {answer.arguments}")
    p50, p99 = 1000 * np.percentile(times[len(times) // 10 :], [50, 99])
    print(f"classify of a 1 s WAV, request to done: p50 {p50:.2f} ms, p99 {p99:.2f} ms")

    other, path = server.connect(), str(recording(data, folder))
    times = []
    other.setblocking(False)
    running = 0
    start = time.perf_counter()
    while time.perf_counter() - start < 5:
        try:
            answer = decode(other.recv(65536))
            running -= isinstance(answer, Message) and answer.address in ENDS
        except BlockingIOError:
            pass
        if not running:
            other.send(encode(Message("/drumbridge/transcribe", "is", (1, path))))
            running = 1
        time.sleep(PACE_S)
        times.append(server.ping_s())
    ask(server.socket, "sync", "i", 1)
    other.close()
    p50, p99 = 1e6 * np.percentile(times, [50, 99])
    print(f"ping while a transcription runs, paced: p50 {p50:.0f} us, p99 {p99:.0f} us")


def main() -> None:
    parser = arguments(__doc__ or "")
    parser.add_argument("--pings", type=int, default=5000, help="how many for each server (default %(default)s)")
    parser.add_argument("--serve", choices=("echo", "python-osc"), help="be one of the other servers")
    options = parser.parse_args()
    if options.serve:
        echo() if options.serve == "echo" else python_osc()
        return
    serve = ["-m", "drumbridge", "serve", "--port", "0"] + (["--model", options.model] if options.model else [])
    names = ("bare UDP echo", "drumbridge serve", "python-osc BlockingOSCUDPServer")
    servers = [Server(__file__, "--serve", "echo"), Server(*serve), Server(__file__, "--serve", "python-osc")]
    try:
        ours = servers[1]
        while ask(ours.socket, "ping", "i", 0).address != ENDS[0]:
            pass
        with tempfile.TemporaryDirectory() as folder:
            ask(ours.socket, "classify", "is", 1, str(Path(folder) / "none.wav"))  # returns when the model is loaded
            print_table(f"ping, busy, {options.pings} round trips each", rows(names, busy(servers, options.pings)))
            print_table("ping, one each 5 ms", rows(names, paced(servers, options.pings // 10)))
            jobs(ours, options.data, Path(folder), options.pings)
    finally:
        for server in servers:
            server.process.terminate()
            server.process.wait()


if __name__ == "__main__":
    main()
