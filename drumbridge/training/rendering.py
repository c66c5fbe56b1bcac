"""From strokes to audio: a kit of one-shots, played, mixed and recorded, with the truth of what can be heard.

Conventions: audio is mono float32 at SAMPLE_RATE; a position is a sample of the loop. A stroke is
audible when, in its first 46 ms, it holds a good part of some octave's energy of the mix: what a
listener cannot hear (a pedal hat under a crash) is no truth to train or to be measured on.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import soxr
from scipy import signal

from .augmentation import reduce_bits, reduce_rate, reverberate, saturate
from .front_end import SAMPLE_RATE
from .patterns import Stroke

_WINDOW = 2048
_EDGES_HZ = (30, 60, 120, 240, 480, 960, 1920, 3840, 7680, 15360)
_CUT, _CHOKE = 130, 660  # samples in which a sampler's voice ends, and an open hat that is closed
_HATS = {"closed_hat", "pedal_hat", "open_hat"}
# Usual levels in a mix, dB against the kick, and how much they vary.
_MIX_DB: dict[str, tuple[float, float]] = {
    "kick": (0, 3), "snare": (-1, 3), "rim": (-5, 4), "closed_hat": (-13, 5), "pedal_hat": (-17, 5),
    "open_hat": (-11, 4),
    "crash": (-6, 4), "china": (-6, 4), "splash": (-8, 4), "ride": (-13, 5), "ride_bell": (-10, 4), "tom_low": (-3, 3),
    "tom_mid": (-3, 3), "tom_high": (-3, 3),
}  # fmt: skip


@dataclass(frozen=True)
class Heard:
    """One stroke of a rendered loop."""

    position: int
    label: str
    velocity: int
    audible: bool


@dataclass
class Piece:
    """One drum of a kit: its layers from soft to loud (attack at sample 0), level and loss of treble when soft."""

    layers: list[np.ndarray]
    gain: float
    curve: float
    dulling: float

    def play(self, velocity: int, rng: np.random.Generator) -> np.ndarray:
        """Return one stroke's sound."""
        soft = velocity / 127
        index = int(np.clip(round(soft * (len(self.layers) - 1) + rng.normal(0, 0.4)), 0, len(self.layers) - 1))
        sound = self.layers[index]
        if self.dulling and soft < 0.9:
            pole = min(0.85, self.dulling * (1 - soft))
            sound = signal.lfilter([1 - pole], [1, -pole], sound)
        return (sound * (self.gain * soft**self.curve * 10 ** (rng.normal(0, 0.7) / 20))).astype(np.float32)


def make_piece(layers: list[np.ndarray], label: str, rng: np.random.Generator) -> Piece:
    """Make a piece of one-shots (attack at sample 0): tuned, shortened, levelled at random, the same for all layers."""
    ratio = 2 ** (rng.normal(0, 1.6) / 12) if rng.random() < 0.6 else 1.0
    if ratio != 1.0:
        layers = [soxr.resample(x, SAMPLE_RATE, SAMPLE_RATE * ratio, quality="LQ") for x in layers]
    if label not in {"crash", "ride", "china", "splash", "ride_bell", "open_hat"} and rng.random() < 0.25:
        tau = SAMPLE_RATE * rng.uniform(0.05, 0.4)
        layers = [x * np.exp(-np.arange(len(x)) / tau).astype(np.float32) for x in layers]
    layers = [x / (np.abs(x).max() + 1e-9) for x in sorted(layers, key=lambda x: float(np.abs(x).max()))]
    level_db, spread_db = _MIX_DB.get(label, (-8.0, 4.0))
    return Piece(layers, 10 ** (rng.normal(level_db, spread_db) / 20), rng.uniform(0.8, 2.2), rng.uniform(0, 0.7))


def render(
    strokes: list[Stroke], kit: dict[str, Piece], rng: np.random.Generator, *, one_voice: bool = False
) -> tuple[np.ndarray, list[Heard]]:
    """Play strokes on a kit; with `one_voice` a drum cuts off its own last stroke, as machines and samplers do.

    Returns
    -------
    audio : ndarray, float32, shape (n,)
        Peak at most 1.
    heard : list of Heard
        In order of position.
    """
    n = round((strokes[-1].time_s + 0.6) * SAMPLE_RATE)
    lead = int(rng.integers(_WINDOW, 2 * _WINDOW))
    dry = np.zeros(n + lead, np.float32)
    energies: list[np.ndarray] = []
    played: list[Stroke] = []
    ringing: dict[str, tuple[int, np.ndarray]] = {}
    for stroke in strokes:
        piece = kit.get(stroke.label)
        if piece is None:
            continue
        start = lead + round(stroke.time_s * SAMPLE_RATE)
        sound = piece.play(stroke.velocity, rng)[: len(dry) - start]
        if len(sound) == 0:
            continue
        voice = "hats" if stroke.label in _HATS else stroke.label
        if voice in ringing and (one_voice or voice == "hats"):
            _choke(dry, *ringing[voice], start, _CUT if one_voice else _CHOKE)
        dry[start : start + len(sound)] += sound
        ringing[voice] = (start, sound)
        played.append(stroke)
        energies.append(_band_energies(sound[:_WINDOW]))
    audio = _record(dry, rng)
    # The recording's noise, seen through its equalisation, in the units of the dry mix.
    noise = _band_energies(audio[:_WINDOW]) * _mean_energies(dry) / (_mean_energies(audio) + 1e-12)
    heard = []
    for stroke, energy in zip(played, energies, strict=True):
        start = lead + round(stroke.time_s * SAMPLE_RATE)
        mix = _band_energies(dry[start : start + _WINDOW]) + noise
        relevant = mix > mix.max() * 1e-4
        audible = bool(np.any(relevant & (energy > 0.2 * mix))) and energy.sum() > 1e-9
        heard.append(Heard(start, stroke.label, stroke.velocity, audible))
    return audio, heard


def _choke(dry: np.ndarray, start: int, sound: np.ndarray, at: int, fade: int) -> None:
    """Take back what rings of an earlier stroke from `at` on, over `fade` samples."""
    rest = sound[at - start :]
    if at <= start or len(rest) == 0:
        return
    share = np.clip(np.arange(len(rest)) / fade, 0, 1).astype(np.float32)
    dry[at : at + len(rest)] -= rest * share


def _band_energies(sound: np.ndarray) -> np.ndarray:
    spectrum = np.abs(np.fft.rfft(sound, _WINDOW)) ** 2
    edges = np.round(np.array(_EDGES_HZ) * _WINDOW / SAMPLE_RATE).astype(int)
    return np.add.reduceat(spectrum, edges)


def _mean_energies(audio: np.ndarray) -> np.ndarray:
    frames = audio[: len(audio) // _WINDOW * _WINDOW].reshape(-1, _WINDOW)
    return np.mean([_band_energies(frame) for frame in frames], axis=0)


def _record(dry: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Room, bus compression, saturation, equalisation, lo-fi and noise, each now and then."""
    audio = dry
    if rng.random() < 0.6:
        audio = reverberate(audio, rng)
    if rng.random() < 0.4:
        audio = compress(audio, rng)
    if rng.random() < 0.25:
        audio = saturate(audio, rng)
    if rng.random() < 0.6:
        audio = equalise(audio, rng)
    if rng.random() < 0.06:
        audio = reduce_rate(audio, int(rng.integers(2, 5)))
    if rng.random() < 0.06:
        audio = reduce_bits(audio, int(rng.integers(6, 12)))
    audio = audio / (np.abs(audio).max() + 1e-9)
    level_db = rng.uniform(-90, -38)
    hiss = rng.standard_normal(len(audio))
    if rng.random() < 0.5:
        hiss = signal.lfilter([0.1], [1, -0.9], hiss) * 2
    audio = audio + hiss * 10 ** (level_db / 20)
    return (audio * (10 ** (rng.uniform(-24, -0.5) / 20) / np.abs(audio).max())).astype(np.float32)


def compress(audio: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Compress as a bus compressor does: level in steps of 64 samples, attack and release of one pole each."""
    step = 64
    level = np.sqrt(np.mean(np.pad(audio, (0, -len(audio) % step)).reshape(-1, step) ** 2, axis=1) + 1e-12)
    release = np.exp(-step / (SAMPLE_RATE * rng.uniform(0.05, 0.4)))
    attack = np.exp(-step / (SAMPLE_RATE * rng.uniform(0.001, 0.03)))
    envelope, smooth = np.empty_like(level), 0.0
    for k, value in enumerate(level):
        pole = attack if value > smooth else release
        smooth = pole * smooth + (1 - pole) * value
        envelope[k] = smooth
    threshold, ratio = np.abs(envelope).max() * 10 ** (rng.uniform(-24, -6) / 20), rng.uniform(1.5, 8)
    gain = np.where(envelope > threshold, (threshold / envelope) ** (1 - 1 / ratio), 1.0)
    return (audio * np.interp(np.arange(len(audio)), np.arange(len(gain)) * step, gain)).astype(np.float32)


def equalise(audio: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Two random bells; a low-pass or a high-pass now and then."""
    for _ in range(2):
        frequency_hz, gain_db, q = 10 ** rng.uniform(1.8, 4.0), rng.uniform(-8, 8), rng.uniform(0.4, 1.5)
        w, a = 2 * np.pi * frequency_hz / SAMPLE_RATE, 10 ** (gain_db / 40)
        alpha = np.sin(w) / (2 * q)
        b = np.array([1 + alpha * a, -2 * np.cos(w), 1 - alpha * a])
        audio = signal.lfilter(
            b / (1 + alpha / a), [1, -2 * np.cos(w) / (1 + alpha / a), (1 - alpha / a) / (1 + alpha / a)], audio
        )
    if rng.random() < 0.2:
        audio = signal.lfilter(*signal.butter(2, 10 ** rng.uniform(3.5, 4.2), fs=SAMPLE_RATE), audio)
    if rng.random() < 0.2:
        audio = signal.lfilter(*signal.butter(2, 10 ** rng.uniform(1.6, 2.3), "high", fs=SAMPLE_RATE), audio)
    return audio.astype(np.float32)
