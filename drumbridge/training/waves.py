"""What generated sounds are made of: sweeps, bands of noise, inharmonic partials.

Conventions: sounds are float64, mono, at SAMPLE_RATE, peak about 1; `t` are the times of the samples in s.
"""

from __future__ import annotations

import numpy as np
from scipy import signal

from .front_end import SAMPLE_RATE


def seconds(duration_s: float) -> np.ndarray:
    """Return the times of the samples of a sound, 64 at least."""
    return np.arange(max(64, round(duration_s * SAMPLE_RATE))) / SAMPLE_RATE


def log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    """Draw a number whose logarithm is uniform."""
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def sweep(t: np.ndarray, start_hz: float, end_hz: float, fall_s: float) -> np.ndarray:
    """Return a sine that falls from one pitch to another."""
    hz = end_hz + (start_hz - end_hz) * np.exp(-t / fall_s)
    return np.sin(2 * np.pi * np.cumsum(hz) / SAMPLE_RATE)


def noise(t: np.ndarray, rng: np.random.Generator, low_hz: float, high_hz: float) -> np.ndarray:
    """Return noise between two frequencies."""
    band = signal.butter(2, [low_hz, min(high_hz, 20000.0)], "band", fs=SAMPLE_RATE, output="sos")
    return normal(signal.sosfilt(band, rng.standard_normal(len(t))))


def partials(t: np.ndarray, rng: np.random.Generator, base_hz: float, count: int, spread: float) -> np.ndarray:
    """Return sines at inharmonic distances, each about `spread` times the one before, the high ones shorter."""
    hz = base_hz * np.cumprod(np.r_[1.0, rng.uniform(1 + 0.3 * (spread - 1), 1 + 1.7 * (spread - 1), count - 1)])
    fade = rng.uniform(0, 12)
    return normal(
        sum(
            rng.uniform(0.2, 1) * np.sin(2 * np.pi * f * t + rng.uniform(0, 6)) * np.exp(-t * fade * k)
            for k, f in enumerate(hz[hz < 19000])
        )
        + np.zeros(len(t))
    )


def metal(t: np.ndarray, rng: np.random.Generator, low_hz: float) -> np.ndarray:
    """Return what analogue and FM machines make cymbals of: six squares, or one tone that bends another."""
    base = log_uniform(rng, 250, 900)
    hz = base * np.cumprod(np.r_[1.0, rng.uniform(1.1, 1.5, 5)])
    if rng.random() < 0.7:
        mix = sum(np.sign(np.sin(2 * np.pi * f * t + rng.uniform(0, 6))) for f in hz)
    else:
        bend = log_uniform(rng, 2, 12) * np.sin(2 * np.pi * base * rng.uniform(1.2, 5) * t)
        mix = np.sin(2 * np.pi * base * 4 * t + bend)
    high = signal.butter(2, low_hz, "high", fs=SAMPLE_RATE, output="sos")
    return normal(signal.sosfilt(high, mix))


def normal(audio: np.ndarray) -> np.ndarray:
    """Return the sound with a peak of 1."""
    return audio / (np.abs(audio).max() + 1e-9)
