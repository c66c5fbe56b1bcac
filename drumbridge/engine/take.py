"""One take: the audio of a live stream as a WAV file, and its final hits as MIDI and JSON beside it.

Conventions: positions are samples of the stream. `audio`, `hits` and `gap` are called from the stream's thread and
only put things aside; a thread of the take's own writes. What comes faster than the disk takes it is silence in the
file, counted and told. A take ends when it is stopped and the last hits in it are known, when its stream ends, or when
it cannot be written; its callback is called once then. Until the end there is the WAV file alone. Where no audio comes
after the stop, the last hits are decided by what is there, for the take alone: the stream decides when more has come.
"""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import queue
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from drumbridge.audio.files import MAX_MAGNITUDE
from drumbridge.audio.wav_writer import WavWriter
from drumbridge.core.events import Hit, Stage, Transcription
from drumbridge.errors import StreamError
from drumbridge.formats.midi import write_midi
from drumbridge.formats.take import write_take

from .live_stream import GapReason, LiveStream

_log = logging.getLogger(__name__)

ROOM_S: Final = 10.0  # of audio that may wait for the disk
_NEVER: Final = 1 << 62  # a position that no stream reaches
PATIENCE_S: Final = 1.0  # without audio, before the last hits of a take that was stopped are decided without it
_SUFFIXES = (".wav", ".mid", ".json")


class _Stop(NamedTuple):
    position: int


class _End(NamedTuple):
    pass


class Take:
    """A recording that runs.

    Parameters
    ----------
    stream : LiveStream
    folder : Path
        Where the files go; must exist.
    on_started : callable
        Called once from the take's thread: with None when the file is open, or with why it cannot be.
    on_ended : callable
        Called once from the take's thread with (take, None), or with what went wrong, unless it did not start.

    Attributes
    ----------
    path : Path
        Of the WAV file; those beside it have the same name.
    lost : int
        Samples that came faster than they could be written.
    """

    def __init__(
        self,
        stream: LiveStream,
        folder: Path,
        *,
        on_started: Callable[[StreamError | None], None],
        on_ended: Callable[[Take, StreamError | None], None],
    ) -> None:
        self.path = folder
        self.lost = 0
        self.stream = stream
        self._folder = folder
        self._on_started = on_started
        self._on_ended: Callable[[Take, StreamError | None], None] | None = on_ended
        self._first = _NEVER
        self._last: int | None = None  # where it was stopped
        self._hits: list[Hit] = []
        self._gaps: list[tuple[int, int, str]] = []
        self._queue: queue.SimpleQueue[np.ndarray | int | _Stop | _End] = queue.SimpleQueue()
        self._room = round(ROOM_S * stream.sample_rate)
        self._put = 0  # samples of audio put into the queue; written by the stream's thread
        self._taken = 0  # and taken out; written by the take's
        self._owed = 0  # samples lost since the last that found room
        self._heard_to = 0
        self._is_over = False
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name=f"drumbridge-take-{stream.stream_id}", daemon=True)

    def begin(self) -> None:
        """Record what arrives from now on; the stream must hand its audio over already."""
        self._first = self.stream.position
        self._thread.start()

    def audio(self, position: int, heard: np.ndarray | int) -> None:
        """Take in audio that was heard, or the length of a gap."""
        n = heard if isinstance(heard, int) else len(heard)
        start = max(position, self._first)
        stop = position + n if self._last is None else min(position + n, self._last)
        if stop > start:
            self._heard_to = stop
            self._keep(start, stop - start if isinstance(heard, int) else heard[start - position : stop - position])
        if self._last is not None and position + n >= self._last + self.stream.latency:
            self.end()

    def hits(self, hits: list[Hit]) -> None:
        """Take in hits of the stream."""
        if self._is_over:
            return
        for hit in hits:
            if hit.stage is Stage.FINAL and hit.position >= self._first:
                self._hits.append(dataclasses.replace(hit, scores=()))

    def gap(self, position: int, length: int, reason: GapReason) -> None:
        """Take in that audio is missing."""
        if position + length > self._first:
            self._gaps.append((position, length, reason.name.lower()))

    def stop(self, on_ended: Callable[[Take, StreamError | None], None]) -> bool:
        """End with what has arrived by now, and call this instead; False when the take has ended already."""
        with self._lock:
            if self._on_ended is None or self._last is not None:
                return False
            self._on_ended = on_ended
            self._last = self.stream.position
        self._queue.put(_Stop(self._last))
        return True

    def end(self) -> None:
        """End with what was heard; called from the stream's thread, or when that has ended."""
        if self._owed:
            self._own_up(self._heard_to)
        self._is_over = True
        self._queue.put(_End())

    def join(self, timeout_s: float) -> bool:
        """Wait for the end; return whether it came in time."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _end_with(self, hits: list[Hit]) -> None:
        """End with what was heard and with hits that were open; called from the stream's thread."""
        self.hits(hits)
        self.end()

    def _keep(self, position: int, piece: np.ndarray | int) -> None:
        if not isinstance(piece, int):
            if self._put - self._taken + len(piece) > self._room:
                self._owed += len(piece)
                return
            self._put += len(piece)
        if self._owed:
            self._own_up(position)
        self._queue.put(piece)

    def _own_up(self, position: int) -> None:
        """Put silence in place of what was lost just before a position."""
        self.lost += self._owed
        self._gaps.append((position - self._owed, self._owed, "not_written"))
        self._queue.put(self._owed)
        self._owed = 0

    def _run(self) -> None:
        started = datetime.now().astimezone()
        try:
            writer = self._open(started)
        except OSError as error:
            with self._lock:
                self._on_ended = None
            self._on_started(_cannot_write(self._folder, error))
            return
        self._on_started(None)
        failure: StreamError | None = None
        try:
            self._write(writer)
        except OSError as error:
            failure = _cannot_write(self.path, error)
        except Exception:
            _log.exception("take %s ended by a bug", self.path)
            failure = StreamError("take.write", f"{self.path} was not completed: see the log.")
        try:
            self._complete(writer, started)
        except OSError as error:
            failure = failure or _cannot_write(error.filename or self.path, error)
        if failure is not None:
            _log.warning("%s", failure.message)
        if writer.n_samples == 0:
            with contextlib.suppress(OSError):
                self.path.unlink(missing_ok=True)
            failure = failure or StreamError("take.empty", "There was no audio in the take: nothing was saved.")
        with self._lock:
            on_ended, self._on_ended = self._on_ended, None
        assert on_ended is not None
        on_ended(self, failure)

    def _open(self, started: datetime) -> WavWriter:
        """Open a file whose name, and those of the files beside it, nothing has yet."""
        base = f"take-{started:%Y-%m-%d-%H%M%S}"
        for k in range(1, 1000):
            self.path = self._folder / f"{base}{'' if k == 1 else f'-{k}'}.wav"
            if any(self.path.with_suffix(suffix).exists() for suffix in _SUFFIXES):
                continue
            try:
                return WavWriter(self.path, self.stream.sample_rate, self.stream.channels)
            except FileExistsError:
                continue
        raise FileExistsError(17, "too many takes were begun in this second", str(self._folder))

    def _write(self, writer: WavWriter) -> None:
        arrived: int | None = None  # once it is stopped: the stream's length when this was looked at last
        while True:
            try:
                piece = self._queue.get(timeout=None if arrived is None else PATIENCE_S)
            except queue.Empty:
                if arrived == self.stream.position:
                    self.stream.ask_open_hits(self._end_with)
                    arrived = None
                else:
                    arrived = self.stream.position
                continue
            if isinstance(piece, _End):
                return
            if isinstance(piece, _Stop):
                arrived = piece.position
            elif isinstance(piece, int):
                writer.silence(piece)
            else:
                writer.write(_usable(piece))
                self._taken += len(piece)

    def _complete(self, writer: WavWriter, started: datetime) -> None:
        writer.close()
        if writer.n_samples == 0:
            return
        end = self._first + writer.n_samples
        inside = sorted((hit for hit in self._hits if hit.position < end), key=lambda hit: hit.position)
        hits = [dataclasses.replace(h, index=k, position=h.position - self._first) for k, h in enumerate(inside)]
        assert self.stream.classifier is not None
        heard = Transcription(tuple(hits), self.stream.sample_rate, writer.n_samples, self.stream.classifier.name)
        gaps = [(max(0, p - self._first), n + min(0, p - self._first), why) for p, n, why in self._gaps if p < end]
        write_midi(self.path.with_suffix(".mid"), heard, new=True)
        write_take(
            self.path.with_suffix(".json"),
            heard,
            audio=self.path.name,
            channels=self.stream.channels,
            started=started.isoformat(timespec="milliseconds"),
            gaps=gaps,
        )


def _usable(block: np.ndarray) -> np.ndarray:
    """Return audio with silence where it is none, so that every reader takes the file."""
    with np.errstate(all="ignore"):
        usable = (np.abs(block) <= MAX_MAGNITUDE).all(axis=1)  # false for NaN too
    return block if usable.all() else np.where(usable[:, None], block, np.float32(0))


def _cannot_write(path: Path | str, error: OSError) -> StreamError:
    return StreamError("take.write", f"{path} cannot be written: {error.strerror or error}.")
