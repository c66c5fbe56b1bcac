"""The outputs that play notes, by kind and name.

Conventions: an output belongs to the server, not to who started it, and plays the hits of all streams until it is
stopped. Starting one that plays already replaces it. Methods may be called from any thread.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from drumbridge.core.events import Stage
from drumbridge.errors import ServerError

from .event_bus import EventBus
from .note_player import NotePlayer, NotePort


class NoteOutputs:
    """Starts and stops players.

    Parameters
    ----------
    bus : EventBus
        What they listen to.
    """

    def __init__(self, bus: EventBus) -> None:
        self._bus = bus
        self._lock = threading.Lock()
        self._players: dict[tuple[str, str], NotePlayer] = {}
        self._lost = 0  # of players that were stopped
        self._shut = False

    @property
    def lost(self) -> int:
        """Notes that were not played."""
        with self._lock:
            return self._lost + sum(player.lost for player in self._players.values())

    def start(
        self,
        kind: str,
        name: str,
        open_port: Callable[[], NotePort],
        *,
        stage: Stage = Stage.EARLY,
        every_label: bool = False,
    ) -> str:
        """Play on a port from now on; return what it is called.

        Parameters
        ----------
        kind, name : str
            What `stop` knows it by.
        open_port : callable
        stage, every_label
            As for `NotePlayer`.

        Raises
        ------
        ServerError
            As `open_port`, or the server is stopping.
        """
        with self._lock:
            if self._shut:
                raise ServerError("server.stopping", "The server is stopping.")
            self._end([key for key in self._players if key == (kind, name)])
            player = NotePlayer(open_port(), stage=stage, every_label=every_label)
            self._players[kind, name] = player
            self._bus.add(player)
            return player.name

    def stop(self, kind: str, name: str = "") -> int:
        """End an output by its name or a part of it, or with "" all of its kind; return how many ended.

        Raises
        ------
        ServerError
            ``device.not_playing``: there is none of that name.
        """
        with self._lock:
            playing = [key for key in self._players if key[0] == kind]
            ended = [key for key in playing if name in ("", key[1])]
            ended = ended or [key for key in playing if name.casefold() in key[1].casefold()]
            if name and not ended:
                known = ", ".join(key[1] for key in playing) or "none"
                raise ServerError("device.not_playing", f"Nothing plays on {name!r:.80}; what plays: {known}.")
            self._end(ended)
            return len(ended)

    def shut_down(self, timeout_s: float) -> bool:
        """End all; return whether all fell silent in time."""
        with self._lock:
            self._shut = True
            return self._end(list(self._players), timeout_s)

    def _end(self, keys: list[tuple[str, str]], timeout_s: float = 1.0) -> bool:
        players = [self._players.pop(key) for key in keys]
        deadline = time.monotonic() + timeout_s
        for player in players:
            self._bus.remove(player)
        ended = [player.close(max(0.0, deadline - time.monotonic())) for player in players]
        self._lost += sum(player.lost for player in players)
        return all(ended)
