"""The one table of live settings: what a player may choose, in which range, and what it is for.

Conventions: a setting is a number (``"f"``), a whole number (``"i"``) or one of several words (``"s"``). A row whose
name ends in ``.LABEL`` stands for one setting a label, ``retrigger_ms.kick`` say. Checks, command line options, OSC
addresses, profiles and docs/protocol.md are made from this table. No numpy here: every --help reads it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Final, NamedTuple

from ..errors import SettingsError
from .labels import BY_NAME

Value = float | int | str

OFF_DB: Final = -120.0  # nothing is softer: a noise gate that lets everything through, no level of full force
VELOCITY_CURVES: Final = {"soft": 0.5, "linear": 1.0, "hard": 2.0, "fixed": 0.0}  # power of the standard's curve
_EACH: Final = ".LABEL"


class Setting(NamedTuple):
    """One row of the table.

    Attributes
    ----------
    name : str
    type : str
        "f", "i" or "s".
    default : float, int or str
        What holds where nobody chose; for a setting of each label, what the setting without a label says.
    text : str
        What it is for, as a phrase that starts in lower case.
    unit : str
        "" is none.
    lowest, highest : float
        The range of a number, ends included.
    choices : tuple of str
        The words that a setting of type "s" may be.
    """

    name: str
    type: str
    default: Value
    text: str
    unit: str = ""
    lowest: float = 0.0
    highest: float = 0.0
    choices: tuple[str, ...] = ()

    @property
    def range(self) -> str:
        """What it may be, for people."""
        if self.choices:
            return ", ".join(self.choices)
        return f"{self.lowest:g} to {self.highest:g}{' ' * bool(self.unit)}{self.unit}"


SETTINGS: Final[tuple[Setting, ...]] = (
    Setting(
        "early_ms",
        "f",
        10.0,
        "a hit is told early so long after its attack, and again when final; 0: final only",
        "ms",
        0.0,
        1000.0,
    ),
    Setting(
        "sensitivity",
        "f",
        1.0,
        "thresholds are divided by this: 2 hears strokes that stand out half as much",
        "",
        0.1,
        10.0,
    ),
    Setting(
        "noise_gate_db",
        "f",
        OFF_DB,
        f"a stroke whose peak is below this is none; {OFF_DB:g} lets all through",
        "dBFS",
        OFF_DB,
        0.0,
    ),
    Setting(
        "velocity_curve",
        "s",
        "linear",
        "soft: little force is enough; hard: it takes much; fixed: every stroke is the same",
        choices=tuple(VELOCITY_CURVES),
    ),
    Setting(
        "velocity_full_db",
        "f",
        OFF_DB,
        f"the peak that is velocity 127, whatever was heard before; {OFF_DB:g}: that of the loudest stroke lately",
        "dBFS",
        OFF_DB,
        0.0,
    ),
    Setting("fixed_velocity", "i", 127, "velocity of every stroke by the curve fixed", "", 1, 127),
    Setting("retrigger_ms", "f", 0.0, "no label is played again for so long after it was; 0: none", "ms", 0.0, 2000.0),
    Setting(
        "retrigger_ms" + _EACH, "f", 0.0, "the same for one label, whatever holds for the others", "ms", 0.0, 2000.0
    ),
)
_BY_NAME: Final = {row.name: row for row in SETTINGS}


def find_setting(name: str) -> Setting:
    """Return the row of a setting.

    Raises
    ------
    SettingsError
        ``settings.name``: there is none of that name.
    """
    base, dot, label = name.partition(".")
    row = _BY_NAME.get(base + _EACH if dot else base)
    if row is None:
        close = get_close_matches(base, _BY_NAME, n=1)
        hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(_BY_NAME)}."
        raise SettingsError("settings.name", f"There is no setting {name!r:.60}; {hint}")
    if dot and label not in BY_NAME:
        close = get_close_matches(label, BY_NAME, n=1)
        hint = f"; did you mean {close[0]}?" if close else "."
        raise SettingsError("settings.name", f"There is no label {label!r:.60} to set {base} for{hint}")
    return row


def check_setting(name: str, value: object) -> Value:
    """Return a value in the type of its setting.

    Raises
    ------
    SettingsError
        ``settings.name``, or ``settings.`` and the name of the row without a label: it is out of its range.
    """
    row = find_setting(name)
    if row.type == "s":
        if value in row.choices:
            return str(value)
    elif isinstance(value, int | float) and not isinstance(value, bool) and row.lowest <= value <= row.highest:
        if row.type == "f":
            return float(value)
        if value == math.floor(value):
            return int(value)
    whole = "a whole number from " if row.type == "i" else "one of " if row.choices else ""
    shown = f"{value:g}" if isinstance(value, float) else f"{value!r:.60}"
    raise SettingsError(f"settings.{row.name.partition('.')[0]}", f"{name} must be {whole}{row.range}, not {shown}.")


def default_values() -> dict[str, Value]:
    """Return every setting that is not of one label at its default."""
    return {row.name: row.default for row in SETTINGS if not row.name.endswith(_EACH)}


def retrigger_masks(values: Mapping[str, Value]) -> dict[str, float]:
    """Return the mask of each label, ms, that these values ask for; those of 0 ms are left out."""
    common = float(values["retrigger_ms"])
    masks = {label: float(values.get(f"retrigger_ms.{label}", common)) for label in BY_NAME}
    return {label: mask_ms for label, mask_ms in masks.items() if mask_ms > 0}
