"""Where a scan's files are hashed and heard: what a scan needs to know of it, and the cores of this machine.

Conventions: a task is some files and gives one answer for each, in order. Other places: `engine.process_workers` for
a large scan, `engine.dask_workers`.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Protocol, TypeVar

from drumbridge.errors import DrumbridgeError

from .sound_hearing import hash_files, hear_files

if TYPE_CHECKING:
    from drumbridge.inference.classifier import OnnxClassifier
    from drumbridge.library.heard import HeardSound

T_co = TypeVar("T_co", covariant=True)
Hashes = list["bytes | DrumbridgeError"]
Heard = list["HeardSound | DrumbridgeError"]


class Answer(Protocol[T_co]):
    """What will have been found out; a `Future`, say."""

    def result(self) -> T_co:
        """Wait for it, and return it or raise what went wrong."""
        ...


class Workers(Protocol):
    """Where files are hashed and heard; see `LocalWorkers`."""

    @property
    def count(self) -> int:
        """How many tasks are worked on side by side."""
        ...

    def hash(self, paths: list[bytes]) -> Answer[Hashes]:
        """Begin to hash some files."""
        ...

    def hear(self, paths: list[bytes]) -> Answer[Heard]:
        """Begin to hear some files."""
        ...

    def close(self) -> None:
        """Let go of what has not begun; waits for nothing that can be left."""
        ...


class LocalWorkers:
    """The cores of this machine: threads, for decoding and the model both release the interpreter lock.

    Parameters
    ----------
    load : callable
        Returns the classifier; called when the first file has to be heard.
    kind : str
        See `hear_files`.
    """

    def __init__(self, load: Callable[[], OnnxClassifier], kind: str) -> None:
        self.count = os.cpu_count() or 1
        self._load = load
        self._closing = threading.Event()
        self._hear = partial(hear_files, kind=kind, cancelled=self._closing.is_set)
        self._pool: Executor = ThreadPoolExecutor(self.count, thread_name_prefix="drumbridge-scan")

    def hash(self, paths: list[bytes]) -> Future[Hashes]:
        """Begin to hash some files."""
        return self._pool.submit(hash_files, paths)

    def hear(self, paths: list[bytes]) -> Future[Heard]:
        """Begin to hear some files."""
        return self._pool.submit(self._hear, paths, self._load())

    def close(self) -> None:
        """Let go of what has not begun, and of what has as soon as it can be left."""
        self._closing.set()
        self._pool.shutdown(wait=True, cancel_futures=True)
