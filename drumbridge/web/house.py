"""What the page's server has to show: a library, and an engine for what has to be heard anew.

Conventions: a request opens the library for itself and closes it again (a fraction of a millisecond); what costs more
to begin with (searching by similarity, which needs all embeddings) happens in one thread with a library of its own that
stays open. Any part may be missing: the page says what to do then.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from drumbridge.errors import ModelError
from drumbridge.library.store import Library
from drumbridge.osc.addresses import DEFAULT_PORT

from .live_feed import LiveFeed

if TYPE_CHECKING:
    from drumbridge.engine.engine import Engine

T = TypeVar("T")

_WAIT_S = 5.0  # for a program that writes


class House:
    """One library and one engine.

    Parameters
    ----------
    library_path : Path
        The library's file; it need not be there yet.
    model : str, optional
        As for `Engine`.
    server_port : int
        UDP port of this machine where `drumbridge serve` may run.

    Attributes
    ----------
    live : LiveFeed
        What that server hears.
    ending : callable
        Whether the page's server is about to end, so that answers without an end have to.
    """

    def __init__(self, library_path: Path, model: str | None = None, server_port: int = DEFAULT_PORT) -> None:
        self.library_path = library_path
        self.live = LiveFeed(server_port)
        self.ending: Callable[[], bool] = lambda: False
        self._model = model
        self._engine: Engine | None = None
        self._lock = threading.Lock()
        self._searcher = ThreadPoolExecutor(1, thread_name_prefix="drumbridge-search")
        self._kept: Library | None = None
        self._kept_file: tuple[int, int] | None = None

    @property
    def engine(self) -> Engine:
        """The engine, made when it is first needed."""
        with self._lock:
            if self._engine is None:
                from drumbridge.engine.engine import Engine

                self._engine = Engine(model=self._model, library=self.library_path)
            return self._engine

    def model_hash(self) -> bytes | None:
        """Return the hash of the model that sounds are heard with, None where there is no such model."""
        from drumbridge.engine.scan import model_of_scan

        try:
            return model_of_scan(self._model).hash
        except ModelError:
            return None

    def reading(self) -> Library:
        """Return the library, to be read and closed.

        Raises
        ------
        LibraryError
            As `Library`.
        """
        return Library(self.library_path, writing=False, wait_s=_WAIT_S)

    def writing(self) -> Library:
        """Return the library, to be written and closed; one that is not there is not made.

        Raises
        ------
        LibraryError
            As `Library`.
        """
        self.reading().close()
        return Library(self.library_path, wait_s=_WAIT_S)

    def search(self, function: Callable[[Library], T]) -> T:
        """Call a function with a library that stays open, one at a time, and return what it returns.

        Raises
        ------
        LibraryError
            As `Library`, and what the function raises.
        """
        return self._searcher.submit(self._with_kept, function).result()

    def close(self) -> None:
        """Close what is open."""
        self._searcher.submit(self._let_go).result()
        self._searcher.shutdown()

    def _with_kept(self, function: Callable[[Library], T]) -> T:
        self.reading().close()  # raises where somebody who comes now could not open it: another version, damage
        try:
            status = os.stat(self.library_path)
            file = (status.st_dev, status.st_ino)
        except OSError:
            file = None
        if self._kept is None or file != self._kept_file:  # it may have been put in the place of another
            self._let_go()
            self._kept, self._kept_file = self.reading(), file
        return function(self._kept)

    def _let_go(self) -> None:
        if self._kept is not None:
            self._kept.close()
            self._kept = None
