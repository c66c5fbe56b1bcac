"""Being ready when a stroke is about to be judged.

Conventions: times are seconds. A processor that slept for a millisecond, with the model no longer in its cache, takes
two to three times as long for the first thing that it does then, and still half as long again for the second. So a
stream's thread that knows when its next stroke is due goes through the same steps for nothing, again and again until
that could make it late.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock

_READY_S = 0.004  # what is further away is not rehearsed yet
_FIRST_S = 0.0012  # how long the first rehearsal takes, after a pause
_MARGIN = 1.3  # the next one may take so much longer than the last
_ONE = Lock()  # more than one thread that rehearses would keep the others from their work


def stand_ready(missing_s: float | None, rehearse: Callable[[], None], is_there: Callable[[], bool]) -> None:
    """Rehearse a stroke while there is time, if it is close and no other stream does so.

    Parameters
    ----------
    missing_s : float or None
        How long until all audio is there that the stroke is judged by; None: there is no stroke.
    rehearse : callable
        Does for nothing what will be done then.
    is_there : callable
        Whether any audio has come.
    """
    if missing_s is None or missing_s > _READY_S or not _ONE.acquire(blocking=False):
        return
    try:
        due = time.perf_counter() + missing_s
        takes_s = _FIRST_S
        while not is_there() and (now := time.perf_counter()) + takes_s < due:
            rehearse()
            takes_s = _MARGIN * (time.perf_counter() - now)
    finally:
        _ONE.release()
