"""Listens for Max's jit.net.send: one live stream for each connection.

Conventions: one thread reads all connections, answers and closes, and never waits for one of them. A matrix that stops
in the middle for `SILENCE_S` ends its connection, one that breaks the protocol does so at once; both are counted. The
rate of the audio is not in the stream: whoever starts the server says it. Who sends faster than it is heard waits.
"""

from __future__ import annotations

import contextlib
import logging
import math
import selectors
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from drumbridge.daw.jmtx import JmtxParser, Matrix, latency_answer
from drumbridge.daw.source import Settings, Source
from drumbridge.engine.live_stream import HIGHEST_RATE, LOWEST_RATE, LiveStream
from drumbridge.engine.streams import Streams
from drumbridge.errors import DrumbridgeError, ProtocolError, SettingsError
from drumbridge.ports import listening

_log = logging.getLogger(__name__)

SILENCE_S: Final = 5.0
MAX_CONNECTIONS: Final = 16
_AT_ONCE: Final = 1 << 16  # bytes read at once
_MAX_UNSENT: Final = 4096  # bytes of answers; jit.net.send reads them, and what does not can do without
_TAKEN: Final = "is another drumbridge or a jit.net.recv there? Choose another port, here and in jit.net.send."


@dataclass
class JmtxCounts:
    """Connections that were closed: broken ones, those silent in the middle of a matrix, and those without room."""

    malformed: int = 0
    silent: int = 0
    refused: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.malformed + self.silent + self.refused


class _Connection:
    """One jit.net.send."""

    def __init__(
        self, connected: socket.socket, name: str, source: Source, resume: Callable[[_Connection], None]
    ) -> None:
        connected.setblocking(False)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket = connected
        self.name = name
        self.source = source
        self.parser = JmtxParser()
        self.unsent = b""
        self.silent_at_s: float | None = None  # when to give up on a matrix that has begun
        self.paused = False
        self.resume = lambda: resume(self)  # one object: a stream knows by it who waits already


class JmtxServer:
    """A listening port, and the thread behind it.

    Parameters
    ----------
    streams : Streams
    host : str
    port : int
        0 for any that is free; see `address`.
    sample_rate : int
        Of all audio that comes, Hz.
    settings : callable
        As for `Source`.
    silence_s : float
    name : str, optional
        Of the stream, for one sender that wants to be known by it: a new connection then takes the place of the one
        before. By default there may be many, and each stream is named after its connection.
    alone_s : float, optional
        End when nobody was connected for so long; never by default.

    Raises
    ------
    ServerError
        ``server.port_taken`` or ``server.address``.
    SettingsError
        ``settings.sample_rate``.

    Attributes
    ----------
    address : (str, int)
    sample_rate : int
    counts : JmtxCounts
    """

    def __init__(
        self,
        streams: Streams,
        host: str,
        port: int,
        sample_rate: int,
        settings: Settings,
        *,
        silence_s: float = SILENCE_S,
        name: str | None = None,
        alone_s: float | None = None,
    ) -> None:
        if not LOWEST_RATE <= sample_rate <= HIGHEST_RATE:
            raise SettingsError(
                "settings.sample_rate",
                f"Audio has {LOWEST_RATE} to {HIGHEST_RATE} samples a second, not {sample_rate}.",
            )
        self._listener = listening(socket.SOCK_STREAM, host, port, _TAKEN)
        self.address: tuple[str, int] = self._listener.getsockname()[:2]
        self.sample_rate = sample_rate
        self.counts = JmtxCounts()
        self._streams = streams
        self._settings = settings
        self._silence_s = silence_s
        self._name = name
        self._alone_s = alone_s
        self._alone_until_s = self._time_alone()
        self._stopping = False
        self._connections: set[_Connection] = set()
        self._wake_reader, self._waker = socket.socketpair()
        self._wake_reader.setblocking(False)
        self._waker.setblocking(False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._wake_reader, selectors.EVENT_READ, self._wake_up)
        self._selector.register(self._listener, selectors.EVENT_READ, self._accept)
        self._thread = threading.Thread(target=self._run, name="drumbridge-jmtx", daemon=True)
        self._thread.start()

    @property
    def connections(self) -> int:
        """How many there are."""
        return len(self._connections)

    @property
    def is_open(self) -> bool:
        """Whether it still listens."""
        return self._thread.is_alive() and not self._stopping

    def close(self, timeout_s: float = 1.0) -> bool:
        """Free the port and end all connections and their streams; return whether that was done in time."""
        self._stopping = True
        self._wake()
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while not self._stopping:
            for key, _ in self._selector.select(self._wait_s()):
                try:
                    key.data()
                except Exception:  # whatever one client did, the others are still there
                    _log.exception("a bug with JMTX")
            self._drop_the_silent()
            self._stopping |= not self._connections and time.monotonic() >= self._alone_until_s
        for connection in list(self._connections):
            self._drop(connection)
        for opened in (self._listener, self._wake_reader, self._waker, self._selector):
            opened.close()

    def _wait_s(self) -> float | None:
        ends = [connection.silent_at_s for connection in self._connections if connection.silent_at_s is not None]
        if not self._connections and self._alone_s is not None:
            ends.append(self._alone_until_s)
        return max(0.0, min(ends) - time.monotonic()) if ends else None

    def _time_alone(self) -> float:
        return math.inf if self._alone_s is None else time.monotonic() + self._alone_s

    def _accept(self) -> None:
        try:
            accepted, address = self._listener.accept()
        except OSError as error:
            _log.warning("a connection for JMTX could not be accepted: %s", error)
            return
        name = self._name or f"jmtx {address[0]}:{address[1]}"
        for before in list(self._connections) if self._name else ():
            self._drop(before)
        if len(self._connections) >= MAX_CONNECTIONS:
            self.counts.refused += 1
            _log.warning("%s refused: there are %d connections already", name, MAX_CONNECTIONS)
            accepted.close()
            return
        connection = _Connection(accepted, name, Source(self._streams, name, self._settings), self._resume)
        self._connections.add(connection)
        self._read(connection)

    def _receive(self, connection: _Connection) -> None:
        if connection not in self._connections:
            return  # dropped since it became ready
        try:
            piece = connection.socket.recv(_AT_ONCE)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            piece = b""
        if not piece:
            self._drop(connection)
            return
        came_s = time.monotonic()
        for matrix in connection.parser.feed(piece):
            try:
                if isinstance(matrix, ProtocolError):
                    self.counts.malformed += 1
                    raise matrix
                self._take(connection, matrix, came_s)
            except DrumbridgeError as error:
                self.counts.refused += not isinstance(error, ProtocolError)
                _log.warning("%s: connection closed: %s", connection.name, error.message)
                self._drop(connection)
                return
        self._watch_for_silence(connection)

    def _take(self, connection: _Connection, matrix: Matrix, came_s: float) -> None:
        stream, _ = connection.source.stream(self.sample_rate, matrix.block.shape[1])
        stream.feed(matrix.block)
        self._answer(connection, latency_answer(matrix, 1e3 * came_s, 1e3 * time.monotonic()))
        if not stream.has_room:
            self._pause(connection, stream)

    def _answer(self, connection: _Connection, answer: bytes) -> None:
        """Send what the system takes; keep a little, and whole answers only, of what it does not."""
        unsent = connection.unsent + answer if len(connection.unsent) < _MAX_UNSENT else connection.unsent
        try:
            connection.unsent = unsent[connection.socket.send(unsent) :]
        except (BlockingIOError, InterruptedError):
            connection.unsent = unsent
        except OSError:
            connection.unsent = b""  # it is over, and the next read says so

    def _pause(self, connection: _Connection, stream: LiveStream) -> None:
        if not connection.paused:
            connection.paused = True
            connection.silent_at_s = None
            self._selector.unregister(connection.socket)
        stream.when_room(connection.resume)

    def _resume(self, connection: _Connection) -> None:
        """Read on; called from the stream's thread, or this one."""
        connection.paused = False
        self._wake()

    def _wake(self) -> None:
        with contextlib.suppress(OSError):  # full: it will wake up anyway; closed: nobody is left to wake
            self._waker.send(b"\0")

    def _wake_up(self) -> None:
        with contextlib.suppress(OSError):
            self._wake_reader.recv(4096)
        watched = self._selector.get_map()
        for connection in self._connections:
            if not connection.paused and connection.socket not in watched:
                self._read(connection)
                self._watch_for_silence(connection)

    def _read(self, connection: _Connection) -> None:
        self._selector.register(connection.socket, selectors.EVENT_READ, partial(self._receive, connection))

    def _watch_for_silence(self, connection: _Connection) -> None:
        begun = connection.parser.incomplete and not connection.paused
        connection.silent_at_s = time.monotonic() + self._silence_s if begun else None

    def _drop_the_silent(self) -> None:
        now_s = time.monotonic()
        for connection in list(self._connections):
            if connection.silent_at_s is not None and connection.silent_at_s <= now_s:
                self.counts.silent += 1
                _log.warning("%s: connection closed: it fell silent in the middle of a matrix", connection.name)
                self._drop(connection)

    def _drop(self, connection: _Connection) -> None:
        self._connections.discard(connection)
        self._alone_until_s = self._time_alone()
        if connection.socket in self._selector.get_map():
            self._selector.unregister(connection.socket)
        connection.socket.close()
        connection.source.end()
