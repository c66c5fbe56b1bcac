"""`drumbridge web`: the library in a browser: a map to listen through, and labels to correct.

Conventions: one line on stdout says that it is ready and where. A library that is not there yet is no error: the page
says how to make one, and shows it once it is there.
"""

from __future__ import annotations

import argparse
import os
import sys

from drumbridge.osc.addresses import DEFAULT_PORT
from drumbridge.ports import LOOPBACK, WEB_PORT


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes."""
    parser.add_argument("--library", metavar="FILE", help="the library's file (default: your own library)")
    parser.add_argument("--port", type=int, default=WEB_PORT, help="TCP port; 0 for any (default: %(default)s)")
    parser.add_argument(
        "--host", default=LOOPBACK, help="address to listen on (default: %(default)s, this machine only)"
    )
    parser.add_argument(
        "--server-port", type=int, default=DEFAULT_PORT, metavar="PORT",
        help="port of the drumbridge serve that the live view listens to (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument("--model", metavar="NAME", help="name of an installed model, or path of an .onnx file")
    parser.add_argument(
        "--open", action=argparse.BooleanOptionalAction, default=None, help="open a browser (default: if there is one)"
    )


def run(args: argparse.Namespace) -> int:
    """Serve the page until Ctrl-C."""
    from drumbridge.errors import DrumbridgeError, ServerError
    from drumbridge.library.location import library_path

    try:
        from drumbridge.web.house import House
        from drumbridge.web.server import WebServer
    except ModuleNotFoundError as error:
        if error.name not in ("starlette", "uvicorn", "anyio"):
            raise
        raise ServerError(
            "server.extra", "The page needs the extra web: pip install -c constraints.txt '.[web]' in the checkout."
        ) from error
    house = House(library_path(args.library), args.model, args.server_port)
    try:
        house.reading().close()
    except DrumbridgeError as error:
        if error.code != "library.not_found":
            raise
    server = WebServer(house, args.host, args.port)

    def ready() -> None:
        print(f"drumbridge web is ready on {server.url} (Ctrl-C ends it)", flush=True)
        if not server.is_local:
            print(
                "drumbridge: everybody in your network who knows the address can listen to these sounds and change "
                "their labels.",
                file=sys.stderr,
            )
        if args.open or (args.open is None and _has_screen()):
            import webbrowser

            webbrowser.open(server.url)

    server.run(ready)
    return 0


def _has_screen() -> bool:
    """Whether somebody sits here who would see a browser open."""
    if not sys.stdout.isatty():
        return False
    return sys.platform in ("win32", "darwin") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
