"""A server that answers what a test tells it, for what a real one never does."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable

from drumbridge._version import __version__
from drumbridge.osc.wire import Message, decode, encode

Answers = Callable[[str, tuple], list[tuple]]


class FakeServer:
    """Greets like a real one; everything else is answered by `answers(name, arguments)`, messages without prefix."""

    def __init__(self, answers: Answers, version: str = __version__) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._answers, self._version = answers, version
        self._reply_to: tuple[str, int] | None = None
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while True:
            try:
                message = decode(self._socket.recv(65536))
            except OSError:
                return
            name, arguments = message.address.removeprefix("/drumbridge/"), message.arguments
            if name == "hello":
                self._reply_to = ("127.0.0.1", arguments[1])
                self._send("done", arguments[0], 1, self._version)
            elif name in ("notify", "status", "ping") and not (special := self._answers(name, arguments)):
                self._send("done", arguments[0])
            else:
                for answer in special if name in ("notify", "status", "ping") else self._answers(name, arguments):
                    self._send(*answer)

    def _send(self, name: str, *arguments: object) -> None:
        tags = "".join({int: "i", float: "f", str: "s"}[type(one)] for one in arguments)
        with contextlib.suppress(OSError):  # closed meanwhile
            self._socket.sendto(encode(Message(f"/drumbridge/{name}", tags, arguments)), self._reply_to)

    def close(self) -> None:
        self._socket.close()
