"""One pad of a kit: what a hit can be called besides the labels of the table.

Conventions: no numpy here, because whatever prints hits reads this.
"""

from __future__ import annotations

import colorsys
from dataclasses import dataclass
from typing import Final

FIRST_NOTE: Final = 36  # where pads begin that say nothing else
_GOLDEN = 0.618034  # hues this far apart never crowd, however many there are


@dataclass(frozen=True, slots=True)
class Pad:
    """One pad of a kit.

    Attributes
    ----------
    number : int
        Counts the pads of a kit from 0.
    name : str
    note : int
        MIDI note that it plays, 0..127.
    colour : int
        0xRRGGBB.
    """

    number: int
    name: str
    note: int
    colour: int


def hue(number: int) -> int:
    """Return a bright colour for the pad with that number."""
    channels = colorsys.hsv_to_rgb((0.02 + number * _GOLDEN) % 1.0, 0.62, 0.9)
    return int.from_bytes(bytes(round(255 * channel) for channel in channels), "big")
