"""OSC 1.0 and 1.1 between bytes and values: no socket, no clock, no state.

Conventions: a message carries its type tags (without the comma), so nothing is guessed on the way
out. Values by tag: ``i h t r`` int, ``f d`` float, ``s S c`` str, ``b`` bytes, ``m`` 4 bytes (port,
status, two values), ``T F`` bool, ``N`` None, ``I`` `IMPULSE`, ``[ ]`` a tuple. Everything is
big-endian and padded with zeros to 4 bytes. Reading is strict: what is not exactly OSC raises
`ProtocolError` (``osc.malformed``), with one tolerance of the specification: a message that ends
after its address has no arguments. What cannot be written raises it with ``osc.value``.

Sources: "The Open Sound Control 1.0 Specification" (Wright, 2002) and "Features and Future of Open
Sound Control version 1.1" (Freed and Schmeder, NIME 2009). The stream framings of both are in
`drumbridge.osc.framing`.
"""

from __future__ import annotations

import enum
import struct
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final, NamedTuple

from drumbridge.errors import ProtocolError

IMMEDIATELY: Final = 1  # the time tag that means "now"
MAX_DEPTH: Final = 16  # of bundles in bundles, and of arrays in arrays

_BUNDLE = b"#bundle\0"
_FIXED = {"i": "i", "f": "f", "h": "q", "d": "d", "t": "Q", "r": "I"}
_KNOWN = frozenset("ifsbhtdScrmTFNI[]")
_CACHED_HEADER_LENGTH = 128  # longer headers are parsed anew each time, which bounds the caches' memory
_INT32 = struct.Struct(">i")


class Impulse(enum.Enum):
    """The one value of tag ``I`` ("infinitum", in OSC 1.1 "impulse")."""

    IMPULSE = "I"


IMPULSE: Final = Impulse.IMPULSE


class Message(NamedTuple):
    """One OSC message."""

    address: str
    tags: str = ""
    arguments: tuple[Any, ...] = ()


class Bundle(NamedTuple):
    """Messages and bundles that belong together; `time_tag` is 64 bits of NTP time."""

    time_tag: int
    elements: tuple[Message | Bundle, ...]

    def messages(self) -> Iterator[Message]:
        """Yield every message in order, those of nested bundles too."""
        for element in self.elements:
            if isinstance(element, Message):
                yield element
            else:
                yield from element.messages()


def decode(packet: bytes) -> Message | Bundle:
    """Return what a packet holds.

    Raises
    ------
    ProtocolError
        ``osc.malformed``: the packet is not OSC; the sentence says where.
    """
    if packet[:1] == b"/":
        return _decode_message(packet)
    return _decode_element(packet, 0)


def address_of(packet: bytes) -> str:
    """Return the address at the start of a packet that may be damaged, "" when there is none."""
    end = packet.find(b"\0", 0, 4096)
    return packet[:end].decode("ascii", "replace") if packet[:1] == b"/" and end > 0 else ""


def encode(element: Message | Bundle) -> bytes:
    """Return the packet of a message or a bundle.

    Raises
    ------
    ProtocolError
        ``osc.value``: an argument does not fit its tag, or the tags do not fit the arguments.
    """
    if isinstance(element, Bundle):
        return _encode_bundle(element)
    address, tags, arguments = element
    header, fixed = _written_header(address, tags)
    try:
        if fixed is not None:
            return header + fixed.pack(*arguments)
        return b"".join([header, *_encode_arguments(tags, arguments)])
    except (struct.error, OverflowError, TypeError, ValueError, AttributeError) as error:
        raise ProtocolError("osc.value", f"{address} ,{tags} cannot be written: {error}.") from None


# -- reading ---------------------------------------------------------------------------------


def _bad(why: str) -> ProtocolError:
    return ProtocolError("osc.malformed", f"This is not an OSC packet: {why}.")


def _decode_element(packet: bytes, depth: int) -> Message | Bundle:
    if packet[:1] == b"/":
        return _decode_message(packet)
    if packet[:8] != _BUNDLE:
        if not packet:
            raise _bad("it is empty")
        raise _bad("it starts neither with '/' nor with '#bundle'")
    if depth >= MAX_DEPTH:
        raise _bad(f"bundles are nested deeper than {MAX_DEPTH}")
    length = len(packet)
    if length < 16:
        raise _bad("the bundle ends within its time tag")
    elements = []
    at = 16
    while at < length:
        if at + 4 > length:
            raise _bad("the bundle ends within the size of an element")
        (size,) = _INT32.unpack_from(packet, at)
        at += 4
        if size <= 0 or size & 3 or at + size > length:
            raise _bad(f"an element of a bundle claims {size} bytes of {length - at}")
        elements.append(_decode_element(packet[at : at + size], depth + 1))
        at += size
    return Bundle(int.from_bytes(packet[8:16], "big"), tuple(elements))


def _decode_message(packet: bytes) -> Message:
    length = len(packet)
    if length & 3:
        raise _bad(f"{length} bytes are not a multiple of 4")
    start = (packet.find(b"\0") + 4) & ~3
    end = (packet.find(b"\0", start) + 4) & ~3 if start < length else start
    if start <= 0 or end <= 0:
        raise _bad("the address or the type tags do not end")
    header = packet[:end]
    address, tags, fixed = _read_header(header) if end <= _CACHED_HEADER_LENGTH else _parse_header(header)
    if fixed is not None:
        if length - end != fixed.size:
            raise _bad(f"the arguments of ,{tags} take {fixed.size} bytes, not {length - end}")
        return Message(address, tags, fixed.unpack_from(packet, end))
    return Message(address, tags, _decode_arguments(packet, end, tags))


def _parse_header(header: bytes) -> tuple[str, str, struct.Struct | None]:
    address, at = _string(header, 0)
    if not address.isascii() or not address.isprintable():
        raise _bad("the address has characters that are not printable ASCII")
    if at == len(header):
        return address, "", struct.Struct("")
    tags, _ = _string(header, at)
    if tags[:1] != ",":
        raise _bad("the type tags do not start with a comma")
    tags = tags[1:]
    if unknown := set(tags) - _KNOWN:
        raise _bad(f"unknown type tag {min(unknown)!r}")
    return address, tags, _fixed_struct(tags)


_read_header = lru_cache(maxsize=512)(_parse_header)


def _fixed_struct(tags: str) -> struct.Struct | None:
    if all(tag in _FIXED for tag in tags):
        return struct.Struct(">" + "".join(_FIXED[tag] for tag in tags))
    return None


def _decode_arguments(packet: bytes, at: int, tags: str) -> tuple[Any, ...]:
    values: list[Any] = []
    open_arrays: list[list[Any]] = []
    try:
        for tag in tags:
            if tag in _FIXED:
                fixed = _STRUCTS[tag]
                (value,) = fixed.unpack_from(packet, at)
                at += fixed.size
            elif tag in "sS":
                value, at = _string(packet, at)
            elif tag == "b":
                value, at = _blob(packet, at)
            elif tag == "c":
                (code,) = _INT32.unpack_from(packet, at)
                if not 0 <= code < 128:
                    raise _bad(f"character {code} is not ASCII")
                value, at = chr(code), at + 4
            elif tag == "m":
                value, at = packet[at : at + 4], at + 4
            elif tag == "[":
                if len(open_arrays) >= MAX_DEPTH:
                    raise _bad(f"arrays are nested deeper than {MAX_DEPTH}")
                open_arrays.append(values)
                values = []
                continue
            elif tag == "]":
                if not open_arrays:
                    raise _bad("an array ends that did not start")
                value, values = tuple(values), open_arrays.pop()
            else:
                value = _CONSTANTS[tag]
            values.append(value)
    except struct.error:
        raise _bad("it ends within its arguments") from None
    if open_arrays:
        raise _bad("an array does not end")
    if at != len(packet):
        raise _bad(f"{len(packet) - at} bytes are left over" if at < len(packet) else "it ends within its arguments")
    return tuple(values)


_STRUCTS = {tag: struct.Struct(">" + code) for tag, code in _FIXED.items()}
_CONSTANTS: dict[str, Any] = {"T": True, "F": False, "N": None, "I": IMPULSE}


def _string(packet: bytes, at: int) -> tuple[str, int]:
    end = packet.find(b"\0", at)
    if end < 0:
        raise _bad("a string does not end")
    after = (end + 4) & ~3
    if packet[end:after].strip(b"\0") or after > len(packet):
        raise _bad("a string is not padded with zeros")
    try:
        return packet[at:end].decode("utf-8"), after
    except UnicodeDecodeError:
        raise _bad("a string is not UTF-8") from None


def _blob(packet: bytes, at: int) -> tuple[bytes, int]:
    (size,) = _INT32.unpack_from(packet, at)
    at += 4
    after = at + ((size + 3) & ~3)
    if size < 0 or after > len(packet):
        raise _bad(f"a blob claims {size} bytes of {len(packet) - at}")
    if packet[at + size : after].strip(b"\0"):
        raise _bad("a blob is not padded with zeros")
    return packet[at : at + size], after


# -- writing ---------------------------------------------------------------------------------


def _padded(text: str) -> bytes:
    if "\0" in text:
        raise ValueError("a string cannot hold a zero byte")
    raw = text.encode("utf-8")
    return raw + b"\0" * (4 - (len(raw) & 3))


@lru_cache(maxsize=512)
def _written_header(address: str, tags: str) -> tuple[bytes, struct.Struct | None]:
    if not address.startswith("/") or not address.isascii() or not address.isprintable():
        raise ProtocolError("osc.value", f"{address!r} is not an OSC address.")
    if set(tags) - _KNOWN:
        raise ProtocolError("osc.value", f"{tags!r} are not OSC type tags.")
    return _padded(address) + _padded("," + tags), _fixed_struct(tags)


def _encode_arguments(tags: str, arguments: tuple[Any, ...]) -> Iterator[bytes]:
    pending = list(reversed(arguments))
    open_arrays: list[list[Any]] = []
    for tag in tags:
        if tag == "]":
            if pending or not open_arrays:
                raise ValueError("an array holds more values than tags")
            pending = open_arrays.pop()
            continue
        if not pending:
            raise ValueError("there are more tags than values")
        value = pending.pop()
        if tag in _FIXED:
            yield _STRUCTS[tag].pack(value)
        elif tag in "sS":
            yield _padded(value)
        elif tag == "b":
            yield _INT32.pack(len(value)) + value + b"\0" * (-len(value) & 3)
        elif tag == "c":
            if not value.isascii():
                raise ValueError(f"{value!r} is not an ASCII character")
            yield _INT32.pack(ord(value))
        elif tag == "m":
            if len(value) != 4:
                raise ValueError("a MIDI message has 4 bytes")
            yield bytes(value)
        elif tag == "[":
            if len(open_arrays) >= MAX_DEPTH:
                raise ValueError(f"arrays are nested deeper than {MAX_DEPTH}")
            open_arrays.append(pending)
            pending = list(reversed(value))
        elif value is not _CONSTANTS[tag]:
            raise ValueError(f"{value!r} is not the value of tag {tag}")
    if pending or open_arrays:
        raise ValueError("there are more values than tags")


def _encode_bundle(bundle: Bundle) -> bytes:
    if not 0 <= bundle.time_tag < 1 << 64:
        raise ProtocolError("osc.value", f"Time tag {bundle.time_tag} is not 64 bits.")
    parts = [_BUNDLE, bundle.time_tag.to_bytes(8, "big")]
    for element in bundle.elements:
        packet = encode(element)
        parts += (_INT32.pack(len(packet)), packet)
    return b"".join(parts)
