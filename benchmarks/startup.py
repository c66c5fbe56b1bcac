"""How long starting takes: --help beside a bare import of argparse, and a server up to its first answer to a ping."""

from __future__ import annotations

import argparse
import re
import socket
import statistics
import subprocess
import sys
import time

from measuring import alternate, print_table
from pythonosc.osc_message_builder import build_msg

PING = build_msg("/drumbridge/ping", [1]).dgram


def run(*arguments: str) -> None:
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)


def start_to_ping_s() -> float:
    """Start a server, wait for its line, ask and wait for the answer; return how long that took."""
    start = time.perf_counter()
    command = [sys.executable, "-m", "drumbridge", "serve", "--port", "0"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert server.stdout is not None
        found = re.search(r"port (\d+)", server.stdout.readline())
        assert found is not None, "the server did not start"
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(10.0)
            client.sendto(PING, ("127.0.0.1", int(found[1])))
            assert b"/drumbridge/done" in client.recv(65536)
        return time.perf_counter() - start
    finally:
        server.kill()
        server.communicate()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15, help="of which the median counts (default %(default)s)")
    rounds = parser.parse_args().rounds
    bare_s, help_s = alternate(
        [lambda: run("-c", "import argparse"), lambda: run("-m", "drumbridge", "--help")], rounds
    )
    ready_s = [start_to_ping_s() for _ in range(rounds)]
    print_table(
        f"start-up, {rounds} rounds",
        [
            ("", "ms"),
            ('python -c "import argparse"', f"{1000 * bare_s:.0f}"),
            ("drumbridge --help", f"{1000 * help_s:.0f}"),
            ("drumbridge serve, start to first ping answered", f"{1000 * statistics.median(ready_s):.0f}"),
            ("the slowest of these", f"{1000 * max(ready_s):.0f}"),
        ],
    )
    print(f"ratio --help / argparse: {help_s / bare_s:.2f}; beyond argparse: {1000 * (help_s - bare_s):.0f} ms")


if __name__ == "__main__":
    main()
