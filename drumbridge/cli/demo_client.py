"""The client of `drumbridge demo`: a process of its own that knows the server by OSC alone.

Conventions: it sends with python-osc from one socket and listens on another, as Max does; every reply is
printed as one JSON line ``[address, argument, ...]``, and the last line is ``["round_trip_ms", ...]``, the
pings' round trips. Run as ``python -m drumbridge.cli.demo_client PORT FILE``; ends with 1 when a request
fails or nothing comes for ten seconds.
"""

from __future__ import annotations

import json
import socket
import sys
import time
from collections.abc import Iterator
from typing import Any

from pythonosc.osc_message import OscMessage
from pythonosc.udp_client import SimpleUDPClient

_HOST = "127.0.0.1"
_PATIENCE_S = 10.0
_PINGS = 200


def main(port: int, path: str) -> int:
    """Say hello, ping, have a file transcribed; print what comes."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listening.bind((_HOST, 0))
    listening.settimeout(_PATIENCE_S)
    client = SimpleUDPClient(_HOST, port)
    try:
        client.send_message("/drumbridge/hello", [1, listening.getsockname()[1], "demo"])
        ok = _print_replies(listening, 1)
        client.send_message("/drumbridge/transcribe", [2, path])
        ok = ok and _print_replies(listening, 2)
        round_trips_ms = [_ping_ms(client, listening, req) for req in range(3, 3 + _PINGS)]
    except TimeoutError:
        print(f"no answer from port {port} for {_PATIENCE_S:.0f} s", file=sys.stderr)
        return 1
    print(json.dumps(["round_trip_ms", *round_trips_ms]))
    return 0 if ok else 1


def _ping_ms(client: SimpleUDPClient, listening: socket.socket, req: int) -> float:
    since = time.perf_counter()
    client.send_message("/drumbridge/ping", req)
    for _ in _replies(listening, req):
        pass
    return 1000 * (time.perf_counter() - since)


def _print_replies(listening: socket.socket, req: int) -> bool:
    """Print all replies to a request; return whether it ended well."""
    last = ""
    for address, arguments in _replies(listening, req):
        print(json.dumps([address, *arguments]), flush=True)
        last = address
    return last == "/drumbridge/done"


def _replies(listening: socket.socket, req: int) -> Iterator[tuple[str, list[Any]]]:
    """Yield the replies to a request, up to the one that ends it."""
    while True:
        message = OscMessage(listening.recv(65536))
        arguments = list(message.params)
        if arguments and arguments[0] == req:
            yield message.address, arguments
            if message.address in ("/drumbridge/done", "/drumbridge/fail"):
                return


if __name__ == "__main__":
    try:
        sys.exit(main(int(sys.argv[1]), sys.argv[2]))
    except KeyboardInterrupt:  # meant for the demo, which ends this process too
        sys.exit(130)
