"""A listener of live streams that plays their hits as notes on a port.

Conventions: on a port that never waits a stream's own thread strikes; for any other port streams hand their hits to a
bounded queue and go on, and the player's thread strikes. That thread lets go, and no end of a note delays the next
strike. A port that fails is told of in the log, once until it works again, and what it did not play is counted. When
the player ends nothing goes on sounding.
"""

from __future__ import annotations

import logging
import queue
import time
from collections.abc import Iterable
from threading import Lock, Thread
from typing import Final, NamedTuple, Protocol

from drumbridge.core.events import Hit, Stage

from .event_bus import StreamListener
from .live_stream import LiveStream
from .note_plan import Note, NotePlan, notes_of

_log = logging.getLogger(__name__)

ROOM: Final = 1000  # hits that may wait: a port that is as far behind as that is broken


class NotePort(Protocol):
    """Where notes go."""

    name: str
    never_waits: bool  # whether `send` comes back at once, whatever is at the other end

    def send(self, note: int, velocity: int) -> None:
        """Play a note, or let it go with velocity 0.

        Raises
        ------
        Exception
            Any, when it cannot: see `NotePlayer.lost`.
        """
        ...

    def close(self) -> None:
        """Give the port back, silent."""
        ...


class _Strike(NamedTuple):
    stream_id: int
    hit: Hit
    notes: tuple[int, ...]


class _Over(NamedTuple):
    stream_id: int


class _End(NamedTuple):
    pass


class NotePlayer(StreamListener):
    """Plays the hits of all streams on one port.

    Parameters
    ----------
    port : NotePort
        The player's from now on: closed when it ends.
    stage : Stage
        EARLY plays a hit as soon as it is told of, FINAL when it is sure.
    every_label : bool
        Play a note for each label of a hit instead of one for the strongest.

    Attributes
    ----------
    lost : int
        Notes that were not played: the port failed, or was far behind.
    """

    def __init__(self, port: NotePort, *, stage: Stage = Stage.EARLY, every_label: bool = False) -> None:
        self.name = port.name
        self.lost = 0
        self._port = port
        self._plan = NotePlan(stage=stage)
        self._every_label = every_label
        self._queue: queue.SimpleQueue[_Strike | _Over | _End | None] = queue.SimpleQueue()
        self._lock = Lock()  # over the plan and the order of what is sent
        self._works = True
        self._ended = False
        self._thread = Thread(target=self._run, name=f"drumbridge-notes-{port.name}", daemon=True)
        self._thread.start()

    def on_hits(self, stream: LiveStream, hits: list[Hit]) -> None:
        for hit in hits:
            strike = _Strike(stream.stream_id, hit, notes_of(hit, every_label=self._every_label))
            if self._port.never_waits:
                if self._strike(strike):
                    self._queue.put(None)
            elif self._queue.qsize() < ROOM:
                self._queue.put(strike)
            elif hit.stage is not Stage.WITHDRAWN:
                self._fail(len(strike.notes), "it does not keep up")

    def on_over(self, stream: LiveStream) -> None:
        self._queue.put(_Over(stream.stream_id))

    def close(self, timeout_s: float) -> bool:
        """Let all notes go and close the port; return whether that was done in time."""
        self._queue.put(_End())
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            while self._take(self._next()):
                with self._lock:
                    self._send(self._plan.due(time.monotonic()))
        finally:
            with self._lock:
                self._ended = True
                self._send(self._plan.all_off())
            try:
                self._port.close()
            except Exception as error:
                _log.warning("%s could not be closed: %s", self.name, error)

    def _next(self) -> _Strike | _Over | _End | None:
        """Wait for what comes next; None when a note is to be let go before, or its end to be waited for."""
        next_s = self._plan.next_s
        try:
            return self._queue.get(timeout=None if next_s is None else max(0.0, next_s - time.monotonic()))
        except queue.Empty:
            return None

    def _take(self, event: _Strike | _Over | _End | None) -> bool:
        """Do what came, and all that came meanwhile; return whether to go on."""
        while event is not None:
            if isinstance(event, _End):
                return False
            if isinstance(event, _Over):
                with self._lock:
                    self._plan.forget(event.stream_id)
            else:
                self._strike(event)
            try:
                event = self._queue.get_nowait()
            except queue.Empty:
                event = None
        return True

    def _strike(self, strike: _Strike) -> bool:
        """Play a hit; return whether something sounds now and nothing did before, so nobody waits for its end yet."""
        with self._lock:
            if self._ended:
                return False
            was_silent = self._plan.next_s is None
            self._send(self._plan.hear(*strike, time.monotonic()))
            return was_silent and self._plan.next_s is not None

    def _send(self, notes: Iterable[Note]) -> None:
        for note, velocity in notes:
            try:
                self._port.send(note, velocity)
            except Exception as error:
                self._fail(1 if velocity else 0, str(error) or type(error).__name__)
            else:
                self._works = True

    def _fail(self, lost: int, why: str) -> None:
        self.lost += lost
        if self._works:
            self._works = False
            _log.warning("%s does not play: %s", self.name, why)
