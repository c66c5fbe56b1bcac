"""What can be chosen about a transcription, and what cannot work.

Conventions: times are ms, levels dBFS. The defaults are those of a file that is transcribed: nothing is
said early, gated or masked.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from ..errors import SettingsError
from .excerpts import check_after_ms
from .onsets import OnsetSettings
from .retrigger import check_masks
from .settings_table import OFF_DB, Value, check_setting, default_values, retrigger_masks
from .velocity import VelocitySettings


@dataclass(frozen=True)
class TranscriberSettings:
    """What can be chosen.

    Attributes
    ----------
    onsets : OnsetSettings or None
        None: the sensitive ones when the model has a presence output and so can reject what is no
        stroke, else the balanced ones.
    after_ms : float or None
        Decide this long after the attack on what is known by then; None waits for the whole excerpt.
    early_ms : float or None
        Say already this long after the attack what is known by then, as a hit of stage EARLY that a FINAL
        or a WITHDRAWN one follows; None says nothing early.
    sensitivity : float
        The thresholds of onsets and triggers are divided by this; 2 hears strokes that stand out half as
        much, 0.1..10.
    noise_gate_db : float or None
        A stroke whose level is below this is none, dBFS; None lets everything through.
    retrigger_ms : mapping of str to float
        A label is not played again for this long after it was; see `core.retrigger`.
    velocity : VelocitySettings

    Raises
    ------
    SettingsError
        A value is out of its range; the code is ``settings.`` and the name of the attribute.
    """

    onsets: OnsetSettings | None = None
    after_ms: float | None = None
    early_ms: float | None = None
    sensitivity: float = 1.0
    noise_gate_db: float | None = None
    retrigger_ms: Mapping[str, float] = field(default_factory=dict, hash=False)
    velocity: VelocitySettings = field(default_factory=VelocitySettings)

    @classmethod
    def of(cls, values: Mapping[str, Value], *, after_ms: float | None = None) -> TranscriberSettings:
        """Return the settings that values of the table of settings ask for; what is not among them is at its default.

        Raises
        ------
        SettingsError
            As `check_setting`.
        """
        chosen = default_values() | {name: check_setting(name, value) for name, value in values.items()}
        gate_db, full_db = float(chosen["noise_gate_db"]), float(chosen["velocity_full_db"])
        return cls(
            after_ms=after_ms,
            early_ms=float(chosen["early_ms"]) or None,
            sensitivity=float(chosen["sensitivity"]),
            noise_gate_db=None if gate_db <= OFF_DB else gate_db,
            retrigger_ms=retrigger_masks(chosen),
            velocity=VelocitySettings(
                curve=str(chosen["velocity_curve"]),
                fixed_velocity=int(chosen["fixed_velocity"]),
                full_db=None if full_db <= OFF_DB else full_db,
            ),
        )

    def known_lengths(self, sample_rate: int, samples_after: int) -> tuple[int, int | None]:
        """Return how many samples from an attack on a final answer looks at, and an early one (None: there is none)."""
        final = samples_after
        if self.after_ms is not None:
            final = min(final, max(1, round(self.after_ms * sample_rate / 1000)))
        return final, None if self.early_ms is None else max(1, round(self.early_ms * sample_rate / 1000))

    def __post_init__(self) -> None:
        check_after_ms(self.after_ms)
        if self.early_ms is not None and not 0 < self.early_ms < math.inf:
            raise SettingsError("settings.early_ms", f"The early answer must come above 0 ms, not {self.early_ms:g}.")
        check_setting("sensitivity", self.sensitivity)
        if self.noise_gate_db is not None and not math.isfinite(self.noise_gate_db):
            raise SettingsError("settings.noise_gate_db", f"The noise gate cannot be {self.noise_gate_db:g} dBFS.")
        check_masks(self.retrigger_ms)
