"""What synthesised drums are made of: swept sines for skins, partials for metal, filtered noise for wires and air.

Conventions: a part is float64, shape (n,), as long as the drum, and of about unit level; an envelope starts at 0
at the attack. A decay is the time to fall by 60 dB. Noise and partials are laid out on a grid of frequencies that
depends on the duration alone, so they are the same waveform at any sample rate (less what the rate can't hold).
Metal is a cluster of six squares, as in the Roland TR-808, or of many inharmonic modes.
"""

from __future__ import annotations

import numpy as np

_HIGHEST_HZ = 20000.0
_SQUARES_HZ = (205.3, 304.4, 369.6, 522.7, 540.0, 800.0)  # the TR-808's six oscillators


class Drum:
    """One drum being made.

    Parameters
    ----------
    label : str
        Drums of different labels draw different numbers from the same seed.
    duration_s : float
    sample_rate : int
        Hz.
    velocity : int
        MIDI, 1..127.
    seed : int
        0 for the middle of every range.

    Attributes
    ----------
    t_s : ndarray, float64, shape (n,)
        Time of each sample, seconds.
    audio : ndarray, float64, shape (n,)
        What has been added so far, any scale.
    hardness : float
        How hard the stroke is, 0..1.
    """

    def __init__(self, label: str, duration_s: float, sample_rate: int, velocity: int, seed: int) -> None:
        self.rng = np.random.default_rng([seed, *label.encode()])
        self.varied = seed != 0
        self.duration_s = duration_s
        self.sample_rate = sample_rate
        self.t_s = np.arange(round(duration_s * sample_rate)) / sample_rate
        self.audio = np.zeros(len(self.t_s))
        self.hardness = velocity / 127

    def between(self, low: float, high: float) -> float:
        """Draw a parameter: evenly by ratio, or the middle for seed 0."""
        drawn = self.rng.uniform()
        return float(low * (high / low) ** (drawn if self.varied else 0.5))

    def decay(self, decay_s: float, attack_s: float = 0.0005) -> np.ndarray:
        """Return an envelope that rises over the attack and falls by 60 dB in `decay_s`."""
        return np.minimum(1.0, self.t_s / attack_s) * np.exp(-6.9078 * self.t_s / decay_s)

    def sweep(self, start_hz: float, end_hz: float, sweep_s: float) -> np.ndarray:
        """Return a sine whose frequency falls from start to end, with time constant `sweep_s`."""
        travelled = (start_hz - end_hz) * sweep_s * (1 - np.exp(-self.t_s / sweep_s))
        return np.sin(2 * np.pi * (end_hz * self.t_s + travelled))

    def noise(self, low_hz: float, high_hz: float) -> np.ndarray:
        """Return Gaussian noise of about unit power between two frequencies, 12 dB an octave outside."""
        n_bins = int(_HIGHEST_HZ * self.duration_s)
        waves = self.rng.standard_normal((2, n_bins))
        hz = np.arange(1, n_bins + 1) / self.duration_s
        return self._unit_power((waves[0] + 1j * waves[1]) * _band(hz, low_hz, high_hz))

    def modes(self, hz: np.ndarray, weight: np.ndarray, low_hz: float, high_hz: float) -> np.ndarray:
        """Return steady partials of random phase between two frequencies, of about unit power."""
        phase = np.exp(2j * np.pi * self.rng.uniform(size=len(hz)))
        waves = np.zeros(int(_HIGHEST_HZ * self.duration_s), dtype=complex)
        index = np.round(hz * self.duration_s).astype(int) - 1
        inside = (index >= 0) & (index < len(waves))
        np.add.at(waves, index[inside], (weight * phase * _band(hz, low_hz, high_hz))[inside])
        return self._unit_power(waves)

    def metal(self, low_hz: float, high_hz: float) -> np.ndarray:
        """Return a dense metallic sound: six squares for one drum in two, inharmonic modes for the others."""
        tuning = self.between(0.85, 1.7)
        machine = self.rng.uniform() < 0.5
        if machine or not self.varied:
            odd = np.arange(1, 99, 2)
            hz, weight = tuning * np.outer(_SQUARES_HZ, odd).ravel(), np.tile(1 / odd, len(_SQUARES_HZ))
        else:
            hz = np.geomspace(280.0 * tuning, _HIGHEST_HZ, 240) * self.rng.uniform(0.97, 1.03, 240)
            weight = self.rng.uniform(0.1, 1.0, 240) ** 2
        return self.modes(hz, weight, low_hz, high_hz)

    def _unit_power(self, waves: np.ndarray) -> np.ndarray:
        scale = np.sqrt(np.sum(np.abs(waves) ** 2) / 2) or 1.0
        spectrum = np.zeros(len(self.t_s) // 2 + 1, dtype=complex)
        n = min(len(waves), len(spectrum) - 2)  # a rate that can't hold 20 kHz loses the top
        spectrum[1 : n + 1] = waves[:n] / scale
        return np.fft.irfft(spectrum, len(self.t_s)) * len(self.t_s) / 2


def _band(hz: np.ndarray, low_hz: float, high_hz: float) -> np.ndarray:
    return 1 / np.sqrt((1 + (low_hz / hz) ** 4) * (1 + (hz / high_hz) ** 4))
