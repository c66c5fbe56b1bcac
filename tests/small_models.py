"""Small ONNX models for tests, written byte by byte: no model library is needed to make them.

Conventions: field numbers are those of onnx.proto. The model tells kick from closed_hat by how fast the
signal changes: with e the energy of the excerpt and d that of its difference, its scores are
log(e / d) - 4 and 4 - log(e / d); the border is near 900 Hz at 44100 Hz. Its embedding is
(log e, log d, available), its presence sigmoid(log e + 7): a sound of -30 dBFS is one.
"""

from __future__ import annotations

import json
import struct
from pathlib import Path

LABELS = ("kick", "closed_hat")
SAMPLE_RATE = 44100
SAMPLES_BEFORE = 512
SAMPLES_AFTER = 4096

FLOAT, INT64 = 1, 7  # TensorProto.DataType


def manifest(**changes: object) -> dict:
    """Return a manifest that fits the model, with some fields changed; a change to None removes one."""
    fields = {
        "name": "small", "version": "1", "labels": list(LABELS), "sample_rate": SAMPLE_RATE,
        "samples_before": SAMPLES_BEFORE, "samples_after": SAMPLES_AFTER, "segmentation": "onset",
        "activation": "sigmoid", "thresholds": dict.fromkeys(LABELS, 0.5), "calibration": {"presence_threshold": 0.5},
        "training_data": [], "licence": "MIT", "accuracy": {}, "format_version": 1,
    } | changes  # fmt: skip
    return {key: value for key, value in fields.items() if value is not None}


def write_small_model(
    path: Path,
    *,
    manifest_text: str | None = "",
    label_count: int = len(LABELS),
    length: int | None = SAMPLES_BEFORE + SAMPLES_AFTER,
    batch: int | None = None,
    audio_name: str = "audio",
    available_type: int = INT64,
    presence: bool = True,
    embedding: bool = True,
    floor: float = 1e-9,
    external: bool = False,
) -> Path:
    """Write the model, right or wrong in the ways that a test asks for.

    `manifest_text` "" stands for the one that fits, None for none at all; `floor` 0 makes silence NaN;
    `length` and `batch` None are free dimensions; `external` keeps one number in another file.
    """
    if manifest_text == "":
        manifest_text = json.dumps(manifest())
    signs = [(-1.0) ** k for k in range(label_count)]
    constants = [
        _tensor("floor", (1,), [floor], external=external), _tensor("signs", (1, label_count), signs),
        _tensor("four", (1,), [4.0]), _tensor("seven", (1,), [7.0]),
        _int_tensor("one", [1]), _int_tensor("zero", [0]), _int_tensor("end", [2**31]), _int_tensor("minus_one", [-1]),
    ]  # fmt: skip
    nodes = [
        _node("Mul", [audio_name, audio_name], "squares"),
        _node("ReduceSum", ["squares", "one"], "e"),
        _node("Slice", [audio_name, "one", "end", "one"], "later"),
        _node("Slice", [audio_name, "zero", "minus_one", "one"], "earlier"),
        _node("Sub", ["later", "earlier"], "difference"),
        _node("Mul", ["difference", "difference"], "changes"),
        _node("ReduceSum", ["changes", "one"], "d"),
        _node("Add", ["e", "floor"], "e_floored"),
        _node("Add", ["d", "floor"], "d_floored"),
        _node("Log", ["e_floored"], "log_e"),
        _node("Log", ["d_floored"], "log_d"),
        _node("Sub", ["log_e", "log_d"], "slowness"),
        _node("Sub", ["slowness", "four"], "kickness"),
        _node("Mul", ["kickness", "signs"], "scores"),
        _node("Cast", ["available"], "known", _attribute("to", 3, _varint(FLOAT), 2)),
        _node("Unsqueeze", ["known", "one"], "known_column"),
    ]
    outputs = [_value("scores", FLOAT, (batch, label_count))]
    if embedding:
        joined = _attribute("axis", 3, _varint(1), 2)
        nodes.append(_node("Concat", ["log_e", "log_d", "known_column"], "embedding", joined))
        outputs.append(_value("embedding", FLOAT, (batch, 3)))
    if presence:
        nodes.append(_node("Add", ["log_e", "seven"], "loudness"))
        nodes.append(_node("Sigmoid", ["loudness"], "presence_column"))
        nodes.append(_node("Squeeze", ["presence_column", "one"], "presence"))
        outputs.append(_value("presence", FLOAT, (batch,)))
    inputs = [_value(audio_name, FLOAT, (batch, length)), _value("available", available_type, (batch,))]
    graph = b"".join(
        [_field(1, node) for node in nodes]
        + [_field(2, b"small")]
        + [_field(5, constant) for constant in constants]
        + [_field(11, value) for value in inputs]
        + [_field(12, value) for value in outputs]
    )
    opset = _field(8, _number(2, 17))
    model = _number(1, 8) + _field(7, graph) + opset
    if manifest_text is not None:
        model += _field(14, _field(1, b"drumbridge") + _field(2, manifest_text.encode()))
    path.write_bytes(model)
    return path


def _varint(value: int) -> bytes:
    value &= 2**64 - 1
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _field(field: int, content: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(content)) + content


def _tensor(name: str, shape: tuple[int, ...], values: list[float], *, external: bool = False) -> bytes:
    out = b"".join(_number(1, n) for n in shape) + _number(2, FLOAT) + _field(8, name.encode())
    if external:
        return out + _field(13, _field(1, b"location") + _field(2, b"/etc/passwd")) + _number(14, 1)
    return out + _field(9, struct.pack(f"<{len(values)}f", *values))


def _int_tensor(name: str, values: list[int]) -> bytes:
    packed = struct.pack(f"<{len(values)}q", *values)
    return _number(1, len(values)) + _number(2, INT64) + _field(8, name.encode()) + _field(9, packed)


def _attribute(name: str, field: int, value: bytes, kind: int) -> bytes:
    return _field(1, name.encode()) + _varint(field << 3) + value + _number(20, kind)


def _node(operator: str, inputs: list[str], output: str, *attributes: bytes) -> bytes:
    return b"".join(
        [_field(1, name.encode()) for name in inputs]
        + [_field(2, output.encode()), _field(4, operator.encode())]
        + [_field(5, attribute) for attribute in attributes]
    )


def _value(name: str, kind: int, shape: tuple[int | None, ...]) -> bytes:
    sizes = b"".join(_field(1, _field(2, b"n") if size is None else _number(1, size)) for size in shape)
    return _field(1, name.encode()) + _field(2, _field(1, _number(1, kind) + _field(2, sizes)))
