"""Listens for REAPER's ReaStream: one live stream for each identifier.

Conventions: one thread waits for datagrams and never for anything else. An identifier belongs to the address that sends
under it, and to another only once that has been silent for `GONE_S`: two senders at once would be noise. What cannot be
used is counted and, at most once a second, logged. What goes missing is told by the sizes of packets where they tell
it, and else estimated from when packets come.
"""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from drumbridge.daw.missing_time import MissingTime
from drumbridge.daw.packet_sizes import PacketSizes
from drumbridge.daw.reastream import AudioPacket, parse
from drumbridge.daw.source import Settings, Source
from drumbridge.engine.streams import GONE_S, Streams
from drumbridge.errors import DrumbridgeError, ProtocolError, StreamError
from drumbridge.ports import listening

_log = logging.getLogger(__name__)

MAX_IDENTIFIERS: Final = 16
_MAX_DATAGRAM: Final = 65536  # more than UDP can carry, so every datagram is read whole
_COMPLAIN_EVERY_S: Final = 1.0
_TAKEN: Final = "is another drumbridge there, or a ReaStream that receives? Both cannot have one port of one address."


@dataclass
class ReaStreamCounts:
    """Packets that were not heard: no ReaStream, of a second sender, or for which no stream could be opened."""

    malformed: int = 0
    foreign: int = 0
    refused: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.malformed + self.foreign + self.refused


class _Sender:
    """Who sends under one identifier."""

    def __init__(self, address: Any, source: Source) -> None:
        self.address = address
        self.source = source
        self.heard_s = 0.0
        self.missing, self.sizes = MissingTime(1), PacketSizes()


class ReaStreamReceiver:
    """A port, and the thread behind it.

    Parameters
    ----------
    streams : Streams
    host : str
    port : int
        0 for any that is free; see `address`.
    settings : callable
        As for `Source`.
    clock : callable
        Returns monotonic seconds.

    Raises
    ------
    ServerError
        ``server.port_taken`` or ``server.address``.

    Attributes
    ----------
    address : (str, int)
    counts : ReaStreamCounts
    """

    def __init__(
        self,
        streams: Streams,
        host: str,
        port: int,
        settings: Settings,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._socket = listening(socket.SOCK_DGRAM, host, port, _TAKEN)
        self.address: tuple[str, int] = self._socket.getsockname()[:2]
        self.counts = ReaStreamCounts()
        self._streams = streams
        self._settings = settings
        self._clock = clock
        self._stopping = False
        self._complained_s = float("-inf")
        self._senders: dict[str, _Sender] = {}
        self._thread = threading.Thread(target=self._run, name="drumbridge-reastream", daemon=True)
        self._thread.start()

    def close(self, timeout_s: float = 1.0) -> bool:
        """Free the port and end all streams of it; return whether that was done in time."""
        self._stopping = True
        host, port = self.address
        loopback = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
        with contextlib.suppress(OSError), socket.socket(self._socket.family, socket.SOCK_DGRAM) as own:
            own.sendto(b"", (loopback, port))  # ends the wait; a full buffer ends it too
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while True:
            try:
                packet, address = self._socket.recvfrom(_MAX_DATAGRAM)
            except OSError as error:
                if self._stopping:
                    break
                _log.debug("ReaStream: %s", error)
                continue
            if self._stopping:
                break
            try:
                self._take(packet, address)
            except DrumbridgeError as error:
                self.counts.malformed += isinstance(error, ProtocolError)
                self.counts.refused += not isinstance(error, ProtocolError)
                self._complain(f"{address[0]}:{address[1]}: {error.message}")
            except Exception:
                _log.exception("a bug with ReaStream")
        self._socket.close()
        for sender in self._senders.values():
            sender.source.end()

    def _take(self, packet: bytes, address: Any) -> None:
        parsed = parse(packet)
        if not isinstance(parsed, AudioPacket) or not len(parsed.block):
            return  # notes are for others
        now_s = self._clock()
        sender = self._sender(parsed.identifier, address)
        if sender.address != address:
            if now_s - sender.heard_s < GONE_S:
                self.counts.foreign += 1
                self._complain(
                    f"{address[0]}:{address[1]} sends as {parsed.identifier!r}, and so does "
                    f"{sender.address[0]}:{sender.address[1]}: give each ReaStream its own identifier"
                )
                return
            sender.address = address
        n, channels = parsed.block.shape
        stream, is_new = sender.source.stream(parsed.sample_rate, channels)
        if is_new:
            sender.missing, sender.sizes = MissingTime(parsed.sample_rate), PacketSizes()
        known = sender.sizes.arrived(n)
        missing = known + sender.missing.arrived(n, now_s, known)
        if missing:
            stream.gap(missing)
        stream.feed(parsed.block)
        sender.heard_s = now_s

    def _sender(self, identifier: str, address: Any) -> _Sender:
        sender = self._senders.get(identifier)
        if sender is None:
            if len(self._senders) >= MAX_IDENTIFIERS:
                idlest = min(self._senders, key=lambda known: self._senders[known].heard_s)
                if self._clock() - self._senders[idlest].heard_s < GONE_S:
                    raise StreamError("stream.too_many", f"{MAX_IDENTIFIERS} identifiers are in use already.")
                self._senders.pop(idlest).source.end()
            source = Source(self._streams, f"reastream {identifier}", self._settings)
            sender = self._senders[identifier] = _Sender(address, source)
        return sender

    def _complain(self, sentence: str) -> None:
        now_s = time.monotonic()
        if now_s - self._complained_s >= _COMPLAIN_EVERY_S:
            self._complained_s = now_s
            _log.warning("ReaStream: %s", sentence)
