"""The server: sockets around a `Bridge`. It moves packets and holds no logic of its own.

Conventions: the thread that calls `Server.run` reads TCP, one beside it UDP; a lock lets one of them
into the bridge at a time. Both answer what can be answered at once; jobs answer from their own threads.
No answer waits: one that the system does not take is dropped and counted (UDP), or waits in a bounded
buffer whose overflow ends the connection (TCP).
"""

from __future__ import annotations

import contextlib
import errno
import logging
import selectors
import socket
import threading
from collections.abc import Hashable
from functools import partial
from typing import Any, Final

from drumbridge.engine.session import Session
from drumbridge.errors import ProtocolError, SettingsError
from drumbridge.osc.addresses import NO_REQ, check_port
from drumbridge.osc.connection import Connection
from drumbridge.osc.handlers import Bridge
from drumbridge.osc.waiting_datagrams import WaitingDatagrams
from drumbridge.ports import cannot_listen, own_alone
from drumbridge.ports import check_port as check_listening_port

_log = logging.getLogger(__name__)

MAX_DATAGRAM: Final = 65536  # more than UDP can carry, so every datagram is read whole
_MAX_CONNECTIONS: Final = 64
_TAKEN: Final = "is another drumbridge running? --port chooses another."
_DO_NOT_WAIT: Final = getattr(socket, "MSG_DONTWAIT", 0)  # Windows lacks it, and takes datagrams without waiting


class Datagrams:
    """The route to a UDP client."""

    reliable = False
    __slots__ = ("_address", "_bridge", "_server", "_socket", "_to")

    def __init__(self, server: Server, address: Any) -> None:
        self._bridge = server.bridge
        self._server = server
        self._socket = server.datagram_socket
        self._address = self._to = address

    def send(self, packet: bytes) -> None:
        """Send without waiting."""
        try:
            self._socket.sendto(packet, _DO_NOT_WAIT, self._to)
        except OSError:
            self._bridge.replies_lost += 1

    @property
    def target(self) -> Hashable:
        """Where answers go."""
        return self._to

    def pause(self) -> None:
        """Do nothing: whoever sends datagrams does not wait."""

    def resume(self) -> None:
        """Do nothing."""

    def reply_to(self, port: int) -> None:
        """Send to another port of the client's host from now on."""
        check_port(port)
        host, own = self._address[0], self._server.address
        if port == own[1] and host == own[0]:
            raise SettingsError("settings.reply_port", f"{port} is the server's own port; name the one you listen on.")
        self._to = (host, port or self._address[1], *self._address[2:])


class Server:
    """Listens on one port, UDP and TCP.

    Parameters
    ----------
    bridge : Bridge
    host : str
        Address to listen on.
    port : int
        0 for any that is free; see `address`.
    tcp : bool
        Whether to listen on TCP too.

    Raises
    ------
    ServerError
        ``server.port_taken`` or ``server.address``: why it cannot listen there.

    Attributes
    ----------
    address : (str, int)
        Host and port that it listens on.
    """

    def __init__(self, bridge: Bridge, host: str, port: int, *, tcp: bool = True) -> None:
        self.bridge = bridge
        self.datagram_socket, self._listener = _bind(host, port, tcp)
        self.address: tuple[str, int] = self.datagram_socket.getsockname()[:2]
        bridge.host = self.address[0]
        self._stopping = False
        self._waiting = WaitingDatagrams(self.datagram_socket)
        self._selector = selectors.DefaultSelector()
        self._connections: dict[Connection, Session] = {}
        self._wake_reader, self._waker = socket.socketpair()
        self._wake_reader.setblocking(False)
        self._waker.setblocking(False)
        self._entering = threading.Lock()
        self._selector.register(self._wake_reader, selectors.EVENT_READ, self._wake_up)
        if self._listener is not None:
            self._selector.register(self._listener, selectors.EVENT_READ, self._accept)

    @property
    def wake_descriptor(self) -> int:
        """A descriptor that ends the wait of `run` when written to, for `signal.set_wakeup_fd`."""
        return self._waker.fileno()

    @property
    def in_use(self) -> bool:
        """Whether a client is connected, a stream or an input is open, or a job waits or runs; from any thread."""
        return bool(self._connections) or self.bridge.in_use

    def run(self) -> None:
        """Serve until `stop` is called."""
        reader = threading.Thread(target=self._read_datagrams, name="datagrams", daemon=True)
        reader.start()
        select = self._selector.select
        while not self._stopping:
            for key, events in select():
                try:
                    with self._entering:
                        key.data(events)
                except Exception:  # whatever one client did, the others are still there
                    _log.exception("a bug in the server")
        self._end_wait_for_datagrams()
        reader.join(timeout=0.2)

    def stop(self) -> None:
        """End `run` soon; may be called from any thread and from a signal handler."""
        self._stopping = True
        self.wake()

    def wake(self) -> None:
        """Make `run` look after its connections."""
        with contextlib.suppress(OSError):  # full: it will wake up anyway; closed: nobody is left to wake
            self._waker.send(b"\0")

    def close(self, timeout_s: float = 0.6) -> bool:
        """Cancel all jobs, end all streams, answer them, close the sockets; return whether all ended in time."""
        ended = self.bridge.close(timeout_s)
        for connection in list(self._connections):
            connection.flush()
            self._drop(connection)
        for opened in (self.datagram_socket, self._listener, self._wake_reader, self._waker, self._selector):
            if opened is not None:
                opened.close()
        return ended

    def _read_datagrams(self) -> None:
        # A wait in recvfrom ends three times as soon as one in a selector, which wakes this thread on another core.
        receive = self.datagram_socket.recvfrom
        while True:
            try:
                packet, address = receive(MAX_DATAGRAM)
            except OSError:
                if self._stopping or self.datagram_socket.fileno() < 0:
                    return
                continue  # an earlier answer found nobody: Windows says so here
            if self._stopping:
                return
            with self._entering:
                self._take_datagram(packet, address)
                for packet, address in self._waiting.take():
                    self._take_datagram(packet, address)

    def _take_datagram(self, packet: bytes, address: Any) -> None:
        try:
            self._hand_over(packet, address)
        except Exception:
            _log.exception("a bug in the server")

    def _hand_over(self, packet: bytes, address: Any) -> None:
        session = self.bridge.sessions.find(address)
        if session is None:
            session = self.bridge.sessions.open(address, Datagrams(self, address))
        self.bridge.receive(packet, session)

    def _end_wait_for_datagrams(self) -> None:
        host, port = self.address
        loopback = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
        with contextlib.suppress(OSError), socket.socket(self.datagram_socket.family, socket.SOCK_DGRAM) as own:
            own.sendto(b"", (loopback, port))

    def _accept(self, _: int) -> None:
        assert self._listener is not None
        try:
            accepted, address = self._listener.accept()
        except OSError as error:
            _log.warning("a connection could not be accepted: %s", error)
            return
        if len(self._connections) >= _MAX_CONNECTIONS:
            _log.warning("connection from %s refused: there are %d already", address, _MAX_CONNECTIONS)
            accepted.close()
            return
        connection = Connection(accepted, f"{address[0]}:{address[1]}", self.wake)
        session = self.bridge.sessions.open(connection, connection)
        self._connections[connection] = session
        self._watch(connection, session, selectors.EVENT_READ)

    def _serve(self, connection: Connection, session: Session, events: int) -> None:
        if connection not in self._connections:
            return  # dropped since it became ready
        if events & selectors.EVENT_READ:
            for packet in connection.receive():
                if isinstance(packet, ProtocolError):
                    self.bridge.fail(session, NO_REQ, packet)
                else:
                    self.bridge.receive(packet, session)
        self._look_after(connection, session)

    def _wake_up(self, _: int) -> None:
        with contextlib.suppress(OSError):
            self._wake_reader.recv(4096)
        for connection, session in list(self._connections.items()):
            self._look_after(connection, session)

    def _look_after(self, connection: Connection, session: Session) -> None:
        if not connection.flush():
            self._drop(connection)
            return
        wanted = (0 if connection.paused else selectors.EVENT_READ) | (
            selectors.EVENT_WRITE if connection.unsent else 0
        )
        self._watch(connection, session, wanted)

    def _watch(self, connection: Connection, session: Session, wanted: int) -> None:
        """Have `_serve` called on these events, none of them if 0."""
        key = self._selector.get_map().get(connection.socket)
        if key is None and wanted:
            self._selector.register(connection.socket, wanted, partial(self._serve, connection, session))
        elif key is not None and not wanted:
            self._selector.unregister(connection.socket)
        elif key is not None and key.events != wanted:
            self._selector.modify(connection.socket, wanted, key.data)

    def _drop(self, connection: Connection) -> None:
        self._watch(connection, self._connections.pop(connection), 0)
        self.bridge.sessions.close(connection)
        connection.close()


def _bind(host: str, port: int, tcp: bool) -> tuple[socket.socket, socket.socket | None]:
    """Return a UDP socket and, if asked for, a listening TCP socket on the same port."""
    check_listening_port(host, port)
    for attempt in range(20):
        with contextlib.ExitStack() as undo:
            try:
                family, _, _, _, address = socket.getaddrinfo(
                    host or None, port, type=socket.SOCK_DGRAM, flags=socket.AI_PASSIVE
                )[0]
                datagrams = undo.enter_context(socket.socket(family, socket.SOCK_DGRAM))
                own_alone(datagrams)
                datagrams.bind(address)
                listener = None
                if tcp:
                    listener = undo.enter_context(socket.socket(family, socket.SOCK_STREAM))
                    own_alone(listener)
                    listener.bind(datagrams.getsockname())
                    listener.listen()
                    listener.setblocking(False)
            except (OSError, UnicodeError) as error:  # the latter from a host's name
                if port == 0 and attempt < 19 and getattr(error, "errno", None) == errno.EADDRINUSE:
                    continue  # any port will do, and this one is free for UDP only
                raise cannot_listen(host, port, error, _TAKEN) from error
            undo.pop_all()
            return datagrams, listener
    raise AssertionError("the last attempt raises")
