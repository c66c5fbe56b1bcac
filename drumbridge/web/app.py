"""The application that answers a browser: the page's own files, and the library as JSON, tables of bytes and audio.

Conventions: `make_app` puts together the routes of the modules below, each of which has ``routes(house) -> list`` of
Starlette routes; their functions are plain and run in threads. A `DrumbridgeError` becomes ``{"error": code,
"message": sentence}`` with a status of its kind, here and nowhere else. The page's files are a table made at the start:
no path of a request is ever looked up on the disk.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from drumbridge.errors import DrumbridgeError

from . import audio_routes, library_routes, live_routes, map_routes, transcription_routes
from .house import House
from .messages import Json
from .security import Gate

STATIC: Final = Path(__file__).parent / "static"
_ROUTES: Final = (library_routes, map_routes, audio_routes, transcription_routes, live_routes)
_TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}
_GONE: Final = (".not_found", ".unknown", ".vanished", ".no_hit", ".not_a_file")

_log = logging.getLogger("drumbridge.web")


def make_app(house: House, *, names: Iterable[str] = (), others_may: bool = False) -> ASGIApp:
    """Return the application.

    Parameters
    ----------
    house : House
        What it shows.
    names, others_may
        As for `Gate`.
    """
    routes: list[BaseRoute] = _page_routes()
    for module in _ROUTES:
        routes += module.routes(house)
    app = Starlette(
        routes=routes,
        exception_handlers={DrumbridgeError: _explain, HTTPException: _explain_http, Exception: _explain_bug},
    )
    return Gate(app, names, others_may=others_may)


def _page_routes() -> list[BaseRoute]:
    return [
        Route("/" if path.name == "index.html" else f"/static/{path.relative_to(STATIC).as_posix()}", _file(path))
        for path in sorted(STATIC.rglob("*"))
        if path.suffix in _TYPES and path.is_file() and not path.is_symlink()
    ]


def _file(path: Path) -> Any:
    def answer(request: Request) -> Response:
        content = path.read_bytes()
        tag = f'"{hashlib.sha256(content).hexdigest()[:20]}"'
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers={"etag": tag})
        return Response(content, headers={"content-type": _TYPES[path.suffix], "etag": tag})

    return answer


def _explain(request: Request, error: Any) -> Response:
    if error.code == "library.locked":
        status = 503
    else:
        status = 404 if error.code.endswith(_GONE) else 400
    return Json({"error": error.code, "message": error.message}, status)


def _explain_http(request: Request, error: Any) -> Response:
    message = {404: "There is nothing under this address.", 405: "This address does not take that method."}
    return Json({"error": "web.http", "message": message.get(error.status_code, error.detail)}, error.status_code)


def _explain_bug(request: Request, error: Exception) -> Response:
    _log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return Json({"error": "web.bug", "message": "This is a bug; the terminal says more."}, 500)
