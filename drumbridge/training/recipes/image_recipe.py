"""The recipes that look at sound as an image: `mfcc-cnn`, `hit-image` and `segment-cnn`.

Conventions: images are made once, before the first epoch, by the front end that the model file holds too,
and kept as float16. An epoch takes every image once, in an order of its own. What is held out is only
looked at: no epoch is chosen by it, so the figures of the last one are honest.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy, one_hot

from drumbridge.inference.manifest import Manifest

from ..export import model_to_onnx
from .audio_augmentation import copies_for_balance, make_variants
from .hearing import check_classes, hear
from .networks import ImageNetwork, Standardise, hit_network, mfcc_network, segment_network
from .pictures import learning_curves
from .recipe import Fitted, Layout, Options, Say, Sounds
from .spectra import MelImage, MfccImage

_AT_ONCE = 64  # images looked at together where nothing is learned
_FEWEST_STEPS = 150  # a small folder is passed over more often: so many batches are the least that teach anything


class ImageModel(torch.nn.Module):
    """What is exported: audio to an image, standardised, to scores and an embedding."""

    def __init__(self, front_end: torch.nn.Module, standardise: Standardise, network: ImageNetwork) -> None:
        super().__init__()
        self.front_end, self.standardise, self.network = front_end, standardise, network

    def forward(self, audio: torch.Tensor, available: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return scores (n, classes) and the embedding (n, d)."""
        return self.network(self.standardise(self.front_end(audio, available)))  # type: ignore[no-any-return]


@dataclass(frozen=True)
class ImageRecipe:
    """A recipe of this kind; see `Recipe`.

    Attributes
    ----------
    make_front_end : callable
        Takes the layout.
    make_network : callable
        Takes bands, frames and the number of classes.
    make_optimizer : callable
        Takes the parameters.
    epochs, batch : int
    balance : bool
        Whether rare classes are made more by variants of their sounds.
    """

    name: str
    what: str
    layout: Layout
    activation: str
    make_front_end: Callable[[Layout], torch.nn.Module]
    make_network: Callable[[int, int, int], ImageNetwork]
    make_optimizer: Callable[[list[torch.nn.Parameter]], torch.optim.Optimizer]
    epochs: int
    batch: int
    balance: bool = False

    def fit(self, train: Sounds, held_out: Sounds, classes: Sequence[str], options: Options, say: Say) -> Fitted:
        """Learn the classes."""
        torch.manual_seed(options.seed)
        front_end = self.make_front_end(self.layout).eval()
        failed: dict[str, str] = {}
        copies = copies_for_balance(train.labels) if self.balance else np.zeros(len(train.labels), int)
        say(f"hearing {len(train.paths) + len(held_out.paths)} files")
        images, labels = self._images(front_end, train, copies, options.seed, failed)
        check_classes(labels.numpy(), classes, failed)
        unknown, unknown_labels = self._images(front_end, held_out, None, options.seed, failed)
        standardise = Standardise(images.shape[1])
        standardise.learn(images)
        network = self.make_network(images.shape[1], images.shape[2], len(classes))
        epochs = options.epochs or max(self.epochs, math.ceil(_FEWEST_STEPS * self.batch / len(images)))
        parameters = sum(p.numel() for p in network.parameters())
        say(f"training on {len(images)} images, {epochs} epochs")
        optimizer = self.make_optimizer(list(network.parameters()))
        order = torch.Generator().manual_seed(options.seed)
        curve = []
        for epoch in range(1, epochs + 1):
            network.train()
            losses, right = 0.0, 0
            for rows in torch.randperm(len(images), generator=order).split(self.batch):
                if len(rows) == 1 and len(images) > 1:  # a batch norm needs two
                    continue
                scores, _ = network(standardise(images[rows].float()))
                loss = self._loss(scores, labels[rows])
                optimizer.zero_grad(set_to_none=True)
                loss.backward()
                optimizer.step()
                losses += float(loss.detach()) * len(rows)
                right += int((scores.argmax(1) == labels[rows]).sum())
            row = {"epoch": epoch, "loss": losses / len(images), "accuracy": right / len(images)}
            if len(unknown):
                scores = _scores(network, standardise, unknown)
                row["held_out_loss"] = float(self._loss(scores, unknown_labels))
                row["held_out_accuracy"] = float((scores.argmax(1) == unknown_labels).float().mean())
            curve.append(row)
            say(
                f"epoch {epoch}: " + ", ".join(f"{k.replace('_', ' ')} {v:.3f}" for k, v in row.items() if k != "epoch")
            )
        network.eval()
        facts = {
            "images": f"{len(images)} of {images.shape[1]} bands and {images.shape[2]} frames, "
            f"{int(copies.sum())} of them made by augmentation",
            "network": f"{parameters} parameters, {epochs} epochs, batches of {self.batch}",
        }
        held = _scores(network, standardise, unknown) if len(unknown) else torch.zeros(0, len(classes))
        return Fitted(
            ImageModel(front_end, standardise, network).eval(), held.numpy(), unknown_labels.numpy(), curve, facts,
            [learning_curves(curve)], failed,
        )  # fmt: skip

    def to_onnx(self, fitted: Fitted, manifest: Manifest) -> bytes:
        """Return the bytes of the model file."""
        return model_to_onnx(fitted.model, manifest, outputs=("scores", "embedding"))

    def _images(
        self, front_end: torch.nn.Module, sounds: Sounds, copies: np.ndarray | None, seed: int, failed: dict[str, str]
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return images, float16 (n, bands, frames), and their labels, int64 (n,)."""
        variants = None if copies is None or not copies.any() else make_variants(copies, self.layout, seed)
        found, labels = [], []
        for batch in hear(sounds.paths, self.layout, failed, variants):
            with torch.no_grad():
                image = front_end(torch.from_numpy(batch.audio), torch.from_numpy(batch.available))
            found.append(image.half())
            labels.append(sounds.labels[batch.file])
        if not found:
            return torch.zeros(0, 1, 1), torch.zeros(0, dtype=torch.int64)
        return torch.cat(found), torch.from_numpy(np.concatenate(labels))

    def _loss(self, scores: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        if self.activation == "softmax":
            return cross_entropy(scores, labels)
        return binary_cross_entropy_with_logits(scores, one_hot(labels, scores.shape[1]).float()) * scores.shape[1]


@torch.no_grad()
def _scores(network: ImageNetwork, standardise: Standardise, images: torch.Tensor) -> torch.Tensor:
    network.eval()
    return torch.cat([network(standardise(part.float()))[0] for part in images.split(_AT_ONCE)])


def _mel(layout: Layout, n_mels: int, hop_length: int, frames: int) -> MelImage:
    return MelImage(
        layout.sample_rate, layout.samples_before, n_mels=n_mels, n_fft=2048, hop_length=hop_length, frames=frames
    )


MFCC_CNN = ImageRecipe(
    name="mfcc-cnn",
    what="One-shots of 2 s at 22.05 kHz as an image of 40 MFCC over time, a small CNN with a softmax (the design "
    "of Drum Classification).",
    layout=Layout(22050, 0, 44100, "whole"),
    activation="softmax",
    make_front_end=lambda layout: MfccImage(_mel(layout, 128, 512, 87), 40),
    make_network=mfcc_network,
    make_optimizer=lambda parameters: torch.optim.Adam(parameters, 1e-3),
    epochs=15,
    batch=32,
)
HIT_IMAGE = ImageRecipe(
    name="hit-image",
    what="1 s from each onset as a mel image of 256x256 in dB, a CNN with a sigmoid for each class (after "
    "DrumTranscriber).",
    layout=Layout(44100, 1024, 43076, "onset"),
    activation="sigmoid",
    make_front_end=lambda layout: _mel(layout, 256, 172, 256),
    make_network=hit_network,
    make_optimizer=lambda parameters: torch.optim.Adam(parameters, 5e-4),
    epochs=10,
    batch=64,
    balance=True,
)
SEGMENT_CNN = ImageRecipe(
    name="segment-cnn",
    what="Recordings in pieces of 100,000 samples at 22.05 kHz as mel images, three convolutions, and the vote of the "
    "pieces (the design of a tutorial on genres).",
    layout=Layout(22050, 0, 100_000, "fixed"),
    activation="softmax",
    make_front_end=lambda layout: _mel(layout, 128, 512, 196),
    make_network=segment_network,
    make_optimizer=lambda parameters: torch.optim.RMSprop(parameters, 1e-3, alpha=0.9),
    epochs=10,
    batch=32,
)
