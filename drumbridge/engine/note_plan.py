"""From hits to notes that are struck and let go: what sounds, and until when.

Conventions: a note is a MIDI note 0..127 and a velocity, 0 lets it go. Times are monotonic seconds given by the caller;
no thread, no clock. A hit is played once, at its first word that counts, and never corrected: what sounded has sounded.
A note that is struck while it sounds is let go first, so every strike has exactly one end.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from typing import Final, NamedTuple

from drumbridge.core.events import Hit, Stage

DURATION_MS: Final = 50  # of a note: long enough for every sampler, over before the next stroke of a roll


class Note(NamedTuple):
    """A note that is struck, or let go when its velocity is 0."""

    note: int
    velocity: int


class NotePlan:
    """The notes of one output.

    Parameters
    ----------
    stage : Stage
        EARLY plays a hit as soon as it is told of, FINAL when it is sure.
    duration_s : float
        How long a note sounds, seconds.
    """

    def __init__(self, *, stage: Stage = Stage.EARLY, duration_s: float = DURATION_MS / 1000) -> None:
        self._stage = stage
        self._duration_s = duration_s
        self._strikes = 0
        self._sounding: dict[int, int] = {}  # note -> which strike it is of
        self._ends: list[tuple[float, int, int]] = []  # (time, strike, note), a heap
        self._early: dict[tuple[int, int], int] = {}  # (stream, index) of a hit that was played early -> strike

    @property
    def next_s(self) -> float | None:
        """When the next note is to be let go; None when none sounds."""
        return self._ends[0][0] if self._ends else None

    def hear(self, stream_id: int, hit: Hit, notes: Sequence[int], now_s: float) -> list[Note]:
        """Take in a hit and return the notes to play at once."""
        key = stream_id, hit.index
        if hit.stage is Stage.EARLY:
            if self._stage is not Stage.EARLY:
                return []
            self._early[key] = self._strikes
        else:
            strike = self._early.pop(key, None)
            if hit.stage is Stage.WITHDRAWN:
                return [] if strike is None else self._let_go([note for note in notes if self._is_of(note, strike)])
            if strike is not None:
                return []
        played: list[Note] = []
        for note in notes:
            played += self._let_go([note] if note in self._sounding else [])
            self._sounding[note] = self._strikes
            heapq.heappush(self._ends, (now_s + self._duration_s, self._strikes, note))
            played.append(Note(note, hit.velocity))
        self._strikes += 1
        return played

    def due(self, now_s: float) -> list[Note]:
        """Return the notes to let go by now."""
        ended: list[Note] = []
        while self._ends and self._ends[0][0] <= now_s:
            _, strike, note = heapq.heappop(self._ends)
            if self._is_of(note, strike):
                ended += self._let_go([note])
        return ended

    def forget(self, stream_id: int) -> None:
        """Forget the hits of a stream that is over; what sounds goes on to its end."""
        self._early = {key: strike for key, strike in self._early.items() if key[0] != stream_id}

    def all_off(self) -> list[Note]:
        """Let everything go."""
        self._ends.clear()
        return self._let_go(list(self._sounding))

    def _is_of(self, note: int, strike: int) -> bool:
        return self._sounding.get(note) == strike

    def _let_go(self, notes: Sequence[int]) -> list[Note]:
        for note in notes:
            del self._sounding[note]
        return [Note(note, 0) for note in notes]


def notes_of(hit: Hit, *, every_label: bool = False) -> tuple[int, ...]:
    """Return the MIDI notes of a hit, each once: of its strongest label or best guess, or of all its labels.

    A hit that is none of a kit's pads has no note.
    """
    if every_label and hit.labels:
        return tuple(dict.fromkeys(entry.note for entry in hit.labels))
    return () if hit.note is None else (hit.note,)
