"""``drumbridge serve``: the OSC server as a program.

Conventions: one line on stdout says that it is ready and where; the log goes to stderr. Nothing heavy is
imported before that line: the model is loaded behind it, while the server answers already.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import threading
from typing import TYPE_CHECKING, Any

from drumbridge._version import __version__
from drumbridge.cli import complain
from drumbridge.engine.jobs import JobQueue
from drumbridge.errors import DrumbridgeError
from drumbridge.osc.addresses import DEFAULT_PORT
from drumbridge.osc.handlers import Bridge
from drumbridge.osc.server import Server

if TYPE_CHECKING:
    from drumbridge.engine.engine import Engine

_log = logging.getLogger("drumbridge.serve")

# A job's thread gives way to an arriving ping after this long; Python's own 5 ms would be heard.
_SWITCH_INTERVAL_S = 0.0005


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``serve``."""
    parser.add_argument(
        "--host", default="127.0.0.1", help="address to listen on (default: %(default)s, this machine only)"
    )
    parser.add_argument(
        "--port", type=int, default=DEFAULT_PORT, help="UDP and TCP port; 0 for any (default: %(default)s)"
    )
    parser.add_argument("--no-tcp", action="store_true", help="listen on UDP only")
    parser.add_argument("--model", help="name or path of the model to use (default: the shipped one)")
    parser.add_argument(
        "--log-level", default="warning", choices=("debug", "info", "warning", "error"), help="default: %(default)s"
    )


def run(args: argparse.Namespace) -> int:
    """Serve until Ctrl-C or SIGTERM; 1 when the port is taken or the model that was asked for is unusable."""
    logging.basicConfig(
        level=args.log_level.upper(), stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )

    server = make_server(args.model, args.host, args.port, tcp=not args.no_tcp)
    bridge = server.bridge
    _end_on_signals(server)
    host, port = server.address
    transports = "UDP" if args.no_tcp else "UDP and TCP"
    print(f"drumbridge {__version__} is ready on {host}, port {port} ({transports})", flush=True)
    unusable: list[DrumbridgeError] = []
    threading.Thread(target=_load_model, args=(bridge, server, args.model, unusable), daemon=True).start()
    server.run()
    signal.set_wakeup_fd(-1)  # a second signal must not write to what is being closed
    ended = server.close()
    for reason in unusable:
        complain(reason)
    code = 1 if unusable else 0
    if not ended:
        # A job sits in a library that cannot be interrupted; leaving by the front door would wait for it.
        _log.warning("a job did not stop in time and was left")
        logging.shutdown()
        sys.stdout.flush()
        os._exit(code)
    return code


def make_server(model: str | None, host: str, port: int, *, tcp: bool = True) -> Server:
    """Return a server with an engine of its own, which listens but does not run yet.

    Raises
    ------
    ServerError
        As `Server`.
    """

    def make_engine() -> Engine:
        from drumbridge.engine.engine import Engine

        return Engine(model=model)

    bridge = Bridge(make_engine, JobQueue(threads=max(2, min(4, os.cpu_count() or 2))))
    server = Server(bridge, host, port, tcp=tcp)
    sys.setswitchinterval(_SWITCH_INTERVAL_S)
    return server


def _load_model(bridge: Bridge, server: Server, asked_for: str | None, unusable: list[DrumbridgeError]) -> None:
    try:
        bridge.load_model()
    except DrumbridgeError as error:
        if asked_for is None:
            _log.error("%s", error.message)  # requests that name a model of their own still work
        else:
            unusable.append(error)
            server.stop()
    except Exception:
        _log.exception("the model could not be loaded")


def _end_on_signals(server: Server) -> None:
    def end(number: int, frame: Any) -> None:
        server.stop()

    wanted = [signal.SIGINT, signal.SIGTERM]
    if sys.platform == "win32":
        wanted.append(signal.SIGBREAK)  # what a parent process can send there
    for number in wanted:
        signal.signal(number, end)
    # Without this a signal would wait for the next packet on Windows.
    signal.set_wakeup_fd(server.wake_descriptor, warn_on_full_buffer=False)
