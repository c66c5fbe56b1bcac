"""A trained network to one ONNX file: front end and network in the graph, the manifest in the metadata.

Conventions: inputs `audio` float32 (n, samples) and `available` int64 (n,); outputs `scores`,
`embedding`, `presence`. The file's name ends in eight hex digits of its content's SHA-256, so a name
never stands for two models.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from pathlib import Path

import onnx
import torch

from drumbridge.inference.manifest import METADATA_KEY, Manifest

OPSET = 17


def model_to_onnx(
    model: torch.nn.Module, manifest: Manifest, outputs: Sequence[str] = ("scores", "embedding", "presence")
) -> bytes:
    """Return the bytes of the ONNX file, checked by onnx's own checker.

    Parameters
    ----------
    model : Module
        Takes audio and `available`, gives `outputs` in their order.
    manifest : Manifest
    outputs : sequence of str
    """
    return with_manifest(traced(model, manifest, outputs), manifest)


def traced(model: torch.nn.Module, manifest: Manifest, outputs: Sequence[str]) -> onnx.ModelProto:
    """Return the graph of a model, without a manifest; parameters as for `model_to_onnx`."""
    audio = torch.zeros(2, manifest.samples_before + manifest.samples_after)
    available = torch.full((2,), manifest.samples_after, dtype=torch.int64)
    buffer = io.BytesIO()
    torch.onnx.export(
        model.eval(), (audio, available), buffer, opset_version=OPSET, dynamo=False,
        input_names=["audio", "available"], output_names=list(outputs),
        dynamic_axes={name: {0: "n"} for name in ("audio", "available", *outputs)},
    )  # fmt: skip
    return onnx.load_from_string(buffer.getvalue())


def with_manifest(graph: onnx.ModelProto, manifest: Manifest) -> bytes:
    """Return the bytes of a model with a manifest, and nothing else, in its metadata."""
    del graph.metadata_props[:]
    graph.producer_name, graph.producer_version, graph.doc_string = "drumbridge", "", ""
    entry = graph.metadata_props.add()
    entry.key, entry.value = METADATA_KEY, manifest.to_json()
    onnx.checker.check_model(graph, full_check=True)
    return graph.SerializeToString()


def write_model(content: bytes, folder: Path, name: str) -> Path:
    """Write `<name>-<8 hex>.onnx` into `folder` and return its path."""
    path = folder / f"{name}-{hashlib.sha256(content).hexdigest()[:8]}.onnx"
    folder.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path
