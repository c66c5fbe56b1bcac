"""Variants of one-shots as rooms, recorders and producers make them (waveform domain, numpy).

Conventions: audio is mono float32 at SAMPLE_RATE; every function takes a `numpy.random.Generator` and
is deterministic given it. What is cheap on band powers (equalisation, noise, decision time) is not
done here but per training step, in `power_augmentation`.
"""

from __future__ import annotations

import io

import numpy as np
import soundfile
import soxr
from scipy import fft, signal

from drumbridge.core.excerpts import cut_excerpt

from .front_end import SAMPLE_RATE, SAMPLES_AFTER, SAMPLES_BEFORE

_SUSTAINED = {"open_hat", "crash", "cymbal", "ride", "ride_bell", "china", "splash"}  # short ones would be lies


def one_shot_variant(
    audio: np.ndarray, position: int, label: str, rng: np.random.Generator, background: np.ndarray | None = None
) -> tuple[np.ndarray, int]:
    """Return the excerpt of one random variant, and how many samples of it are there.

    Parameters
    ----------
    audio : ndarray, float32, shape (n,)
    position : int
        The attack, as `find_attack` gives it.
    label : str
        Decides what may be done: a shortened crash is no crash.
    background : ndarray, optional
        Another sound whose tail is laid under this one.
    """
    audio = audio[max(0, position - 400) :]
    position = min(position, 400)
    if rng.random() < 0.5:
        reach = 12 if label == "other" else 4  # semitones: a tone is one at any pitch
        ratio = 2 ** (rng.uniform(-reach, reach) / 12)
        audio = soxr.resample(audio, SAMPLE_RATE, SAMPLE_RATE * ratio, quality="LQ")
        position = round(position * ratio)
    if label not in _SUSTAINED and rng.random() < 0.2:
        tau = SAMPLE_RATE * 10 ** rng.uniform(-1.4, -0.3)
        audio = audio * np.exp(-np.maximum(0, np.arange(len(audio)) - position) / tau).astype(np.float32)
    if rng.random() < 0.12:
        audio = soften_attack(audio, position, rng.uniform(0.001, 0.008))
    pad = SAMPLES_BEFORE + 256
    audio = np.concatenate([np.zeros(pad, np.float32), audio])
    position += pad
    ended_silent = rng.random() < 0.5
    if ended_silent or rng.random() < 0.3:
        audio = np.concatenate([audio, np.zeros(max(0, position + SAMPLES_AFTER + 512 - len(audio)), np.float32)])
    audio = audio[: position + SAMPLES_AFTER + 512]
    if rng.random() < 0.45:
        audio = reverberate(audio, rng)
    if rng.random() < 0.2:
        audio = saturate(audio, rng)
    if rng.random() < 0.1:
        audio = reduce_rate(audio, int(rng.integers(2, 6)))
    if rng.random() < 0.1:
        audio = reduce_bits(audio, int(rng.integers(5, 11)))
    if background is not None and rng.random() < 0.25:
        level = np.abs(audio).max() / (np.abs(background).max() + 1e-9) * 10 ** (rng.uniform(-45, -12) / 20)
        start = int(rng.integers(0, max(1, len(background) // 2)))
        tail = background[start : start + len(audio)]
        audio = audio.copy()
        audio[: len(tail)] += level * tail
    if rng.random() < 0.12:
        audio = through_mp3(audio, rng)
    jitter = int(np.clip(rng.normal(0, 50), -140, 140))
    return cut_excerpt(audio.astype(np.float32), position + jitter, SAMPLES_BEFORE, SAMPLES_AFTER)


def soften_attack(audio: np.ndarray, position: int, rise_s: float) -> np.ndarray:
    """Fade the attack in over `rise_s`."""
    rise = max(1, round(rise_s * SAMPLE_RATE))
    gain = np.clip((np.arange(len(audio)) - position) / rise, 0.0, 1.0).astype(np.float32)
    return audio * (0.03 + 0.97 * gain)


def room_response(rng: np.random.Generator) -> np.ndarray:
    """Return a random room: direct sound, sparse early reflections, exponentially decaying filtered noise."""
    decay_s = 10 ** rng.uniform(-1.0, 0.1)
    n = min(round(SAMPLE_RATE * decay_s), 26000)
    tail = rng.standard_normal(n) * 10 ** (-3 * np.arange(n) / (decay_s * SAMPLE_RATE))
    cutoff_hz = 10 ** rng.uniform(3.2, 4.2)
    tail = signal.lfilter(*signal.butter(1, cutoff_hz, fs=SAMPLE_RATE), tail)
    tail /= np.sqrt(np.sum(tail**2)) + 1e-12
    response = np.zeros(n + 2500)
    delay = int(rng.integers(40, 1200))
    response[delay : delay + n] = tail * 10 ** (rng.uniform(-24, 6) / 20)
    for _ in range(int(rng.integers(0, 6))):
        response[int(rng.integers(30, 2000))] += rng.normal(0, 0.25)
    response[0] += 1.0
    return response.astype(np.float32)


def reverberate(audio: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Put the sound into a random room; the length stays."""
    response = room_response(rng)
    n = fft.next_fast_len(len(audio) + len(response))
    return fft.irfft(fft.rfft(audio, n) * fft.rfft(response, n), n)[: len(audio)].astype(np.float32)


def saturate(audio: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Drive the sound into a soft or a hard limit."""
    driven = audio * (10 ** (rng.uniform(0, 24) / 20) / (np.abs(audio).max() + 1e-9))
    return np.tanh(driven) if rng.random() < 0.7 else np.clip(driven, -1, 1)


def reduce_rate(audio: np.ndarray, factor: int) -> np.ndarray:
    """Hold every `factor`-th sample, as old samplers sound."""
    return np.repeat(audio[::factor], factor)[: len(audio)]


def reduce_bits(audio: np.ndarray, bits: int) -> np.ndarray:
    """Quantise to `bits` relative to the peak."""
    peak = np.abs(audio).max() + 1e-9
    steps = 2.0 ** (bits - 1)
    return np.round(audio / peak * steps) / steps * peak


def through_mp3(audio: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Encode the sound as MP3 and decode it again: 60 to 220 kbit/s, nothing moved in time; pre-echo and all."""
    peak = float(np.abs(audio).max()) + 1e-9
    file = io.BytesIO()
    soundfile.write(
        file, 0.7 * audio / peak, SAMPLE_RATE, format="MP3", subtype="MPEG_LAYER_III", bitrate_mode="CONSTANT",
        compression_level=rng.uniform(0.35, 0.9),
    )  # fmt: skip
    file.seek(0)
    decoded, _ = soundfile.read(file, dtype="float32")
    heard = np.zeros(len(audio), np.float32)
    heard[: len(decoded)] = decoded[: len(audio)]
    return heard * np.float32(peak / 0.7)
