"""A kit: somebody's own pads, each taught by a few taps.

Conventions: kits are values; whatever changes one returns another. A tap is what was heard of one stroke, audio at the
kit's rate with the attack at index `samples_before`, so any model can learn the kit anew. Taps stand in the order in
which they were taught, which is what `undone` goes back through; what is learned from them does not depend on it.
A pad's number is never given to another pad, so that what a client noted of it stays true.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from ..errors import KitError
from .labels import BY_NAME
from .pad import FIRST_NOTE, Pad, hue

MOST_PADS: Final = 64
MOST_TAPS: Final = 100  # of a pad
LONGEST_NAME: Final = 40


@dataclass(frozen=True, slots=True, eq=False)
class Tap:
    """One teaching stroke.

    Attributes
    ----------
    pad : int
        Number of its pad.
    audio : ndarray, float32, shape (samples_before + samples_after,)
        Of the kit's excerpt; zero where nothing is known.
    available : int
        Samples from the attack on that are real.
    """

    pad: int
    audio: np.ndarray
    available: int

    def __eq__(self, other: object) -> bool:
        """Return whether both are the same stroke for the same pad."""
        return (
            isinstance(other, Tap)
            and (self.pad, self.available) == (other.pad, other.available)
            and np.array_equal(self.audio, other.audio)
        )

    def __hash__(self) -> int:
        """Hash what is quick to hash."""
        return hash((self.pad, self.available, len(self.audio)))


@dataclass(frozen=True)
class Kit:
    """Pads and their taps.

    Attributes
    ----------
    name : str
    model : str
        What heard the taps: name, version and the start of the digest of a model.
    sample_rate : int
        Hz of the taps.
    samples_before, samples_after : int
        The excerpt of a tap, samples before and from its attack on.
    pads : tuple of Pad
        In the order in which they were made.
    taps : tuple of Tap
        In the order in which they were taught.
    """

    name: str
    model: str
    sample_rate: int
    samples_before: int
    samples_after: int
    pads: tuple[Pad, ...] = ()
    taps: tuple[Tap, ...] = ()

    def find(self, pad: str | int) -> Pad:
        """Return a pad by its name (in any case) or number.

        Raises
        ------
        KitError
            ``kit.no_pad``.
        """
        key = pad if isinstance(pad, int) else _key(pad)
        for known in self.pads:
            if key in (known.number, _key(known.name)):
                return known
        there = ", ".join(known.name for known in self.pads) or "none yet"
        raise KitError("kit.no_pad", f"The kit {self.name} has no pad {pad!r:.60}; its pads: {there}.")

    def with_pad(self, name: str, note: int | None = None, colour: int | None = None) -> Kit:
        """Return a kit that has a pad of that name, in any case; one that is there keeps what is not given.

        Parameters
        ----------
        name : str
        note : int, optional
            By default that of a drum of that name, else the lowest from 36 on that no pad has.
        colour : int, optional
            0xRRGGBB; by default that of a drum of that name, else one that differs from the others.

        Raises
        ------
        KitError
            ``kit.pad_name``, ``kit.note``, ``kit.colour``, ``kit.full``.
        """
        if note is not None and not 0 <= note <= 127:
            raise KitError("kit.note", f"A pad plays a note from 0 to 127, not {note}.")
        if colour is not None and not 0 <= colour <= 0xFFFFFF:
            raise KitError("kit.colour", f"A colour is 0 to 16777215 (0xRRGGBB), not {colour}.")
        name = _checked(name)
        known = next((pad for pad in self.pads if _key(pad.name) == _key(name)), None)
        if known is not None:
            changed = replace(
                known, note=known.note if note is None else note, colour=known.colour if colour is None else colour
            )
            return replace(self, pads=tuple(changed if pad is known else pad for pad in self.pads))
        if len(self.pads) >= MOST_PADS:
            raise KitError("kit.full", f"The kit {self.name} has {MOST_PADS} pads already, which is the most.")
        drum = BY_NAME.get(_key(name).replace(" ", "_").replace("-", "_"))
        number = 1 + max((pad.number for pad in self.pads), default=-1)
        if note is None:
            note = drum.gm_note if drum else self._free_note()
        if colour is None:
            colour = drum.colour if drum else hue(number)
        return replace(self, pads=(*self.pads, Pad(number, name, note, colour)))

    def with_tap(self, tap: Tap) -> Kit:
        """Return the kit with one tap more.

        Raises
        ------
        KitError
            ``kit.no_pad``; ``kit.full``: the pad has 100 taps; ``kit.tap``: the tap is no excerpt of this kit.
        """
        pad = self.find(tap.pad)
        if len(self.taps_of(pad.number)) >= MOST_TAPS:
            raise KitError("kit.full", f"The pad {pad.name} has {MOST_TAPS} taps already, which is the most.")
        length = self.samples_before + self.samples_after
        if tap.audio.shape != (length,) or not 0 < tap.available <= self.samples_after:
            raise KitError("kit.tap", f"A tap of the kit {self.name} must be {length} samples long.")
        return replace(self, taps=(*self.taps, tap))

    def undone(self) -> Kit:
        """Return the kit without the tap that was taught last.

        Raises
        ------
        KitError
            ``kit.no_taps``.
        """
        if not self.taps:
            raise KitError("kit.no_taps", f"The kit {self.name} has no tap that could be taken back.")
        return replace(self, taps=self.taps[:-1])

    def taps_of(self, pad: int) -> tuple[Tap, ...]:
        """Return the taps of a pad, by its number."""
        return tuple(tap for tap in self.taps if tap.pad == pad)

    def _free_note(self) -> int:
        taken = {pad.note for pad in self.pads}
        return next(note for note in range(FIRST_NOTE, FIRST_NOTE + MOST_PADS + 1) if note not in taken)


def _key(name: str) -> str:
    return name.strip().casefold()


def _checked(name: str) -> str:
    name = " ".join(name.split())
    if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
        raise KitError("kit.pad_name", f"A pad cannot be called {name!r:.60}: give it 1 to {LONGEST_NAME} signs.")
    return name
