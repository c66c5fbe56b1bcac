"""A network of hits to ONNX: two ways through the graph, and weights of half the size.

Conventions: as for `drumbridge.training.export`. Weights are stored as float16 and widened when a runtime loads the
file; the scores differ by a few thousandths at most.
"""

from __future__ import annotations

import math

import onnx
import torch
from onnx import TensorProto, helper

from drumbridge.inference.manifest import Manifest

from .export import traced, with_manifest
from .front_end import EARLY_CELLS, EARLY_LIMIT, SAMPLES_AFTER, SAMPLES_BEFORE, FrontEnd
from .fused import FusedNetworks
from .network import HitEnsemble, HitModel, HitNetwork

_MANY = 500  # weights from which half the size is worth their rounding
_ANSWERS = ("scores", "embedding", "presence")


def hit_model_to_onnx(model: HitModel, manifest: Manifest) -> bytes:
    """Return the bytes of the ONNX file, checked by onnx's own checker.

    A batch of which less than `EARLY_LIMIT` samples are known takes the short way (an If in the graph): what that
    leaves out would be hidden anyway, so the answers are the same, and early ones come sooner.
    """
    model = model.eval()
    networks = list(model.network.networks) if isinstance(model.network, HitEnsemble) else [model.network]
    full, early = (
        traced(_Deployed(model.front_end, networks, early=early), manifest, _ANSWERS) for early in (False, True)
    )
    n_labels, embedding = networks[0].scores.out_features, len(networks) * networks[0].scores.in_features
    widths = dict(zip(_ANSWERS, ([n_labels], [embedding], []), strict=True))
    shared: dict[bytes, onnx.TensorProto] = {}
    choice = [
        helper.make_node("ReduceMax", ["available"], ["most_known"], keepdims=0),
        helper.make_node("Constant", [], ["early_limit"], value_int=EARLY_LIMIT),
        helper.make_node("Less", ["most_known", "early_limit"], ["is_early"]),
        helper.make_node(
            "If", ["is_early"], [*_ANSWERS], then_branch=_branch(early.graph, "early", widths, shared),
            else_branch=_branch(full.graph, "full", widths, shared),
        ),
    ]  # fmt: skip
    audio = helper.make_tensor_value_info("audio", TensorProto.FLOAT, ["n", SAMPLES_BEFORE + SAMPLES_AFTER])
    available = helper.make_tensor_value_info("available", TensorProto.INT64, ["n"])
    answers = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", *widths[name]]) for name in _ANSWERS]
    graph = helper.make_graph(choice, "hits", [audio, available], answers, [*shared.values()])
    return with_manifest(
        helper.make_model(graph, opset_imports=full.opset_import, ir_version=full.ir_version), manifest
    )


class _Deployed(torch.nn.Module):
    def __init__(self, front_end: FrontEnd, networks: list[HitNetwork], *, early: bool) -> None:
        super().__init__()
        self.front_end, self.early = front_end, early
        self.networks = FusedNetworks(networks, early=early)

    def forward(self, audio: torch.Tensor, available: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        known = self.front_end.known(available)
        if self.early:
            powers, known = self.front_end.early(audio), known[:, :EARLY_CELLS]
        else:
            powers = self.front_end(audio)
        scores, embedding, presence = self.networks(powers, known)
        return scores, embedding, torch.sigmoid(presence)


def _branch(
    graph: onnx.GraphProto, name: str, widths: dict[str, list[int]], shared: dict[bytes, onnx.TensorProto]
) -> onnx.GraphProto:
    """Return a graph as one way of an If: it sees the outer inputs, and all else in it has names of its own.

    Large constants (the transforms) go to `shared`, by what they hold: both ways find the same ones in the outer graph.
    """
    _store_half(graph)
    outer = {"": "", "audio": "audio", "available": "available"}
    nodes = []
    for node in graph.node:
        values = onnx.helper.get_node_attr_value(node, "value") if node.op_type == "Constant" else None
        if values is not None and len(values.raw_data) >= 4 * _MANY:
            kept = shared.setdefault(values.raw_data, values)
            kept.name = kept.name or f"shared/{len(shared)}"
            outer[node.output[0]] = kept.name
        else:
            nodes.append(node)

    def own(edge: str) -> str:
        return outer.get(edge, f"{name}/{edge}")

    for node in nodes:
        node.name = ""
        node.input[:] = [own(edge) for edge in node.input]
        node.output[:] = [own(edge) for edge in node.output]
    for constant in graph.initializer:
        constant.name = own(constant.name)
    outputs = [
        helper.make_tensor_value_info(own(answer), TensorProto.FLOAT, ["n", *width]) for answer, width in widths.items()
    ]
    return helper.make_graph(nodes, name, [], outputs, [*graph.initializer])


def _store_half(graph: onnx.GraphProto) -> None:
    """Keep every large matrix of weights as float16 with a Cast behind it, which runtimes fold when they load."""
    casts = []
    for weight in graph.initializer:
        if weight.data_type == TensorProto.FLOAT and math.prod(weight.dims) >= _MANY:
            values = onnx.numpy_helper.to_array(weight).astype("float16")
            name = weight.name
            weight.CopyFrom(onnx.numpy_helper.from_array(values, f"{name}_half"))
            casts.append(helper.make_node("Cast", [weight.name], [name], to=TensorProto.FLOAT))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
