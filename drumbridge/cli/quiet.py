"""Silence for the C libraries behind us: mpg123, in libsndfile, comments on damaged MP3 files past Python.

Conventions: they write to descriptor 2, which leads nowhere meanwhile; Python's stderr stays where it was.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def quiet_libraries() -> Iterator[None]:
    """Let only Python write to stderr; use as a context or as a decorator."""
    try:
        kept = os.dup(2)
    except OSError:  # closed: it is silent already
        yield
        return
    before = sys.stderr
    before.flush()
    with open(kept, "w", errors="backslashreplace", buffering=1) as own, open(os.devnull, "wb") as nowhere:
        if _descriptor_of(before) == 2:
            own.reconfigure(encoding=before.encoding)
            sys.stderr = own
        os.dup2(nowhere.fileno(), 2)
        try:
            yield
        finally:
            own.flush()
            os.dup2(kept, 2)
            sys.stderr = before


def _descriptor_of(stream: object) -> int | None:
    try:
        return int(stream.fileno())  # type: ignore[attr-defined]
    except (AttributeError, OSError, ValueError):  # a stream without one, as in tests
        return None
