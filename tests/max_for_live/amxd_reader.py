"""An independent reader of .amxd files: it knows the layout and nothing of our builder."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass, field


@dataclass
class File:
    """One file inside a frozen device."""

    type: str
    name: str
    data: bytes
    flag: int


@dataclass
class Device:
    """What an .amxd file holds."""

    kind: str
    meta: int
    patcher: dict
    files: list[File] = field(default_factory=list)  # empty when unfrozen


def read(data: bytes) -> Device:
    chunks = {}
    at = 0
    while at < len(data):
        tag, (size,) = data[at : at + 4].decode(), struct.unpack_from("<I", data, at + 4)
        assert at + 8 + size <= len(data), f"{tag} reaches behind the end"
        assert tag not in chunks
        chunks[tag] = data[at + 8 : at + 8 + size]
        at += 8 + size
    assert list(chunks) == ["ampf", "meta", "ptch"]
    kind, (meta,), patch = chunks["ampf"].decode(), struct.unpack("<I", chunks["meta"]), chunks["ptch"]
    if patch[:4] != b"mx@c":
        return Device(kind, meta, _patcher(patch))
    header, zero, footer = struct.unpack_from(">III", patch, 4)
    assert (header, zero) == (16, 0)
    files = list(_files(patch, footer))
    assert sum(len(file.data) for file in files) == footer - 16, "payloads lie one behind the other"
    return Device(kind, meta, _patcher(files[0].data), files)


def _patcher(text: bytes) -> dict:
    assert text.endswith(b"}\0"), "one NUL closes the JSON"
    return json.loads(text[:-1])["patcher"]


def _files(patch: bytes, footer: int):
    tag, size = struct.unpack_from(">4sI", patch, footer)
    assert tag == b"dlst"
    assert footer + size == len(patch)
    at, expected = footer + 8, 16
    while at < len(patch):
        tag, size = struct.unpack_from(">4sI", patch, at)
        assert tag == b"dire"
        fields, inner = {}, at + 8
        while inner < at + size:
            name, length = struct.unpack_from(">4sI", patch, inner)
            fields[name.decode()] = patch[inner + 8 : inner + length]
            inner += length
        assert list(fields) == ["type", "fnam", "sz32", "of32", "vers", "flag", "mdat"]
        number = {k: struct.unpack(">I", fields[k])[0] for k in ("sz32", "of32", "vers", "flag", "mdat")}
        assert number["vers"] == 0
        assert number["of32"] == expected
        assert len(fields["fnam"]) % 4 == 0
        assert number["mdat"] > 2_082_844_800  # after 1970
        expected += number["sz32"]
        data = patch[number["of32"] : expected]
        yield File(fields["type"].decode(), fields["fnam"].rstrip(b"\0").decode(), data, number["flag"])
        at += size
