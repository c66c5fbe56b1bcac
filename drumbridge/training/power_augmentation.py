"""What is done to a batch at every training step: equalisation, noise, layering, decision time.

Conventions: powers are linear, (n, ROWS, BANDS), torch; randomness comes from a `torch.Generator`.
Adding powers stands for adding sounds (phases are random), so noise costs no filter and no transform.
"""

from __future__ import annotations

import math

import numpy as np
import torch

from .front_end import BANDS, CELLS, HIGH_BANDS, LOW_BANDS, SAMPLE_RATE, SAMPLES_AFTER, TONAL_ENDS, TONAL_HZ


def band_octaves() -> torch.Tensor:
    """Return log2 of each band's centre frequency in Hz: those of a cell, then those of a tonal one."""
    mel = np.linspace(1127 * np.log1p(150 / 700), 1127 * np.log1p(18000 / 700), HIGH_BANDS + 2)[1:-1]
    hz = np.concatenate([700 * np.expm1(mel / 1127), np.geomspace(30.0, 1200.0, LOW_BANDS), TONAL_HZ])
    return torch.as_tensor(np.log2(hz), dtype=torch.float32)


def bands_to_rows(values: torch.Tensor) -> torch.Tensor:
    """Spread values of all bands (as `band_octaves`), shape (n, bands), over rows: (n, ROWS, BANDS)."""
    cells = values[:, None, :BANDS].expand(-1, CELLS, -1)
    tonal = values[:, BANDS:].reshape(len(values), -1, BANDS).repeat(1, len(TONAL_ENDS), 1)
    return torch.cat([cells, tonal], 1)


def loudest_cell(powers: torch.Tensor) -> torch.Tensor:
    """Return the mean power of the loudest cell, shape (n, 1)."""
    return powers[:, :CELLS].mean(2).amax(1, keepdim=True)


class PowerAugmentation:
    """Random EQ and noise for a batch of band powers.

    Parameters
    ----------
    generator : torch.Generator
    gentle : bool
        For loops: nothing that could hide a soft stroke whose label stays (no low-pass, little noise).
    """

    def __init__(self, generator: torch.Generator, gentle: bool = False) -> None:
        self.generator = generator
        self.octaves = band_octaves()
        self.strength = 0.6 if gentle else 1.0
        self.filters = 0.0 if gentle else 0.2
        self.noise = 0.3 if gentle else 0.6
        self.loudest_noise_db = -60.0 if gentle else -25.0

    def _uniform(self, n: int, low: float, high: float) -> torch.Tensor:
        return low + (high - low) * torch.rand(n, 1, generator=self.generator)

    def _chosen(self, n: int, probability: float) -> torch.Tensor:
        return (torch.rand(n, 1, generator=self.generator) < probability).float()

    def equaliser_db(self, n: int) -> torch.Tensor:
        """Return n random responses, dB, (n, bands): tilt, three bells; a low-pass, a high-pass, a hole at times."""
        octave = self.octaves[None]
        gain = self._uniform(n, -2.0, 2.0) * (octave - 10.0)
        for _ in range(3):
            centre, width = self._uniform(n, 5.5, 14.0), self._uniform(n, 0.3, 1.5)
            gain = gain + self._uniform(n, -9.0, 9.0) * torch.exp(-(((octave - centre) / width) ** 2))
        gain = gain * self.strength
        low_pass = self._uniform(n, 6.0, 30.0) * (octave - self._uniform(n, 10.5, 13.5)).clamp(0)
        high_pass = self._uniform(n, 6.0, 18.0) * (self._uniform(n, 5.5, 8.5) - octave).clamp(0)
        gain = gain - self._chosen(n, self.filters) * low_pass - self._chosen(n, self.filters) * high_pass
        hole = (octave - self._uniform(n, 5.5, 14.0)).abs() < self._uniform(n, 0.2, 1.0)
        gain = gain - self._chosen(n, 1.5 * self.filters) * hole * self._uniform(n, 10.0, 50.0)
        return self._chosen(n, 0.8) * gain.clamp(-50, 30)

    def __call__(self, powers: torch.Tensor) -> torch.Tensor:
        """Return the augmented batch (a new tensor)."""
        n = len(powers)
        powers = powers * bands_to_rows(10 ** (self.equaliser_db(n) / 10))
        colour = 10 ** ((self._uniform(n, -4.0, 2.0) * (self.octaves[None] - 11.0)) / 10)
        floor = 10 ** (self._uniform(n, -85.0, self.loudest_noise_db) / 10) * loudest_cell(powers) * colour
        ripple = torch.empty_like(powers).normal_(0.0, 0.45, generator=self.generator).exp_()
        powers = powers + bands_to_rows(self._chosen(n, self.noise) * floor) * ripple
        return powers * bands_to_rows(10 ** (-self.brick_wall_db(n) / 10))

    def brick_wall_db(self, n: int) -> torch.Tensor:
        """Return what lossy codecs and old samplers take away, dB, (n, bands): at times all above 8 to 18 kHz."""
        beyond = (self.octaves[None] - self._uniform(n, 13.0, 14.1)).clamp(0)
        return self._chosen(n, 0.4) * torch.minimum(300.0 * beyond, self._uniform(n, 40.0, 80.0))


def layer(powers: torch.Tensor, generator: torch.Generator, probability: float) -> torch.Tensor:
    """Lay another sound of the batch, 8 to 40 dB lower, under some; it changes no label."""
    n = len(powers)
    other = powers[torch.randperm(n, generator=generator)]
    loud = loudest_cell(powers)[:, :, None]
    quiet = loudest_cell(other)[:, :, None] + 1e-20
    level_db = -40 + 32 * torch.rand(n, 1, 1, generator=generator)
    chosen = (torch.rand(n, 1, 1, generator=generator) < probability).float()
    return powers + chosen * other * (loud / quiet) * 10 ** (level_db / 10)


def mix(powers: torch.Tensor, partner: torch.Tensor, share: torch.Tensor) -> torch.Tensor:
    """Mix each sound with its partner, both at the same level first; `share` (n,) is the partner's power, 0..1."""
    equal = powers / (loudest_cell(powers)[:, :, None] + 1e-20)
    return (1 - share)[:, None, None] * equal + share[:, None, None] * equal[partner]


def random_available(n: int, generator: torch.Generator, full: float = 0.4, earliest_s: float = 0.003) -> torch.Tensor:
    """Draw decision times: some full, the rest log-uniform from `earliest_s`; samples, int64, shape (n,)."""
    low, high = math.log(earliest_s * SAMPLE_RATE), math.log(SAMPLES_AFTER)
    drawn = torch.exp(low + (high - low) * torch.rand(n, generator=generator)).long()
    return torch.where(torch.rand(n, generator=generator) < full, torch.full_like(drawn, SAMPLES_AFTER), drawn)
