"""From levels to MIDI velocities.

Conventions: a level is the peak of |audio| just after an attack, dBFS; a velocity is 1..127. The curve
is that of the DLS and SoundFont 2 standards, velocity = 127 * 10 ** (level_db / 40): 12 dB less is half
the velocity, which is how a sampler turns a velocity back into a level.

A stroke's level is taken relative to the loudest stroke of the last seconds, so a quietly recorded loop
gets the same velocities as a hot one: the loudest stroke so far is 127, and that reference falls slowly
when playing becomes softer. It never falls below `lowest_reference_db`, so noise and bleed in a nearly
silent recording are not blown up to accents. Only the past counts: strokes before the first loud one
come out too high, never is one changed later. Who plays pads wants the same force to give the same
velocity from the first stroke on: with `full_db` that level is 127 and nothing that was heard counts.

A curve bends this for a pad: 12 dB less than what is 127 is 64 by "linear" (the standard's curve), 90 by "soft" (little
force is enough), 32 by "hard"; "fixed" gives every stroke the same velocity.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from .settings_table import VELOCITY_CURVES, check_setting

SILENCE_DB = -120.0


@dataclass(frozen=True)
class VelocitySettings:
    """How levels become velocities.

    Attributes
    ----------
    level_s : float
        The level is the peak within this long after the attack, seconds.
    reference_decay_db : float
        How fast the loudest stroke is forgotten, dB per second.
    lowest_reference_db : float
        The reference is at least this, dBFS.
    curve : str
        "soft", "linear", "hard" or "fixed".
    fixed_velocity : int
        What every stroke gets by the curve "fixed", 1..127.
    full_db : float or None
        The level that is 127, dBFS, -120..0; None: that of the loudest stroke of the last seconds.

    Raises
    ------
    SettingsError
        There is no such curve, or the fixed velocity or the level is out of its range.
    """

    level_s: float = 0.03
    reference_decay_db: float = 0.5
    lowest_reference_db: float = -40.0
    curve: str = "linear"
    fixed_velocity: int = 127
    full_db: float | None = None

    def __post_init__(self) -> None:
        check_setting("velocity_curve", self.curve)
        check_setting("fixed_velocity", self.fixed_velocity)
        if self.full_db is not None:
            check_setting("velocity_full_db", self.full_db)


def peak_level_db(audio: np.ndarray) -> float:
    """Return the peak level of some audio, dBFS, at least -120; shape (n,), n may be 0."""
    peak = float(np.max(np.abs(audio), initial=0.0))
    return max(SILENCE_DB, 20.0 * math.log10(peak)) if peak > 0.0 else SILENCE_DB


def level_to_velocity(level_db: float, reference_db: float = 0.0, *, highest: int = 127, power: float = 1.0) -> int:
    """Return the MIDI velocity, 1..127, of a stroke at `level_db` where `reference_db` is `highest`."""
    relative_db = min(0.0, level_db - reference_db)
    return max(1, min(127, round(highest * 10.0 ** (power * relative_db / 40.0))))


class VelocityScale:
    """The running reference of a stream: gives each stroke its velocity, in order of position."""

    def __init__(self, sample_rate: int, settings: VelocitySettings | None = None) -> None:
        self._sample_rate = sample_rate
        self.change(settings or VelocitySettings())
        self.reset()

    def change(self, settings: VelocitySettings) -> None:
        """Give strokes their velocity by other settings from here on; the loudest one is not forgotten."""
        self.settings = settings
        self._decay_db = settings.reference_decay_db / self._sample_rate

    def reset(self) -> None:
        """Forget all strokes."""
        self._loudest_db = self.settings.lowest_reference_db
        self._position = 0

    def velocity(self, level_db: float, position: int) -> int:
        """Take in one stroke and return its velocity.

        Parameters
        ----------
        level_db : float
            dBFS.
        position : int
            Sample of the attack; of strokes out of order the later one counts for the time passed.
        """
        settings = self.settings
        fallen_db = self._loudest_db - self._decay_db * max(0, position - self._position)
        self._loudest_db = max(level_db, fallen_db, settings.lowest_reference_db)
        self._position = max(self._position, position)
        reference_db = self._loudest_db if settings.full_db is None else settings.full_db
        highest = settings.fixed_velocity if settings.curve == "fixed" else 127
        return level_to_velocity(level_db, reference_db, highest=highest, power=VELOCITY_CURVES[settings.curve])
