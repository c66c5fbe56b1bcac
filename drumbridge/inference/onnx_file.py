"""What an ONNX file says of itself, read without a model runtime: its metadata, and whether it is complete.

Conventions: an ONNX file is one protobuf message (onnx.proto, IR version 3 and later). Only the fields
named below are looked at; the field numbers are those of that file. Reading never executes anything and
never follows a reference to another file.
"""

from __future__ import annotations

from collections.abc import Iterator

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5

_IR_VERSION, _GRAPH, _METADATA = 1, 7, 14  # ModelProto
_DATA_LOCATION, _EXTERNAL_DATA = 14, 13  # TensorProto

# Per message, the fields that may lead to a tensor: field number -> message.
_TO_TENSORS: dict[str, dict[int, str]] = {
    "model": {7: "graph", 25: "function"},
    "graph": {1: "node", 5: "tensor", 15: "sparse_tensor"},
    "function": {7: "node", 11: "attribute"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse_tensor", 23: "sparse_tensor"},
    "sparse_tensor": {1: "tensor", 2: "tensor"},
}
_MAX_DEPTH = 64


def metadata(content: bytes) -> dict[str, str]:
    """Return the metadata of an ONNX file, text by key.

    Raises
    ------
    ValueError
        `content` is not an ONNX model.
    """
    found: dict[str, str] = {}
    seen = set()
    for number, value in _fields(memoryview(content)):
        seen.add(number)
        if number == _METADATA and isinstance(value, memoryview):
            entry = {n: bytes(v) for n, v in _fields(value) if isinstance(v, memoryview)}
            found[entry.get(1, b"").decode()] = entry.get(2, b"").decode()
    if not {_IR_VERSION, _GRAPH} <= seen:
        raise ValueError("it has no IR version or no graph")
    return found


def has_external_data(content: bytes) -> bool:
    """Tell whether any tensor of an ONNX file keeps its numbers in another file.

    Raises
    ------
    ValueError
        `content` is not an ONNX model.
    """
    return _refers_outside(memoryview(content), "model", 0)


def _refers_outside(message: memoryview, kind: str, depth: int) -> bool:
    if depth > _MAX_DEPTH:
        raise ValueError("it is nested too deeply")
    if kind == "tensor":
        return any(n == _EXTERNAL_DATA or (n == _DATA_LOCATION and v == 1) for n, v in _fields(message))
    inner = _TO_TENSORS[kind]
    return any(
        _refers_outside(value, inner[number], depth + 1)
        for number, value in _fields(message)
        if number in inner and isinstance(value, memoryview)
    )


def _fields(message: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Yield (field number, value) of one protobuf message; fixed-width values are given as bytes."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        number, wire_type = key >> 3, key & 7
        if number == 0:
            raise ValueError("a field has the number 0")
        if wire_type == _VARINT:
            value, at = _varint(message, at)
            yield number, value
            continue
        if wire_type == _BYTES:
            length, at = _varint(message, at)
        elif wire_type in (_FIXED64, _FIXED32):
            length = 8 if wire_type == _FIXED64 else 4
        else:
            raise ValueError(f"wire type {wire_type} is unknown")
        if at + length > len(message):
            raise ValueError("it ends in the middle of a field")
        yield number, message[at : at + length]
        at += length


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(message):
            raise ValueError("it ends in the middle of a number")
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise ValueError("a number is too long")
