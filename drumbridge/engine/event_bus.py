"""Who is told of what happens in live streams: OSC clients, MIDI ports, takes, the terminal.

Conventions: listeners are called from the thread of the stream whose event it is, in the order of that stream, and
must be quick. One that fails is logged and stays: no listener may silence another.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from drumbridge.core.events import Hit

if TYPE_CHECKING:
    from drumbridge.engine.live_stream import GapReason, LiveStream

_log = logging.getLogger(__name__)


class StreamListener:
    """Hears of the events of every stream; does nothing with them."""

    def on_hits(self, stream: LiveStream, hits: list[Hit]) -> None:
        """Hear of hits, early and final ones and what is withdrawn."""

    def on_gap(self, stream: LiveStream, position: int, length: int, reason: GapReason) -> None:
        """Hear of audio that is missing."""

    def on_over(self, stream: LiveStream) -> None:
        """Hear that a stream has ended: nothing more comes from it."""


class EventBus:
    """Hands events on to all listeners."""

    def __init__(self) -> None:
        self._listeners: tuple[StreamListener, ...] = ()  # replaced, never changed: other threads read it

    def add(self, listener: StreamListener) -> None:
        """Tell a listener of everything from now on."""
        self._listeners = (*self._listeners, listener)

    def remove(self, listener: StreamListener) -> None:
        """Tell it no more; an event that is being told may still arrive."""
        self._listeners = tuple(known for known in self._listeners if known is not listener)

    def hits(self, stream: LiveStream, hits: list[Hit]) -> None:
        """Tell of hits."""
        self._tell(lambda listener: listener.on_hits(stream, hits))

    def gap(self, stream: LiveStream, position: int, length: int, reason: GapReason) -> None:
        """Tell of a gap."""
        self._tell(lambda listener: listener.on_gap(stream, position, length, reason))

    def over(self, stream: LiveStream) -> None:
        """Tell of a stream's end."""
        self._tell(lambda listener: listener.on_over(stream))

    def _tell(self, event: Callable[[StreamListener], None]) -> None:
        for listener in self._listeners:
            try:
                event(listener)
            except Exception:
                _log.exception("a listener of live streams failed")
