"""One TCP client: its framing, and the answers that it has not taken yet.

Conventions: the server's thread reads, flushes and closes; any thread may `send`. Nothing blocks.
What the client does not take is kept up to `MAX_UNSENT` bytes; beyond that the connection is over.
"""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
from collections.abc import Callable, Hashable
from typing import Final

from drumbridge.errors import ProtocolError
from drumbridge.osc.addresses import check_port
from drumbridge.osc.framing import Framing, LengthFraming, framing_of

_log = logging.getLogger(__name__)

MAX_UNSENT: Final = 4 << 20  # bytes; about 80,000 hits
_RECEIVED_AT_ONCE: Final = 65536


class Connection:
    """The route to a TCP client.

    Parameters
    ----------
    connected : socket
    name : str
        For the log.
    wake : callable
        Called from `send` when the server's thread has to flush or close.
    """

    reliable = True

    def __init__(self, connected: socket.socket, name: str, wake: Callable[[], None]) -> None:
        connected.setblocking(False)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket = connected
        self._name = name
        self._wake = wake
        self._framing: Framing | None = None
        self._unsent = bytearray()
        self._paused = False
        self._over = False  # nothing can be sent any more
        self._finished = False  # nothing will be read any more
        self._lock = threading.Lock()

    @property
    def target(self) -> Hashable:
        """Where answers go."""
        return self

    @property
    def paused(self) -> bool:
        """Whether nothing should be read for now."""
        return self._paused

    def pause(self) -> None:
        """Read no more until `resume`: the client waits, as TCP lets it."""
        self._paused = True

    def resume(self) -> None:
        """Read on."""
        self._paused = False
        self._wake()

    @property
    def unsent(self) -> bool:
        """Whether answers wait for the client to read."""
        return bool(self._unsent)

    def receive(self) -> list[bytes | ProtocolError]:
        """Return the packets, and the damaged ones as errors, that have arrived by now."""
        try:
            piece = self.socket.recv(_RECEIVED_AT_ONCE)
        except (BlockingIOError, InterruptedError):
            return []
        except OSError:
            piece = b""
        if not piece:
            self._over = True
            return []
        if self._framing is None:
            try:
                self._framing = framing_of(piece[0])
            except ProtocolError as error:
                _log.warning("%s: %s", self._name, error)
                self._finished = True
                return [error]
        packets = self._framing.feed(piece)
        self._finished = self._framing.broken
        return packets

    def send(self, packet: bytes) -> None:
        """Send now what the system takes, and keep the rest for `flush`."""
        with self._lock:
            if self._over:
                return
            waited = bool(self._unsent)
            self._unsent += (self._framing or LengthFraming).frame(packet)
            if not waited:
                self._send_unsent()
            if len(self._unsent) > MAX_UNSENT:
                _log.warning("%s does not read its answers: connection closed", self._name)
                self._unsent.clear()
                self._over = True
            if self._over or (self._unsent and not waited):
                self._wake()

    def flush(self) -> bool:
        """Send what waits; return whether the connection goes on."""
        with self._lock:
            self._send_unsent()
            return not (self._over or self._finished)

    def close(self) -> None:
        """End the connection."""
        with self._lock:
            self._over = True
            self._unsent.clear()
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()

    def reply_to(self, port: int) -> None:
        """Check the port and leave it at that: answers stay in the connection."""
        check_port(port)

    def _send_unsent(self) -> None:
        try:
            while self._unsent:
                del self._unsent[: self.socket.send(self._unsent)]
        except (BlockingIOError, InterruptedError):
            pass
        except OSError:
            self._over = True
