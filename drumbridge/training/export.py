"""A trained network to one ONNX file: front end and network in the graph, the manifest in the metadata.

Conventions: inputs `audio` float32 (n, samples) and `available` int64 (n,); outputs `scores`,
`embedding`, `presence`. Weights are stored as float16 and widened when a runtime loads the file: half the size, and
the answers differ less than by a thousandth. The file's name ends in eight hex digits of its content's SHA-256, so a
name never stands for two models.
"""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import onnx
import torch

from drumbridge.inference.manifest import METADATA_KEY, Manifest

from .front_end import SAMPLES_AFTER, SAMPLES_BEFORE
from .network import HitModel

OPSET = 17


def model_to_onnx(model: HitModel, manifest: Manifest) -> bytes:
    """Return the bytes of the ONNX file, checked by onnx's own checker."""
    model = model.eval()
    audio = torch.zeros(2, SAMPLES_BEFORE + SAMPLES_AFTER)
    available = torch.full((2,), SAMPLES_AFTER, dtype=torch.int64)
    buffer = io.BytesIO()
    torch.onnx.export(
        model, (audio, available), buffer, opset_version=OPSET, dynamo=False,
        input_names=["audio", "available"], output_names=["scores", "embedding", "presence"],
        dynamic_axes={name: {0: "n"} for name in ("audio", "available", "scores", "embedding", "presence")},
    )  # fmt: skip
    graph = onnx.load_from_string(buffer.getvalue())
    _store_half(graph.graph)
    graph.producer_name, graph.producer_version, graph.doc_string = "drumbridge", "", ""
    entry = graph.metadata_props.add()
    entry.key, entry.value = METADATA_KEY, manifest.to_json()
    onnx.checker.check_model(graph, full_check=True)
    return graph.SerializeToString()


def _store_half(graph: onnx.GraphProto) -> None:
    """Keep every matrix of weights as float16 with a Cast behind it, which runtimes fold when they load."""
    casts = []
    for weight in graph.initializer:
        if weight.data_type == onnx.TensorProto.FLOAT and len(weight.dims) > 1:
            values = onnx.numpy_helper.to_array(weight).astype("float16")
            name = weight.name
            weight.CopyFrom(onnx.numpy_helper.from_array(values, f"{name}_half"))
            casts.append(onnx.helper.make_node("Cast", [weight.name], [name], to=onnx.TensorProto.FLOAT))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)


def write_model(content: bytes, folder: Path, name: str) -> Path:
    """Write `<name>-<8 hex>.onnx` into `folder` and return its path."""
    path = folder / f"{name}-{hashlib.sha256(content).hexdigest()[:8]}.onnx"
    folder.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path
