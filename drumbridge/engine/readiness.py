"""Being awake when a stroke is about to be judged.

Conventions: times are seconds. A processor that slept for a millisecond, with the model no longer in its cache, takes
two to three times as long for the first thing that it does then. So a stream's thread that knows when its next stroke
is due runs through the same steps once for nothing, and stays awake until the audio is there.
"""

from __future__ import annotations

import select
import sys
import time
from collections.abc import Callable
from threading import Lock

_READY_S = 0.0045  # a stroke this close is waited for with open eyes ...
_REHEARSAL_S = 0.0012  # ... and rehearsed, if it is not so close that the rehearsal would delay it ...
_LATE_S = 0.002  # ... and waited for so much longer where its audio is late
_ONE = Lock()  # more than one thread that stays awake would keep the others from their work

if sys.platform == "win32":

    def _give_way() -> None:
        time.sleep(0)

else:

    def _give_way() -> None:
        select.select([], [], [], 0)  # unlike a sleep of no length this never sleeps


def stand_ready(missing_s: float | None, rehearse: Callable[[], None], is_there: Callable[[], bool]) -> None:
    """Get ready for a stroke, if it is close and no other stream does so; return when its audio is there, or is late.

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
        until = time.monotonic() + missing_s + _LATE_S
        if missing_s > _REHEARSAL_S:
            rehearse()
        while not is_there() and time.monotonic() < until:
            _give_way()
    finally:
        _ONE.release()
