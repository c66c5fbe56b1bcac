"""The live streams that are open, by number.

Conventions: a stream belongs to the client that opened it and ends with it, when it is closed, or when no audio came
for `IDLE_S`; a `lasting` one only when it is closed. All methods may be called from any thread; none waits but
`shut_down`.
"""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections.abc import Callable, Iterator
from typing import Final

from drumbridge.core.classifier import Classifier
from drumbridge.core.transcriber_settings import TranscriberSettings
from drumbridge.errors import StreamError

from .event_bus import EventBus
from .hearing import Hearing
from .live_stream import LiveStream

_log = logging.getLogger(__name__)

IDLE_S: Final = 60.0
LIMIT: Final = 32
GONE_S: Final = 2.0  # a stream unheard for so long makes room for another where there is need


class Streams:
    """Opens, finds and closes streams.

    Parameters
    ----------
    load : callable
        Returns the classifier of every stream; called in the stream's thread.
    bus : EventBus
        Told of the events of all streams.
    idle_s : float
    limit : int
        How many may be open.
    """

    def __init__(
        self,
        load: Callable[[], Classifier],
        bus: EventBus,
        *,
        idle_s: float = IDLE_S,
        limit: int = LIMIT,
    ) -> None:
        self._load = load
        self.bus = bus
        self._idle_s = idle_s
        self._limit = limit
        self._ids = itertools.count(1)
        self._lock = threading.Lock()
        self._open: dict[int, tuple[LiveStream, int]] = {}  # with the client it belongs to
        self._ending: set[LiveStream] = set()
        self._shut = False

    def __iter__(self) -> Iterator[LiveStream]:
        """Iterate over the open streams, oldest first."""
        return iter([stream for stream, _ in list(self._open.values())])

    def get_ready(self, settings: TranscriberSettings) -> threading.Thread:
        """Find out what streams with such settings will want to know of their model, so that the first hears at once.

        Returns
        -------
        Thread
            Which does it.
        """

        def find() -> None:
            try:
                classifier = self._load()
                Hearing(classifier, classifier.sample_rate, settings)
            except Exception as error:  # whoever opens a stream is told, and how
                _log.debug("no stream can be opened yet: %s", error)

        thread = threading.Thread(target=find, name="getting ready", daemon=True)
        thread.start()
        return thread

    def open(
        self,
        sample_rate: int,
        channels: int,
        *,
        client_id: int = 0,
        name: str = "",
        settings: TranscriberSettings | None = None,
        lasting: bool = False,
        profile: str = "",
        on_opened: Callable[[LiveStream, Exception | None], None] | None = None,
    ) -> LiveStream:
        """Open a stream.

        Parameters
        ----------
        sample_rate, channels, settings, profile
            As for `LiveStream`.
        client_id : int
            Whose it is, see `drop`.
        name : str
            No two open streams have the same one; "" is none.
        lasting : bool
            Whether it stays open while no audio comes and when its client is gone: its source ends it.
        on_opened : callable, optional
            Called from the stream's thread with the stream and None, or with why it cannot be heard.

        Raises
        ------
        SettingsError
            As for `LiveStream`.
        StreamError
            ``stream.name_taken``, ``stream.too_many``.
        """
        with self._lock:
            if self._shut:
                raise StreamError("stream.too_many", "The server is stopping.")
            self._make_room(name)
            opened: list[LiveStream] = []
            filled = threading.Event()  # the thread may be ready before its stream is known here

            def tell(error: Exception | None) -> None:
                if on_opened is not None:
                    filled.wait()
                    on_opened(opened[0], error)

            stream = LiveStream(
                next(self._ids),
                self._load,
                sample_rate,
                channels,
                settings,
                on_hits=self.bus.hits,
                on_gap=self.bus.gap,
                on_opened=tell,
                on_over=self._over,
                idle_s=None if lasting else self._idle_s,
                name=name,
                profile=profile,
            )
            opened.append(stream)
            self._open[stream.stream_id] = stream, client_id
            filled.set()
            return stream

    def find(self, stream_id: int) -> LiveStream:
        """Return an open stream.

        Raises
        ------
        StreamError
            ``stream.not_found``.
        """
        found = self._open.get(stream_id)
        if found is None:
            raise StreamError("stream.not_found", f"There is no stream {stream_id}: it was closed or idle too long.")
        return found[0]

    def of_client(self, client_id: int) -> list[LiveStream]:
        """Return the open streams of a client."""
        return [stream for stream, owner in list(self._open.values()) if owner == client_id]

    def close(self, stream_id: int, closed: Callable[[], None] | None = None) -> None:
        """End a stream; `closed` is called when its last hits have left.

        Raises
        ------
        StreamError
            ``stream.not_found``.
        """
        with self._lock:
            self.find(stream_id)
            self._end(stream_id, closed)

    def drop(self, client_id: int) -> None:
        """End every stream of a client that is gone, but those whose source is somebody else's."""
        with self._lock:
            for stream in self.of_client(client_id):
                if not stream.lasting:
                    self._end(stream.stream_id)

    def has_open(self, client_id: int) -> bool:
        """Whether a stream of the client is open."""
        return bool(self.of_client(client_id))

    def shut_down(self, timeout_s: float) -> bool:
        """End all streams and wait for their threads; return whether all ended in time."""
        with self._lock:
            self._shut = True
            for stream_id in list(self._open):
                self._end(stream_id)
            ending = list(self._ending)
        deadline = time.monotonic() + timeout_s
        return all([stream.join(max(0.0, deadline - time.monotonic())) for stream in ending])

    def _make_room(self, name: str) -> None:
        now = time.monotonic()
        for stream, _ in list(self._open.values()):
            if name and stream.name == name:
                if stream.lasting or now - stream.heard_s < GONE_S:
                    raise StreamError("stream.name_taken", f"A stream named {name!r:.80} is open already.")
                self._end(stream.stream_id)
        if len(self._open) >= self._limit:
            passing = [stream for stream, _ in self._open.values() if not stream.lasting]
            idlest = min(passing, key=lambda stream: stream.heard_s, default=None)
            if idlest is None or now - idlest.heard_s < GONE_S:
                raise StreamError("stream.too_many", f"{len(self._open)} streams are open, and all are in use.")
            self._end(idlest.stream_id)

    def _end(self, stream_id: int, closed: Callable[[], None] | None = None) -> None:
        stream, _ = self._open.pop(stream_id)
        self._ending.add(stream)
        stream.close(closed)

    def _over(self, stream: LiveStream) -> None:
        with self._lock:
            self._open.pop(stream.stream_id, None)
            self._ending.discard(stream)
        self.bus.over(stream)
