"""How work that can be long is ended before its time.

Conventions: `cancelled` is a callable that turns true when nobody wants the result any more; it is asked
often and must be quick.
"""

from __future__ import annotations

from collections.abc import Callable

from drumbridge.errors import JobError


def check_cancelled(cancelled: Callable[[], bool] | None) -> None:
    """Raise `JobError` ``job.cancelled`` if `cancelled` says so."""
    if cancelled is not None and cancelled():
        raise JobError("job.cancelled", "The job was cancelled.")
