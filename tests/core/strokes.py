"""Synthetic strokes with exactly known attacks, ways of cutting audio, and a classifier without weights."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from hypothesis import strategies as st

from drumbridge.core.classifier import ModelOutput
from drumbridge.core.decision import DecisionRule


def noise_stroke(sample_rate: int, *, decay_s: float = 0.03, seed: int = 0, length_s: float = 0.3) -> np.ndarray:
    """Return noise that starts at full level on its first sample and dies away; float32, peak 1."""
    t = np.arange(round(length_s * sample_rate)) / sample_rate
    audio = np.random.default_rng(seed).uniform(-1, 1, len(t)) * np.exp(-t / decay_s)
    audio[0] = 1.0
    return audio.astype(np.float32)


def kick_stroke(sample_rate: int, *, length_s: float = 1.0) -> np.ndarray:
    """Return a sine that falls from 200 to 50 Hz and dies away; float32, peak about 1."""
    t = np.arange(round(length_s * sample_rate)) / sample_rate
    phase = 2 * np.pi * (50 * t + 150 * 0.03 * (1 - np.exp(-t / 0.03)))
    return (np.sin(phase + 0.5) * np.exp(-t / 0.12)).astype(np.float32)


def place(strokes: list[tuple[int, np.ndarray]], length: int) -> np.ndarray:
    """Return silence of `length` samples with the strokes added at their positions."""
    audio = np.zeros(length, dtype=np.float32)
    for position, stroke in strokes:
        part = stroke[: max(0, length - position)]
        audio[position : position + len(part)] += part
    return audio


def cut(audio: np.ndarray, sizes: list[int]) -> Iterator[np.ndarray]:
    """Yield the audio in blocks of these sizes, over and over."""
    start, k = 0, 0
    while start < len(audio):
        yield audio[start : start + sizes[k % len(sizes)]]
        start += sizes[k % len(sizes)]
        k += 1


CUTS = st.one_of(
    st.sampled_from([[17], [64], [512], [65536], [10**9]]),
    st.lists(st.integers(1, 5000), min_size=1, max_size=20),
)


class LevelClassifier:
    """Names a stroke by how bright it is; presence is how loud it begins. Each excerpt is judged alone."""

    name = "levels"
    rule = DecisionRule(("kick", "closed_hat"), activation="none")

    def __init__(
        self,
        *,
        sample_rate: int = 16000,
        samples_before: int = 300,
        samples_after: int = 3000,
        has_presence: bool = False,
    ) -> None:
        self.sample_rate = sample_rate
        self.samples_before = samples_before
        self.samples_after = samples_after
        self.has_presence = has_presence
        self.calls: list[np.ndarray] = []

    def prompt_length(self, known: int) -> int:
        """Look at all that is known."""
        return known

    def score(self, audio: np.ndarray, available: np.ndarray) -> ModelOutput:
        """Score excerpts."""
        assert audio.dtype == np.float32
        assert audio.shape == (len(available), self.samples_before + self.samples_after)
        self.calls.append(available.copy())
        sound = audio[:, self.samples_before :].astype(np.float64)
        energy = (sound**2).sum(axis=1) + 1e-12
        bright = np.clip((np.diff(sound, axis=1) ** 2).sum(axis=1) / energy, 0, 1)
        scores = np.stack([1 - bright, bright], axis=1).astype(np.float32)
        presence = (np.abs(sound[:, :100]).max(axis=1) > 0.1).astype(np.float32) if self.has_presence else None
        return ModelOutput(scores, scores, presence)
