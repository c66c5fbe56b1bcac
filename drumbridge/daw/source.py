"""A sender of audio and the live stream it has now: opened with its first audio, and anew when it ended meanwhile.

Conventions: all methods are called from one thread, but for what the stream's own thread tells. A stream ends when
nothing came for a minute, when its sender leaves, or when its audio changes its rate or channels.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from drumbridge.core.transcriber_settings import TranscriberSettings
from drumbridge.engine.live_stream import LiveStream
from drumbridge.engine.streams import Streams
from drumbridge.errors import StreamError

_log = logging.getLogger(__name__)

Settings = Callable[[], tuple[TranscriberSettings, str]]  # for the next stream, and the profile that they are of


class Source:
    """One sender.

    Parameters
    ----------
    streams : Streams
    name : str
        Of its streams, for status.
    settings : callable
        Returns the settings of each stream, and the name of their profile.
    """

    def __init__(self, streams: Streams, name: str, settings: Settings) -> None:
        self.name = name
        self._streams = streams
        self._settings = settings
        self._stream: LiveStream | None = None
        self._error: Exception | None = None

    @property
    def is_open(self) -> bool:
        """Whether its stream goes on."""
        try:
            return self._stream is not None and self._streams.find(self._stream.stream_id) is self._stream
        except StreamError:
            return False

    def stream(self, sample_rate: int, channels: int) -> tuple[LiveStream, bool]:
        """Return the stream for such audio, and whether it is a new one.

        Raises
        ------
        SettingsError
            There is no audio of that rate or so many channels, or the settings are gone.
        StreamError
            There are too many streams, or a stream of this sender could not be heard.
        """
        found = self._stream
        if found is not None and (found.sample_rate, found.channels) == (sample_rate, channels) and self.is_open:
            return found, False
        if self._error is not None:
            raise StreamError("stream.unheard", f"{self.name} cannot be heard: {self._error}")
        self.end()
        settings, profile = self._settings()
        self._stream = self._streams.open(
            sample_rate, channels, name=self.name, settings=settings, profile=profile, on_opened=self._opened
        )
        _log.info("%s is stream %d: %d Hz, %d channels", self.name, self._stream.stream_id, sample_rate, channels)
        return self._stream, True

    def end(self) -> None:
        """End its stream, if there is one; its hits still come."""
        if self._stream is not None and self.is_open:
            self._streams.close(self._stream.stream_id)
        self._stream = None

    def _opened(self, stream: LiveStream, error: Exception | None) -> None:
        if error is not None:
            self._error = error
            _log.error("%s cannot be heard: %s", self.name, error)
