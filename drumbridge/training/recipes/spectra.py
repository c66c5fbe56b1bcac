"""Front ends that stand inside a model's graph: power spectra, mel images in dB, MFCC images.

Conventions: audio is float32 (n, samples); frames are centred on multiples of the hop, with zeros around the
excerpt; an image is (n, bands, frames), low bands first. Levels are relative to the loudest cell of the same
excerpt, so an image does not depend on gain.
"""

from __future__ import annotations

import numpy as np
import torch

RANGE_DB = 80.0


def mel_filters(n_fft: int, sample_rate: int, n_mels: int, low_hz: float, high_hz: float) -> np.ndarray:
    """Return triangles that are evenly spaced on the mel scale (HTK's formula), shape (n_mels, n_fft // 2 + 1).

    Each is at least two bins wide, so that none is empty where bands are narrower than bins.
    """
    edges_mel = np.linspace(2595 * np.log10(1 + low_hz / 700), 2595 * np.log10(1 + high_hz / 700), n_mels + 2)
    edges = 700 * (10 ** (edges_mel / 2595) - 1) * n_fft / sample_rate  # in bins
    bins = np.arange(n_fft // 2 + 1)
    rising = (bins - edges[:-2, None]) / np.maximum(np.diff(edges)[:-1, None], 1.0)
    falling = (edges[2:, None] - bins) / np.maximum(np.diff(edges)[1:, None], 1.0)
    filters = np.maximum(0.0, np.minimum(1.0, np.minimum(rising, falling)))
    centres = np.clip(np.round(edges[1:-1]).astype(int), 0, len(bins) - 1)
    filters[np.arange(n_mels), centres] += 1e-3
    return filters


def keep_known(audio: torch.Tensor, available: torch.Tensor, samples_before: int) -> torch.Tensor:
    """Return the audio with zeros where it is not known, as a decision time asks."""
    at = torch.arange(audio.shape[1], device=audio.device) - samples_before
    return audio * (at[None] < available[:, None]).to(audio.dtype)


class PowerSpectrum(torch.nn.Module):
    """Power of each bin and frame, Hann window, shape (n, n_fft // 2 + 1, frames)."""

    def __init__(self, n_fft: int, hop_length: int) -> None:
        super().__init__()
        self.n_fft, self.hop_length = n_fft, hop_length
        window = torch.hann_window(n_fft)
        self.register_buffer("window", window / window.sum(), False)

    def forward(self, audio: torch.Tensor) -> torch.Tensor:
        """Return the powers."""
        padded = torch.nn.functional.pad(audio, (self.n_fft // 2, self.n_fft // 2))
        exporting = torch.onnx.is_in_onnx_export()  # ONNX has no complex numbers, and torch soon no other spectra
        spectrum = torch.stft(
            padded, self.n_fft, self.hop_length, window=self.window, center=False, return_complex=not exporting
        )
        return ((spectrum if exporting else torch.view_as_real(spectrum)) ** 2).sum(-1)


class MelImage(torch.nn.Module):
    """Mel bands in dB under the loudest cell, 0 (RANGE_DB under it or softer) to 1, shape (n, n_mels, frames)."""

    def __init__(
        self, sample_rate: int, samples_before: int, *, n_mels: int, n_fft: int, hop_length: int, frames: int
    ) -> None:
        super().__init__()
        self.samples_before, self.frames = samples_before, frames
        self.power = PowerSpectrum(n_fft, hop_length)
        filters = mel_filters(n_fft, sample_rate, n_mels, 20.0, 0.95 * sample_rate / 2)
        self.register_buffer("filters", torch.as_tensor(filters, dtype=torch.float32), False)

    def forward(self, audio: torch.Tensor, available: torch.Tensor) -> torch.Tensor:
        """Return the image."""
        powers = self.filters @ self.power(keep_known(audio, available, self.samples_before))[:, :, : self.frames]
        loudest = powers.amax((1, 2), keepdim=True) + 1e-12
        return 1.0 + 10.0 / RANGE_DB * torch.log10(powers / loudest + 10 ** (-RANGE_DB / 10))


class MfccImage(torch.nn.Module):
    """Mel-frequency cepstral coefficients over time (DCT-II of a mel image), shape (n, n_mfcc, frames)."""

    def __init__(self, mel: MelImage, n_mfcc: int) -> None:
        super().__init__()
        self.mel = mel
        n_mels = mel.filters.shape[0]
        k, m = np.arange(n_mfcc)[:, None], np.arange(n_mels)
        basis = np.cos(np.pi * k * (m + 0.5) / n_mels) * np.sqrt(2 / n_mels)
        basis[0] /= np.sqrt(2)
        self.register_buffer("basis", torch.as_tensor(basis, dtype=torch.float32), False)

    def forward(self, audio: torch.Tensor, available: torch.Tensor) -> torch.Tensor:
        """Return the image."""
        return self.basis @ self.mel(audio, available)
