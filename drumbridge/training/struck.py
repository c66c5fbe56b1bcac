"""Struck, shaken and scraped percussion from numbers: membranes, bells, jingles, scrapers, squeaks.

Conventions: as in `electronic`, whose table of labels these makers join. Membranes are sums of the modes of an ideal
circular membrane (ratios 1, 1.59, 2.14, 2.30, 2.65, 2.92), bells of inharmonic partials, and what rattles or is
scraped is a train of short noises (Cook, "Physically Informed Sonic Modeling", Computer Music Journal 1997).
"""

from __future__ import annotations

import numpy as np
from scipy import signal

from .front_end import SAMPLE_RATE
from .waves import log_uniform, noise, partials, seconds, sweep

_MEMBRANE = (1.0, 1.593, 2.135, 2.295, 2.653, 2.917)


def membrane(rng: np.random.Generator, low_hz: float, high_hz: float, decay_s: tuple[float, float]) -> np.ndarray:
    """Return a drum head: modes that fall a little in pitch, and the slap of the hand or the stick."""
    decay, hz = log_uniform(rng, *decay_s), log_uniform(rng, low_hz, high_hz)
    t = seconds(min(1.5, 6 * decay))
    drop, fall = rng.uniform(0, 0.25), log_uniform(rng, 0.005, 0.08)
    tone = np.zeros(len(t))
    for k, ratio in enumerate(_MEMBRANE):
        level = rng.uniform(0.3, 1.0) * log_uniform(rng, 0.08, 0.5) ** k
        glide = sweep(t, hz * ratio * (1 + drop), hz * ratio, fall)
        tone += level * glide * np.exp(-t * (1 + k * rng.uniform(0.2, 1.5)) / decay)
    slap = noise(t, rng, log_uniform(rng, 400, 2500), 14000) * np.exp(-t / log_uniform(rng, 0.002, 0.02))
    return tone / np.abs(tone).max() + rng.uniform(0, 0.8) * slap


def timbale(rng: np.random.Generator) -> np.ndarray:
    """Return a shallow metal drum: a high head and the ring of its shell."""
    head = membrane(rng, 220, 700, (0.06, 0.3))
    t = np.arange(len(head)) / SAMPLE_RATE
    shell = partials(t, rng, log_uniform(rng, 900, 2500), 6, 1.7) * np.exp(-t / log_uniform(rng, 0.05, 0.3))
    return head + rng.uniform(0.02, 0.2) * shell


def bell(rng: np.random.Generator, low_hz: float, high_hz: float, decay_s: tuple[float, float]) -> np.ndarray:
    """Return a struck piece of metal: agogo, triangle, anvil, the bell of a cymbal."""
    decay = log_uniform(rng, *decay_s)
    t = seconds(min(2.0, 6 * decay))
    tone = partials(t, rng, log_uniform(rng, low_hz, high_hz), int(rng.integers(3, 9)), rng.uniform(1.3, 2.8))
    strike = noise(t, rng, 2000, 16000) * np.exp(-t / 0.003)
    return tone * np.exp(-t / decay) + rng.uniform(0, 0.4) * strike


def rattle(
    rng: np.random.Generator, duration_s: tuple[float, float], rate_hz: tuple[float, float],
    band_hz: tuple[float, float],
) -> np.ndarray:  # fmt: skip
    """Return a train of short knocks through one resonance: guiro, vibraslap, jawbone, ratchet, castanets."""
    duration, rate = log_uniform(rng, *duration_s), log_uniform(rng, *rate_hz)
    t = seconds(duration + 0.05)
    gains = np.zeros(len(t))
    at = 0.0
    change = rng.uniform(-0.6, 0.6)
    while at < duration:
        gains[round(at * SAMPLE_RATE)] = rng.uniform(0.4, 1.0)
        at += rng.uniform(0.8, 1.2) / (rate * (1 + change * at / duration))
    knock = np.exp(-np.arange(600) / SAMPLE_RATE / log_uniform(rng, 0.0008, 0.005))
    train = signal.fftconvolve(gains, knock)[: len(t)]
    centre = log_uniform(rng, *band_hz)
    width = rng.uniform(1.15, 2.5)
    sound = noise(t, rng, centre / width, centre * width) * train
    shape = rng.random()
    if shape < 0.4:
        return sound * np.exp(-t / (0.4 * duration))
    return sound * (np.linspace(0.3, 1, len(t)) if shape < 0.7 else 1.0)


def squeak(rng: np.random.Generator) -> np.ndarray:
    """Return a cuica's rubbed stick: a tone that glides and is rough with friction."""
    duration, hz = log_uniform(rng, 0.1, 0.7), log_uniform(rng, 180, 900)
    t = seconds(duration)
    bend = hz * 2 ** (rng.uniform(-1, 1) * np.sin(np.pi * rng.uniform(0.3, 1.2) * t / duration))
    phase = 2 * np.pi * np.cumsum(bend) / SAMPLE_RATE
    tone = sum(rng.uniform(0.2, 1) / k**1.5 * np.sin(k * phase) for k in range(1, 7))
    rough = 1 + rng.uniform(0, 0.8) * np.sin(2 * np.pi * log_uniform(rng, 18, 60) * t)
    rise = np.minimum(1, t / log_uniform(rng, 0.003, 0.04))
    return tone * rough * rise * np.minimum(1, (duration - t) / (0.3 * duration)) + 0.05 * noise(t, rng, 300, 6000)


def whistle(rng: np.random.Generator) -> np.ndarray:
    """Return a samba or referee's whistle: a high tone that a pea chops."""
    t = seconds(log_uniform(rng, 0.08, 0.6))
    hz, pea = log_uniform(rng, 1800, 3600), rng.uniform(25, 60)
    trill = np.sin(2 * np.pi * pea * t)
    phase = 2 * np.pi * np.cumsum(hz * (1 + rng.uniform(0, 0.04) * trill)) / SAMPLE_RATE
    return (np.sin(phase) * (1 + rng.uniform(0, 0.9) * trill) + 0.1 * noise(t, rng, 1500, 8000)) * np.minimum(
        1, t / 0.01
    )


def chimes(rng: np.random.Generator) -> np.ndarray:
    """Return bars of a bar chime or bell tree that are struck one after another."""
    t = seconds(rng.uniform(0.6, 1.8))
    count, spread = int(rng.integers(6, 20)), rng.uniform(0.2, 1.0)
    tone = np.zeros(len(t))
    first, last = (2500.0, 9000.0) if rng.random() < 0.5 else (9000.0, 2500.0)
    for at, hz in zip(np.linspace(0, spread, count), np.geomspace(first, last, count), strict=True):
        since = np.maximum(0, t - at)
        tone += (
            (t >= at)
            * rng.uniform(0.3, 1)
            * np.sin(2 * np.pi * hz * rng.uniform(0.97, 1.03) * since)
            * np.exp(-since / rng.uniform(0.1, 0.5))
        )
    return tone


def jingle(rng: np.random.Generator) -> np.ndarray:
    """Return a tambourine: discs that clash two or three times, and at times a head."""
    t = seconds(0.6)
    decay, gap = log_uniform(rng, 0.03, 0.15), log_uniform(rng, 0.008, 0.05)
    discs = partials(t, rng, log_uniform(rng, 3500, 7000), 7, 1.17) + noise(t, rng, log_uniform(rng, 4000, 8000), 18000)
    clashes = sum(
        rng.uniform(0.3, 1) * np.where(t >= k * gap, np.exp(-(t - k * gap) / decay), 0.0)
        for k in range(int(rng.integers(1, 5)))
    )
    return discs * clashes + (rng.random() < 0.15) * rng.uniform(0.1, 0.3) * sweep(t, 400, 250, 0.02) * np.exp(
        -t / 0.05
    )


def ride(rng: np.random.Generator) -> np.ndarray:
    """Return a ride cymbal: the stick's ping over a wash that lasts."""
    t, decay = seconds(2.0), log_uniform(rng, 0.4, 1.5)
    ping = partials(t, rng, log_uniform(rng, 1500, 4500), 8, 1.33) * np.exp(-t / log_uniform(rng, 0.05, 0.4))
    wash = noise(t, rng, log_uniform(rng, 2000, 6000), 18000) * np.exp(-t / decay)
    return rng.uniform(0.3, 1.0) * ping + rng.uniform(0.15, 0.6) * wash


def percussion(rng: np.random.Generator) -> np.ndarray:
    """Return one of the many that have no label of their own."""
    return _KINDS[int(rng.choice(len(_KINDS), p=_SHARES))](rng)


_KINDS = (
    lambda rng: bell(rng, 500, 1600, (0.03, 0.25)),  # agogo
    lambda rng: bell(rng, 250, 3000, (0.05, 0.8)),  # anvil, metal plate
    lambda rng: rattle(rng, (0.04, 0.6), (30, 250), (1500, 6000)),  # guiro
    lambda rng: rattle(rng, (0.5, 1.6), (18, 45), (1200, 4500)),  # vibraslap, jawbone
    lambda rng: rattle(rng, (0.02, 0.12), (25, 60), (900, 3500)),  # castanets
    squeak,
    whistle,
    chimes,
    lambda rng: membrane(rng, 45, 140, (0.1, 0.6)),  # surdo, taiko, dunun
    lambda rng: membrane(rng, 90, 450, (0.03, 0.3)),  # djembe, tabla, darbuka, cajon
)
_SHARES = (0.18, 0.06, 0.16, 0.10, 0.08, 0.14, 0.05, 0.05, 0.06, 0.12)
