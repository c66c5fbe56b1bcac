"""How long a hit of a live stream takes: from the packet that completes its decision window to the message.

Real recordings, one after the other, are streamed in real time, in packets of 64 samples, into a server process of its
own: over OSC, as Max's jit.net.send does, as REAPER's ReaStream does, or played by a JACK server without hardware into
an audio input of drumbridge (`--way`). This process is the client that waits for the messages, so the figures hold both
its sending and its receiving. With a device a packet is a period of JACK and counts from when JACK took it from the
player, so what it spends on its way to drumbridge is in the figure; where JACK loses audio there is none. The decision
window of a final hit is the whole excerpt of the model, that of an early one `--early-ms`; a hit that its own window
does not decide (an early one that had to wait for the onset to be confirmed) counts as late as it is.
"""

from __future__ import annotations

import contextlib
import os
import re
import select
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import soundfile
from jack_device import DEVICE, JackDevice, positions_played
from measuring import arguments, print_table, recordings

from drumbridge.daw.jmtx import matrix_bytes
from drumbridge.daw.reastream import audio_packets
from drumbridge.engine.engine import Engine
from drumbridge.osc.wire import Message, decode, encode

ENDS = ("/drumbridge/done", "/drumbridge/fail")
STAGES = ("early", "final", "withdrawn")
NEAR_S = 0.08  # what is not known of when a device's buffers began
SETTLE_S = 0.5  # for what is still on its way when all was sent

Send = Callable[[int], None]  # sends the packet of that number


class Client:
    """Asks the server, and keeps the hits of all streams with the time they came."""

    def __init__(self, port: int) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.connect(("127.0.0.1", port))
        self.socket.settimeout(60)
        self.hits: list[tuple[float, tuple]] = []
        self.gaps = 0
        self.ask("notify", "ii", 1)

    def ask(self, name: str, tags: str, *values: object) -> tuple:
        self.socket.send(encode(Message(f"/drumbridge/{name}", tags, (1, *values))))
        while True:
            answer = decode(self.socket.recv(65536))
            if answer.address == ENDS[1]:
                sys.exit(f"{name}: {answer.arguments}")
            if answer.address == ENDS[0]:
                return answer.arguments[1:]

    def receive(self) -> None:
        """Keep what comes until the answer to a request."""
        while True:
            packet = self.socket.recv(65536)
            now = time.perf_counter()
            message = decode(packet)
            if message.address == "/drumbridge/live/hit":
                self.hits.append((now, message.arguments))
            self.gaps += message.address == "/drumbridge/gap"
            if message.address in ENDS:
                return


def osc(client: Client, blocks: Sequence[np.ndarray], rate: int, early_ms: float, k: int) -> Send:
    (stream_id,) = client.ask("stream/open", "iiisf", rate, 1, "", early_ms)
    packets = [
        encode(Message("/drumbridge/stream/audio", "iib", (stream_id, number, block.astype("<f4").tobytes())))
        for number, block in enumerate(blocks)
    ]
    return lambda number: client.socket.send(packets[number]) and None


def jmtx(client: Client, blocks: Sequence[np.ndarray], rate: int, early_ms: float, k: int) -> Send:
    (port,) = client.ask("jmtx/start", "iiif", 0, rate, early_ms)
    sender = socket.create_connection(("127.0.0.1", port))
    sender.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    matrices = [matrix_bytes(block[:, None]) for block in blocks]

    def send(number: int) -> None:
        sender.sendall(matrices[number])
        if number % 256 == 0:  # the answers, which jit.net.send reads too
            while select.select([sender], [], [], 0)[0]:
                sender.recv(1 << 16)

    return send


def reastream(client: Client, blocks: Sequence[np.ndarray], rate: int, early_ms: float, k: int) -> Send:
    (port,) = client.ask("reastream/start", "iif", 0, early_ms)
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sender.connect(("127.0.0.1", port))
    packets = [list(audio_packets(f"track {k}", rate, block[:, None])) for block in blocks]

    def send(number: int) -> None:
        for packet in packets[number]:
            sender.send(packet)

    return send


DEVICE_WAY = "device"
SENDERS = {"osc": osc, "jmtx": jmtx, "reastream": reastream}
WAYS = (*SENDERS, DEVICE_WAY)


def cpu_s(pid: int) -> float:
    """Return the processor time of a process and its children, where the system tells it (Linux), else NaN."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        lists = [started.read_text().split() for started in Path(f"/proc/{pid}/task").glob("*/children")]
    except OSError:
        return float("nan")
    own_s = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return own_s + sum(cpu_s(int(child)) for children in lists for child in children)


def play(senders: Sequence[Send], n_blocks: int, rate: int, n: int) -> np.ndarray:
    """Send everything at the pace of a device; return when the sending of each packet began, s."""
    sent = np.zeros(n_blocks)
    start = time.perf_counter() + 0.05
    for number in range(n_blocks):
        due = start + (number + 1) * n / rate
        while (wait := due - time.perf_counter()) > 0:
            time.sleep(wait)
        # Before it is sent: a server that takes over this core would else have answered before it was asked.
        sent[number] = time.perf_counter()
        for send in senders:
            send(number)
    return sent


def measure(
    way: str, options, audio: np.ndarray, rate: int, expected: list[int]
) -> tuple[list[tuple[float, tuple]], np.ndarray, int, float]:
    """Return the hits, when packets were sent, the gaps, and the server's share of a core."""
    n = options.packet
    blocks = [audio[k : k + n] for k in range(0, len(audio) - n + 1, n)]
    serve = ["-m", "drumbridge", "serve", "--port", "0"] + (["--model", options.model] if options.model else [])
    with contextlib.ExitStack() as opened:
        device = None
        if way == DEVICE_WAY:
            folder = Path(opened.enter_context(tempfile.TemporaryDirectory()))
            device = opened.enter_context(JackDevice(audio, rate, n, folder))
        environment = None if device is None else device.environment
        server = subprocess.Popen([sys.executable, *serve], stdout=subprocess.PIPE, text=True, env=environment)
        opened.callback(server.wait)
        opened.callback(server.terminate)
        assert server.stdout is not None
        found = re.search(r"port (\d+)", server.stdout.readline())
        if found is None:
            sys.exit("the server did not start")
        client = Client(int(found[1]))
        if device is None:
            senders = [SENDERS[way](client, blocks, rate, options.early_ms, k) for k in range(options.streams)]
        else:
            (stream_id,) = client.ask("input/start", "isifi", DEVICE, 1, options.early_ms, n)
        receiver = threading.Thread(target=client.receive)
        receiver.start()
        before_s, client.gaps = cpu_s(server.pid), 0  # connecting to JACK is no loss
        sent = play(senders, len(blocks), rate, n) if device is None else device.play(len(blocks), n)
        used_s = cpu_s(server.pid) - before_s
        start = 0 if device is None else position_at(Client(int(found[1])), stream_id, sent[0], rate)
        time.sleep(SETTLE_S)
        client.socket.send(encode(Message("/drumbridge/ping", "i", (2,))))
        receiver.join()
    hits = client.hits if device is None else in_the_recording(client.hits, expected, start, rate)
    return hits, sent, client.gaps, used_s / (len(audio) / rate)


def position_at(client: Client, stream_id: int, time_s: float, rate: int) -> int:
    """Return where a stream was at a time of `time.perf_counter`, samples."""
    position, arrived_s, arrived_us, now_s, now_us, *_ = client.ask("clock", "ii", stream_id)
    since_s = time.perf_counter() - time_s  # the answer left a moment ago
    return round(position + (now_s - arrived_s + (now_us - arrived_us) / 1e6 - since_s) * rate)


def in_the_recording(
    hits: list[tuple[float, tuple]], expected: list[int], start: int, rate: int
) -> list[tuple[float, tuple]]:
    """Return the hits of an input with positions in the recording, which starts somewhere in its stream."""
    played = positions_played([hit[3] for _, hit in hits], expected, start, round(NEAR_S * rate))
    found = zip(hits, played, strict=True)
    return [(came, (*hit[:3], at, *hit[4:])) for (came, hit), at in found if at is not None]


def main() -> None:
    parser = arguments(__doc__ or "")
    parser.add_argument("--way", choices=(*WAYS, "all"), default="osc", help="how audio goes in (default %(default)s)")
    parser.add_argument("--seconds", type=float, default=180.0, help="of the recordings (default %(default)s)")
    parser.add_argument("--packet", type=int, default=64, help="samples (default %(default)s)")
    parser.add_argument("--streams", type=int, default=1, help="at once (default %(default)s)")
    parser.add_argument("--early-ms", type=float, default=10.0, help="0: final hits only (default %(default)s)")
    options = parser.parse_args()
    engine = Engine(model=options.model)
    model = engine.load_model()
    with tempfile.TemporaryDirectory() as folder:
        path = recordings(options.data, Path(folder), options.seconds)
        audio, rate = soundfile.read(path, dtype="float32")
        expected = [hit.position for hit in engine.transcribe(path).hits]
    windows = {0: options.early_ms / 1000 * rate, 1: model.samples_after * rate / model.sample_rate}
    rows = [("hits", "n", "p50 ms", "p90 ms", "p99 ms", "max ms", "after attack p50 ms", "p99 ms", "waits for audio")]
    remarks = []
    for way in WAYS if options.way == "all" else (options.way,):
        hits, sent, gaps, used = measure(way, options, audio, rate, expected)
        if way == DEVICE_WAY and gaps:
            remarks.append(f"{way}: JACK lost audio {gaps} times, so nothing can be said: this machine is too busy")
            continue
        for stage, window in windows.items():
            delays, totals = [], []
            for came, hit in hits:
                last = int((hit[3] + round(window) - 1) // options.packet)  # the packet that completes the window
                if hit[2] == stage and last < len(sent):
                    delays.append(1000 * (came - sent[last]))
                    totals.append(delays[-1] + 1000 * ((last + 1) * options.packet - hit[3]) / rate)
            if delays:
                share = 1 - np.sum(delays) / np.sum(totals)
                figures = [*np.percentile(delays, [50, 90, 99, 100]), *np.percentile(totals, [50, 99])]
                cells = (*(f"{figure:.2f}" for figure in figures), f"{share:.1%}")
                rows.append((f"{way} {STAGES[stage]}", str(len(delays)), *cells))
        withdrawn = sum(hit[2] == 2 for _, hit in hits)
        remarks.append(
            f"{way}: withdrawn {withdrawn}, gaps {gaps}; processor {100 * used:.1f} % of one core; "
            f"longest pause of the sender {1000 * np.diff(sent).max():.1f} ms"
        )
    played = "recordings" if options.data else "demo loop"
    title = f"{played}, {len(audio) / rate:.0f} s, packets of {options.packet}, {options.streams} streams"
    print_table(title, rows)
    print(*remarks, sep="\n")


if __name__ == "__main__":
    main()
