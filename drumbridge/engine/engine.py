"""The engine: what front ends call. Files and folders in, classifications and transcriptions out.

Conventions: positions are samples of the file; an engine loads nothing until it is used, keeps the models
it has loaded, and may be used from many threads at once. Work that can be long takes `cancelled`, which is
asked at every block and ends the work with ``job.cancelled`` once it returns true.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from pathlib import Path

from drumbridge.core.events import Classification, Hit, Transcription
from drumbridge.core.excerpts import check_after_ms
from drumbridge.core.kit import Kit
from drumbridge.core.learned_kit import LearnedKit
from drumbridge.core.transcriber import TranscriberSettings
from drumbridge.errors import DrumbridgeError, LibraryError
from drumbridge.formats.kits import KitStore
from drumbridge.inference.classifier import OnnxClassifier
from drumbridge.inference.registry import model_path
from drumbridge.library.corrections import WHOLE, correct, hit_position
from drumbridge.library.listing import Counts
from drumbridge.library.location import library_path
from drumbridge.library.sounds import Sound, hits_of, sounds_at
from drumbridge.library.store import Library

from .cancellation import check_cancelled
from .classification import classify_files
from .file_transcription import transcribe_file
from .hit_models import check_hears_hits
from .kit_learning import learned_kit
from .permissions import check_label, check_may_hear
from .personal_ear import PersonalEar
from .recent_hits import RecentHits
from .scan import Scan, hear_one, model_of_scan
from .sound_hearing import AUTO, content_hash

_AT_ONCE = 16  # files that one worker decodes before their excerpts are scored together


class Engine:
    """Classifies and transcribes files.

    Parameters
    ----------
    model : str, optional
        Name of a shipped model or path of any; None for the default. Each call may name another.
    threads : int
        Threads within one run of a model.
    library : path-like, optional
        File of the sample library; see `library_path` for where it is by default.
    kits : path-like, optional
        Folder of the kits that somebody taught; see `KitStore` for where it is by default.
    head : bool
        Name one-shots, and hits of files, by the personal head that the library has in use, where that speaks of them;
        what is decided after some ms, and streams, are the model's all the same.

    Attributes
    ----------
    kits : KitStore
    recent_hits : RecentHits
        What clients were told; kept here for whoever serves them.
    """

    def __init__(
        self,
        *,
        model: str | None = None,
        threads: int = 1,
        library: str | os.PathLike[str] | None = None,
        kits: str | os.PathLike[str] | None = None,
        head: bool = False,
    ) -> None:
        self._head = head
        self._model = model
        self._library = library
        self.kits = KitStore(None if kits is None else Path(kits))
        self.recent_hits = RecentHits()
        self._threads = threads
        self._loaded: dict[tuple[Path, int], OnnxClassifier] = {}
        self._lock = threading.Lock()

    def load_model(self, name_or_path: str | None = None) -> OnnxClassifier:
        """Return a model, loaded at most once; a file that was changed is loaded anew.

        Raises
        ------
        ModelError
            See `OnnxClassifier`.
        """
        path = model_path(name_or_path or self._model)
        with self._lock:
            try:
                key = (path.resolve(), os.stat(path).st_mtime_ns)
            except (OSError, ValueError):
                return OnnxClassifier(path, threads=self._threads)  # raises, and says why
            if key not in self._loaded:
                self._loaded[key] = OnnxClassifier(path, threads=self._threads)
            return self._loaded[key]

    def load_hit_model(self, name_or_path: str | None = None) -> OnnxClassifier:
        """Return a model that can hear the hits of a recording or a stream.

        Raises
        ------
        ModelError
            As `load_model`; ``model.segmentation`` for a model of whole files or of pieces of equal length.
        """
        classifier = self.load_model(name_or_path)
        check_hears_hits(classifier)
        return classifier

    def classify(
        self,
        path: str | os.PathLike[str],
        *,
        model: str | None = None,
        after_ms: float | None = None,
        kit: Kit | None = None,
    ) -> Classification:
        """Say what a one-shot is.

        Parameters
        ----------
        path : path-like
            An audio file with one sound, see `read_one_shot`.
        model : str, optional
            Name or path; the engine's own by default.
        after_ms : float, optional
            Decide on this much of the sound after its attack, ms; by default on all that the model hears.
        kit : Kit, optional
            Its pads are the answers, and "unsure" is none of them; as for `transcribe`.

        Raises
        ------
        AudioError, KitError, ModelError, SettingsError
        LibraryError
            ``library.no_head``, ``library.head_model``: with `head`.
        """
        check_after_ms(after_ms)
        classifier, learned = self._classifier_and_kit(model, after_ms, kit)
        ear = None if learned else self._personal_ear(classifier, after_ms)
        ((_, result),) = classify_files([os.fspath(path)], classifier, after_ms, None, learned)
        if isinstance(result, DrumbridgeError):
            raise result
        return ear.heard(result) if ear else result

    def classify_many(
        self,
        paths: Iterable[str | os.PathLike[str]],
        *,
        model: str | None = None,
        after_ms: float | None = None,
        kit: Kit | None = None,
        workers: int | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> Iterator[tuple[str, Classification | DrumbridgeError]]:
        """Classify many one-shots, in the order given, on all cores and in bounded memory.

        Parameters
        ----------
        paths : iterable of path-like
            Taken as they are needed.
        model, after_ms, kit
            As for `classify`.
        workers : int, optional
            Threads; one per core by default.
        cancelled : callable, optional

        Yields
        ------
        (str, Classification or DrumbridgeError)
            The path, and what it is or why that cannot be said.

        Raises
        ------
        JobError
            ``job.cancelled``.
        KitError, LibraryError, ModelError, SettingsError
        """
        check_after_ms(after_ms)
        classifier, learned = self._classifier_and_kit(model, after_ms, kit)
        ear = None if learned else self._personal_ear(classifier, after_ms)
        workers = workers or os.cpu_count() or 1
        source = iter(paths)
        running: deque[Future[list[tuple[str, Classification | DrumbridgeError]]]] = deque()
        pool = ThreadPoolExecutor(workers, thread_name_prefix="drumbridge-classify")
        try:
            while True:
                check_cancelled(cancelled)
                while len(running) < 2 * workers and (chunk := [os.fspath(path) for path in islice(source, _AT_ONCE)]):
                    running.append(pool.submit(classify_files, chunk, classifier, after_ms, cancelled, learned))
                if not running:
                    return
                for path, result in running.popleft().result():
                    yield path, ear.heard(result) if ear and not isinstance(result, DrumbridgeError) else result
                    check_cancelled(cancelled)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def _personal_ear(self, classifier: OnnxClassifier, after_ms: float | None) -> PersonalEar | None:
        """Return the head that the library has in use, if answers are to be its."""
        if not self._head or after_ms is not None:
            return None
        ear = PersonalEar(self._library)
        ear.check_model(classifier)
        return ear

    def _classifier_and_kit(
        self, model: str | None, after_ms: float | None, kit: Kit | None
    ) -> tuple[OnnxClassifier, LearnedKit | None]:
        """Return a model, and a kit learned for it; a kit is of hits, so the model has to hear those."""
        if kit is None:
            return self.load_model(model), None
        classifier = self.load_hit_model(model)
        return classifier, learned_kit(kit, classifier, TranscriberSettings(after_ms=after_ms))

    def transcribe(
        self,
        path: str | os.PathLike[str],
        *,
        start_s: float = 0.0,
        end_s: float | None = None,
        model: str | None = None,
        settings: TranscriberSettings | None = None,
        kit: Kit | None = None,
        on_hits: Callable[[list[Hit], int], None] | None = None,
        on_progress: Callable[[int, int], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> Transcription:
        """Find and name the hits of a file, or of a part of it.

        Parameters
        ----------
        path : path-like
        start_s, end_s : float, optional
            The part, seconds; hits from `start_s` up to but not including `end_s`. Positions count from
            the start of the file all the same. A part that ends after the file ends with it.
        model : str, optional
            Name or path; the engine's own by default.
        settings : TranscriberSettings, optional
        kit : Kit, optional
            Its pads name the hits instead of the model's labels; learned for the model, whichever it was made with.
        on_hits : callable, optional
            Called with (hits, sample_rate) as soon as they are known.
        on_progress : callable, optional
            Called with (done, total), samples of the part, after every block; total is 0 while a file does
            not tell its length.
        cancelled : callable, optional

        Raises
        ------
        AudioError
            As `open_audio` and `AudioFile.blocks` do; ``audio.range`` for a part that starts after
            the file ends, or ends before it starts.
        JobError
            ``job.cancelled``.
        KitError, ModelError, SettingsError
        LibraryError
            ``library.no_head``, ``library.head_model``: with `head`.
        """
        classifier = self.load_hit_model(model)
        ear = self._personal_ear(classifier, settings.after_ms if settings else None) if kit is None else None
        return transcribe_file(
            path,
            classifier,
            start_s=start_s,
            end_s=end_s,
            settings=settings,
            kit=kit,
            head=ear.of_hits() if ear else None,
            on_hits=on_hits,
            on_progress=on_progress,
            cancelled=cancelled,
        )

    def scan(
        self,
        folder: str | os.PathLike[str],
        *,
        kind: str = AUTO,
        on_counts: Callable[[Counts], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> Iterator[Sound]:
        """Hear every audio file below a folder that the library does not know yet, and say what all of them are.

        Parameters
        ----------
        folder : path-like
        kind : str
            "one_shot" or "loop" takes all for that; "auto" tells them apart.
        on_counts : callable, optional
            Called once it is known how many files there are.
        cancelled : callable, optional

        Yields
        ------
        Sound
            First the known ones, then the others as they are heard, both in order of their paths.

        Raises
        ------
        AudioError
            As `audio_files_below`.
        JobError
            ``job.cancelled``; what was heard stays in the library.
        LibraryError, ModelError, SettingsError
        """
        model = model_of_scan(self._model, kind)
        with Library(library_path(self._library)) as library:
            scan = Scan(library, model, self.load_model, cancelled)
            counts = scan.compare([folder])
            if on_counts is not None:
                on_counts(counts)
            for sound in scan.unchanged():
                yield sound
                check_cancelled(cancelled)
            for paths in scan.run():
                yield from sounds_at(library, paths)

    def correct(
        self, path: str | os.PathLike[str], index: int, label: str, *, position: int | None = None
    ) -> tuple[str, float]:
        """Write down what a person knows better: it stands in the place of what was heard, at once and for good.

        A file that the library does not know is heard first, and then known.

        Parameters
        ----------
        path : path-like
            Absolute.
        index : int
            Of a hit of the whole file, from 0; -1 for the file as a whole, and 0 as well if it is a one-shot.
        label : str
            Name of a label; "" takes a correction back.
        position : int, optional
            Where the hit is, sample of the file, when that is known better than its index.

        Returns
        -------
        (str, float)
            The label that counts now, and its confidence.

        Raises
        ------
        AudioError
            As `check_may_hear`, or it cannot be heard.
        LibraryError
            ``library.label``, ``library.no_hit``, or what is wrong with the library.
        ModelError
        """
        file = check_may_hear(Path(path))
        label = check_label(label)
        with Library(library_path(self._library)) as library:
            content = content_hash(os.fsencode(file))
            if index == WHOLE:
                position = WHOLE
            elif position is None:
                position = hit_position(library, content, index)
            if position is None or next(sounds_at(library, [os.fsencode(file)]), None) is None:
                hear_one(library, model_of_scan(self._model), self.load_model, file)
                if position is None:
                    position = hit_position(library, content, index)
            if position is None:
                raise LibraryError("library.not_heard", f"{file} could not be heard.")
            correct(library, content, position, label)
            (sound,) = sounds_at(library, [os.fsencode(file)])
            for hit in hits_of(library, sound) if position != WHOLE else ():
                if hit.position == position:
                    return hit.label, hit.confidence
            return (label, 1.0) if position != WHOLE and label else (sound.label, sound.confidence)
