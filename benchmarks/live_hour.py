"""An hour of live audio, sent over TCP as fast as the server hears it: memory, pace, and whether any position is wrong.

A stretch of a real recording is repeated; the hits that come are compared with those of the same audio fed to a
transcriber in this process, which must be the same ones at the same samples.
"""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import soundfile
from measuring import arguments, recording

from drumbridge.core.transcriber import Transcriber
from drumbridge.engine.engine import Engine
from drumbridge.osc.framing import LengthFraming
from drumbridge.osc.wire import Message, decode, encode

PACKET = 512


def main() -> None:
    parser = arguments(__doc__ or "")
    parser.add_argument("--minutes", type=float, default=60.0, help="of stream (default %(default)s)")
    options = parser.parse_args()
    serve = ["-m", "drumbridge", "serve", "--port", "0"] + (["--model", options.model] if options.model else [])
    with tempfile.TemporaryDirectory() as folder:
        audio, rate = soundfile.read(recording(options.data, Path(folder)), dtype="float32", always_2d=True)
    audio = audio[: 30 * rate // PACKET * PACKET].mean(axis=1)
    packets = [audio[k : k + PACKET] for k in range(0, len(audio), PACKET)]
    n = round(options.minutes * 60 * rate / PACKET)
    server = subprocess.Popen([sys.executable, *serve], stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    found = re.search(r"port (\d+)", server.stdout.readline())
    if found is None:
        sys.exit("the server did not start")
    framing = LengthFraming()
    connected = socket.create_connection(("127.0.0.1", int(found[1])))
    hits: list[int] = []
    memory_mb: list[float] = []
    ended = threading.Semaphore(0)

    def receive() -> None:
        while piece := connected.recv(65536):
            for packet in framing.feed(piece):
                message = decode(packet)
                if message.address == "/drumbridge/live/hit":
                    hits.append(message.arguments[3])
                elif message.address == "/drumbridge/status/value":
                    pairs = message.arguments[1:]
                    memory_mb.append(dict(zip(pairs[::2], pairs[1::2], strict=True))["memory_mb"])
                elif message.address == "/drumbridge/done":
                    ended.release()
                elif message.address != "/drumbridge/status/stream":
                    print("unexpected:", message)

    def send(name: str, tags: str, *values: object) -> None:
        connected.sendall(framing.frame(encode(Message(f"/drumbridge/{name}", tags, values))))

    threading.Thread(target=receive, daemon=True).start()
    send("notify", "ii", 1, 1)
    send("stream/open", "iiisf", 2, rate, 1, "", 0.0)
    ended.acquire(), ended.acquire()
    start = time.perf_counter()
    for number in range(n):
        send("stream/audio", "iib", 1, number, packets[number % len(packets)].astype("<f4").tobytes())
        if number % (n // 10) == n // 20:
            send("status", "i", 3)
            ended.acquire()
    send("stream/close", "ii", 4, 1)
    ended.acquire()
    took_s = time.perf_counter() - start
    server.terminate()
    server.wait()
    minutes = n * PACKET / rate / 60
    print(f"{minutes:.1f} minutes of stream in {took_s:.1f} s ({60 * minutes / took_s:.0f} times real time)")
    print("highest memory so far, MB, at each tenth:", " ".join(f"{mb:.0f}" for mb in memory_mb))
    transcriber = Transcriber(Engine(model=options.model).load_model(), source_rate=rate)
    expected = [hit.position for k in range(n) for hit in transcriber.process(packets[k % len(packets)])]
    expected += [hit.position for hit in transcriber.flush()]
    same = sum(a == b for a, b in zip(hits, expected, strict=False))
    print(f"hits: {len(hits)}, expected {len(expected)}, at the same sample {same}")


if __name__ == "__main__":
    main()
