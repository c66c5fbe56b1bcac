"""What a clip is, from the hits in it: one drum, or several.

Conventions: each hit counts as much as its velocity, with its strongest label. Three quarters of one drum make the clip
that drum, otherwise it holds several. The device for Live and the actions for REAPER decide alike.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from .events import Classification, Hit
from .labels import SEVERAL, UNSURE

ONE_DRUM_SHARE: Final = 0.75


class Verdict(NamedTuple):
    """What a clip is called, how surely (0..1), and the best guess where that is "unsure" ("" when there is none)."""

    label: str
    confidence: float
    guess: str = ""

    def at_least(self, minimum: float) -> Verdict:
        """Return it, or "unsure" with its label as the guess where it is less sure than `minimum`."""
        if self.label == UNSURE or self.confidence >= minimum:
            return self
        return Verdict(UNSURE, self.confidence, self.label)

    @property
    def name(self) -> str:
        """What people read: ``closed hat``, ``kick?``."""
        text = f"{self.guess}?" if self.guess else self.label
        return text.replace("_", " ")


def verdict_of_hits(hits: Iterable[Hit]) -> Verdict:
    """Return what the clip with these hits is; without any it is unsure."""
    weights: dict[str, int] = {}
    sureness: dict[str, float] = {}
    for hit in hits:
        weights[hit.label] = weights.get(hit.label, 0) + hit.velocity
        sureness[hit.label] = sureness.get(hit.label, 0.0) + hit.velocity * hit.confidence
    if not weights:
        return Verdict(UNSURE, 0.0)
    total = sum(weights.values())
    best = max(weights, key=weights.__getitem__)
    if weights[best] >= ONE_DRUM_SHARE * total:
        return Verdict(best, sureness[best] / weights[best])
    return Verdict(SEVERAL, sum(sureness.values()) / total)


def verdict_of_sound(sound: Classification) -> Verdict:
    """Return what the clip is that plays one sound and nothing else."""
    if sound.unsure:
        return Verdict(UNSURE, sound.confidence, sound.label)
    return Verdict(sound.label, sound.confidence)
