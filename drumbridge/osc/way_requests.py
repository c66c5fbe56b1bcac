"""What the server does to open and close other ways for audio and notes than OSC.

Conventions: methods are called from one thread at a time. A way listens on the server's own address; while it is on,
starting it again with the same settings changes nothing, so that a device that was restarted need not know.
"""

from __future__ import annotations

from collections.abc import Callable

from drumbridge.daw.jmtx_server import JmtxServer
from drumbridge.daw.reastream_receiver import ReaStreamReceiver
from drumbridge.engine.streams import EARLY_MS, Streams
from drumbridge.errors import ServerError

_COUNTS = 0x7FFFFFFF


class Ways:
    """The ways that are on.

    Parameters
    ----------
    streams : callable
        Returns the live streams of the server.
    host : callable
        Returns the address to listen on.
    """

    def __init__(self, streams: Callable[[], Streams], host: Callable[[], str]) -> None:
        self._streams = streams
        self._host = host
        self._jmtx: JmtxServer | None = None
        self._reastream: ReaStreamReceiver | None = None

    def start_jmtx(self, port: int, sample_rate: int, early_ms: float = EARLY_MS) -> int:
        """Wait for jit.net.send; return the port.

        Raises
        ------
        ServerError
            ``server.port_taken``, ``server.address``; ``server.already_on``: with other settings.
        SettingsError
            ``settings.sample_rate``, ``settings.early_ms``.
        """
        on = self._jmtx
        if on is None:
            on = self._jmtx = JmtxServer(self._streams(), self._host(), port, sample_rate, early_ms=early_ms)
        elif (on.sample_rate, on.early_ms) != (sample_rate, early_ms) or port not in (0, on.address[1]):
            raise _already_on("jit.net.send is", f"port {on.address[1]}, {on.sample_rate} Hz, early {on.early_ms:g} ms")
        return on.address[1]

    def stop_jmtx(self) -> None:
        """Free the port of jit.net.send."""
        if self._jmtx is not None:
            self._jmtx.close()
            self._jmtx = None

    def start_reastream(self, port: int, early_ms: float = EARLY_MS) -> int:
        """Wait for ReaStream; return the port.

        Raises
        ------
        ServerError, SettingsError
            As `start_jmtx`.
        """
        on = self._reastream
        if on is None:
            on = self._reastream = ReaStreamReceiver(self._streams(), self._host(), port, early_ms=early_ms)
        elif on.early_ms != early_ms or port not in (0, on.address[1]):
            raise _already_on("ReaStream is", f"port {on.address[1]}, early {on.early_ms:g} ms")
        return on.address[1]

    def stop_reastream(self) -> None:
        """Free the port of ReaStream."""
        if self._reastream is not None:
            self._reastream.close()
            self._reastream = None

    def close(self) -> None:
        """Stop all of them."""
        self.stop_jmtx()
        self.stop_reastream()

    def facts(self) -> dict[str, int]:
        """Return what status says of them."""
        jmtx, reastream = self._jmtx, self._reastream
        return {
            "jmtx_port": jmtx.address[1] if jmtx else 0,
            "jmtx_connections": jmtx.connections if jmtx else 0,
            "jmtx_dropped": jmtx.counts.total & _COUNTS if jmtx else 0,
            "reastream_port": reastream.address[1] if reastream else 0,
            "reastream_dropped": reastream.counts.total & _COUNTS if reastream else 0,
        }


def _already_on(what: str, settings: str) -> ServerError:
    return ServerError("server.already_on", f"{what} waited for already: {settings}. Stop that first.")
