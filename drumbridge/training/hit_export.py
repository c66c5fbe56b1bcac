"""A network of hits to ONNX: two ways through the front end, and weights of half the size.

Conventions: as for `drumbridge.training.export`. Weights are stored as float16 and widened when a runtime loads the
file; the answers differ by less than a thousandth.
"""

from __future__ import annotations

import io

import onnx
import torch
from onnx import TensorProto, helper

from drumbridge.inference.manifest import Manifest

from .export import OPSET, with_manifest
from .front_end import BANDS, EARLY_LIMIT, ROWS, SAMPLES_AFTER, SAMPLES_BEFORE
from .network import HitModel


def hit_model_to_onnx(model: HitModel, manifest: Manifest) -> bytes:
    """Return the bytes of the ONNX file, checked by onnx's own checker.

    A batch of which less than `EARLY_LIMIT` samples are known takes the short way through the front end (an If in the
    graph): what it leaves out would be hidden anyway, so the answers are the same, and early ones come sooner.
    """
    model = model.eval()
    audio = torch.zeros(2, SAMPLES_BEFORE + SAMPLES_AFTER)
    available = torch.full((2,), SAMPLES_AFTER, dtype=torch.int64)
    full = _traced(model.front_end, {"audio": audio}, ["powers"])
    early = _traced(_Early(model), {"audio": audio}, ["powers"])
    answers = ["scores", "embedding", "presence"]
    graph = _traced(_Answers(model), {"powers": model.front_end(audio), "available": available}, answers)
    choice = [
        helper.make_node("ReduceMax", ["available"], ["most_known"], keepdims=0),
        helper.make_node("Constant", [], ["early_limit"], value_int=EARLY_LIMIT),
        helper.make_node("Less", ["most_known", "early_limit"], ["is_early"]),
        helper.make_node(
            "If",
            ["is_early"],
            ["powers"],
            then_branch=_branch(early.graph, "early"),
            else_branch=_branch(full.graph, "full"),
        ),
    ]
    _store_half(graph.graph)
    nodes = [*choice, *graph.graph.node]
    del graph.graph.node[:], graph.graph.input[0]
    graph.graph.node.extend(nodes)
    shape = ["n", SAMPLES_BEFORE + SAMPLES_AFTER]
    graph.graph.input.insert(0, helper.make_tensor_value_info("audio", TensorProto.FLOAT, shape))
    return with_manifest(graph, manifest)


class _Early(torch.nn.Module):
    def __init__(self, model: HitModel) -> None:
        super().__init__()
        self.front_end = model.front_end

    def forward(self, audio: torch.Tensor) -> torch.Tensor:
        return self.front_end.early(audio)


class _Answers(torch.nn.Module):
    def __init__(self, model: HitModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, powers: torch.Tensor, available: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        return self.model.answers(powers, available)


def _traced(module: torch.nn.Module, inputs: dict[str, torch.Tensor], outputs: list[str]) -> onnx.ModelProto:
    buffer = io.BytesIO()
    torch.onnx.export(
        module.eval(), tuple(inputs.values()), buffer, opset_version=OPSET, dynamo=False, input_names=[*inputs],
        output_names=outputs, dynamic_axes={name: {0: "n"} for name in (*inputs, *outputs)},
    )  # fmt: skip
    return onnx.load_from_string(buffer.getvalue())


def _branch(graph: onnx.GraphProto, name: str) -> onnx.GraphProto:
    """Return a graph as one way of an If: it sees the outer audio, and all else in it has names of its own."""

    def own(edge: str) -> str:
        return edge if edge in ("", "audio") else f"{name}/{edge}"

    for node in graph.node:
        node.name = f"{name}/{node.name}"
        node.input[:] = [own(edge) for edge in node.input]
        node.output[:] = [own(edge) for edge in node.output]
    for constant in graph.initializer:
        constant.name = own(constant.name)
    output = helper.make_tensor_value_info(own("powers"), TensorProto.FLOAT, ["n", ROWS, BANDS])
    return helper.make_graph([*graph.node], name, [], [output], [*graph.initializer])


def _store_half(graph: onnx.GraphProto) -> None:
    """Keep every matrix of weights as float16 with a Cast behind it, which runtimes fold when they load."""
    casts = []
    for weight in graph.initializer:
        if weight.data_type == TensorProto.FLOAT and len(weight.dims) > 1:
            values = onnx.numpy_helper.to_array(weight).astype("float16")
            name = weight.name
            weight.CopyFrom(onnx.numpy_helper.from_array(values, f"{name}_half"))
            casts.append(helper.make_node("Cast", [weight.name], [name], to=TensorProto.FLOAT))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
