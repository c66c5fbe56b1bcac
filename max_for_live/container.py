"""The bytes of an .amxd file, unfrozen and frozen.

Conventions: an outer chunk is a tag of four characters, its size as little-endian u32 without the header, and data.
Inside a frozen ``ptch`` all integers are big-endian and sizes include their header. Every file is written with one and
the same date, so that the same sources always give the same bytes.
"""

from __future__ import annotations

import json
import struct
from typing import Any, Final, NamedTuple

AUDIO_EFFECT: Final = b"aaaa"
MIDI_EFFECT: Final = b"mmmm"

_UNFROZEN, _FROZEN = 1, 7  # the value of meta
_DEVICE_FLAG, _NODE_FLAG = 17, 8
_HEADER = 16  # of the frozen part, from where offsets are measured
_DATE = 3_876_854_400  # 2026-11-06 00:00 UTC in seconds since 1904


class Dependency(NamedTuple):
    """A file that a frozen device carries; `node` says that node.script runs it, not js."""

    name: str
    data: bytes
    node: bool = False


def patcher_text(patcher: dict[str, Any]) -> bytes:
    """Return the JSON of a patcher as Max 8 and later read it, with its closing NUL."""
    return json.dumps({"patcher": patcher}, indent="\t", ensure_ascii=True).encode("ascii") + b"\0"


def unfrozen(kind: bytes, patcher: dict[str, Any]) -> bytes:
    """Return a device whose dependencies lie beside it."""
    return _file(kind, _UNFROZEN, patcher_text(patcher))


def frozen(kind: bytes, name: str, patcher: dict[str, Any], dependencies: list[Dependency]) -> bytes:
    """Return a device that carries its dependencies; `name` is its file's."""
    parts = [(b"JSON", name, patcher_text(patcher), _DEVICE_FLAG)]
    parts += [(b"TEXT", one.name, one.data, _NODE_FLAG if one.node else 0) for one in dependencies]
    entries, payload = b"", b""
    for type_, file_name, data, flag in parts:
        entries += _entry(type_, file_name, len(data), _HEADER + len(payload), flag)
        payload += data
    head = b"mx@c" + struct.pack(">III", _HEADER, 0, _HEADER + len(payload))
    return _file(kind, _FROZEN, head + payload + _chunk(b"dlst", entries))


def _file(kind: bytes, meta: int, patch: bytes) -> bytes:
    outer = [(b"ampf", kind), (b"meta", struct.pack("<I", meta)), (b"ptch", patch)]
    return b"".join(tag + struct.pack("<I", len(data)) + data for tag, data in outer)


def _entry(type_: bytes, name: str, size: int, offset: int, flag: int) -> bytes:
    text = name.encode("utf-8") + b"\0"
    text += b"\0" * (-len(text) % 4)
    fields = _chunk(b"type", type_) + _chunk(b"fnam", text)
    for tag, value in ((b"sz32", size), (b"of32", offset), (b"vers", 0), (b"flag", flag), (b"mdat", _DATE)):
        fields += _chunk(tag, struct.pack(">I", value))
    return _chunk(b"dire", fields)


def _chunk(tag: bytes, data: bytes) -> bytes:
    return tag + struct.pack(">I", 8 + len(data)) + data
