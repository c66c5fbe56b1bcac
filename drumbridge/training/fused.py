"""Several networks computed as one, for export: the same answers from half the operations.

Conventions: as in `network`. Batch normalisation is folded into the weights; what the networks do alike is done once
(levels, and each layer as one convolution in groups). An early answer is computed on the first columns alone: where
no cell is known, a column says what it always says, so its share of the embedding is a constant.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn
from torch.nn.functional import conv2d, pad, relu

from .front_end import BANDS, CELLS, EARLY_CELLS, HIGH_BANDS, ROWS, TONAL_BANDS, TONAL_ENDS
from .network import HitNetwork, normalise

# Columns of the last layers that see a cell before EARLY_CELLS: column v of the high branch sees 4 v - 5 to 4 v + 5.
_COLUMNS = 4
_SEEN = 4 * (_COLUMNS - 1) + 6  # cells that these columns see


class _Branch(nn.Module):
    """The same convolutional branch of several networks."""

    def __init__(self, branches: Sequence[nn.Sequential]) -> None:
        super().__init__()
        self.settings = []
        for number, blocks in enumerate(zip(*branches, strict=True)):
            weights, biases = zip(*(_folded(block[0], block[1]) for block in blocks), strict=True)
            self.register_buffer(f"weight_{number}", torch.cat(weights))
            self.register_buffer(f"bias_{number}", torch.cat(biases))
            convolution = blocks[0][0]
            groups = 1 if number == 0 else len(branches)
            self.settings.append((convolution.stride, convolution.padding, groups))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for number, (stride, padding, groups) in enumerate(self.settings):
            weight, bias = getattr(self, f"weight_{number}"), getattr(self, f"bias_{number}")
            x = relu(conv2d(x, weight, bias, stride, padding, groups=groups))
        return x


class FusedNetworks(nn.Module):
    """What `HitEnsemble` of the networks says, from all rows or, with `early`, from the first `EARLY_CELLS`.

    Parameters
    ----------
    networks : sequence of HitNetwork
        Of one shape, in evaluation mode.
    early : bool
        Whether rows from `EARLY_CELLS` on are never known, and left out of the input.
    """

    def __init__(self, networks: Sequence[HitNetwork], *, early: bool) -> None:
        super().__init__()
        self.early, self.n = early, len(networks)
        self.high = _Branch([network.high for network in networks])
        self.low = _Branch([network.low for network in networks])
        self.tonal = _Branch([network.tonal for network in networks])
        joins = [_folded(network.join[1], network.join[2]) for network in networks]
        join = torch.stack([weight.T for weight, _ in joins])
        bias = torch.stack([bias for _, bias in joins])[:, None]
        maps = [m.reshape(self.n, -1, *m.shape[2:]) for m in self._maps_of_nothing()]
        if early:
            # What never changes goes into the bias; what is known of it stays in the weights.
            shown = [torch.zeros_like(m, dtype=torch.bool) for m in maps]
            for columns in shown[:2]:
                columns[..., :_COLUMNS] = True
            used = torch.cat([m.reshape(self.n, -1) for m in shown], 1)
            constant = torch.where(used, 0.0, torch.cat([m.reshape(self.n, -1) for m in maps], 1))
            bias = bias + constant[:, None] @ join[:, : constant.shape[1]]
            join = join[:, torch.cat([used[0], torch.arange(ROWS) < EARLY_CELLS])]
            maps = [m[..., :_COLUMNS] for m in maps]
        self.sizes = [m[0].numel() for m in maps]  # features of each branch
        self.embedding = self.n * networks[0].scores.in_features
        heads = [torch.cat([network.scores.weight, network.presence.weight]) for network in networks]
        biases = [torch.cat([network.scores.bias, network.presence.bias]) for network in networks]
        self.register_buffer("join", join)
        self.register_buffer("join_bias", bias)
        self.register_buffer("head", _rounded(torch.cat(heads, 1).T.detach() / self.n))
        self.register_buffer("head_bias", torch.stack(biases).mean(0).detach())
        self.register_buffer("ones", torch.ones(BANDS))

    def _maps_of_nothing(self) -> list[torch.Tensor]:
        """Return what the branches (high, low, tonal) say where no row is known, each (1, channels, height, width)."""
        with torch.no_grad():
            cells = torch.zeros(1, 2, BANDS, CELLS)
            tonal = torch.zeros(1, 2 * len(TONAL_ENDS), 1, TONAL_BANDS)
            return [self.high(cells[:, :, :HIGH_BANDS]), self.low(cells[:, :, HIGH_BANDS:]), self.tonal(tonal)]

    def forward(self, powers: torch.Tensor, known: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return scores (n, labels), embedding (n, d) and the logit of presence (n,)."""
        cells_known = EARLY_CELLS if self.early else CELLS
        level = normalise(powers, known)
        mask = known.to(level.dtype)
        shown = mask[:, :cells_known, None] * self.ones
        cells = torch.stack([level[:, :cells_known], shown], 1).transpose(2, 3)
        if self.early:
            cells = pad(cells, (0, _SEEN - EARLY_CELLS))
        high, low = self.high(cells[:, :, :HIGH_BANDS]), self.low(cells[:, :, HIGH_BANDS:])
        if self.early:
            high, low = high[..., :_COLUMNS], low[..., :_COLUMNS]
        # Sizes are plain numbers, so that nothing of them is computed in the exported graph.
        parts = [high.reshape(-1, self.n, self.sizes[0]), low.reshape(-1, self.n, self.sizes[1])]
        if not self.early:
            rows = torch.cat([level[:, CELLS:], mask[:, CELLS:, None] * self.ones], 1)
            tonal = self.tonal(rows.reshape(-1, 2 * len(TONAL_ENDS), 1, TONAL_BANDS))
            parts.append(tonal.reshape(-1, self.n, self.sizes[2]))
        parts.append(mask[:, None] * self.ones[: self.n, None])
        features = torch.cat(parts, 2).transpose(0, 1)
        embedding = relu(features @ self.join + self.join_bias).transpose(0, 1)
        embedding = embedding.reshape(-1, self.embedding)
        said = embedding @ self.head + self.head_bias
        return said[:, :-1], embedding, said[:, -1]


def _folded(
    layer: nn.Conv2d | nn.Linear, normalisation: nn.BatchNorm1d | nn.BatchNorm2d
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return weight and bias of a layer with its batch normalisation."""
    mean, variance = normalisation.running_mean, normalisation.running_var
    assert mean is not None
    assert variance is not None
    scale = normalisation.weight.detach() / torch.sqrt(variance + normalisation.eps)
    weight = layer.weight.detach()
    return _rounded(weight * scale.reshape(-1, *[1] * (weight.dim() - 1))), normalisation.bias.detach() - mean * scale


def _rounded(weight: torch.Tensor) -> torch.Tensor:
    """Return weights as the file keeps them, so that what is computed from them here fits what is computed there."""
    return weight.half().float()
