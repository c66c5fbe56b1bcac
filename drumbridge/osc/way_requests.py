"""What the server does to open and close other ways for audio and notes than OSC.

Conventions: methods are called from one thread at a time. A way listens on the server's own address; while it is on,
starting it again with the same settings changes nothing, so that a device that was restarted need not know.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from drumbridge.daw.jmtx_server import JmtxServer
from drumbridge.daw.reastream_notes import DRUMS, ReaStreamNotes
from drumbridge.daw.reastream_receiver import ReaStreamReceiver
from drumbridge.daw.source import Settings
from drumbridge.engine.session import Session
from drumbridge.errors import ServerError, SettingsError, StreamError
from drumbridge.osc.live_requests import AS_THE_PROFILE, LiveRequests
from drumbridge.osc.note_requests import how_to_play
from drumbridge.osc.rows import Handler
from drumbridge.osc.way_addresses import (
    JMTX_CLOSE,
    JMTX_OPEN,
    JMTX_START,
    JMTX_STOP,
    REASTREAM_NOTES_START,
    REASTREAM_NOTES_STOP,
    REASTREAM_START,
    REASTREAM_STOP,
)
from drumbridge.ports import LOOPBACK, REASTREAM_PORT

if TYPE_CHECKING:
    from drumbridge.osc.handlers import Bridge

_COUNTS = 0x7FFFFFFF
_NOTES = "reastream"
MAX_OWN: Final = 32  # senders with a stream of their own
ALONE_S: Final = 10.0  # how long one of them is waited for


class Ways:
    """The ways that are on.

    Parameters
    ----------
    live : callable
        Returns the live part of the server.
    host : callable
        Returns the address to listen on.
    """

    def __init__(self, live: Callable[[], LiveRequests], host: Callable[[], str]) -> None:
        self._live = live
        self._host = host
        self._jmtx: JmtxServer | None = None
        self._reastream: ReaStreamReceiver | None = None
        self._own_jmtx: dict[str, tuple[JmtxServer, tuple[object, ...]]] = {}  # with what was asked, by name
        self._asked: dict[str, tuple[object, ...]] = {}  # the settings of what is on

    def start_jmtx(self, port: int, sample_rate: int, early_ms: float = AS_THE_PROFILE, profile: str = "") -> int:
        """Wait for jit.net.send; return the port.

        Raises
        ------
        ServerError
            ``server.port_taken``, ``server.address``; ``server.already_on``: with other settings.
        SettingsError
            ``settings.sample_rate``, or as `SettingsRequests.of_profile`.
        """
        asked = (sample_rate, early_ms, profile)
        if self._jmtx is None:
            settings = self._settings(early_ms, profile)
            self._jmtx = JmtxServer(self._live().streams, self._host(), port, sample_rate, settings)
            self._asked["jmtx"] = asked
        elif asked != self._asked["jmtx"] or port not in (0, self._jmtx.address[1]):
            raise _already_on(f"jit.net.send is heard on port {self._jmtx.address[1]}, at {self._jmtx.sample_rate} Hz")
        return self._jmtx.address[1]

    def stop_jmtx(self) -> None:
        """Free the port of jit.net.send."""
        if self._jmtx is not None:
            self._jmtx.close()
            self._jmtx = None

    def open_jmtx(
        self, client_id: int, name: str, sample_rate: int, early_ms: float = AS_THE_PROFILE, profile: str = ""
    ) -> int:
        """Wait for the one jit.net.send of a client, whose stream has a name; return the port.

        Raises
        ------
        ServerError
            ``server.address``; ``server.too_many_ways``.
        SettingsError
            ``settings.name``, ``settings.sample_rate``, or as `SettingsRequests.of_profile`.
        StreamError
            ``stream.name_taken``: by another client.
        """
        if not name:
            raise SettingsError("settings.name", "A stream of its own needs a name.")
        asked = (client_id, sample_rate, early_ms, profile)
        self._own_jmtx = {key: own for key, own in self._own_jmtx.items() if own[0].is_open}
        if name in self._own_jmtx:
            found, before = self._own_jmtx[name]
            if before == asked:
                return found.address[1]
            if before[0] != client_id:
                raise StreamError("stream.name_taken", f"Another client has a jit.net.send called {name}.")
        settings = self._settings(early_ms, profile)
        self.close_jmtx(name)
        if len(self._own_jmtx) >= MAX_OWN:
            raise ServerError("server.too_many_ways", f"{MAX_OWN} senders are waited for already; close some.")
        opened = JmtxServer(self._live().streams, self._host(), 0, sample_rate, settings, name=name, alone_s=ALONE_S)
        self._own_jmtx[name] = opened, asked
        return opened.address[1]

    def close_jmtx(self, name: str) -> None:
        """End the stream of one jit.net.send and free its port."""
        found = self._own_jmtx.pop(name, None)
        if found is not None:
            found[0].close()

    def start_reastream(self, port: int, early_ms: float = AS_THE_PROFILE, profile: str = "") -> int:
        """Wait for ReaStream; return the port.

        Raises
        ------
        ServerError, SettingsError
            As `start_jmtx`.
        """
        asked = (early_ms, profile)
        if self._reastream is None:
            settings = self._settings(early_ms, profile)
            self._reastream = ReaStreamReceiver(self._live().streams, self._host(), port, settings)
            self._asked["reastream"] = asked
        elif asked != self._asked["reastream"] or port not in (0, self._reastream.address[1]):
            raise _already_on(f"ReaStream is heard on port {self._reastream.address[1]}")
        return self._reastream.address[1]

    def stop_reastream(self) -> None:
        """Free the port of ReaStream."""
        if self._reastream is not None:
            self._reastream.close()
            self._reastream = None

    def start_notes(
        self,
        identifier: str,
        channel: int = DRUMS,
        stage: int = 0,
        labels: int = 1,
        host: str = LOOPBACK,
        port: int = REASTREAM_PORT,
    ) -> str:
        """Play the hits of all streams on a ReaStream; return what that is called.

        Raises
        ------
        SettingsError, ServerError
            As `check_notes`, `how_to_play` and `ReaStreamNotes`.
        """
        self.check_notes(host, port)
        how = how_to_play(stage, labels)
        outputs = self._live().outputs
        return outputs.start(_NOTES, identifier, lambda: ReaStreamNotes(identifier, channel, host, port), **how)

    def stop_notes(self, identifier: str = "") -> int:
        """Play no more on a ReaStream, or on any; return how many that were.

        Raises
        ------
        ServerError
            ``device.not_playing``.
        """
        return self._live().outputs.stop(_NOTES, identifier)

    def check_notes(self, host: str, port: int) -> None:
        """Refuse to send notes where this server itself hears ReaStream: no REAPER can be there.

        Raises
        ------
        SettingsError
            ``settings.port``.
        """
        if self._reastream is not None and self._reastream.address == (host, port):
            raise SettingsError(
                "settings.port",
                f"Notes to {host}, port {port} would come back here, where ReaStream is heard: let that be on another "
                "address than REAPER's, or play on REAPER's virtual keyboard.",
            )

    def close(self) -> None:
        """Stop all of them."""
        self.stop_jmtx()
        self.stop_reastream()
        for name in list(self._own_jmtx):
            self.close_jmtx(name)

    def facts(self) -> dict[str, int]:
        """Return what status says of them."""
        jmtx, reastream = self._jmtx, self._reastream
        all_jmtx = [*([jmtx] if jmtx else []), *(own[0] for own in self._own_jmtx.values())]
        return {
            "jmtx_port": jmtx.address[1] if jmtx else 0,
            "jmtx_connections": sum(one.connections for one in all_jmtx),
            "jmtx_dropped": sum(one.counts.total for one in all_jmtx) & _COUNTS,
            "reastream_port": reastream.address[1] if reastream else 0,
            "reastream_dropped": reastream.counts.total & _COUNTS if reastream else 0,
        }

    def _settings(self, early_ms: float, profile: str) -> Settings:
        of_profile = self._live().settings.of_profile
        settings = partial(of_profile, profile, None if early_ms == AS_THE_PROFILE else early_ms)
        asked, _ = settings()  # complains now rather than at the first stream
        self._live().streams.get_ready(asked)
        return settings


def _already_on(how: str) -> ServerError:
    return ServerError(
        "server.already_on", f"{how} already, on another port or with other settings than these: stop that first."
    )


def handlers(bridge: Bridge) -> dict[str, Handler]:
    """Return what answers the requests of this module, by address."""
    ways = bridge.ways

    def stops(stop: Callable[..., None]) -> Handler:
        def handle(session: Session, req: int, *arguments: Any) -> Sequence[Any]:
            stop(*arguments)
            return ()

        return handle

    return {
        JMTX_START: lambda session, req, *settings: (ways.start_jmtx(*settings),),
        JMTX_STOP: stops(ways.stop_jmtx),
        JMTX_OPEN: lambda session, req, *settings: (ways.open_jmtx(session.client_id, *settings),),
        JMTX_CLOSE: stops(ways.close_jmtx),
        REASTREAM_START: lambda session, req, *settings: (ways.start_reastream(*settings),),
        REASTREAM_STOP: stops(ways.stop_reastream),
        REASTREAM_NOTES_START: lambda session, req, *settings: (ways.start_notes(*settings),),
        REASTREAM_NOTES_STOP: lambda session, req, *names: (ways.stop_notes(*names),),
    }
