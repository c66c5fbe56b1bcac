"""A rhythm for a job's replies over UDP, so that the client's socket does not overflow.

Convention: only jobs wait, in their own thread. A system holds some 250 small datagrams for a socket
that is not being read; a client that is busy for 50 ms, as a DAW's script thread is, still gets all.
"""

from __future__ import annotations

import time
from typing import Final

BURST: Final = 64  # replies that may leave at once
EVERY_S: Final = 0.02  # and then as many again only after this long


class Pace:
    """Lets `BURST` replies through in any `EVERY_S`."""

    def __init__(self) -> None:
        self._sent = 0
        self._since_s = time.monotonic()

    def wait(self) -> None:
        """Return when the next reply may leave."""
        now_s = time.monotonic()
        if now_s - self._since_s >= EVERY_S:
            self._sent, self._since_s = 0, now_s
        elif self._sent >= BURST:
            time.sleep(self._since_s + EVERY_S - now_s)
            self._sent, self._since_s = 0, time.monotonic()
        self._sent += 1
