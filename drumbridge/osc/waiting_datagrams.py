"""What waits in a UDP socket, taken in one go: Linux's recvmmsg, without letting go of the interpreter.

Conventions: addresses are as `socket.recvfrom` gives them for IPv4. Python's own recvfrom lets other threads run at
each call; with eight streams of 689 packets a second each the threads then did little but hand the interpreter to each
other, and a second of audio waited in the socket. Where the system has no recvmmsg, or the socket is not IPv4, nothing
is taken and one packet at a time is as good as it gets.
"""

from __future__ import annotations

import ctypes
import socket
import struct
import sys
from typing import Final

_AT_ONCE: Final = 64
_LONGEST: Final = 65536


class _Vector(ctypes.Structure):
    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


class _Header(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_void_p), ("name_length", ctypes.c_uint), ("vectors", ctypes.POINTER(_Vector)),
        ("vector_count", ctypes.c_size_t), ("control", ctypes.c_void_p), ("control_length", ctypes.c_size_t),
        ("flags", ctypes.c_int),
    )  # fmt: skip


class _Message(ctypes.Structure):
    _fields_ = (("header", _Header), ("length", ctypes.c_uint))


class WaitingDatagrams:
    """Takes what waits in a socket.

    Parameters
    ----------
    source : socket
        A UDP socket.
    """

    def __init__(self, source: socket.socket) -> None:
        self._descriptor = source.fileno()
        self._receive = _recvmmsg() if source.family == socket.AF_INET else None
        if self._receive is None:
            return
        self._room = ctypes.create_string_buffer(_AT_ONCE * _LONGEST)
        self._names = ctypes.create_string_buffer(_AT_ONCE * 16)
        self._bytes = memoryview(self._room).cast("B")
        start, names = ctypes.addressof(self._room), ctypes.addressof(self._names)
        self._vectors = (_Vector * _AT_ONCE)(*(_Vector(start + k * _LONGEST, _LONGEST) for k in range(_AT_ONCE)))
        self._messages = (_Message * _AT_ONCE)()
        for k, message in enumerate(self._messages):
            message.header.name, message.header.name_length = names + 16 * k, 16
            message.header.vectors = ctypes.pointer(self._vectors[k])
            message.header.vector_count = 1

    def take(self) -> list[tuple[bytes, tuple[str, int]]]:
        """Return the packets that wait, up to 64, each with its sender; never waits itself."""
        if self._receive is None:
            return []
        n = self._receive(self._descriptor, self._messages, _AT_ONCE, socket.MSG_DONTWAIT, None)
        taken = []
        for k in range(max(0, n)):
            port, *octets = struct.unpack_from("!2xH4B", self._names, 16 * k)
            start = k * _LONGEST
            self._messages[k].header.name_length = 16  # the kernel wrote there
            packet = bytes(self._bytes[start : start + self._messages[k].length])
            taken.append((packet, (".".join(map(str, octets)), port)))
        return taken


def _recvmmsg():  # type: ignore[no-untyped-def]  # ctypes has no type for it
    if not sys.platform.startswith("linux"):
        return None
    try:
        function = ctypes.PyDLL(None).recvmmsg  # PyDLL: the interpreter is not let go
    except (AttributeError, OSError):
        return None
    function.argtypes = (ctypes.c_int, ctypes.POINTER(_Message), ctypes.c_uint, ctypes.c_int, ctypes.c_void_p)
    function.restype = ctypes.c_int
    return function
