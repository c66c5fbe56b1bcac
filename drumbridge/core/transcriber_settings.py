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

    def __post_init__(self) -> None:
        check_after_ms(self.after_ms)
        if self.early_ms is not None and not 0 < self.early_ms < math.inf:
            raise SettingsError("settings.early_ms", f"The early answer must come above 0 ms, not {self.early_ms:g}.")
        if not 0.1 <= self.sensitivity <= 10:
            raise SettingsError("settings.sensitivity", f"The sensitivity must be 0.1 to 10, not {self.sensitivity:g}.")
        if self.noise_gate_db is not None and not math.isfinite(self.noise_gate_db):
            raise SettingsError("settings.noise_gate_db", f"The noise gate cannot be {self.noise_gate_db:g} dBFS.")
        check_masks(self.retrigger_ms)
