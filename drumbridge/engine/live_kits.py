"""Kits and live streams: which stream is named by which kit, and whose hits become taps of which pad.

Conventions: kits live on disk; every change is stored at once, so nothing is lost with the server, and what another
process taught is there too. Methods may be called from any thread; they read and write files. A stroke becomes a tap of
the pad that was chosen when its audio arrived, so what was played before a change of pads stays with the pad before.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, NamedTuple

from drumbridge.core.classifier import Classifier
from drumbridge.core.events import Hit, Stage
from drumbridge.core.kit import Kit, Pad, Tap
from drumbridge.core.learned_kit import LearnedKit
from drumbridge.errors import KitError
from drumbridge.formats.kits import KitStore, kit_name

from .event_bus import StreamListener
from .kit_learning import fitted_kit, learned_kit, new_kit
from .kit_taps import heard_hits, tap_of
from .live_stream import LiveStream
from .streams import Streams

_log = logging.getLogger(__name__)

_MOST_WAITING: Final = 256  # taps that wait to be learned; nobody plays so far ahead
_CHOICES = 16  # of pads that are remembered of a stream: strokes are told within a second


class Tapped(NamedTuple):
    """A tap that was learned: the hit of a stream that it was, its kit and pad, and how many taps the pad has."""

    stream_id: int
    hit_index: int
    kit: str
    pad: Pad
    n_taps: int


class _Choice(NamedTuple):
    position: int  # of the stream, from where on it holds
    kit: str  # "" teaches nothing
    pad: int
    tapped: Callable[[Tapped | None, Exception | None], None]


class LiveKits(StreamListener):
    """The kits of a server.

    Parameters
    ----------
    store : KitStore
    load : callable
        Returns the classifier of the streams.
    streams : Streams
        Its bus tells of their hits.
    """

    def __init__(self, store: KitStore, load: Callable[[], Classifier], streams: Streams) -> None:
        self.store = store
        self._load = load
        self._streams = streams
        self._lock = threading.RLock()  # kits on disk, and who uses them
        self._used: dict[int, str] = {}  # kit, by stream
        self._choices: dict[int, tuple[_Choice, ...]] = {}  # by stream; replaced, never changed: its thread reads it
        self._waiting = 0
        self._learner = ThreadPoolExecutor(1, thread_name_prefix="drumbridge-kits")
        streams.bus.add(self)

    def shut_down(self) -> None:
        """Learn what was tapped, and no more."""
        self._streams.bus.remove(self)
        self._learner.shutdown(wait=True)

    def new(self, name: str) -> Kit:
        """Make a kit.

        Raises
        ------
        KitError
            ``kit.name``, ``kit.exists``, ``kit.file``.
        """
        with self._lock:
            name = kit_name(name)
            if self.store.has(name):
                raise KitError("kit.exists", f"There is a kit {name!r} already: delete it, or use another name.")
            kit = new_kit(name, self._load())
            self.store.save(kit)
            return kit

    def pad(self, name: str, pad: str, note: int | None = None, colour: int | None = None) -> Pad:
        """Make a pad of a kit, or change it; return it.

        Raises
        ------
        KitError
            As `KitStore.load`, `Kit.with_pad` and `KitStore.save`.
        """
        with self._lock:
            kit = self.store.load(name).with_pad(pad, note, colour)
            self._keep(kit)
            return kit.find(pad)

    def teach_file(self, name: str, pad: str, path: Path) -> tuple[Pad, int]:
        """Make taps of a pad, which need not be there yet, of the strokes in a file; return it and its number of taps.

        Raises
        ------
        AudioError
            The file cannot be read.
        KitError
            ``kit.no_hits``, or as `pad`.
        """
        classifier = self._load()
        hits = heard_hits(path, classifier)
        if not hits:
            raise KitError("kit.no_hits", f"No stroke is heard in {path}: it may be too soft, or not percussive.")
        with self._lock:
            kit = fitted_kit(self.store.load(name), classifier).with_pad(pad)
            for hit in hits:
                kit = kit.with_tap(tap_of(hit, kit.find(pad).number))
            self._keep(kit)
            return kit.find(pad), len(kit.taps_of(kit.find(pad).number))

    def undo(self, name: str) -> tuple[Pad, int]:
        """Take back the last tap of a kit; return its pad and how many taps that has left.

        Raises
        ------
        KitError
            ``kit.no_taps``, or as `KitStore.load` and `KitStore.save`.
        """
        with self._lock:
            kit = self.store.load(name)
            undone = kit.undone()
            self._keep(undone)
            pad = kit.find(kit.taps[-1].pad)
            return pad, len(undone.taps_of(pad.number))

    def teach(
        self, stream_id: int, name: str, pad: str, tapped: Callable[[Tapped | None, Exception | None], None]
    ) -> Pad | None:
        """Make taps of a pad of the strokes that a stream hears from now on; with "" for a pad, of no pad any more.

        Parameters
        ----------
        stream_id : int
        name, pad : str
            The kit, which is stored already, and its pad.
        tapped : callable
            Called from another thread with each tap that was learned and None, or with None and why not.

        Raises
        ------
        StreamError
            ``stream.not_found``.
        KitError
            ``kit.no_pad``, or as `KitStore.load`.
        """
        stream = self._streams.find(stream_id)
        with self._lock:
            chosen = None if not pad else self.store.load(name).find(pad)
            choice = _Choice(stream.position, kit_name(name), chosen.number, tapped) if chosen else None
            before = self._choices.get(stream_id, ())
            if choice is None and not before:
                return None
            self._choices[stream_id] = (
                *before[-_CHOICES:],
                choice or _Choice(stream.position, "", -1, tapped),
            )
            stream.keep_excerpts(True)
            return chosen

    def use(self, stream_id: int, name: str) -> Kit | None:
        """Name the hits of a stream by a kit from now on, or with "" by labels; return the kit.

        Raises
        ------
        StreamError
            ``stream.not_found``.
        KitError
            ``kit.no_taps``, or as `KitStore.load`.
        """
        stream = self._streams.find(stream_id)
        with self._lock:
            if not name:
                self._used.pop(stream_id, None)
                stream.use_kit(None)
                return None
            kit = self.store.load(name)
            stream.use_kit(self._learned(kit, stream))
            self._used[stream_id] = kit.name
            return kit

    def rename(self, name: str, new_name: str) -> None:
        """Give a kit another name; streams that use it or learn it go on.

        Raises
        ------
        KitError
            As `KitStore.rename`.
        """
        with self._lock:
            self.store.rename(name, new_name)
            old, new = kit_name(name), kit_name(new_name)
            self._used = {stream: new if used == old else used for stream, used in self._used.items()}
            for stream_id, choices in list(self._choices.items()):
                self._choices[stream_id] = tuple(c._replace(kit=new) if c.kit == old else c for c in choices)

    def delete(self, name: str) -> None:
        """Delete a kit; streams that use it go on with what they learned.

        Raises
        ------
        KitError
            As `KitStore.delete`.
        """
        with self._lock:
            self.store.delete(name)

    def flush(self) -> None:
        """Wait until every stroke that was told is learned and stored."""
        self._learner.submit(lambda: None).result()

    def on_hits(self, stream: LiveStream, hits: list[Hit]) -> None:
        choices = self._choices.get(stream.stream_id)
        if not choices:
            return
        for hit in hits:
            if hit.stage is not Stage.FINAL or hit.excerpt is None:
                continue
            choice = next((choice for choice in reversed(choices) if choice.position <= hit.position), None)
            if choice is None:
                continue
            if choice.kit:
                self._queue(choice, stream.stream_id, hit.index, tap_of(hit, choice.pad))
            elif choice is choices[-1]:
                self._choices.pop(stream.stream_id, None)
                stream.keep_excerpts(False)

    def on_over(self, stream: LiveStream) -> None:
        self._choices.pop(stream.stream_id, None)
        self._used.pop(stream.stream_id, None)

    def _queue(self, choice: _Choice, stream_id: int, hit_index: int, tap: Tap) -> None:
        if self._waiting >= _MOST_WAITING:
            choice.tapped(None, KitError("kit.too_fast", "Taps come faster than they can be learned; one was lost."))
            return
        self._waiting += 1
        self._learner.submit(self._learn, choice, stream_id, hit_index, tap)

    def _learn(self, choice: _Choice, stream_id: int, hit_index: int, tap: Tap) -> None:
        self._waiting -= 1
        try:
            with self._lock:
                kit = fitted_kit(self.store.load(choice.kit), self._load()).with_tap(tap)
                self._keep(kit)
            pad = kit.find(tap.pad)
            choice.tapped(Tapped(stream_id, hit_index, kit.name, pad, len(kit.taps_of(pad.number))), None)
        except Exception as error:
            if not isinstance(error, KitError):
                _log.exception("a tap could not be learned")
            choice.tapped(None, error)

    def _keep(self, kit: Kit) -> None:
        """Store a kit, and let the streams that use it hear by it."""
        self.store.save(kit)
        for stream in self._streams:
            if self._used.get(stream.stream_id) == kit.name:
                stream.use_kit(self._learned(kit, stream) if kit.taps else None)

    def _learned(self, kit: Kit, stream: LiveStream) -> LearnedKit:
        return learned_kit(kit, stream.classifier or self._load(), stream.settings)
