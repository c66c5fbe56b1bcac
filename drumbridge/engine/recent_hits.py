"""Where the hits are that a client was told of lately, so that it can say "hit 3 is a clap".

Conventions: a client counts the hits of the part that it asked for, the library those of the whole file; what was told
last to that client about that file counts. Bounded; may be used from many threads.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Final

_KEPT: Final = 256  # transcriptions


class RecentHits:
    """The positions of the hits of the latest transcriptions."""

    def __init__(self) -> None:
        self._positions: OrderedDict[tuple[int, str], tuple[int, ...]] = OrderedDict()
        self._lock = threading.Lock()

    def remember(self, client_id: int, path: str, positions: tuple[int, ...]) -> None:
        """Keep where the hits are that a client was told of."""
        with self._lock:
            self._positions[client_id, path] = positions
            self._positions.move_to_end((client_id, path))
            while len(self._positions) > _KEPT:
                self._positions.popitem(last=False)

    def position(self, client_id: int, path: str, index: int) -> int | None:
        """Return where a hit is, samples; None if the client was told of no such hit lately."""
        with self._lock:
            positions = self._positions.get((client_id, path), ())
        return positions[index] if 0 <= index < len(positions) else None
