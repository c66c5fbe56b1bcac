"""The page's server: uvicorn on a socket of ours, until it is told to end.

Conventions: it listens on loopback unless another address was asked for. One process; what it shows is in the library,
so a second one beside it, or a scan, does no harm.
"""

from __future__ import annotations

import contextlib
import ipaddress
import signal
import socket
from collections.abc import Callable, Iterator
from typing import Final

import uvicorn

from drumbridge.ports import listening

from .app import make_app
from .house import House

_PATIENCE_S: Final = 2  # for answers that are under way when it ends


class WebServer:
    """A server that listens; `run` answers.

    Parameters
    ----------
    house : House
        What it shows; closed with the server.
    host : str
    port : int
        0 for any that is free.

    Raises
    ------
    ServerError
        ``server.port_taken`` or ``server.address``.
    """

    def __init__(self, house: House, host: str, port: int) -> None:
        self._house = house
        self._socket = listening(
            socket.SOCK_STREAM,
            host,
            port,
            f"perhaps another drumbridge web has it already. Open http://127.0.0.1:{port} to see, or choose another "
            "port with --port.",
        )
        self.host, self.port = self._socket.getsockname()[:2]
        app = make_app(house, names=[host], others_may=not self.is_local)
        config = uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            lifespan="off",
            ws="none",
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=_PATIENCE_S,
        )
        self._server = uvicorn.Server(config)
        house.ending = lambda: self._server.should_exit

    @property
    def is_local(self) -> bool:
        """Whether only this machine reaches it."""
        return ipaddress.ip_address(self.host.partition("%")[0]).is_loopback

    @property
    def url(self) -> str:
        """Where this machine's browser finds it."""
        unspecified = ipaddress.ip_address(self.host.partition("%")[0]).is_unspecified
        host = "127.0.0.1" if unspecified else f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}/"

    def run(self, ready: Callable[[], None] | None = None) -> None:
        """Answer until `stop` is called or, in the main thread, Ctrl-C or SIGTERM comes."""
        if ready is not None:
            ready()
        try:
            with _signals_are_no_errors():
                self._server.run(sockets=[self._socket])
        finally:
            self._socket.close()
            self._house.close()

    def stop(self) -> None:
        """End `run`; may be called from any thread."""
        self._server.should_exit = True


@contextlib.contextmanager
def _signals_are_no_errors() -> Iterator[None]:
    """Let the signals that end the server do nothing more: uvicorn raises them again once it has ended."""
    before = {}
    with contextlib.suppress(ValueError):  # not in the main thread: it hears no signals
        for number in (signal.SIGINT, signal.SIGTERM):
            before[number] = signal.signal(number, lambda number, frame: None)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
