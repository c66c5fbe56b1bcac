"""The network: band powers of an excerpt to scores, an embedding and the probability of an onset.

Conventions: powers are (n, ROWS, BANDS) as `FrontEnd` gives them. `normalise` turns them into log
levels relative to the loudest known cell, so a model's answer does not depend on gain, and hides the
rows that are not known yet, so it cannot depend on what comes after the decision time.
"""

from __future__ import annotations

import torch
from torch import nn

from .front_end import BANDS, CELLS, HIGH_BANDS, LOW_BANDS, ROWS, TONAL_BANDS, TONAL_ENDS, FrontEnd

RANGE = 1e-8  # floor under the loudest known cell: 80 dB
EMBEDDING = 96


def normalise(powers: torch.Tensor, known: torch.Tensor) -> torch.Tensor:
    """Return log levels, about -1..1, unknown rows 0, shape (n, ROWS, BANDS)."""
    powers = torch.where(known[:, :, None], powers, torch.zeros_like(powers))
    loudest = powers[:, :CELLS].mean(2).amax(1)[:, None, None] + 1e-20
    level = torch.log10(powers / loudest + RANGE) * 0.25 + 1.0
    return level * known[:, :, None].to(level.dtype)


def _block(before: int, after: int, stride: tuple[int, int], kernel: int | tuple[int, int] = 3) -> nn.Sequential:
    padding = kernel // 2 if isinstance(kernel, int) else tuple(k // 2 for k in kernel)
    return nn.Sequential(
        nn.Conv2d(before, after, kernel, stride=stride, padding=padding, bias=False), nn.BatchNorm2d(after), nn.ReLU()
    )


class HitNetwork(nn.Module):
    """Three convolutional branches (high bands, low bands, tonal cells), one embedding, two heads.

    Parameters
    ----------
    n_labels : int
    width : int
        Channels of the first layer; the others follow.
    """

    def __init__(self, n_labels: int, width: int = 16, embedding: int = EMBEDDING, dropout: float = 0.2) -> None:
        super().__init__()
        w = width
        # axes: (n, channel, band, cell)
        self.high = nn.Sequential(
            _block(2, w, (2, 1), (5, 3)), _block(w, 2 * w, (2, 1)), _block(2 * w, 3 * w, (2, 2)),
            _block(3 * w, 4 * w, (1, 2)),
        )  # fmt: skip
        self.low = nn.Sequential(
            _block(2, w, (2, 1), (5, 3)), _block(w, 2 * w, (2, 2)), _block(2 * w, 3 * w, (2, 2)),
        )  # fmt: skip
        # axes: (n, tonal cell or channel, 1, band)
        self.tonal = nn.Sequential(
            _block(2 * len(TONAL_ENDS), 2 * w, (1, 2), (1, 7)), _block(2 * w, 2 * w, (1, 2), (1, 5)),
            _block(2 * w, 2 * w, (1, 2), (1, 3)),
        )  # fmt: skip
        with torch.no_grad():
            n_high = self.high(torch.zeros(1, 2, HIGH_BANDS, CELLS)).numel()
            n_low = self.low(torch.zeros(1, 2, LOW_BANDS, CELLS)).numel()
            n_tonal = self.tonal(torch.zeros(1, 2 * len(TONAL_ENDS), 1, TONAL_BANDS)).numel()
        self.join = nn.Sequential(
            nn.Dropout(dropout), nn.Linear(n_high + n_low + n_tonal + ROWS, embedding, bias=False),
            nn.BatchNorm1d(embedding), nn.ReLU(), nn.Dropout(dropout),
        )  # fmt: skip
        self.scores = nn.Linear(embedding, n_labels)
        self.presence = nn.Linear(embedding, 1)

    def forward(self, powers: torch.Tensor, known: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return scores (n, labels), embedding (n, d) and the logit of presence (n,)."""
        level = normalise(powers, known)
        mask = known.to(level.dtype)
        cells = torch.stack([level[:, :CELLS], mask[:, :CELLS, None].expand(-1, -1, BANDS)], 1).transpose(2, 3)
        high = self.high(cells[:, :, :HIGH_BANDS]).flatten(1)
        low = self.low(cells[:, :, HIGH_BANDS:]).flatten(1)
        rows = torch.cat([level[:, CELLS:], mask[:, CELLS:, None].expand(-1, -1, BANDS)], 1)
        tonal = self.tonal(rows.reshape(-1, 2 * len(TONAL_ENDS), 1, TONAL_BANDS)).flatten(1)
        embedding = self.join(torch.cat([high, low, tonal, mask], 1))
        return self.scores(embedding), embedding, self.presence(embedding)[:, 0]


class HitEnsemble(nn.Module):
    """Networks that answer as one: scores and presence are means, embeddings stand side by side."""

    def __init__(self, networks: list[HitNetwork]) -> None:
        super().__init__()
        self.networks = nn.ModuleList(networks)

    def forward(self, powers: torch.Tensor, known: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """See `HitNetwork.forward`."""
        scores, embeddings, presences = zip(*(network(powers, known) for network in self.networks), strict=True)
        return torch.stack(scores).mean(0), torch.cat(embeddings, 1), torch.stack(presences).mean(0)


class HitModel(nn.Module):
    """What is exported: audio and `available` in; scores, embedding and presence out."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.front_end = FrontEnd()
        self.network = network

    def forward(self, audio: torch.Tensor, available: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return scores (n, labels), embedding (n, d) and presence (n,), a probability."""
        return self.answers(self.front_end(audio), available)

    def answers(self, powers: torch.Tensor, available: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return the same from the front end's powers."""
        scores, embedding, presence = self.network(powers, self.front_end.known(available))
        return scores, embedding, torch.sigmoid(presence)
