"""Being awake when a stroke is about to be judged.

Conventions: times are seconds. A processor that slept for a millisecond, with the model no longer in its cache, takes
two to three times as long for the first thing that it does then, and still half as long again for the second. So a
stream's thread that knows when its next stroke is due goes through the same steps for nothing, again and again until
it could be late, and stays awake until the audio is there.
"""

from __future__ import annotations

import select
import sys
import time
from collections.abc import Callable
from threading import Lock

_READY_S = 0.0045  # a stroke this close is waited for with open eyes ...
_REHEARSAL_S = 0.0012  # ... and rehearsed, if there is as much time as the first rehearsal takes ...
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
        Does for nothing what will be done then; called several times if there is time.
    is_there : callable
        Whether any audio has come.
    """
    if missing_s is None or missing_s > _READY_S or not _ONE.acquire(blocking=False):
        return
    try:
        due = time.perf_counter() + missing_s
        takes_s = _REHEARSAL_S
        while not is_there():
            now = time.perf_counter()
            if now + takes_s < due:
                rehearse()
                takes_s = 1.3 * (time.perf_counter() - now)
            elif now < due + _LATE_S:
                _give_way()
            else:
                break
    finally:
        _ONE.release()
