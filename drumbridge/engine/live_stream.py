"""One live stream: blocks go in from whoever receives audio, hits come out of a thread of its own.

Conventions: positions are samples of the stream, gaps included. `feed` and `gap` are called from one thread at a time
and never wait: what arrives faster than it is heard is kept up to `ROOM_S` seconds, and beyond that becomes a gap.
The callbacks are called from the stream's thread, in the order of the stream; they must be quick.
"""

from __future__ import annotations

import enum
import logging
import queue
import time
from collections import deque
from collections.abc import Callable
from threading import Lock, Thread
from typing import Final, NamedTuple

import numpy as np

from drumbridge.core.classifier import Classifier
from drumbridge.core.events import Hit
from drumbridge.core.learned_kit import LearnedKit
from drumbridge.core.transcriber_settings import TranscriberSettings
from drumbridge.errors import SettingsError

from .hearing import AFTER, Hearing
from .readiness import stand_ready
from .stream_clock import StreamClock

_log = logging.getLogger(__name__)

LOWEST_RATE: Final = 8000  # Hz
HIGHEST_RATE: Final = 192000
MOST_CHANNELS: Final = 64
ROOM_S: Final = 10.0
_AT_ONCE = 16384  # samples heard together when several blocks wait


class GapReason(enum.IntEnum):
    """Why audio is missing."""

    LOST = 0  # packets that never came, or too late
    OVERRUN = 1  # it came faster than it could be heard
    RESTARTED = 2  # the numbering began anew: nobody knows how much is missing, the position goes on
    XRUN = 3  # the audio interface or its driver lost it; 0 samples: it says so, and its time stamps show none missing
    DEVICE_GONE = 4  # the device is away; 0 samples when it goes, the length when it is back


class _Gap(NamedTuple):
    length: int
    reason: GapReason


class _End(NamedTuple):
    closed: Callable[[], None] | None


class _Order(NamedTuple):
    """Something to be done in the stream's thread, at its place between what arrives."""

    do: Callable[[Hearing], None]


_Piece = np.ndarray | _Gap | _Order | _End


class LiveStream:
    """A stream and the thread that hears it.

    Parameters
    ----------
    stream_id : int
    load : callable
        Returns the classifier; called in the stream's thread, because loading one takes a while.
    sample_rate : int
        Hz, 8000..192000.
    channels : int
        1..64; mixed by their mean.
    settings : TranscriberSettings, optional
    on_hits : callable
        Called with (stream, hits).
    on_gap : callable, optional
        Called with (stream, position, length, reason).
    on_opened : callable, optional
        Called once with None, or with what went wrong with the model; the stream is over then.
    on_over : callable, optional
        Called once with (stream,) when its thread ends.
    idle_s : float, optional
        End when no audio came for so long; None never.
    name : str
        What its client calls it.
    profile : str
        Whose settings these are: who changes that profile changes the stream.

    Raises
    ------
    SettingsError
        ``settings.sample_rate`` or ``settings.channels``.

    Attributes
    ----------
    settings : TranscriberSettings or None
        Those that it was opened with.
    clock : StreamClock
    overrun : int
        Samples that came faster than they could be heard.
    unusable : int
        Samples that were no audio.
    heard_s : float
        When audio came last, monotonic seconds.
    lasting : bool
        Whether it stays open while no audio comes.
    tap : callable or None
        Called from the stream's thread with (position, audio) of what was heard, or (position, length) of a gap, after
        its hits; it must be quick and not fail.
    latency : int
        The most samples from an attack until its final hit is told; 0 until the model is loaded.
    """

    def __init__(
        self,
        stream_id: int,
        load: Callable[[], Classifier],
        sample_rate: int,
        channels: int,
        settings: TranscriberSettings | None = None,
        *,
        on_hits: Callable[[LiveStream, list[Hit]], None],
        on_gap: Callable[[LiveStream, int, int, GapReason], None] | None = None,
        on_opened: Callable[[Exception | None], None] | None = None,
        on_over: Callable[[LiveStream], None] | None = None,
        idle_s: float | None = None,
        name: str = "",
        profile: str = "",
    ) -> None:
        if not LOWEST_RATE <= sample_rate <= HIGHEST_RATE:
            raise SettingsError(
                "settings.sample_rate",
                f"A stream has {LOWEST_RATE} to {HIGHEST_RATE} samples a second, not {sample_rate}.",
            )
        if not 1 <= channels <= MOST_CHANNELS:
            raise SettingsError("settings.channels", f"A stream has 1 to {MOST_CHANNELS} channels, not {channels}.")
        self.stream_id = stream_id
        self.sample_rate = sample_rate
        self.channels = channels
        self.name = name
        self.profile = profile
        self.clock = StreamClock(sample_rate)
        self.overrun = self.unusable = 0
        self.heard_s = time.monotonic()
        self.classifier: Classifier | None = None  # once it is loaded
        self.tap: Callable[[int, np.ndarray | int], None] | None = None
        self.latency = 0
        self._load = load
        self.settings = settings
        self._on_hits = on_hits
        self._on_gap = on_gap
        self._on_opened = on_opened
        self._on_over = on_over
        self._idle_s = idle_s
        self.lasting = idle_s is None
        self._queue: queue.SimpleQueue[_Piece] = queue.SimpleQueue()
        self._room = round(ROOM_S * sample_rate)
        self._fed = 0  # samples that have arrived, gaps included; written by the thread that feeds
        self._queued = 0  # samples of audio put into the queue; written by the same
        self._heard = 0  # and taken out; written by the stream's thread
        self._refused = 0  # samples since the last one that found room
        self._held: list[np.ndarray] = []  # blocks between which nothing can happen, not in the queue yet
        self._block = 1  # samples that came last; written by the thread that feeds
        self._wake_at = 0  # samples that must have arrived for anything to happen; written by the stream's thread
        self._arriving = Lock()  # over what goes into the queue, and in which order
        self._resume: deque[Callable[[], None]] = deque()
        self._thread = Thread(target=self._run, name=f"drumbridge-stream-{stream_id}", daemon=True)
        self._thread.start()

    @property
    def position(self) -> int:
        """Samples that have arrived, gaps included."""
        return self._fed + self._refused

    @property
    def waiting(self) -> int:
        """Samples of audio that have arrived and are not heard yet."""
        return self._queued - self._heard

    @property
    def has_room(self) -> bool:
        """Whether a source that can wait should go on."""
        return self.waiting <= self._room // 2

    def when_room(self, resume: Callable[[], None]) -> None:
        """Call `resume`, from the stream's thread or this one, as soon as there is room again."""
        if resume not in self._resume:
            self._resume.append(resume)
        if self.has_room or not self._thread.is_alive():  # since it was asked
            self._let_resume()

    def feed(self, block: np.ndarray, arrived_s: float | None = None) -> None:
        """Take in audio, float32 of shape (n, channels) or (n,), which arrived now or when `arrived_s` says."""
        self.heard_s = time.monotonic()
        n = len(block)
        if self.waiting + n > self._room:
            self.overrun += n
            self._refused += n
            return
        self._block = n or self._block
        with self._arriving:
            self._own_up()
            self._fed += n
            self._queued += n
            self._held.append(block if block.ndim == 2 else block.reshape(-1, 1))
            if self._fed >= self._wake_at:
                self._hand_over()
        self.clock.arrived(self._fed, self.heard_s if arrived_s is None else arrived_s)

    def gap(self, length: int, reason: GapReason = GapReason.LOST) -> None:
        """Note that `length` samples are missing here."""
        if reason is GapReason.RESTARTED:
            self.clock.restart()
        with self._arriving:
            self._own_up()
            self._hand_over()
            self._fed += length
            self._queue.put(_Gap(length, reason))

    def change(self, settings: TranscriberSettings) -> None:
        """Hear what arrives from now on by other settings; see `Transcriber.change`."""
        self._order(lambda hearing: hearing.change(settings))

    def use_kit(self, kit: LearnedKit | None) -> None:
        """Name what arrives from now on by a kit, learned for this stream's model and settings; None: by labels."""
        self._order(lambda hearing: hearing.use_kit(kit))

    def keep_excerpts(self, on: bool) -> None:
        """Let final hits carry what was heard of them, or no longer."""
        self._order(lambda hearing: hearing.keep_excerpts(on))

    def ask_open_hits(self, tell: Callable[[list[Hit]], None]) -> None:
        """Have all that arrived heard, and `tell` of the hits that are open still, as they are if no more comes."""
        with self._arriving:
            self._own_up()
        self._order(lambda hearing: tell(hearing.open_hits()))

    def close(self, closed: Callable[[], None] | None = None) -> None:
        """End the stream once all that arrived is heard and its hits have left; `closed` is called then."""
        with self._arriving:
            self._own_up()
            self._hand_over()
            self._queue.put(_End(closed))

    def join(self, timeout_s: float) -> bool:
        """Wait for the end; return whether it came in time."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _order(self, do: Callable[[Hearing], None]) -> None:
        with self._arriving:
            self._hand_over()
            self._queue.put(_Order(do))

    def _own_up(self) -> None:
        if self._refused:
            refused, self._refused = self._refused, 0
            self._hand_over()
            self._fed += refused
            self._queue.put(_Gap(refused, GapReason.OVERRUN))

    def _hand_over(self) -> None:
        """Let the stream's thread have what was held back."""
        if self._held:
            self._queue.put(self._held[0] if len(self._held) == 1 else np.concatenate(self._held))
            self._held.clear()

    def _run(self) -> None:
        try:
            hearing = self._open()
            if hearing is not None:
                self._listen(hearing)
        except Exception:
            _log.exception("stream %d ended by a bug", self.stream_id)
        if self._on_over is not None:
            self._on_over(self)
        self._let_resume()
        self._answer_the_rest()

    def _open(self) -> Hearing | None:
        error: Exception | None = None
        hearing = None
        try:
            self.classifier = self._load()
            hearing = Hearing(self.classifier, self.sample_rate, self.settings)
            self.latency = hearing.latency
        except Exception as raised:
            error = raised
        if self._on_opened is not None:
            self._on_opened(error)
        elif error is not None:
            _log.error("stream %d cannot be heard: %s", self.stream_id, error)
        return hearing

    def _listen(self, hearing: Hearing) -> None:
        ahead: _Piece | None = None
        while True:
            piece = ahead if ahead is not None else self._next()
            ahead = None
            if isinstance(piece, np.ndarray):
                block, ahead = self._with_more(piece, _AT_ONCE, wait=False)
                self._tell(hearing.hear(block))
                self._has_heard(len(block))
                self.unusable = hearing.unusable
                self._let_tap(hearing.position - len(block), block)
                self._wake_at = hearing.position + hearing.until_next
                while ahead is None and self._queue.empty() and hearing.prepare():
                    self._wake_at = hearing.position + hearing.until_next
                if ahead is None and self._queue.empty():
                    stand_ready(self._due_in_s(hearing), hearing.rehearse, lambda: not self._queue.empty())
            elif isinstance(piece, _Gap):
                after = np.zeros((0, self.channels), dtype=np.float32)
                if hearing.bridges(piece.length):
                    after, ahead = self._with_more(after, AFTER, wait=True)
                position = hearing.position
                if piece.length or piece.reason is not GapReason.XRUN:
                    self._tell(hearing.miss(piece.length, after))
                if self._on_gap is not None:
                    self._on_gap(self, position, piece.length, piece.reason)
                self._let_tap(position, piece.length)
                if len(after):
                    self._tell(hearing.hear(after))
                    self._has_heard(len(after))
                    self._let_tap(hearing.position - len(after), after)
            elif isinstance(piece, _Order):
                piece.do(hearing)
            else:
                self._tell(hearing.end())
                if piece.closed is not None:
                    piece.closed()
                return

    def _has_heard(self, n: int) -> None:
        """Make room, and let go on who waits for it: it may be who would send the next piece."""
        self._heard += n
        if self._resume and self.has_room:
            self._let_resume()

    def _due_in_s(self, hearing: Hearing) -> float | None:
        """Return when the block should arrive that completes what the next stroke is judged by; None: no stroke is."""
        missing, block = hearing.until_judgement, self._block
        if missing is None:
            return None
        missing -= self._fed - hearing.position  # what has come but is held back
        return -(-missing // block) * block / self.sample_rate - (time.monotonic() - self.heard_s)

    def _next(self) -> _Piece:
        """Wait for what comes next: the end, when nothing comes for too long."""
        try:
            return self._queue.get(timeout=self._idle_s)
        except queue.Empty:
            return _End(None)

    def _with_more(self, block: np.ndarray, enough: int, *, wait: bool) -> tuple[np.ndarray, _Piece | None]:
        """Return a block with those behind it, up to `enough` samples, and what follows if it is no audio."""
        blocks, n = [block], len(block)
        ahead: _Piece | None = None
        while n < enough and (wait or not self._queue.empty()):
            piece = self._next()
            if not isinstance(piece, np.ndarray):
                ahead = piece
                break
            blocks.append(piece)
            n += len(piece)
        return blocks[0] if len(blocks) == 1 else np.concatenate(blocks), ahead

    def _let_resume(self) -> None:
        """Call those that wait now, but not who begins to wait meanwhile: the room may be taken again."""
        for _ in range(len(self._resume)):
            try:
                self._resume.popleft()()
            except IndexError:  # the other thread was first
                return

    def _let_tap(self, position: int, heard: np.ndarray | int) -> None:
        tap = self.tap  # another thread may take it away
        if tap is not None:
            tap(position, heard)

    def _tell(self, hits: list[Hit]) -> None:
        if hits:
            self._on_hits(self, hits)

    def _answer_the_rest(self) -> None:
        """Answer a close that came while the stream ended by itself."""
        while not self._queue.empty():
            piece = self._queue.get_nowait()
            if isinstance(piece, _End) and piece.closed is not None:
                piece.closed()
