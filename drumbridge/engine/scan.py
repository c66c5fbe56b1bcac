"""A scan: folders into the library, only what is new or has changed is heard, on all cores.

Conventions: first the folders are listed and compared with what the library knows, then what is left to do is hashed,
looked up and heard in order of its paths, `_AT_ONCE` files at a time, and written as soon as it is known. A scan that
is killed and started again ends with the rows of one that was not: what is written depends on the files alone.
Nothing large is imported before there is something to hear, so a second run costs what listing costs.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from drumbridge.audio.walk import audio_files_below, entry_of
from drumbridge.errors import AudioError, DrumbridgeError, LibraryError, SettingsError
from drumbridge.inference.registry import default_model, model_hash_of, model_path
from drumbridge.library.heads import rescore_new_sounds
from drumbridge.library.listing import Counts, Entry, Listing
from drumbridge.library.sample_map import place_new_sounds
from drumbridge.library.store import HeardFile, Library
from drumbridge.library.vector_file import keep_vectors

from .cancellation import check_cancelled
from .sound_hearing import AUTO, HEARING_VERSION, hear_files, may_pass

if TYPE_CHECKING:
    from drumbridge.inference.classifier import OnnxClassifier
    from drumbridge.library.sounds import Sound

    from .scan_workers import Answer, Hashes, Heard, Workers

_AT_ONCE = 32  # files of one task
_AHEAD = 2  # tasks that wait for each worker
_MANY = 1000  # files for which processes are worth their start

Cancelled = Callable[[], bool]


class Model(NamedTuple):
    """How files are heard: a model and what kind of sound they are taken for."""

    name: str  # as `load_model` takes it, on this machine and on another one
    file: str
    hash: bytes
    kind: str

    @property
    def settings(self) -> str:
        """All that a result depends on beside the model, as text."""
        return json.dumps({"hearing": HEARING_VERSION, "kind": self.kind})


def model_of_scan(name_or_path: str | None = None, kind: str = AUTO) -> Model:
    """Return how to hear, given a model as `model_path` takes it.

    Raises
    ------
    ModelError
        ``model.not_found``.
    SettingsError
        ``settings.kind``.
    """
    if kind != AUTO:
        from drumbridge.core.events import KINDS

        if kind not in KINDS:
            raise SettingsError("settings.kind", f"There is no kind {kind!r}; there are {AUTO}, {', '.join(KINDS)}.")
    name = name_or_path or default_model()
    path = model_path(name)
    return Model(name, path.name, model_hash_of(path), kind)


class Scan:
    """One scan; call `compare`, then go through `run`.

    Parameters
    ----------
    library : Library
        Open for writing, and used by nobody else meanwhile.
    model : Model
    load : callable
        Returns the classifier of that model; called when the first file has to be heard, or never.
    cancelled : callable, optional
        Once it returns true the scan ends with ``job.cancelled``; what was written stays.
    """

    _FAILED = f"error_code IS NOT NULL AND {Listing.IS_LISTED}"

    def __init__(
        self, library: Library, model: Model, load: Callable[[], OnnxClassifier], cancelled: Cancelled | None = None
    ) -> None:
        self.library = library
        self.unreadable: list[bytes] = []
        self._model = model
        self._load = load
        self._cancelled = cancelled
        self._listing = Listing(library)
        self._todo = 0
        self.hearing_id = library.hearing(model.hash, model.settings, model.file)

    def compare(self, folders: Iterable[str | os.PathLike[str]]) -> Counts:
        """List the folders, and return how many files there are, are to be heard, and have vanished.

        Raises
        ------
        AudioError
            As `audio_files_below`: before anything is changed.
        JobError
            ``job.cancelled``.
        """
        # All are looked at before the first is walked: a name that is wrong is told at once.
        walks = [audio_files_below(folder, self.unreadable.append) for folder in folders]
        for walk in walks:
            self._listing.add(walk, partial(check_cancelled, self._cancelled))
        roots = [os.fsencode(os.path.abspath(folder)) for folder in folders]
        return self._compared(roots)

    def _compared(self, roots: Iterable[bytes]) -> Counts:
        counts = self._listing.compare(self.hearing_id, roots, self.unreadable)
        self._todo = counts.todo
        return counts

    def compare_file(self, path: Path) -> Counts:
        """List a single file, as `compare` does folders."""
        status = os.stat(path)
        entry = entry_of(os.fsencode(os.path.abspath(path)), status)
        self._listing.add([entry])
        return self._compared(())

    def unchanged(self) -> Iterator[Sound]:
        """Yield what the library knows of the files that are not to be heard, in order of their paths."""
        from drumbridge.library.sounds import sounds_where

        return sounds_where(self.library, self._listing.IS_UNCHANGED)

    def failed(self) -> Iterator[Sound]:
        """Yield the listed files that could not be heard, now or before, in order of their paths."""
        from drumbridge.library.sounds import sounds_where

        return sounds_where(self.library, self._FAILED)

    def count_failed(self) -> int:
        """Return how many that are."""
        with self.library.explaining() as connection:
            return int(connection.execute(f"SELECT count(*) FROM sounds WHERE {self._FAILED}").fetchone()[0])

    def labels(self) -> dict[str, int]:
        """Return how many of the listed files that could be heard have which label, the commonest first."""
        query = f"SELECT label, count(*) FROM sounds WHERE error_code IS NULL AND {self._listing.IS_LISTED}"
        with self.library.explaining() as connection:
            return dict(connection.execute(f"{query} GROUP BY 1 ORDER BY 2 DESC, 1").fetchall())

    def run(self, workers: Workers | None = None) -> Iterator[list[bytes]]:
        """Hear what is to be heard.

        Yields
        ------
        list of bytes
            The paths of some files, in order, when the library knows them.

        Raises
        ------
        JobError
            ``job.cancelled``.
        LibraryError, ModelError
        """
        rescore_new_sounds(self.library)  # of a scan that was killed before it came to that
        if self._todo or workers is not None:
            yield from self._hear(workers or self._local_workers())
        place_new_sounds(self.library, self.hearing_id)
        keep_vectors(self.library, self.hearing_id)

    def _local_workers(self) -> Workers:
        """Return the cores of this machine: for many files as processes, where the system gives us any."""
        if self._todo >= _MANY and os.cpu_count() != 1:
            from .process_workers import ProcessWorkers

            with contextlib.suppress(OSError):
                return ProcessWorkers(self._model)
        from .scan_workers import LocalWorkers

        return LocalWorkers(self._load, self._model.kind)

    def _hear(self, workers: Workers) -> Iterator[list[bytes]]:
        """Hear what is to be heard, and let go of the workers."""
        hashing: deque[tuple[list[Entry], dict[bytes, bytes], Answer[Hashes] | None]] = deque()
        hearing: deque[tuple[list[HeardFile], list[int], Answer[Heard] | None]] = deque()
        chunks = self._listing.todo(_AT_ONCE)
        try:
            while True:
                check_cancelled(self._cancelled)
                while len(hashing) < _AHEAD * workers.count and (chunk := next(chunks, None)):
                    hashing.append(self._begin(chunk, workers))
                while hashing and len(hearing) < _AHEAD * workers.count:
                    hearing.append(self._go_on(*hashing.popleft(), workers))
                if not hearing:
                    break
                yield self._end(*hearing.popleft())
        finally:
            workers.close()

    def _begin(self, chunk: list[Entry], workers: Workers) -> Any:
        """Begin to hash those files that are not known by another name."""
        known = self.library.known_identities(chunk, self.hearing_id)
        unknown = [entry[0] for entry in chunk if entry[0] not in known]
        return chunk, known, workers.hash(unknown) if unknown else None

    def _go_on(
        self, chunk: list[Entry], known: dict[bytes, bytes], future: Answer[Hashes] | None, workers: Workers
    ) -> tuple[list[HeardFile], list[int], Answer[Heard] | None]:
        """Begin to hear those files of which the contents are not known."""
        hashed = iter(future.result() if future is not None else ())
        hashes = [known[entry[0]] if entry[0] in known else next(hashed) for entry in chunk]
        heard = self.library.known_contents([found for found in hashes if isinstance(found, bytes)], self.hearing_id)
        files, unheard = [], []
        for k, (entry, found) in enumerate(zip(chunk, hashes, strict=True)):
            if isinstance(found, DrumbridgeError):
                files.append(_failed(entry, None, found))
                continue
            files.append(HeardFile(*entry, found, None))
            if found not in heard:
                unheard.append(k)
        return files, unheard, workers.hear([files[k].path for k in unheard]) if unheard else None

    def _end(self, files: list[HeardFile], unheard: list[int], future: Answer[Heard] | None) -> list[bytes]:
        """Write what was heard."""
        answers = future.result() if future is not None else []
        for k, answer in zip(unheard, answers, strict=True):
            file = files[k]
            if isinstance(answer, DrumbridgeError):
                files[k] = _failed(file[:5], file.content_hash, answer)
            else:
                files[k] = file._replace(sound=answer)
        self.library.remember(files, self.hearing_id)
        rescore_new_sounds(self.library)
        return [file.path for file in files]


def _failed(entry: Entry, content_hash: bytes | None, error: DrumbridgeError) -> HeardFile:
    return HeardFile(*entry, content_hash, None, error.code, error.message, content_hash is None or may_pass(error))


def hear_like(library: Library, path: str) -> tuple[bytes, int]:
    """Return the embedding of a file that a library does not know, as it is stored, and the hearing it belongs to.

    It is heard with the default model if the library was, so that the two can be compared.

    Raises
    ------
    AudioError, ModelError
        The file or the model cannot be used.
    LibraryError
        ``library.not_heard``: the library was heard with another model.
    """
    from drumbridge.inference.registry import load_model

    model = model_of_scan()
    with library.explaining() as connection:
        rows = connection.execute(
            "SELECT hearings.id FROM hearings JOIN files ON files.hearing_id = hearings.id WHERE model_hash = ?"
            " GROUP BY hearings.id ORDER BY count(*) DESC",
            (model.hash,),
        ).fetchall()
    if not rows:
        raise LibraryError(
            "library.not_heard", f"{path} is not in the library, which was heard with another model than is used now."
        )
    (heard,) = hear_files([os.fsencode(path)], load_model(model.name), "one_shot")
    if isinstance(heard, DrumbridgeError):
        raise heard
    return heard.embedding, rows[0][0]


def hear_one(library: Library, model: Model, load: Callable[[], OnnxClassifier], path: Path) -> None:
    """Bring one file into the library, or up to date in it.

    Raises
    ------
    AudioError
        It cannot be heard.
    LibraryError, ModelError
    """
    scan = Scan(library, model, load)
    scan.compare_file(path)
    for _ in scan.run():
        pass
    for sound in scan.failed():
        raise AudioError(sound.error_code, sound.error_message)
