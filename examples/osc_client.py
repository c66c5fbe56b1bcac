"""Asks a running `drumbridge serve` for the hits of a file and prints them: python osc_client.py /path/to/groove.wav

One socket sends and listens. Every request carries a number of our choice, every reply repeats it, and the last
reply to each is /drumbridge/done or /drumbridge/fail. All of it: docs/protocol.md
"""

import os
import socket
import sys

from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import build_msg

SERVER = ("127.0.0.1", 23786)


def ask(wire: socket.socket, req: int, address: str, *arguments: object) -> list[tuple[str, list]]:
    """Send one request; return its replies, the last of them done or fail."""
    wire.sendto(build_msg(address, [req, *arguments]).dgram, SERVER)
    replies = []
    while not replies or replies[-1][0] not in ("/drumbridge/done", "/drumbridge/fail"):
        message = OscMessage(wire.recv(65536))
        if message.params[0] == req:
            replies.append((message.address, message.params))
    return replies


def main(path: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
        wire.settimeout(60)
        ask(wire, 1, "/drumbridge/hello", 0, "example")  # 0: answer where I send from
        for address, arguments in ask(wire, 2, "/drumbridge/transcribe", os.path.abspath(path)):
            if address == "/drumbridge/hit":
                _, index, position_s, velocity, *labels = arguments
                print(f"hit {index} at {position_s:.3f} s, velocity {velocity}: {labels}")
            elif address == "/drumbridge/fail":
                sys.exit(f"failed: {arguments[2]}")


if __name__ == "__main__":
    main(sys.argv[1])
