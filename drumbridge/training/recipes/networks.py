"""The small convolutional networks of the recipes: an image in, scores and an embedding out.

Conventions: an image is (n, bands, frames) as `spectra` makes it; scores are logits.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn


class ImageNetwork(nn.Module):
    """Layers that end in an embedding, and a last one that scores it."""

    def __init__(self, body: nn.Sequential, embedding: int, n_classes: int) -> None:
        super().__init__()
        self.body = body
        self.scores = nn.Linear(embedding, n_classes)

    def forward(self, image: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return scores (n, classes) and the embedding (n, d)."""
        embedding = self.body(image[:, None])
        return self.scores(embedding), embedding


class MeanOverTime(nn.Module):
    """(n, channels, bands, frames) to (n, channels * bands): what sounds, wherever in the piece it does."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the means."""
        return x.mean(3).flatten(1)


class Standardise(nn.Module):
    """Takes the mean from each band of an image and divides by its spread, both as the training files have them."""

    def __init__(self, bands: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(bands, 1))
        self.register_buffer("spread", torch.ones(bands, 1))

    def learn(self, images: torch.Tensor) -> None:
        """Take over the statistics of images (n, bands, frames)."""
        self.mean.copy_(images.float().mean((0, 2))[:, None])
        self.spread.copy_(images.float().std((0, 2), unbiased=False)[:, None] + 1e-3)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Return the standardised image."""
        return (image - self.mean) / self.spread


def mfcc_network(bands: int, frames: int, n_classes: int) -> ImageNetwork:
    """Two 3x3 convolutions of 16 and 32, pooling, dropout, dense layers of 128 and 64."""
    body = nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Dropout(0.5), nn.Flatten(), nn.Linear(32 * (bands // 2) * (frames // 2), 128), nn.ReLU(), nn.Dropout(0.3),
        nn.Linear(128, 64), nn.ReLU(), nn.Dropout(0.3),
    )  # fmt: skip
    return ImageNetwork(body, 64, n_classes)


def hit_network(bands: int, frames: int, n_classes: int) -> ImageNetwork:
    """Four convolutions that halve the image (the first quarters it), then dense layers of 256 and 128."""
    body = nn.Sequential(
        *_halving(1, 16, 5, 4), *_halving(16, 32, 3, 2), *_halving(32, 64, 3, 2), *_halving(64, 96, 3, 2),
        nn.Flatten(), nn.Dropout(0.5), nn.Linear(96 * (bands // 32) * (frames // 32), 256), nn.ReLU(), nn.Dropout(0.3),
        nn.Linear(256, 128), nn.ReLU(), nn.Dropout(0.15),
    )  # fmt: skip
    return ImageNetwork(body, 128, n_classes)


def segment_network(bands: int, frames: int, n_classes: int) -> ImageNetwork:
    """Three convolutions with pooling between them, the mean over time, one dense layer of 64."""
    body = nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(),
        nn.MaxPool2d(2), nn.Conv2d(32, 32, 3, padding=1), nn.ReLU(), MeanOverTime(),
        nn.Linear(32 * (bands // 4), 64), nn.ReLU(), nn.Dropout(0.3),
    )  # fmt: skip
    return ImageNetwork(body, 64, n_classes)


def _halving(before: int, after: int, kernel: int, stride: int) -> Sequence[nn.Module]:
    convolution = nn.Conv2d(before, after, kernel, stride=stride, padding=kernel // 2, bias=False)
    return convolution, nn.BatchNorm2d(after), nn.ReLU()
