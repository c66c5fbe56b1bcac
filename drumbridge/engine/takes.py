"""The takes that are being recorded, one a stream at most.

Conventions: methods may be called from any thread. A take whose stream ends is completed; a take that cannot be
written ends alone, and its stream goes on.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

from drumbridge.core.events import Hit
from drumbridge.errors import StreamError

from .event_bus import StreamListener
from .live_stream import GapReason, LiveStream
from .streams import Streams
from .take import Take


class Takes(StreamListener):
    """Starts and stops takes.

    Parameters
    ----------
    streams : Streams
        Their bus is listened to.
    """

    def __init__(self, streams: Streams) -> None:
        self._streams = streams
        self._lock = threading.Lock()
        self._running: dict[int, Take] = {}  # by stream
        streams.bus.add(self)

    def start(
        self,
        stream_id: int,
        folder: Path,
        *,
        on_started: Callable[[StreamError | None], None],
        on_ended: Callable[[Take, StreamError | None], None],
    ) -> Take:
        """Record a stream from what arrives next.

        Parameters
        ----------
        stream_id : int
        folder : Path
            Where the files go.
        on_started, on_ended
            As for `Take`; the latter unless it is stopped.

        Raises
        ------
        StreamError
            ``stream.not_found``, ``take.running``: the stream is being recorded already, ``take.folder``.
        """
        if not folder.is_dir():
            raise StreamError("take.folder", f"There is no folder {folder}: make it first.")
        with self._lock:
            stream = self._streams.find(stream_id)
            if stream_id in self._running:
                raise StreamError("take.running", f"Stream {stream_id} is recorded already.")

            def started(error: StreamError | None) -> None:
                if error is not None:
                    self._forget(take)
                on_started(error)

            def ended(take: Take, error: StreamError | None) -> None:
                self._forget(take)
                on_ended(take, error)

            take = Take(stream, folder, on_started=started, on_ended=ended)
            self._running[stream_id] = take
            stream.tap = take.audio
            take.begin()
        try:
            self._streams.find(stream_id)
        except StreamError:  # it ended meanwhile, and may have told of it before this take was known
            take.end()
        return take

    def stop(self, stream_id: int, on_ended: Callable[[Take, StreamError | None], None]) -> None:
        """End a take; its `on_ended` is not called then, but this.

        Raises
        ------
        StreamError
            ``take.not_found``.
        """

        def ended(take: Take, error: StreamError | None) -> None:
            self._forget(take)
            on_ended(take, error)

        with self._lock:
            take = self._running.get(stream_id)
        if take is None or not take.stop(ended):
            raise StreamError("take.not_found", f"Stream {stream_id} is not recorded, or the take has ended.")

    def shut_down(self, timeout_s: float) -> bool:
        """End all takes and wait for their files; return whether all were complete in time."""
        with self._lock:
            takes = list(self._running.values())
        for take in takes:
            take.end()
        deadline_s = time.monotonic() + timeout_s
        return all([take.join(max(0.0, deadline_s - time.monotonic())) for take in takes])

    def on_hits(self, stream: LiveStream, hits: list[Hit]) -> None:
        take = self._running.get(stream.stream_id)
        if take is not None:
            take.hits(hits)

    def on_gap(self, stream: LiveStream, position: int, length: int, reason: GapReason) -> None:
        take = self._running.get(stream.stream_id)
        if take is not None:
            take.gap(position, length, reason)

    def on_over(self, stream: LiveStream) -> None:
        take = self._running.get(stream.stream_id)
        if take is not None:
            take.end()

    def _forget(self, take: Take) -> None:
        with self._lock:
            for stream_id, known in list(self._running.items()):
                if known is take:
                    del self._running[stream_id]
                    take.stream.tap = None
