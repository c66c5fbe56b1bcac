"""`drumbridge`: the project's own ears on a user's own classes: the shipped network stays, a new last layer is learned.

Conventions: the embedding of the default model is frozen, so a few sounds of a class are enough and
minutes are seconds. The new layer is fitted on several decision times at once, because live answers come early.
It is grafted onto the shipped graph, so front end, embedding and presence are the same bits as before.
A full retraining of the network is `drumbridge train --data`, which needs patterns beside the one-shots.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import onnx
import torch
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy, one_hot

from drumbridge.inference.classifier import OnnxClassifier
from drumbridge.inference.manifest import Manifest
from drumbridge.inference.registry import load_model

from ..calibration import fit_platt
from ..export import with_manifest
from .hearing import check_classes, hear
from .recipe import Fitted, Layout, Options, Say, Sounds

_TIMES_MS = (10.0, 30.0, 100.0, None)  # decision times that the layer is fitted on
_DECAY = 1e-3  # L2 on the weights of standardised embeddings
_STEPS = 200


@dataclass(frozen=True)
class FrozenEmbedding:
    """See `Recipe`; the layout is that of the default model, which is read when it is asked for."""

    name: str = "drumbridge"
    what: str = "The embedding of drumbridge's own model, frozen, and a new last layer for the classes of the folder."
    activation: str = "sigmoid"

    @property
    def layout(self) -> Layout:
        """That of the default model."""
        base = load_model()
        return Layout(base.sample_rate, base.samples_before, base.samples_after, "onset")

    def fit(self, train: Sounds, held_out: Sounds, classes: Sequence[str], options: Options, say: Say) -> Fitted:
        """Learn the classes."""
        base = load_model(threads=2)
        layout = Layout(base.sample_rate, base.samples_before, base.samples_after, "onset")
        failed: dict[str, str] = {}
        say(f"hearing {len(train.paths) + len(held_out.paths)} files with {base.name}")
        x, y, _ = _embedded(base, layout, train, failed)
        check_classes(y, classes, failed)
        unknown, unknown_y, complete = _embedded(base, layout, held_out, failed)
        mean, spread = x.mean(0), x.std(0) + 1e-3
        say(f"fitting {len(classes)} classes on {x.shape[1]} numbers")
        layer = _fit_layer((x - mean) / spread, y, len(classes))
        with torch.no_grad():  # the standardisation goes into the layer
            weight = layer.weight / torch.from_numpy(spread)
            layer.bias -= weight @ torch.from_numpy(mean)
            layer.weight.copy_(weight)
            nothing = np.zeros((0, len(classes)), np.float32)
            scores = layer(torch.from_numpy(unknown)).numpy() if len(unknown) else nothing
            known = layer(torch.from_numpy(x)).numpy()
        calibrated_on = (scores, unknown_y) if len(scores) else (known, y)
        scale, bias = fit_platt(calibrated_on[0], np.eye(len(classes))[calibrated_on[1]])
        changes = {
            "calibration": {
                "hit_scale": round(scale, 4), "hit_bias": round(bias, 4),
                "presence_threshold": base.rule.presence_threshold, "onset_evidence": base.rule.onset_evidence,
                "again_evidence": base.rule.again_evidence, "again_strength": base.rule.again_strength,
            },
            "training_data": base.manifest.training_data, "licence": base.manifest.licence,
            "extra": {"base": base.name},
            "early_frames": base.manifest.early_frames, "early_lead": base.manifest.early_lead,
        }  # fmt: skip
        facts = {
            "embedding": f"{x.shape[1]} numbers of {base.name}, frozen",
            "figures": f"{base.name} was itself trained on its card's sounds: files that are among these flatter it",
        }
        return Fitted(layer, scores[complete], unknown_y[complete], [], facts, [], failed, changes)

    def to_onnx(self, fitted: Fitted, manifest: Manifest) -> bytes:
        """Return the shipped graph with the new layer in place of the old one's scores."""
        return with_manifest(graft(onnx.load(load_model().path), fitted.model), manifest)


def graft(model: onnx.ModelProto, layer: torch.nn.Module) -> onnx.ModelProto:
    """Return a model whose `scores` are a linear layer of its `embedding`."""
    graph = model.graph
    for node in graph.node:
        for names in (node.input, node.output):
            for k, name in enumerate(names):
                if name == "scores":
                    names[k] = "scores_before"
    (scores,) = [output for output in graph.output if output.name == "scores"]
    scores.type.tensor_type.shape.dim[1].dim_value = layer.out_features
    weight, bias = layer.weight.detach().numpy().T, layer.bias.detach().numpy()
    graph.initializer.append(onnx.numpy_helper.from_array(np.ascontiguousarray(weight), "own_weight"))
    graph.initializer.append(onnx.numpy_helper.from_array(bias, "own_bias"))
    graph.node.append(onnx.helper.make_node("Gemm", ["embedding", "own_weight", "own_bias"], ["scores"], "own_scores"))
    onnx.checker.check_model(model, full_check=True)
    return model


def _embedded(
    base: OnnxClassifier, layout: Layout, sounds: Sounds, failed: dict[str, str]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return embeddings (n, d), labels (n,) and which rows know all of their sound."""
    found, labels, complete = [], [], []
    for batch in hear(sounds.paths, layout, failed):
        for time_ms in _TIMES_MS:
            known = batch.available
            if time_ms is not None:
                known = np.minimum(known, round(time_ms * layout.sample_rate / 1000))
            at = np.arange(layout.length)[None] - layout.samples_before
            audio = np.where(at < known[:, None], batch.audio, np.float32(0))
            found.append(base.score(audio, known).embedding)
            labels.append(sounds.labels[batch.file])
            complete.append(np.full(len(known), time_ms is None))
    if not found:
        return np.zeros((0, 1), np.float32), np.zeros(0, np.int64), np.zeros(0, bool)
    return np.concatenate(found), np.concatenate(labels), np.concatenate(complete)


def _fit_layer(x: np.ndarray, y: np.ndarray, n_classes: int) -> torch.nn.Linear:
    """Fit by softmax (a one-shot is one class) and by sigmoids (a hit may be several); rare classes weigh more."""
    features, labels = torch.from_numpy(x.astype(np.float32)), torch.from_numpy(y)
    counts = np.bincount(y, minlength=n_classes)
    weights = torch.from_numpy((np.sqrt(counts.mean() / np.maximum(counts, 1)))[y].astype(np.float32))
    layer = torch.nn.Linear(x.shape[1], n_classes)
    torch.nn.init.zeros_(layer.weight)
    torch.nn.init.zeros_(layer.bias)
    targets = one_hot(labels, n_classes).float()
    optimizer = torch.optim.LBFGS(layer.parameters(), max_iter=_STEPS, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        scores = layer(features)
        one = cross_entropy(scores, labels, reduction="none")
        several = binary_cross_entropy_with_logits(scores, targets, reduction="none").sum(1)
        loss = ((one + several) * weights).mean() + _DECAY * (layer.weight**2).sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    return layer


DRUMBRIDGE = FrozenEmbedding()
