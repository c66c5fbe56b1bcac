"""Electronic drums, and sounds that are no drum, from numbers: analogue, FM, noise and metal, in wide ranges.

Conventions: audio is mono float32 at SAMPLE_RATE, peak 1, attack at sample 0. The one-shots that can be
had under open licences hold few drum machines and few tones that are no drum; these stand beside them,
with little weight. Frequencies are Hz and times seconds throughout.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from scipy import signal

from .front_end import SAMPLE_RATE
from .one_shots import OneShot

SOURCE = "electronic"
_COUNTS = {"kick": 40, "tom": 40, "snare": 40, "clap": 24, "closed_hat": 24, "open_hat": 24, "crash": 16, "rim": 24,
           "cowbell": 16, "clave": 16, "shaker": 16, "other": 320}  # fmt: skip


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


def _time(duration_s: float) -> np.ndarray:
    return np.arange(max(64, round(duration_s * SAMPLE_RATE))) / SAMPLE_RATE


def _log(rng: np.random.Generator, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def _sweep(t: np.ndarray, start_hz: float, end_hz: float, fall_s: float) -> np.ndarray:
    hz = end_hz + (start_hz - end_hz) * np.exp(-t / fall_s)
    return np.sin(2 * np.pi * np.cumsum(hz) / SAMPLE_RATE)


def _noise(t: np.ndarray, rng: np.random.Generator, low_hz: float, high_hz: float) -> np.ndarray:
    band = signal.butter(2, [low_hz, min(high_hz, 20000.0)], "band", fs=SAMPLE_RATE, output="sos")
    filtered = signal.sosfilt(band, rng.standard_normal(len(t)))
    return filtered / (np.abs(filtered).max() + 1e-9)


def _metal(t: np.ndarray, rng: np.random.Generator, low_hz: float) -> np.ndarray:
    base = _log(rng, 250, 900)
    partials = base * np.cumprod(np.r_[1.0, rng.uniform(1.1, 1.5, 5)])
    if rng.random() < 0.7:
        mix = sum(np.sign(np.sin(2 * np.pi * hz * t + rng.uniform(0, 6))) for hz in partials)
    else:
        mix = np.sin(2 * np.pi * base * 4 * t + _log(rng, 2, 12) * np.sin(2 * np.pi * base * rng.uniform(1.2, 5) * t))
    high = signal.butter(2, low_hz, "high", fs=SAMPLE_RATE, output="sos")
    filtered = signal.sosfilt(high, mix)
    return filtered / (np.abs(filtered).max() + 1e-9)


def _kick(rng: np.random.Generator) -> np.ndarray:
    decay = _log(rng, 0.06, 0.5)
    t, end = _time(min(1.5, 5 * decay)), _log(rng, 35, 75)
    body = np.tanh(
        _log(rng, 0.8, 5) * _sweep(t, end * _log(rng, 1.5, 10), end, _log(rng, 0.006, 0.06)) * np.exp(-t / decay)
    )
    return body + rng.uniform(0, 0.3) * _noise(t, rng, 500, 8000) * np.exp(-t / 0.004)


def _tom(rng: np.random.Generator) -> np.ndarray:
    decay = _log(rng, 0.08, 0.5)
    t, end = _time(min(1.5, 5 * decay)), _log(rng, 70, 280)
    body = _sweep(t, end * _log(rng, 1.1, 2.5), end, _log(rng, 0.02, 0.2)) * np.exp(-t / decay)
    return body + rng.uniform(0, 0.2) * _noise(t, rng, 300, 6000) * np.exp(-t / _log(rng, 0.005, 0.1))


def _snare(rng: np.random.Generator) -> np.ndarray:
    decay = _log(rng, 0.05, 0.3)
    t, low = _time(min(1.0, 6 * decay)), _log(rng, 140, 280)
    tone = _sweep(t, low * rng.uniform(1, 2), low, 0.01) + rng.uniform(0, 1) * _sweep(t, low * 1.8, low * 1.7, 0.01)
    rattle = _noise(t, rng, _log(rng, 500, 4000), 16000) * np.exp(-t / decay)
    return rng.uniform(0.1, 0.8) * tone * np.exp(-t / _log(rng, 0.03, 0.15)) + rattle


def _clap(rng: np.random.Generator) -> np.ndarray:
    t, centre = _time(0.5), _log(rng, 800, 2200)
    gap, bursts = rng.uniform(0.007, 0.014), int(rng.integers(2, 5))
    shape = sum(np.where(t >= k * gap, np.exp(-(t - k * gap) / 0.004), 0.0) for k in range(bursts))
    shape = shape + rng.uniform(0.3, 1) * np.where(
        t >= bursts * gap, np.exp(-(t - bursts * gap) / _log(rng, 0.03, 0.12)), 0
    )
    return _noise(t, rng, centre * 0.6, centre * rng.uniform(1.6, 5)) * shape


def _hat(rng: np.random.Generator, decay: float) -> np.ndarray:
    t, low = _time(min(1.5, 6 * decay)), _log(rng, 3500, 9000)
    share = rng.uniform(0, 1)
    return (share * _metal(t, rng, low) + (1 - share) * _noise(t, rng, low, 19000)) * np.exp(-t / decay)


def _crash(rng: np.random.Generator) -> np.ndarray:
    t, decay = _time(2.0), _log(rng, 0.4, 1.2)
    return (0.4 * _metal(t, rng, _log(rng, 2000, 5000)) + _noise(t, rng, _log(rng, 1500, 5000), 18000)) * np.exp(
        -t / decay
    )


def _rim(rng: np.random.Generator) -> np.ndarray:
    t, decay, hz = _time(0.12), _log(rng, 0.004, 0.02), _log(rng, 400, 2000)
    tone = np.sin(2 * np.pi * hz * t) + rng.uniform(0, 1) * np.sin(2 * np.pi * hz * rng.uniform(1.3, 2.9) * t)
    return np.tanh(2 * tone * np.exp(-t / decay)) + rng.uniform(0, 0.7) * _noise(t, rng, 1500, 12000) * np.exp(
        -t / 0.004
    )


def _cowbell(rng: np.random.Generator) -> np.ndarray:
    t, hz = _time(0.6), _log(rng, 450, 700)
    tone = np.sign(np.sin(2 * np.pi * hz * t)) + np.sign(np.sin(2 * np.pi * hz * rng.uniform(1.42, 1.55) * t))
    band = signal.butter(1, [hz, min(4 * hz, 9000)], "band", fs=SAMPLE_RATE, output="sos")
    return signal.sosfilt(band, tone) * (0.6 * np.exp(-t / 0.015) + np.exp(-t / _log(rng, 0.05, 0.25)))


def _clave(rng: np.random.Generator) -> np.ndarray:
    t = _time(0.25)
    return np.sin(2 * np.pi * _log(rng, 1700, 2800) * t) * np.exp(-t / _log(rng, 0.01, 0.04))


def _shaker(rng: np.random.Generator) -> np.ndarray:
    t, rise = _time(0.35), _log(rng, 0.008, 0.05)
    return (
        _noise(t, rng, _log(rng, 2500, 6000), 18000)
        * np.minimum(1, t / rise) ** 2
        * np.exp(-np.maximum(0, t - rise) / 0.03)
    )


def _other(rng: np.random.Generator) -> np.ndarray:
    """Return what keyboards, strings, voices and effects play and drums do not."""
    return _OTHERS[int(rng.choice(len(_OTHERS), p=_OTHER_SHARES))](rng)


def _laser(rng: np.random.Generator) -> np.ndarray:
    t = _time(rng.uniform(0.15, 1.0))
    return _sweep(t, _log(rng, 2000, 9000), _log(rng, 60, 400), _log(rng, 0.03, 0.3)) * np.exp(-t / 0.3)


def _noise_sweep(rng: np.random.Generator) -> np.ndarray:
    t = _time(rng.uniform(0.15, 1.0))
    gain = np.linspace(0, 1, len(t)) ** rng.uniform(0.5, 2) if rng.random() < 0.5 else np.exp(-t / 0.5)
    return _noise(t, rng, _log(rng, 100, 2000), _log(rng, 3000, 12000)) * np.maximum(gain, 0.05)


def _keys(rng: np.random.Generator) -> np.ndarray:
    """Return a tone or a chord: FM, saw or square, filtered, with a soft or hard start."""
    t, hz = _time(rng.uniform(0.15, 1.0)), _log(rng, 45, 1500)
    notes = [hz] if rng.random() < 0.6 else [hz * 2 ** (s / 12) for s in (0, int(rng.integers(3, 5)), 7)]
    vibrato = 1 + rng.uniform(0, 0.01) * np.sin(2 * np.pi * rng.uniform(4, 7) * t)
    tone = np.zeros(len(t))
    for note in notes:
        phase = 2 * np.pi * np.cumsum(note * vibrato) / SAMPLE_RATE
        shape = rng.random()
        if shape < 0.35:
            tone += np.sin(
                phase + _log(rng, 0.1, 8) * np.sin(phase * int(rng.integers(1, 8))) * np.exp(-t / _log(rng, 0.05, 1))
            )
        else:
            count = max(1, int(16000 / note))
            step = 2 if shape < 0.55 else 1
            tone += sum(np.sin(k * phase) / k for k in range(1, min(count, 40) + 1, step))
    cutoff = min(18000.0, hz * _log(rng, 1.5, 30))
    tone = signal.sosfilt(signal.butter(2, cutoff, fs=SAMPLE_RATE, output="sos"), tone)
    rise = _log(rng, 0.001, 0.08)
    return tone * np.minimum(1, t / rise) * np.exp(-t / _log(rng, 0.15, 3))


def _string(rng: np.random.Generator) -> np.ndarray:
    """Return a plucked string (Karplus and Strong, Computer Music Journal 1983), by its partials' decays."""
    t, hz = _time(rng.uniform(0.3, 1.0)), _log(rng, 40, 900)
    stiffness, where, dull = _log(rng, 1e-5, 1e-3), rng.uniform(0.05, 0.5), _log(rng, 0.02, 0.5)
    tone = np.zeros(len(t))
    for k in range(1, min(40, int(15000 / hz)) + 1):
        partial = hz * k * np.sqrt(1 + stiffness * k * k)
        tone += np.sin(np.pi * k * where) / k * np.sin(2 * np.pi * partial * t) * np.exp(-t * (1 + dull * k * k) / 0.6)
    return tone + rng.uniform(0, 0.3) * _noise(t, rng, 300, 8000) * np.exp(-t / 0.005)


def _bar(rng: np.random.Generator) -> np.ndarray:
    """Return a struck bar or bell that plays notes: marimba, vibraphone, glockenspiel, celesta, kalimba."""
    t, hz = _time(rng.uniform(0.3, 1.0)), _log(rng, 130, 2000)
    ratios = ((1, 4, 9.2), (1, 3, 6), (1, 2.76, 5.4, 8.9), (1, 2, 3, 4.2, 5.4), (0.5, 1, 1.2, 1.5, 2, 2.6))
    decay = _log(rng, 0.08, 1.5)
    tone = np.zeros(len(t))
    for k, ratio in enumerate(ratios[int(rng.integers(len(ratios)))]):
        level = rng.uniform(0.3, 1) * 0.5**k
        tone += level * np.sin(2 * np.pi * hz * ratio * t) * np.exp(-t * (1 + k) / decay)
    return tone + rng.uniform(0, 0.15) * _noise(t, rng, 800, 6000) * np.exp(-t / 0.004)


def _voice(rng: np.random.Generator) -> np.ndarray:
    """Return a sung or spoken vowel, at times after a consonant: pulses through formants."""
    t, hz = _time(rng.uniform(0.15, 0.8)), _log(rng, 80, 500)
    glide = hz * 2 ** (rng.uniform(-0.3, 0.3) * t / t[-1]) * (1 + 0.01 * np.sin(2 * np.pi * 5.5 * t))
    phase = 2 * np.pi * np.cumsum(glide) / SAMPLE_RATE
    pulses = sum(np.sin(k * phase) / k**0.8 for k in range(1, min(60, int(9000 / hz)) + 1))
    tone = np.zeros(len(t))
    for low, high in ((280, 900), (800, 2400), (2300, 3400)):
        centre = rng.uniform(low, high)
        band = signal.butter(1, [centre * 0.9, centre * 1.12], "band", fs=SAMPLE_RATE, output="sos")
        tone += rng.uniform(0.3, 1) * signal.sosfilt(band, pulses)
    tone *= np.minimum(1, t / _log(rng, 0.005, 0.08)) * np.exp(-t / _log(rng, 0.1, 1))
    breath = _noise(t, rng, 1000, 9000) * np.exp(-t / 0.03)
    return tone / (np.abs(tone).max() + 1e-9) + (rng.random() < 0.4) * rng.uniform(0.05, 0.8) * breath


def _band_hit(rng: np.random.Generator) -> np.ndarray:
    """Return an orchestra's or a band's stab: many notes, a thump and a breath of noise at once."""
    t, hz = _time(rng.uniform(0.3, 1.0)), _log(rng, 50, 200)
    chord = [hz * 2 ** (s / 12) for s in (0, 7, 12, int(rng.integers(15, 17)), 19, 24)]
    tone = np.zeros(len(t))
    for note in chord:
        phase = 2 * np.pi * note * (1 + rng.uniform(-0.004, 0.004)) * t + rng.uniform(0, 6)
        tone += sum(np.sin(k * phase) / k for k in range(1, min(30, int(12000 / note)) + 1))
    tone *= np.minimum(1, t / _log(rng, 0.002, 0.03)) * np.exp(-t / _log(rng, 0.1, 0.8))
    tone /= np.abs(tone).max() + 1e-9
    thump = _sweep(t, 150, 60, 0.02) * np.exp(-t / 0.15)
    return tone + rng.uniform(0, 0.6) * thump + rng.uniform(0, 0.3) * _noise(t, rng, 800, 9000) * np.exp(-t / 0.1)


def _scratch(rng: np.random.Generator) -> np.ndarray:
    """Return a record that is moved by hand: a tone and noise whose pitch goes up and down."""
    t = _time(rng.uniform(0.1, 0.5))
    speed = 0.1 + np.abs(np.sin(np.pi * rng.uniform(0.5, 2.5) * t / t[-1])) * rng.uniform(0.5, 2)
    phase = 2 * np.pi * np.cumsum(_log(rng, 200, 900) * speed) / SAMPLE_RATE
    grain = np.interp(np.cumsum(speed) % len(t), np.arange(len(t)), _noise(t, rng, 400, 9000))
    return (sum(np.sin(k * phase) / k for k in range(1, 12)) * rng.uniform(0, 0.6) + grain) * np.minimum(1, speed)


_OTHERS = (_laser, _noise_sweep, _keys, _string, _bar, _voice, _band_hit, _scratch)
_OTHER_SHARES = (0.08, 0.06, 0.30, 0.14, 0.16, 0.12, 0.09, 0.05)
_MAKERS: dict[str, Callable[[np.random.Generator], np.ndarray]] = {
    "kick": _kick, "tom": _tom, "snare": _snare, "clap": _clap, "crash": _crash, "rim": _rim, "cowbell": _cowbell,
    "clave": _clave, "shaker": _shaker, "other": _other,
    "closed_hat": lambda rng: _hat(rng, _log(rng, 0.012, 0.07)),
    "open_hat": lambda rng: _hat(rng, _log(rng, 0.15, 0.7)),
}  # fmt: skip
