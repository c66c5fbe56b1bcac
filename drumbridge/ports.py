"""Sockets, for all who need one: those that listen and are alone on a port, and those that datagrams leave by.

Convention: no two programs share a port here, on any system, so a second one is told at once why it cannot have it.
"""

from __future__ import annotations

import contextlib
import errno
import ipaddress
import socket
import sys
from typing import Final

from drumbridge.errors import ServerError, SettingsError

LOOPBACK: Final = "127.0.0.1"
JMTX_PORT: Final = 7474  # TCP, jit.net.send's own
WEB_PORT: Final = 23788  # TCP, the page
REASTREAM_PORT: Final = 58710  # UDP, ReaStream's own
RECEIVE_BUFFER: Final = 4 << 20  # bytes asked for; systems grant less


def listening(kind: socket.SocketKind, host: str, port: int, what: str) -> socket.socket:
    """Return a socket on a port: SOCK_DGRAM bound, SOCK_STREAM listening and not blocking.

    Parameters
    ----------
    kind : SocketKind
    host : str
    port : int
        0 for any that is free.
    what : str
        What listens there, for the message.

    Raises
    ------
    ServerError
        ``server.port_taken`` or ``server.address``.
    """
    check_port(host, port)
    with contextlib.ExitStack() as undo:
        try:
            family, _, _, _, address = socket.getaddrinfo(host or None, port, type=kind, flags=socket.AI_PASSIVE)[0]
            opened = undo.enter_context(socket.socket(family, kind))
            own_alone(opened)
            opened.bind(address)
            if kind == socket.SOCK_STREAM:
                opened.listen()
                opened.setblocking(False)
        except (OSError, UnicodeError) as error:  # the latter from a host's name
            raise cannot_listen(host, port, error, what) from error
        undo.pop_all()
        return opened


def own_alone(opened: socket.socket) -> None:
    """Have a socket that is not bound yet share its port with nobody, and forgive what ended there a moment ago."""
    if sys.platform == "win32":
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
    elif opened.type == socket.SOCK_STREAM:  # on Windows this would share the port
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if opened.type == socket.SOCK_DGRAM:
        with contextlib.suppress(OSError):
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)


def check_port(host: str, port: int) -> None:
    """Refuse a port that no system has; some would take it modulo 65536.

    Raises
    ------
    ServerError
        ``server.address``.
    """
    if not 0 <= port <= 65535:
        raise ServerError("server.address", f"Cannot listen on {host}, port {port}: ports go from 0 to 65535.")


def cannot_listen(host: str, port: int, error: Exception, what: str) -> ServerError:
    """Return why a port could not be had; `what` says who else may have it and what to do."""
    if getattr(error, "errno", None) in (errno.EADDRINUSE, 10013, 10048):  # the latter two are Windows'
        return ServerError("server.port_taken", f"Port {port} on {host} is taken; {what}")
    reason = getattr(error, "strerror", None) or str(error)
    return ServerError("server.address", f"Cannot listen on {host}, port {port}: {reason}.")


def sending(host: str, port: int) -> socket.socket:
    """Return a socket for datagrams to one port of one machine, which does not wait.

    Parameters
    ----------
    host : str
        An address as numbers: no name is looked up.
    port : int
        1..65535.

    Raises
    ------
    SettingsError
        ``settings.port`` or ``settings.host``.
    ServerError
        ``server.address``: this machine does not reach there.
    """
    if not 1 <= port <= 65535:
        raise SettingsError("settings.port", f"There is no port {port}; name one of 1..65535.")
    try:
        version = ipaddress.ip_address(host).version
    except ValueError:
        raise SettingsError("settings.host", f"{host!r:.80} is no address like 127.0.0.1.") from None
    opened = socket.socket(socket.AF_INET if version == 4 else socket.AF_INET6, socket.SOCK_DGRAM)
    opened.setblocking(False)
    try:
        opened.connect((host, port))
    except OSError as error:
        opened.close()
        raise ServerError("server.address", f"{host}, port {port} cannot be reached: {error.strerror}.") from error
    return opened


def send_datagram(opened: socket.socket, packet: bytes) -> None:
    """Send by a socket of `sending`; ConnectionRefusedError when the datagram before this one found nobody."""
    try:
        opened.send(packet)
    except ConnectionRefusedError:
        opened.send(packet)  # it was not sent, for the system told of the one before in its place
        raise
