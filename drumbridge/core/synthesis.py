"""A small drum synthesiser: every drum of the demo and the tests, from numbers alone.

Conventions: audio is mono float32, full scale +-1; the attack starts at sample 0. A sound is a function of
continuous time that holds next to nothing above 20 kHz or half the rate, so the same drum comes out at any
rate. `seed` chooses the drum: 0 is the middle of every range of parameters, any other seed draws from the
ranges. Velocity sets the peak as 40 log10(velocity / 127) dB (the concave transform of the MIDI Downloadable
Sounds specification, level 2), and a soft stroke is duller. The parts that sounds are made of: drum_parts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from drumbridge.errors import SettingsError

from .drum_parts import Drum

_FADE_S = 0.005  # at the end of every sound


def _kick(drum: Drum) -> None:
    end_hz = drum.between(42, 68)
    body = drum.sweep(end_hz * drum.between(2.0, 7.0), end_hz, drum.between(0.008, 0.05))
    drive = drum.between(0.3, 3.0)
    drum.audio += np.tanh(drive * body * drum.decay(drum.between(0.25, 1.0), 0.001)) / np.tanh(drive)
    beater = drum.noise(drum.between(900, 2500), 5000) * drum.decay(drum.between(0.01, 0.04))
    drum.audio += drum.between(0.05, 0.4) * drum.hardness * beater


def _snare(drum: Drum) -> None:
    low_hz, decay_s = drum.between(150, 240), drum.between(0.12, 0.3)
    skin = drum.sweep(low_hz * 1.6, low_hz, 0.01) * drum.decay(decay_s)
    skin += 0.6 * drum.sweep(low_hz * 2.4, low_hz * drum.between(1.6, 1.9), 0.008) * drum.decay(0.7 * decay_s)
    top_hz = 3500 + 7500 * drum.hardness
    wires = drum.noise(drum.between(900, 2500), top_hz) * drum.decay(drum.between(0.18, 0.5), 0.001)
    stick = drum.noise(1500, top_hz) * drum.decay(0.02)
    drum.audio += drum.between(0.3, 0.9) * skin + drum.between(0.35, 0.7) * wires + 0.3 * drum.hardness * stick


def _hat(drum: Drum, decay_s: float) -> None:
    low_hz = drum.between(5000, 8500)
    airy = drum.between(0.25, 1.2)
    drum.audio += drum.metal(low_hz, 16000) * drum.decay(decay_s)
    drum.audio += airy * drum.noise(low_hz, 17000) * drum.decay(0.8 * decay_s)
    drum.audio += 0.8 * drum.hardness * drum.noise(3000, 12000) * drum.decay(0.012)


def _closed_hat(drum: Drum) -> None:
    _hat(drum, drum.between(0.05, 0.16))


def _open_hat(drum: Drum) -> None:
    _hat(drum, drum.between(0.6, 1.4))


def _tom(drum: Drum, low_hz: float, high_hz: float) -> None:
    hz, decay_s = drum.between(low_hz, high_hz), drum.between(0.4, 1.1)
    sharp = drum.between(1.1, 1.5)
    drum.audio += drum.sweep(hz * sharp, hz, drum.between(0.02, 0.08)) * drum.decay(decay_s, 0.002)
    for ratio, weight in ((1.59, 0.5), (2.14, 0.3), (2.65, 0.2)):  # the modes of a circular skin
        overtone = drum.sweep(hz * ratio * sharp, hz * ratio, 0.03)
        drum.audio += weight * drum.between(0.3, 1.0) * overtone * drum.decay(0.6 * decay_s / ratio, 0.002)
    shell = drum.noise(200, 1500 + 2500 * drum.hardness) * drum.decay(drum.between(0.06, 0.2))
    drum.audio += drum.between(0.15, 0.4) * shell + 0.2 * drum.hardness * drum.noise(1000, 6000) * drum.decay(0.02)


def _tom_low(drum: Drum) -> None:
    _tom(drum, 72, 95)


def _tom_mid(drum: Drum) -> None:
    _tom(drum, 105, 130)


def _tom_high(drum: Drum) -> None:
    _tom(drum, 150, 190)


def _clap(drum: Drum) -> None:
    middle_hz, gap_s = drum.between(900, 1500), drum.between(0.008, 0.013)
    hands = drum.noise(middle_hz * 0.8, middle_hz * 1.5 * (0.6 + drum.hardness))
    bursts = int(drum.rng.integers(2, 5)) if drum.varied else 3
    envelope = np.zeros_like(drum.t_s)
    for start_s in gap_s * np.arange(bursts):
        since_s = drum.t_s - start_s
        envelope += np.where(since_s >= 0, np.exp(-6.9078 * np.maximum(since_s, 0) / 0.03), 0.0)
    since_s = np.maximum(drum.t_s - gap_s * bursts, 0)
    room = np.exp(-6.9078 * since_s / drum.between(0.2, 0.6)) * (drum.t_s >= gap_s * bursts)
    drum.audio += hands * (envelope + drum.between(0.4, 0.9) * room)


def _crash(drum: Drum) -> None:
    decay_s = drum.between(2.2, 4.0)
    for low_hz, high_hz, weight, share in ((300, 1200, 0.6, 0.7), (1500, 5000, 0.7, 1.0), (4000, 10000, 1.0, 0.8)):
        both = drum.metal(low_hz, high_hz) + drum.between(0.8, 2.0) * drum.noise(low_hz, high_hz)
        drum.audio += weight * both * drum.decay(share * decay_s, drum.between(0.004, 0.02))
    drum.audio += drum.hardness * drum.noise(400, 9000) * drum.decay(0.15)


def _ride(drum: Drum) -> None:
    decay_s = drum.between(1.8, 4.0)
    ping_hz = drum.between(2600, 4200) * np.array([0.2, 1.0, 1.17, 1.43, 1.71, 2.3])
    ping = drum.modes(ping_hz, np.array([0.5, 1.0, 0.8, 0.6, 0.4, 0.4]), 300, 12000)
    drum.audio += drum.between(0.5, 1.0) * ping * drum.decay(0.4 * decay_s)
    wash = drum.metal(4000, 12000) + 0.5 * drum.metal(300, 2000) + 0.5 * drum.noise(3000, 11000)
    drum.audio += drum.between(0.3, 0.6) * wash * drum.decay(decay_s)
    drum.audio += 1.5 * drum.hardness * drum.noise(2500, 16000) * drum.decay(0.06)


def _rim(drum: Drum) -> None:
    hz = drum.between(380, 560)
    for ratio, weight, decay_s in ((0.55, 0.3, 0.15), (1.0, 0.6, 0.14), (2.1, 0.8, 0.09), (3.7, 0.5, 0.06)):
        ringing = np.sin(2 * np.pi * hz * ratio * drum.between(0.95, 1.05) * drum.t_s)
        drum.audio += weight * ringing * drum.decay(decay_s * drum.between(0.7, 1.5))
    drum.audio += drum.between(0.3, 0.6) * drum.noise(250, 3500 + 3500 * drum.hardness) * drum.decay(0.12)
    drum.audio += 0.6 * drum.hardness * drum.noise(1500, 9000) * drum.decay(0.015)


def _cowbell(drum: Drum) -> None:
    hz, odd = drum.between(480, 620) * np.array([1.0, drum.between(1.42, 1.54)]), np.arange(1, 30, 2)
    bell = drum.modes(np.outer(hz, odd).ravel(), np.tile(1 / odd, 2), 500, 3500)
    drum.audio += bell * (drum.decay(0.06) + 0.5 * drum.decay(drum.between(0.3, 0.7)))


# What makes each drum, and the longest that it lasts.
_RECIPES: dict[str, tuple[Callable[[Drum], None], float]] = {
    "kick": (_kick, 0.8), "snare": (_snare, 0.5), "rim": (_rim, 0.25), "clap": (_clap, 0.6),
    "closed_hat": (_closed_hat, 0.2), "open_hat": (_open_hat, 1.2),
    "tom_low": (_tom_low, 0.9), "tom_mid": (_tom_mid, 0.9), "tom_high": (_tom_high, 0.9),
    "crash": (_crash, 2.5), "ride": (_ride, 2.0), "cowbell": (_cowbell, 0.6),
}  # fmt: skip
SYNTHESISED: tuple[str, ...] = tuple(_RECIPES)


def synthesise(label: str, *, sample_rate: int = 44100, velocity: int = 100, seed: int = 0) -> np.ndarray:
    """Make one drum hit.

    Parameters
    ----------
    label : str
        One of `SYNTHESISED`.
    sample_rate : int
        Hz, 8000..192000.
    velocity : int
        MIDI, 1..127.
    seed : int
        Which drum of that label, 0 or more.

    Returns
    -------
    ndarray, float32, shape (n,)
        Its peak is 40 log10(velocity / 127) dBFS; 0.15 to 2.5 s.

    Raises
    ------
    SettingsError
        ``settings.range``: an argument is out of its range, or there is no recipe for the label.
    """
    if label not in _RECIPES:
        raise SettingsError("settings.range", f"There is no recipe for {label!r}, only for {', '.join(SYNTHESISED)}.")
    if not 8000 <= sample_rate <= 192000:
        raise SettingsError("settings.range", f"A sample rate of {sample_rate} Hz is outside 8000..192000 Hz.")
    if not 1 <= velocity <= 127 or seed < 0:
        raise SettingsError("settings.range", f"Velocity {velocity} is outside 1..127, or seed {seed} is negative.")
    make, duration_s = _RECIPES[label]
    drum = Drum(label, duration_s, sample_rate, velocity, seed)
    make(drum)
    audio = drum.audio * np.clip((duration_s - drum.t_s) / _FADE_S, 0, 1)
    return (audio * (velocity / 127) ** 2 / np.max(np.abs(audio))).astype(np.float32)


def render_loop(
    strokes: Iterable[tuple[int, str, int]], *, sample_rate: int = 44100, n_samples: int | None = None, seed: int = 0
) -> np.ndarray:
    """Mix drum hits into a loop.

    Parameters
    ----------
    strokes : iterable of (position, label, velocity)
        Where each attack starts, in samples, 0 or more. A label sounds as the same drum throughout; an open hat is
        not choked by a closed one.
    sample_rate : int
        Hz.
    n_samples : int, optional
        Length of the loop; what rings longer is cut. By default the loop ends with its last sound.
    seed : int
        Which drums, as in `synthesise`.

    Returns
    -------
    ndarray, float32, shape (n,)
        Peak 0.9 or less: the whole is turned down where it would be louder, never up.

    Raises
    ------
    SettingsError
        ``settings.range``: as `synthesise`, or a stroke before the start of the loop.
    """
    strokes = list(strokes)
    if (first := min((position for position, _, _ in strokes), default=0)) < 0:
        raise SettingsError("settings.range", f"A stroke at {first} lies before the start of the loop.")
    sounds = {
        (label, velocity): synthesise(label, sample_rate=sample_rate, velocity=velocity, seed=seed)
        for label, velocity in {stroke[1:] for stroke in strokes}
    }
    if n_samples is None:
        n_samples = max((position + len(sounds[label, velocity]) for position, label, velocity in strokes), default=0)
    mix = np.zeros(n_samples)
    for position, label, velocity in strokes:
        room = mix[position : position + len(sounds[label, velocity])]
        room += sounds[label, velocity][: len(room)]
    return (mix * min(1.0, 0.9 / max(np.max(np.abs(mix), initial=0.0), 1e-12))).astype(np.float32)


# Two bars of sixteenths at 100 bpm; X is an accent (velocity 118), x a stroke (96), o a soft one (64).
_DEMO_STEP_S = 0.15
_DEMO_VELOCITY = {"X": 118, "x": 96, "o": 64}
_DEMO = {
    "crash": "X...............................",
    "closed_hat": "....x.x.x.o.x...x.x.x.x.........",
    "open_hat": "..............x.................",
    "kick": "X.......x.x.....X.....x.......X.",
    "snare": "....X.......X..o....X...........",
    "tom_high": "........................xx......",
    "tom_mid": "..........................xx....",
    "tom_low": "............................x.X.",
}


def demo_loop(sample_rate: int = 44100) -> tuple[np.ndarray, list[tuple[int, str]]]:
    """Make the loop of `drumbridge demo`: two bars with drums alone and together.

    Returns
    -------
    audio : ndarray, float32, shape (n,)
    played : list of (position, label)
        The truth, in order of position (samples).
    """
    strokes = sorted(
        (round(step * _DEMO_STEP_S * sample_rate), label, _DEMO_VELOCITY[mark])
        for label, row in _DEMO.items()
        for step, mark in enumerate(row)
        if mark != "."
    )
    n_samples = round((32 * _DEMO_STEP_S + 0.6) * sample_rate)
    audio = render_loop(strokes, sample_rate=sample_rate, n_samples=n_samples)
    return audio, [(position, label) for position, label, _ in strokes]
