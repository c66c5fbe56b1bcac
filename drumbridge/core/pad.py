"""One pad of a kit: what a hit can be called besides the labels of the table.

Conventions: no numpy here, because whatever prints hits reads this.
"""

from __future__ import annotations

from dataclasses import dataclass


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
