"""Packets in a byte stream: the length prefix of OSC 1.0 and the SLIP of OSC 1.1. No socket.

Conventions: a decoder is fed bytes however they were cut and returns what they complete, in order:
packets as bytes, and a damaged packet as the `ProtocolError` it is. After an error that loses the
place in the stream `broken` is true and nothing more comes out. A decoder never holds more than
one packet of `MAX_PACKET` bytes beside what it was just fed.

Sources: OSC 1.0 (int32 length before each packet); OSC 1.1 (RFC 1055 SLIP with END at both ends).
"""

from __future__ import annotations

import struct
from typing import Final

from drumbridge.errors import ProtocolError

MAX_PACKET: Final = 1 << 20  # bytes; far above any request, far below harm

_LENGTH = struct.Struct(">i")
_END, _ESCAPE = b"\xc0", b"\xdb"


class LengthFraming:
    """Packets that each follow their length, an int32 (OSC 1.0)."""

    def __init__(self) -> None:
        self.broken = False
        self._pending = bytearray()

    @staticmethod
    def frame(packet: bytes) -> bytes:
        """Return `packet` as it goes into the stream."""
        return _LENGTH.pack(len(packet)) + packet

    def feed(self, piece: bytes) -> list[bytes | ProtocolError]:
        """Take the next bytes of the stream; return what they complete."""
        if self.broken:
            return []
        pending = self._pending
        pending += piece
        done: list[bytes | ProtocolError] = []
        at = 0
        while len(pending) - at >= 4:
            (length,) = _LENGTH.unpack_from(pending, at)
            if not 0 <= length <= MAX_PACKET:
                self.broken = True
                pending.clear()
                done.append(ProtocolError("osc.framing", f"A packet claims {length} bytes; {MAX_PACKET} is the most."))
                return done
            if len(pending) - at - 4 < length:
                break
            done.append(bytes(pending[at + 4 : at + 4 + length]))
            at += 4 + length
        del pending[:at]
        return done


class SlipFraming:
    """Packets between END bytes, with END and ESC escaped (OSC 1.1); finds its place again after damage."""

    broken = False

    def __init__(self) -> None:
        self._pending = bytearray()
        self._too_long = False

    @staticmethod
    def frame(packet: bytes) -> bytes:
        """Return `packet` as it goes into the stream."""
        return _END + packet.replace(b"\xdb", b"\xdb\xdd").replace(b"\xc0", b"\xdb\xdc") + _END

    def feed(self, piece: bytes) -> list[bytes | ProtocolError]:
        """Take the next bytes of the stream; return what they complete."""
        done: list[bytes | ProtocolError] = []
        *complete, rest = piece.split(_END)
        for part in complete:
            self._take(part)
            if self._too_long:
                done.append(ProtocolError("osc.framing", f"A SLIP packet is longer than {MAX_PACKET} bytes."))
            elif self._pending:
                done.append(_unescaped(bytes(self._pending)))
            self._too_long = False
            self._pending.clear()
        self._take(rest)
        return done

    def _take(self, part: bytes) -> None:
        # Escapes at most double a packet; what is longer is thrown away up to the next END.
        self._too_long = self._too_long or len(self._pending) + len(part) > 2 * MAX_PACKET
        if self._too_long:
            self._pending.clear()
        else:
            self._pending += part


Framing = LengthFraming | SlipFraming


def framing_of(first: int) -> Framing:
    """Return the framing of a stream from its first byte: SLIP starts with END, '/' or '#', a length with 0.

    Raises
    ------
    ProtocolError
        ``osc.framing``: it is neither; something else than OSC speaks there.
    """
    if first in b"\xc0/#":
        return SlipFraming()
    if first == 0:
        return LengthFraming()
    raise ProtocolError(
        "osc.framing", f"A stream that starts with byte 0x{first:02x} is neither OSC 1.0 (length) nor OSC 1.1 (SLIP)."
    )


def _unescaped(raw: bytes) -> bytes | ProtocolError:
    first, *escaped = raw.split(_ESCAPE)
    parts = [first]
    for part in escaped:
        if part[:1] == b"\xdc":
            parts.append(_END + part[1:])
        elif part[:1] == b"\xdd":
            parts.append(_ESCAPE + part[1:])
        else:
            return ProtocolError("osc.framing", "A SLIP escape is followed by neither 0xdc nor 0xdd.")
    packet = b"".join(parts)
    if len(packet) > MAX_PACKET:
        return ProtocolError("osc.framing", f"A SLIP packet is longer than {MAX_PACKET} bytes.")
    return packet
