"""What people hear in a drum, as some eighty numbers: how long, how loud when, how high, how bright where.

Conventions: a sound lasts from its first to its last frame within 60 dB of the loudest one. Loudness is
in dB under the loudest frame, at ten points from 0 to 100 % of that. Sections are fifths of it. Band
levels are dB under the whole section's. The fundamental is the strongest bin under 1.2 kHz of each frame,
averaged on a logarithmic scale with the frames' energies as weights. Features of Sobot, Machine Learning
for Drummers; all of it is inside the exported graph.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import torch

from .recipe import Layout
from .spectra import PowerSpectrum, keep_known

POINTS = 10
SECTIONS = 5
BANDS_HZ = (20, 60, 120, 250, 500, 1000, 2000, 4000, 8000, 12000, 20000)
_SILENCE_DB = -60.0
_FLOOR = 1e-9  # power under the loudest: -90 dB
_PITCH_HZ = (30.0, 1200.0)

FEATURES: tuple[str, ...] = (
    "duration_s",
    *(f"loudness_{round(100 * k / (POINTS - 1))}%" for k in range(POINTS)),
    "fundamental", "fundamental_deviation", *(f"fundamental_section_{s + 1}" for s in range(SECTIONS)),
    *(f"band_{low}_{high}_Hz" for low, high in pairwise(BANDS_HZ)),
    *(f"band_{low}_{high}_Hz_section_{s + 1}" for s in range(SECTIONS)
      for low, high in pairwise(BANDS_HZ)),
)  # fmt: skip


class Features(torch.nn.Module):
    """Audio to features, float32 (n, FEATURES)."""

    def __init__(self, layout: Layout) -> None:
        super().__init__()
        self.layout = layout
        self.power = PowerSpectrum(1024, 512)
        self.fine_power = PowerSpectrum(4096, 1024)
        edges = np.round(np.array(BANDS_HZ) * 1024 / layout.sample_rate).astype(int)
        bands = np.zeros((len(edges) - 1, 513), np.float32)
        for k, (low, high) in enumerate(pairwise(edges)):
            bands[k, low : max(high, low + 1)] = 1.0
        self.register_buffer("bands", torch.from_numpy(bands), False)
        self.first_bin = int(np.ceil(_PITCH_HZ[0] * 4096 / layout.sample_rate))
        self.last_bin = int(_PITCH_HZ[1] * 4096 / layout.sample_rate)

    def forward(self, audio: torch.Tensor, available: torch.Tensor) -> torch.Tensor:
        """Return the features."""
        audio = keep_known(audio, available, self.layout.samples_before)
        power = self.power(audio)
        energy = power.sum(1)
        loudest = energy.amax(1, keepdim=True) + 1e-20
        level_db = 10 * torch.log10(energy / loudest + _FLOOR)
        at = torch.arange(power.shape[2], device=audio.device).to(audio.dtype)[None]
        sounds = (level_db > _SILENCE_DB).to(audio.dtype)
        last = (sounds * at).amax(1, keepdim=True)
        first = last - (sounds * (last - at)).amax(1, keepdim=True)
        frames = last - first + 1
        points = [first + torch.round((frames - 1) * (k / (POINTS - 1))) for k in range(POINTS)]
        loudness = torch.gather(level_db, 1, torch.cat(points, 1).to(torch.int64))
        whole, parts = self._bands(power, at, first, frames)
        duration_s = frames * (512 / self.layout.sample_rate)
        return torch.cat([duration_s, loudness, self._pitch(audio, first, frames), whole, parts], 1)

    def _bands(
        self, power: torch.Tensor, at: torch.Tensor, first: torch.Tensor, frames: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        in_bands = self.bands @ power  # (n, bands, frames)
        levels = []
        for weights in (_within(at, first, frames, 0, 1), *(_section(at, first, frames, s) for s in range(SECTIONS))):
            summed = (in_bands * weights[:, None]).sum(2)
            total = summed.sum(1, keepdim=True) + 1e-20
            levels.append(10 * torch.log10(summed / total + _FLOOR))
        return levels[0], torch.cat(levels[1:], 1)

    def _pitch(self, audio: torch.Tensor, first: torch.Tensor, frames: torch.Tensor) -> torch.Tensor:
        power = self.fine_power(audio)[:, self.first_bin : self.last_bin + 1]
        best, where = power.max(1)
        last = power.shape[1] - 1
        below = torch.gather(power, 1, (where - 1).clamp(min=0)[:, None])[:, 0]
        above = torch.gather(power, 1, (where + 1).clamp(max=last)[:, None])[:, 0]
        lows, peaks, highs = (torch.log10(x + 1e-20) for x in (below, best, above))
        offset = 0.5 * (lows - highs) / (lows - 2 * peaks + highs).clamp(max=-1e-6)  # the vertex of a parabola
        bins = where.to(audio.dtype) + offset.clamp(-0.5, 0.5) + self.first_bin
        octave = torch.log2(bins * (self.layout.sample_rate / 4096))
        at = torch.arange(power.shape[2], device=audio.device).to(audio.dtype)[None] * 2  # in frames of 512
        inside = best * _within(at, first, frames, 0, 1) + 1e-20
        mean = (inside * octave).sum(1, keepdim=True) / inside.sum(1, keepdim=True)
        spread = ((inside * (octave - mean) ** 2).sum(1, keepdim=True) / inside.sum(1, keepdim=True)).sqrt()
        sections = []
        for s in range(SECTIONS):
            weight = best * _section(at, first, frames, s)
            # A section of less than a frame has no pitch of its own.
            share = weight.sum(1, keepdim=True)
            own = (weight * octave).sum(1, keepdim=True) / (share + 1e-20)
            sections.append(torch.where(share > 1e-15, own, mean))
        return torch.cat([mean, spread, *sections], 1)


def _section(at: torch.Tensor, first: torch.Tensor, frames: torch.Tensor, s: int) -> torch.Tensor:
    return _within(at, first, frames, s / SECTIONS, (s + 1) / SECTIONS)


def _within(at: torch.Tensor, first: torch.Tensor, frames: torch.Tensor, low: float, high: float) -> torch.Tensor:
    """Return 1 for the frames from `low` up to `high` of the sound, else 0, shape (n, frames)."""
    return ((at >= first + low * frames) & (at < first + high * frames)).to(at.dtype)
