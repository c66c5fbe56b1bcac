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
import time
from typing import TYPE_CHECKING, Any

from drumbridge._version import __version__
from drumbridge.cli import complain
from drumbridge.cli.kit_options import add_kits_folder
from drumbridge.cli.live_options import add_live_arguments, live_profiles
from drumbridge.cli.note_options import add_note_arguments, reastream_target, start_notes
from drumbridge.engine.jobs import JobQueue
from drumbridge.errors import DrumbridgeError, SettingsError
from drumbridge.osc.addresses import DEFAULT_PORT
from drumbridge.osc.handlers import Bridge
from drumbridge.osc.server import Server
from drumbridge.ports import JMTX_PORT, REASTREAM_PORT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from drumbridge.engine.engine import Engine
    from drumbridge.engine.live_profiles import LiveProfiles

_log = logging.getLogger("drumbridge.serve")

# A job's thread gives way to an arriving ping after this long; Python's own 5 ms would be heard.
SWITCH_INTERVAL_S = 0.0005


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``serve``."""
    parser.add_argument(
        "--host", default="127.0.0.1", help="address to listen on (default: %(default)s, this machine only)"
    )
    parser.add_argument(
        "--port", type=int, default=DEFAULT_PORT, help="UDP and TCP port; 0 for any (default: %(default)s)"
    )
    parser.add_argument("--no-tcp", action="store_true", help="listen on UDP only")
    parser.add_argument(
        "--jmtx",
        type=int,
        nargs="?",
        const=JMTX_PORT,
        metavar="PORT",
        help="hear Max's jit.catch~ -> jit.net.send on this TCP port (default: off; without a number %(const)s)",
    )
    parser.add_argument(
        "--jmtx-rate", type=int, default=44100, metavar="HZ", help="the rate of Max's audio (default: %(default)s)"
    )
    parser.add_argument(
        "--reastream",
        type=int,
        nargs="?",
        const=REASTREAM_PORT,
        metavar="PORT",
        help="hear REAPER's ReaStream on this UDP port (default: off; without a number %(const)s)",
    )
    parser.add_argument("--model", help="name or path of the model to use (default: the shipped one)")
    parser.add_argument("--library", metavar="FILE", help="the sample library (default: your own)")
    parser.add_argument(
        "--head", action="store_true", help="name files and their hits by the personal head that the library has in use"
    )
    add_kits_folder(parser)
    add_live_arguments(parser)
    add_note_arguments(parser)
    parser.add_argument(
        "--idle-exit",
        type=float,
        metavar="MINUTES",
        help="end when nobody has asked anything for so long and no stream, input or TCP connection is open "
        "(default: never)",
    )
    parser.add_argument(
        "--log-level", default="warning", choices=("debug", "info", "warning", "error"), help="default: %(default)s"
    )


def run(args: argparse.Namespace) -> int:
    """Serve until Ctrl-C or SIGTERM; 1 when the port is taken or the model that was asked for is unusable."""
    logging.basicConfig(
        level=args.log_level.upper(), stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )

    if args.idle_exit is not None and not args.idle_exit > 0:
        raise SettingsError("settings.idle_exit", f"--idle-exit takes more than 0 minutes, not {args.idle_exit:g}.")
    profiles = live_profiles(args)
    server = make_server(
        args.model,
        args.host,
        args.port,
        tcp=not args.no_tcp,
        library=args.library,
        kits=args.kits,
        head=args.head,
        profiles=lambda: profiles,
    )
    bridge = server.bridge
    started = _start_ways(server, args)
    _end_on_signals(server)
    host, port = server.address
    transports = "UDP" if args.no_tcp else "UDP and TCP"
    print(f"drumbridge {__version__} is ready on {host}, port {port} ({transports})", *started, sep="\n", flush=True)
    unusable: list[DrumbridgeError] = []

    def work_behind() -> None:
        _load_model(bridge, server, args.model, unusable)
        if args.idle_exit is not None:
            _end_when_idle(server, 60 * args.idle_exit)

    threading.Thread(target=work_behind, daemon=True).start()
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


def make_server(
    model: str | None,
    host: str,
    port: int,
    *,
    tcp: bool = True,
    library: str | None = None,
    kits: Path | None = None,
    head: bool = False,
    profiles: Callable[[], LiveProfiles],
) -> Server:
    """Return a server with an engine of its own, which listens but does not run yet.

    Raises
    ------
    ServerError
        As `Server`.
    """

    def make_engine() -> Engine:
        from drumbridge.engine.engine import Engine

        return Engine(model=model, library=library, kits=kits, head=head)

    bridge = Bridge(make_engine, JobQueue(threads=max(2, min(4, os.cpu_count() or 2))), profiles)
    server = Server(bridge, host, port, tcp=tcp)
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    return server


def _end_when_idle(server: Server, patience_s: float, wait: Callable[[float], object] = time.sleep) -> None:
    """Stop the server once no request came, and nothing of it was in use, for `patience_s`: who started it is gone."""
    requests, quiet_s = -1, 0.0
    step_s = min(1.0, patience_s / 4)
    while quiet_s < patience_s:
        wait(step_s)
        busy = server.bridge.requests != requests or server.in_use
        requests, quiet_s = server.bridge.requests, 0.0 if busy else quiet_s + step_s
    _log.info("nobody has asked anything for %.0f s", patience_s)
    server.stop()


def _start_ways(server: Server, args: argparse.Namespace) -> list[str]:
    """Open what was asked for besides OSC; return what to say of it."""
    lines = []
    try:
        if args.jmtx is not None:
            port = server.bridge.ways.start_jmtx(args.jmtx, args.jmtx_rate)
            lines.append(f"jit.net.send is heard on port {port} (TCP), at {args.jmtx_rate} Hz")
        if args.reastream is not None:
            lines.append(f"ReaStream is heard on port {server.bridge.ways.start_reastream(args.reastream)} (UDP)")
        if args.reastream_notes is not None:
            server.bridge.ways.check_notes(*reastream_target(args.reastream_notes)[1:])
        if (args.midi, args.reaper_notes, args.reastream_notes) != (None, None, None):  # else nothing heavy is imported
            lines += [f"hits are played on {name}" for name in start_notes(args, server.bridge.live.outputs)]
    except DrumbridgeError:
        server.close()
        raise
    return lines


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
