"""Drums, and sounds that are no drum, from numbers: analogue, FM, noise and metal, in wide ranges.

Conventions: audio is mono float32 at SAMPLE_RATE, peak 1, attack at sample 0. The one-shots that can be
had under open licences hold few drum machines and few tones that are no drum; these stand beside them,
with little weight. Frequencies are Hz and times seconds throughout.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from scipy import signal

from . import struck
from .front_end import SAMPLE_RATE
from .one_shots import OneShot
from .waves import log_uniform, metal, noise, seconds, sweep

SOURCE = "electronic"
_COUNTS = {"kick": 56, "tom": 56, "snare": 64, "clap": 32, "closed_hat": 32, "open_hat": 24, "crash": 16, "rim": 24,
           "cowbell": 24, "clave": 20, "shaker": 24, "other": 320, "percussion": 80, "conga": 16, "bongo": 16,
           "timbale": 8, "tambourine": 20, "triangle": 10, "ride": 12}  # fmt: skip


def electronic_rows() -> list[OneShot]:
    """Return the rows of this source; each variant of a row is another sound."""
    return [
        OneShot(Path(SOURCE) / label / str(k), label, SOURCE, SOURCE, "generated", "")
        for label, count in _COUNTS.items()
        for k in range(count)
    ]


def synthesise_electronic(label: str, rng: np.random.Generator) -> np.ndarray:
    """Return one random sound of a label, float32, shape (n,)."""
    audio = _MAKERS[label](rng)
    fade = min(len(audio), 200)
    audio[-fade:] *= np.linspace(1, 0, fade)
    return (audio / (np.abs(audio).max() + 1e-9)).astype(np.float32)


def _kick(rng: np.random.Generator) -> np.ndarray:
    """Return a bass drum: a sweep that ends low, or a short thud or a plain tone, as of rhythm boxes."""
    decay = log_uniform(rng, 0.05, 0.5)
    t, end, kind = seconds(min(1.5, 5 * decay)), log_uniform(rng, 35, 75), rng.random()
    if kind < 0.7:
        tone = sweep(t, end * log_uniform(rng, 1.5, 10), end, log_uniform(rng, 0.006, 0.06))
    elif kind < 0.85:
        decay = min(decay, 0.12)
        tone = sweep(t, log_uniform(rng, 60, 110), log_uniform(rng, 50, 90), 0.02)
    else:
        tone = sweep(t, end * log_uniform(rng, 1.0, 1.5), end, 0.1) + rng.uniform(0, 0.4) * sweep(
            t, 2 * end, 2 * end, 1
        )
    body = np.tanh(log_uniform(rng, 0.8, 8) * tone * np.exp(-t / decay))
    click = (
        rng.uniform(0, 0.4)
        * noise(t, rng, log_uniform(rng, 200, 2000), 8000)
        * np.exp(-t / log_uniform(rng, 0.001, 0.015))
    )
    return body + click


def _tom(rng: np.random.Generator) -> np.ndarray:
    """Return a tom: a sweep, with little noise as of an analogue machine or with much as of a Simmons."""
    decay = log_uniform(rng, 0.08, 0.5)
    t, end = seconds(min(1.5, 5 * decay)), log_uniform(rng, 75, 280)
    body = sweep(t, end * log_uniform(rng, 1.1, 3.0), end, log_uniform(rng, 0.02, 0.3)) * np.exp(-t / decay)
    if rng.random() < 0.35:
        share, fall = rng.uniform(0.2, 0.7), log_uniform(rng, 0.03, 0.3)
    else:
        share, fall = rng.uniform(0, 0.2), log_uniform(rng, 0.005, 0.1)
    return body + share * noise(t, rng, log_uniform(rng, 200, 1200), log_uniform(rng, 3000, 12000)) * np.exp(-t / fall)


def _snare(rng: np.random.Generator) -> np.ndarray:
    """Return a snare: noise over one or two tones, or, as of small machines, noise alone, or closed by a gate."""
    decay = log_uniform(rng, 0.04, 0.35)
    t, low = seconds(min(1.0, 6 * decay)), log_uniform(rng, 130, 330)
    tone = sweep(t, low * rng.uniform(1, 2), low, 0.01) + rng.uniform(0, 1) * sweep(t, low * 1.8, low * 1.7, 0.01)
    rattle = noise(t, rng, log_uniform(rng, 300, 4000), log_uniform(rng, 6000, 18000)) * np.exp(-t / decay)
    level = 0.0 if rng.random() < 0.15 else log_uniform(rng, 0.1, 2.0)
    sound = level * tone * np.exp(-t / log_uniform(rng, 0.03, 0.15)) + rattle
    if rng.random() < 0.15:
        sound = np.sign(sound) * np.abs(sound) ** 0.5 * (t < rng.uniform(0.08, 0.3))
    return sound


def _clap(rng: np.random.Generator) -> np.ndarray:
    t, centre = seconds(0.5), log_uniform(rng, 800, 2200)
    gap, bursts = rng.uniform(0.007, 0.014), int(rng.integers(2, 5))
    shape = sum(np.where(t >= k * gap, np.exp(-(t - k * gap) / 0.004), 0.0) for k in range(bursts))
    shape = shape + rng.uniform(0.3, 1) * np.where(
        t >= bursts * gap, np.exp(-(t - bursts * gap) / log_uniform(rng, 0.03, 0.12)), 0
    )
    return noise(t, rng, centre * 0.6, centre * rng.uniform(1.6, 5)) * shape


def _hat(rng: np.random.Generator, decay: float) -> np.ndarray:
    t, low = seconds(min(1.5, 6 * decay)), log_uniform(rng, 3500, 9000)
    share = rng.uniform(0, 1)
    return (share * metal(t, rng, low) + (1 - share) * noise(t, rng, low, 19000)) * np.exp(-t / decay)


def _crash(rng: np.random.Generator) -> np.ndarray:
    t, decay = seconds(2.0), log_uniform(rng, 0.4, 1.2)
    return (
        0.4 * metal(t, rng, log_uniform(rng, 2000, 5000)) + noise(t, rng, log_uniform(rng, 1500, 5000), 18000)
    ) * np.exp(-t / decay)


def _rim(rng: np.random.Generator) -> np.ndarray:
    t, decay, hz = seconds(0.12), log_uniform(rng, 0.004, 0.02), log_uniform(rng, 400, 2000)
    tone = np.sin(2 * np.pi * hz * t) + rng.uniform(0, 1) * np.sin(2 * np.pi * hz * rng.uniform(1.3, 2.9) * t)
    return np.tanh(2 * tone * np.exp(-t / decay)) + rng.uniform(0, 0.7) * noise(t, rng, 1500, 12000) * np.exp(
        -t / 0.004
    )


def _cowbell(rng: np.random.Generator) -> np.ndarray:
    t, hz = seconds(0.6), log_uniform(rng, 450, 700)
    tone = np.sign(np.sin(2 * np.pi * hz * t)) + np.sign(np.sin(2 * np.pi * hz * rng.uniform(1.42, 1.55) * t))
    band = signal.butter(1, [hz, min(4 * hz, 9000)], "band", fs=SAMPLE_RATE, output="sos")
    return signal.sosfilt(band, tone) * (0.6 * np.exp(-t / 0.015) + np.exp(-t / log_uniform(rng, 0.05, 0.25)))


def _clave(rng: np.random.Generator) -> np.ndarray:
    t = seconds(0.25)
    return np.sin(2 * np.pi * log_uniform(rng, 1700, 2800) * t) * np.exp(-t / log_uniform(rng, 0.01, 0.04))


def _shaker(rng: np.random.Generator) -> np.ndarray:
    t, rise = seconds(0.35), log_uniform(rng, 0.008, 0.05)
    return (
        noise(t, rng, log_uniform(rng, 2500, 6000), 18000)
        * np.minimum(1, t / rise) ** 2
        * np.exp(-np.maximum(0, t - rise) / 0.03)
    )


def _other(rng: np.random.Generator) -> np.ndarray:
    """Return what keyboards, strings, voices and effects play and drums do not."""
    return _OTHERS[int(rng.choice(len(_OTHERS), p=_OTHER_SHARES))](rng)


def _laser(rng: np.random.Generator) -> np.ndarray:
    t = seconds(rng.uniform(0.15, 1.0))
    return sweep(t, log_uniform(rng, 2000, 9000), log_uniform(rng, 60, 400), log_uniform(rng, 0.03, 0.3)) * np.exp(
        -t / 0.3
    )


def _noise_sweep(rng: np.random.Generator) -> np.ndarray:
    t = seconds(rng.uniform(0.15, 1.0))
    gain = np.linspace(0, 1, len(t)) ** rng.uniform(0.5, 2) if rng.random() < 0.5 else np.exp(-t / 0.5)
    return noise(t, rng, log_uniform(rng, 100, 2000), log_uniform(rng, 3000, 12000)) * np.maximum(gain, 0.05)


def _keys(rng: np.random.Generator) -> np.ndarray:
    """Return a tone or a chord: FM, saw or square, filtered, with a soft or hard start."""
    t, hz = seconds(rng.uniform(0.15, 1.0)), log_uniform(rng, 45, 1500)
    notes = [hz] if rng.random() < 0.6 else [hz * 2 ** (s / 12) for s in (0, int(rng.integers(3, 5)), 7)]
    vibrato = 1 + rng.uniform(0, 0.01) * np.sin(2 * np.pi * rng.uniform(4, 7) * t)
    tone = np.zeros(len(t))
    for note in notes:
        phase = 2 * np.pi * np.cumsum(note * vibrato) / SAMPLE_RATE
        shape = rng.random()
        if shape < 0.35:
            tone += np.sin(
                phase
                + log_uniform(rng, 0.1, 8)
                * np.sin(phase * int(rng.integers(1, 8)))
                * np.exp(-t / log_uniform(rng, 0.05, 1))
            )
        else:
            count = max(1, int(16000 / note))
            step = 2 if shape < 0.55 else 1
            tone += sum(np.sin(k * phase) / k for k in range(1, min(count, 40) + 1, step))
    cutoff = min(18000.0, hz * log_uniform(rng, 1.5, 30))
    tone = signal.sosfilt(signal.butter(2, cutoff, fs=SAMPLE_RATE, output="sos"), tone)
    rise = log_uniform(rng, 0.001, 0.08)
    return tone * np.minimum(1, t / rise) * np.exp(-t / log_uniform(rng, 0.15, 3))


def _string(rng: np.random.Generator) -> np.ndarray:
    """Return a plucked string (Karplus and Strong, Computer Music Journal 1983), by its partials' decays."""
    t, hz = seconds(rng.uniform(0.3, 1.0)), log_uniform(rng, 40, 900)
    stiffness, where, dull = log_uniform(rng, 1e-5, 1e-3), rng.uniform(0.05, 0.5), log_uniform(rng, 0.02, 0.5)
    tone = np.zeros(len(t))
    for k in range(1, min(40, int(15000 / hz)) + 1):
        partial = hz * k * np.sqrt(1 + stiffness * k * k)
        tone += np.sin(np.pi * k * where) / k * np.sin(2 * np.pi * partial * t) * np.exp(-t * (1 + dull * k * k) / 0.6)
    return tone + rng.uniform(0, 0.3) * noise(t, rng, 300, 8000) * np.exp(-t / 0.005)


def _bar(rng: np.random.Generator) -> np.ndarray:
    """Return a struck bar or bell that plays notes: marimba, vibraphone, glockenspiel, celesta, kalimba."""
    t, hz = seconds(rng.uniform(0.3, 1.0)), log_uniform(rng, 130, 2000)
    ratios = ((1, 4, 9.2), (1, 3, 6), (1, 2.76, 5.4, 8.9), (1, 2, 3, 4.2, 5.4), (0.5, 1, 1.2, 1.5, 2, 2.6))
    decay = log_uniform(rng, 0.08, 1.5)
    tone = np.zeros(len(t))
    for k, ratio in enumerate(ratios[int(rng.integers(len(ratios)))]):
        level = rng.uniform(0.3, 1) * 0.5**k
        tone += level * np.sin(2 * np.pi * hz * ratio * t) * np.exp(-t * (1 + k) / decay)
    return tone + rng.uniform(0, 0.15) * noise(t, rng, 800, 6000) * np.exp(-t / 0.004)


def _voice(rng: np.random.Generator) -> np.ndarray:
    """Return a sung or spoken vowel, at times after a consonant: pulses through formants."""
    t, hz = seconds(rng.uniform(0.15, 0.8)), log_uniform(rng, 80, 500)
    glide = hz * 2 ** (rng.uniform(-0.3, 0.3) * t / t[-1]) * (1 + 0.01 * np.sin(2 * np.pi * 5.5 * t))
    phase = 2 * np.pi * np.cumsum(glide) / SAMPLE_RATE
    pulses = sum(np.sin(k * phase) / k**0.8 for k in range(1, min(60, int(9000 / hz)) + 1))
    tone = np.zeros(len(t))
    for low, high in ((280, 900), (800, 2400), (2300, 3400)):
        centre = rng.uniform(low, high)
        band = signal.butter(1, [centre * 0.9, centre * 1.12], "band", fs=SAMPLE_RATE, output="sos")
        tone += rng.uniform(0.3, 1) * signal.sosfilt(band, pulses)
    tone *= np.minimum(1, t / log_uniform(rng, 0.005, 0.08)) * np.exp(-t / log_uniform(rng, 0.1, 1))
    breath = noise(t, rng, 1000, 9000) * np.exp(-t / 0.03)
    return tone / (np.abs(tone).max() + 1e-9) + (rng.random() < 0.4) * rng.uniform(0.05, 0.8) * breath


def _band_hit(rng: np.random.Generator) -> np.ndarray:
    """Return an orchestra's or a band's stab: many notes, a thump and a breath of noise at once."""
    t, hz = seconds(rng.uniform(0.3, 1.0)), log_uniform(rng, 50, 200)
    chord = [hz * 2 ** (s / 12) for s in (0, 7, 12, int(rng.integers(15, 17)), 19, 24)]
    tone = np.zeros(len(t))
    for note in chord:
        phase = 2 * np.pi * note * (1 + rng.uniform(-0.004, 0.004)) * t + rng.uniform(0, 6)
        tone += sum(np.sin(k * phase) / k for k in range(1, min(30, int(12000 / note)) + 1))
    tone *= np.minimum(1, t / log_uniform(rng, 0.002, 0.03)) * np.exp(-t / log_uniform(rng, 0.1, 0.8))
    tone /= np.abs(tone).max() + 1e-9
    thump = sweep(t, 150, 60, 0.02) * np.exp(-t / 0.15)
    return tone + rng.uniform(0, 0.6) * thump + rng.uniform(0, 0.3) * noise(t, rng, 800, 9000) * np.exp(-t / 0.1)


def _scratch(rng: np.random.Generator) -> np.ndarray:
    """Return a record that is moved by hand: a tone and noise whose pitch goes up and down."""
    t = seconds(rng.uniform(0.1, 0.5))
    speed = 0.1 + np.abs(np.sin(np.pi * rng.uniform(0.5, 2.5) * t / t[-1])) * rng.uniform(0.5, 2)
    phase = 2 * np.pi * np.cumsum(log_uniform(rng, 200, 900) * speed) / SAMPLE_RATE
    grain = np.interp(np.cumsum(speed) % len(t), np.arange(len(t)), noise(t, rng, 400, 9000))
    return (sum(np.sin(k * phase) / k for k in range(1, 12)) * rng.uniform(0, 0.6) + grain) * np.minimum(1, speed)


_OTHERS = (_laser, _noise_sweep, _keys, _string, _bar, _voice, _band_hit, _scratch)
_OTHER_SHARES = (0.08, 0.06, 0.30, 0.14, 0.16, 0.12, 0.09, 0.05)
_MAKERS: dict[str, Callable[[np.random.Generator], np.ndarray]] = {
    "kick": _kick, "tom": _tom, "snare": _snare, "clap": _clap, "crash": _crash, "rim": _rim, "cowbell": _cowbell,
    "clave": _clave, "shaker": _shaker, "other": _other, "percussion": struck.percussion, "timbale": struck.timbale,
    "tambourine": struck.jingle, "ride": struck.ride,
    "closed_hat": lambda rng: _hat(rng, log_uniform(rng, 0.012, 0.07)),
    "open_hat": lambda rng: _hat(rng, log_uniform(rng, 0.15, 0.7)),
    "conga": lambda rng: struck.membrane(rng, 140, 400, (0.05, 0.3)),
    "bongo": lambda rng: struck.membrane(rng, 280, 750, (0.03, 0.15)),
    "triangle": lambda rng: struck.bell(rng, 2500, 6000, (0.04, 1.2)),
}  # fmt: skip
