"""Kits for rendered loops: each drum from one kit where it has it, else from another.

Conventions: only one-shots of the rows given are used, so a kit that is held out is never heard.
"""

from __future__ import annotations

import numpy as np

from drumbridge.core.excerpts import find_attack

from .front_end import SAMPLE_RATE
from .one_shots import OneShot, read_audio
from .rendering import Piece, make_piece

_MAX_LAYERS = 8
_BASIC = {"kick", "snare", "closed_hat"}
_SUBSTITUTES = {"pedal_hat": "closed_hat", "ride_bell": "ride", "china": "crash", "splash": "crash", "crash": "cymbal",
                "tom_low": "tom", "tom_mid": "tom", "tom_high": "tom"}  # fmt: skip
_RARELY = 0.15  # how often a kit's own drum is replaced by another kit's
_USUALLY = 0.75


class KitShelf:
    """All drums at hand, by label and kit.

    Parameters
    ----------
    rows : list of OneShot
    """

    def __init__(self, rows: list[OneShot]) -> None:
        self._sounds: dict[str, dict[str, list[np.ndarray]]] = {}
        for row in rows:
            audio = read_audio(row.path)
            position = find_attack(audio, SAMPLE_RATE)
            if position is not None and row.label != "other":
                kit = f"{row.source}/{row.kit}"
                self._sounds.setdefault(row.label, {}).setdefault(kit, []).append(audio[max(0, position - 8) :])
        basic = [set(self._sounds.get(label, {})) for label in _BASIC]
        self._kits = sorted(set.intersection(*basic))

    def draw(self, labels: set[str], rng: np.random.Generator) -> dict[str, Piece]:
        """Draw a kit that has (nearly) all of `labels`."""
        home = self._kits[int(rng.integers(len(self._kits)))] if self._kits and rng.random() < 0.8 else ""
        kit = {}
        for label in sorted(labels):
            name = label if label in self._sounds else _SUBSTITUTES.get(label, label)
            choices = self._sounds.get(name)
            if not choices:
                continue
            if home in choices and rng.random() > _RARELY:
                layers = choices[home]
            else:
                # A stray drum comes from a drum kit, mostly: found sounds and body percussion make odd kits.
                usual = [name for name in self._kits if name in choices]
                kits = usual if usual and rng.random() < _USUALLY else sorted(choices)
                layers = choices[kits[int(rng.integers(len(kits)))]]
            first = int(rng.integers(len(layers)))  # neighbours by name: mostly the layers of one drum
            kit[label] = make_piece(layers[first : first + 1 + int(rng.integers(_MAX_LAYERS))], label, rng)
        return kit
