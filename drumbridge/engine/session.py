"""Sessions: who talks to us, and where answers to each go.

Conventions: a session is found by the key of its client (for UDP address and port). A table
remembers a bounded number of them and forgets the one unheard longest that is not at work, one that
never introduced itself before one that did: each call of a command line tool is a client too, and
must not push out the device that waits all evening. One thread owns the table; `Route.send` may be
called from any.
"""

from __future__ import annotations

import itertools
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Final, Protocol

MAX_SESSIONS: Final = 256


class Route(Protocol):
    """The way back to a client; `reliable` unless what is sent faster than it is read may be lost."""

    reliable: bool

    @property
    def target(self) -> Hashable:
        """Where answers go; the same for two routes that end in the same place."""
        ...

    def send(self, packet: bytes) -> None:
        """Send one packet without ever blocking; what cannot be sent is dropped and counted."""
        ...

    def pause(self) -> None:
        """Read no more from this client until `resume`; only for one that is reliable."""
        ...

    def resume(self) -> None:
        """Read on; may be called from any thread."""
        ...

    def reply_to(self, port: int) -> None:
        """Send to `port` of the client's host from now on, 0 for where it sends from.

        Raises
        ------
        SettingsError
            ``settings.reply_port``: answers cannot go there.
        """
        ...


class Session:
    """One client's choices.

    Attributes
    ----------
    client_id : int
        Counts clients from 1, never used twice.
    route : Route
        Where its answers go.
    name : str or None
        What the client calls itself; None until it introduces itself.
    """

    __slots__ = ("client_id", "name", "route")

    def __init__(self, client_id: int, route: Route) -> None:
        self.client_id = client_id
        self.route = route
        self.name: str | None = None


class Sessions:
    """The clients that are remembered.

    Parameters
    ----------
    is_busy : callable
        Whether the client with that id has work going on; such a session is not forgotten.
    gone : callable
        Called with the id of each client that is forgotten.
    limit : int
        How many sessions are remembered; busy ones may exceed it.
    """

    def __init__(self, is_busy: Callable[[int], bool], gone: Callable[[int], None], limit: int = MAX_SESSIONS) -> None:
        self._is_busy = is_busy
        self._gone = gone
        self._limit = limit
        self._ids = itertools.count(1)
        self._by_key: OrderedDict[Hashable, Session] = OrderedDict()

    def __len__(self) -> int:
        return len(self._by_key)

    def find(self, key: Hashable) -> Session | None:
        """Return the session of `key`, now the last one heard of."""
        session = self._by_key.get(key)
        if session is not None:
            self._by_key.move_to_end(key)
        return session

    def open(self, key: Hashable, route: Route) -> Session:
        """Begin the session of `key`; an old idle one may be forgotten for it."""
        if len(self._by_key) >= self._limit:
            idle = [(s.name is not None, k) for k, s in self._by_key.items() if not self._is_busy(s.client_id)]
            if idle:
                self.close(min(idle, key=lambda entry: entry[0])[1])
        session = Session(next(self._ids), route)
        self._by_key[key] = session
        return session

    def close(self, key: Hashable) -> None:
        """Forget the session of `key`."""
        session = self._by_key.pop(key, None)
        if session is not None:
            self._gone(session.client_id)
