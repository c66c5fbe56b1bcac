"""More sounds of rare classes: variants made on the audio, where they mean something, not on the image.

Conventions: audio is one excerpt, float32 (samples,), with the onset where the layout has it. The five
changes and how often each is made follow DrumTranscriber's description (noise, a masked stretch, a shift,
another pitch, another gain).
"""

from __future__ import annotations

import numpy as np
import soxr

from .hearing import Variants
from .recipe import Layout

_SHARE = 4  # a class is brought up to a quarter of the largest
_MOST = 20  # variants of one file: more would only be learned by heart


def copies_for_balance(labels: np.ndarray) -> np.ndarray:
    """Return how many variants each file gets, int (n,), so that no class is under a quarter of the largest."""
    counts = np.bincount(labels)
    wanted = np.ceil(counts.max() / _SHARE)
    each = np.clip(np.ceil(wanted / np.maximum(counts, 1)) - 1, 0, _MOST).astype(int)
    return each[labels]


def make_variants(copies: np.ndarray, layout: Layout, seed: int) -> Variants:
    """Return what makes `copies[k]` variants of file k, the same for the same seed."""

    def variants(k: int, audio: np.ndarray) -> list[np.ndarray]:
        rng = np.random.default_rng([seed, k])
        return [augment(audio, layout, rng) for _ in range(int(copies[k]))]

    return variants


def augment(audio: np.ndarray, layout: Layout, rng: np.random.Generator) -> np.ndarray:
    """Return one variant."""
    if rng.random() < 0.5:
        audio = _shifted(audio, round(rng.uniform(-0.01, 0.02) * layout.sample_rate))
    if rng.random() < 0.5:
        audio = audio * np.float32(10 ** (rng.uniform(-12, 3) / 20))
    if rng.random() < 0.25:
        ratio = 2 ** (rng.uniform(-3, 3) / 12)
        pitched = soxr.resample(
            audio[layout.samples_before :], layout.sample_rate, layout.sample_rate * ratio, quality="LQ"
        )
        rest = np.zeros(len(audio), np.float32)
        rest[: layout.samples_before] = audio[: layout.samples_before]
        pitched = pitched[: layout.samples_after]
        rest[layout.samples_before : layout.samples_before + len(pitched)] = pitched
        audio = rest
    if rng.random() < 0.5:
        length = round(rng.uniform(0.05, 0.15) * len(audio))
        start = int(rng.integers(layout.samples_before + length, len(audio) - length))  # the attack stays
        audio = audio.copy()
        audio[start : start + length] *= _notch(length)
    if rng.random() < 0.5:
        level = np.abs(audio).max() * 10 ** (rng.uniform(-60, -35) / 20)
        audio = audio + (level * rng.standard_normal(len(audio))).astype(np.float32)
    return audio.astype(np.float32)


def _shifted(audio: np.ndarray, by: int) -> np.ndarray:
    shifted = np.zeros_like(audio)
    if by >= 0:
        shifted[by:] = audio[: len(audio) - by]
    else:
        shifted[:by] = audio[-by:]
    return shifted


def _notch(length: int) -> np.ndarray:
    """Return a gain that falls to nothing and comes back, so that the mask makes no click."""
    fade = max(1, length // 8)
    return np.concatenate([np.linspace(1, 0, fade), np.zeros(max(0, length - 2 * fade)), np.linspace(0, 1, fade)])[
        :length
    ].astype(np.float32)
