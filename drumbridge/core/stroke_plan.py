"""When what is to be said of which stroke: onsets and triggers go in, decisions come out in order.

Conventions: positions and lengths are samples at the model's rate. What comes out depends on the order of steps, and
their order on nothing but counts of samples, so it does not matter how the audio was cut. Without an early
answer every onset is decided once, when its excerpt is there. With one, a trigger or a certain onset begins a stroke
that is answered `early` samples after its attack, or as soon as it is known of; an onset that confirms a trigger
corrects its position, and gives it a second chance where the model rejected the first. A trigger that no
onset can confirm any more is withdrawn then and there: 50 ms after the attack, not when its excerpt would be complete.
Where triggers go unconfirmed one after the other (the peaks of a mains hum do), they are not believed alone: early
answers wait for an onset then.
"""

from __future__ import annotations

import enum
import heapq
from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

from .events import Stage
from .onsets import Onset
from .strokes import OpenStrokes, Stroke
from .trigger import Trigger

_DOUBTS = 6  # triggers that nothing confirmed lately, from which on none is believed alone


class _Kind(enum.IntEnum):
    """Of things due at the same sample the lower one comes first."""

    TRIGGER = 0
    ONSET = 1
    FINAL = 2
    EARLY = 3
    FORGET = 4


class _Step(NamedTuple):
    due: int  # length of the stream at which it is done
    kind: _Kind
    position: int
    number: int  # equal steps in the order in which they were planned
    subject: Stroke | Onset | Trigger


class Decision(NamedTuple):
    """A stroke that is to be judged, or withdrawn.

    Attributes
    ----------
    stroke : Stroke
    stage : Stage
    known : int
        How many samples from the attack on may be looked at, if they are there.
    """

    stroke: Stroke
    stage: Stage
    known: int


class Judgement(NamedTuple):
    """When a stroke will be judged, and on what.

    Attributes
    ----------
    due : int
        Length of the stream.
    position : int
        Of the stroke.
    known : int
        See `Decision`.
    """

    due: int
    position: int
    known: int


class StrokePlan:
    """The decisions of one stream that are still to come.

    Parameters
    ----------
    needed : int
        Samples after the attack on which the final decision is made.
    early : int or None
        Samples after the attack on which the early one is made.
    onset_latency : int
        Samples from an attack until its onset is known, upper bound.
    reach : int
        A trigger and an onset less than this apart are one stroke.
    lately : int
        How long it counts that a trigger was not confirmed.
    """

    def __init__(self, needed: int, early: int | None, *, onset_latency: int, reach: int, lately: int) -> None:
        self._needed = needed
        self._early = early
        self._forget_after = reach + onset_latency
        self._lately = lately
        self._open = OpenStrokes(reach)
        self.reset()

    def reset(self) -> None:
        """Forget all strokes."""
        self._steps: list[_Step] = []  # a heap
        self._n_steps = 0
        self._unconfirmed: deque[int] = deque(maxlen=_DOUBTS)  # when triggers were forgotten
        self._open.reset()

    def __len__(self) -> int:
        return len(self._steps)

    def next_step(self) -> int | None:
        """Return the length of the stream at which something is to be done next, as far as is known now."""
        return self._steps[0].due if self._steps else None

    def judgements(self) -> Iterator[Judgement]:
        """Yield when strokes will be judged and on what, as far as is known now, in any order."""
        for due, kind, _, _, stroke in self._steps:
            if isinstance(stroke, Stroke):
                if kind is _Kind.FINAL:
                    yield Judgement(due, stroke.position, self._needed)
                elif kind is _Kind.EARLY and due == stroke.early_at and not stroke.closed and stroke.early is None:
                    yield Judgement(due, stroke.position, min(self._needed, due - stroke.position))

    def oldest(self, end: int) -> int:
        """Return the lowest position that a step is about, or `end`."""
        return min((step.position for step in self._steps), default=end)

    def add_onset(self, onset: Onset, known_at: int) -> None:
        """Take in an onset, which is known when the stream is `known_at` samples long."""
        if self._early is not None:
            self._plan(known_at, _Kind.ONSET, onset)
        else:
            stroke = Stroke(onset.position, onset.strength, onset.certain, confirmed=True)
            self._plan(onset.position + self._needed, _Kind.FINAL, stroke)

    def add_trigger(self, trigger: Trigger) -> None:
        """Take in a trigger."""
        self._plan(trigger.known_at, _Kind.TRIGGER, trigger)

    def due(self, end: int, *, at_end: bool) -> Iterator[Decision]:
        """Yield what is to be decided now that the stream is `end` samples long.

        Parameters
        ----------
        end : int
        at_end : bool
            No more will come: yield all decisions but early ones, which would be as late as the final ones.
        """
        while self._steps and (at_end or self._steps[0].due <= end):
            now, kind, _, _, subject = heapq.heappop(self._steps)
            if isinstance(subject, Trigger):
                begun = self._open.take_trigger(subject)
                if begun is not None:
                    self._plan_forget(begun, now)
                    if not self._doubtful(now):
                        self._plan_early(begun, now)
            elif isinstance(subject, Onset):
                stroke = self._open.take_onset(subject)
                if not stroke.triggered:
                    self._plan_forget(stroke, now)
                if stroke.triggered or stroke.certain:
                    self._plan_early(stroke, now)
                self._plan(max(now, stroke.position + self._needed), _Kind.FINAL, stroke)
            elif kind is _Kind.FINAL:
                subject.closed = True
                yield Decision(subject, Stage.FINAL, self._needed)
            elif kind is _Kind.FORGET:
                self._open.forget(subject)
                if not subject.confirmed:
                    self._unconfirmed.append(now)
                    subject.closed = True
                    if subject.early is not None:
                        yield Decision(subject, Stage.WITHDRAWN, 0)
            elif now == subject.early_at and now <= end and not subject.closed and subject.early is None:
                yield Decision(subject, Stage.EARLY, min(self._needed, now - subject.position))

    def _doubtful(self, now: int) -> bool:
        """Whether triggers alone say little at this time."""
        return len(self._unconfirmed) == _DOUBTS and now - self._unconfirmed[0] < self._lately

    def _plan(self, due: int, kind: _Kind, subject: Stroke | Onset | Trigger) -> None:
        heapq.heappush(self._steps, _Step(due, kind, subject.position, self._n_steps, subject))
        self._n_steps += 1

    def _plan_forget(self, stroke: Stroke, now: int) -> None:
        self._plan(max(now, stroke.position + self._forget_after), _Kind.FORGET, stroke)

    def _plan_early(self, stroke: Stroke, now: int) -> None:
        if stroke.early is None and self._early is not None:
            stroke.early_at = max(now, stroke.position + self._early)
            self._plan(stroke.early_at, _Kind.EARLY, stroke)
