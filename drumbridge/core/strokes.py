"""The strokes that are open: heard by the trigger, by the onset detector, or by both, and not yet decided.

Conventions: positions are samples at the model's rate. The trigger is quick and the onset detector is right, so
every onset becomes a stroke, and a trigger does until no onset can confirm it any more. An onset confirms the nearest
trigger that is less than `reach` (10 ms) away and that no other onset confirmed; a trigger as near to any stroke that
is known already says nothing new.
"""

from __future__ import annotations

from dataclasses import dataclass

from .events import Hit
from .onsets import Onset
from .trigger import Trigger

REACH_S = 0.010


@dataclass(eq=False)
class Stroke:
    """One stroke.

    Attributes
    ----------
    position : int
        Sample at which the attack starts, as far as is known.
    strength : float
        Of the curve that it was heard in, dB.
    certain : bool
        See `Onset`; a trigger is as good as certain.
    triggered, confirmed : bool
        The trigger heard it, the onset detector did.
    early : Hit or None
        What was said early of it.
    early_at : int
        When the early answer is due, samples of the stream.
    closed : bool
        It was decided; nothing more is said of it.
    """

    position: int
    strength: float
    certain: bool
    triggered: bool = False
    confirmed: bool = False
    early: Hit | None = None
    early_at: int = -1
    closed: bool = False


class OpenStrokes:
    """Pairs triggers with onsets."""

    def __init__(self, reach: int) -> None:
        self._reach = reach
        self.reset()

    def reset(self) -> None:
        """Forget all strokes."""
        self._strokes: list[Stroke] = []

    def take_trigger(self, trigger: Trigger) -> Stroke | None:
        """Return the stroke that a trigger begins, or None where one is known."""
        if any(abs(stroke.position - trigger.position) < self._reach for stroke in self._strokes):
            return None
        return self._add(Stroke(trigger.position, trigger.strength, certain=True, triggered=True))

    def take_onset(self, onset: Onset) -> Stroke:
        """Return the stroke that an onset confirms, moved to the onset's position, or a new one."""
        near = [
            stroke
            for stroke in self._strokes
            if not stroke.confirmed and not stroke.closed and abs(stroke.position - onset.position) < self._reach
        ]
        if not near:
            return self._add(Stroke(onset.position, onset.strength, onset.certain, confirmed=True))
        stroke = min(near, key=lambda stroke: abs(stroke.position - onset.position))
        stroke.position, stroke.strength, stroke.certain = onset.position, onset.strength, onset.certain
        stroke.confirmed = True
        return stroke

    def forget(self, stroke: Stroke) -> None:
        """Drop a stroke that nothing can be paired with any more."""
        self._strokes.remove(stroke)

    def _add(self, stroke: Stroke) -> Stroke:
        self._strokes.append(stroke)
        return stroke
