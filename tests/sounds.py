"""Sounds for tests: decaying tones, low ones a kick to the small model, high ones a closed_hat."""

import numpy as np


def stroke(frequency_hz, rate=44100, length_s=0.2, peak=0.8):
    """Return a tone that starts at once and decays to nothing, float32 (n,)."""
    t = np.arange(round(length_s * rate)) / rate
    decay = np.exp(-t * 25) * (1 - t / length_s) ** 2
    return (peak * np.cos(2 * np.pi * frequency_hz * t) * decay).astype(np.float32)


def kick(**how):
    return stroke(80, **how)


def hat(**how):
    return stroke(3500, **how)


def loop(strokes, rate=44100, length_s=4.0):
    """Return strokes [(time_s, sound)] mixed into one track, float32 (n,)."""
    audio = np.zeros(round(length_s * rate), dtype=np.float32)
    for time_s, sound in strokes:
        start = round(time_s * rate)
        audio[start : start + len(sound)] += sound[: len(audio) - start]
    return audio
