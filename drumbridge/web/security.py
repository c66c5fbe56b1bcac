"""Who may talk to the page's server: the page itself, and programs of this machine that are no browsers.

Conventions: a browser carries whatever any web page asks of it to any address, this machine's own too. Three rules keep
other pages out. The name in ``Host`` must be one of ours, so a name that was pointed at us (DNS rebinding) is none.
What a browser marks as coming from another page (``Origin``, ``Sec-Fetch-Site``) is refused, except for going to the
page by a link. Writing takes JSON, which no form sends. Every answer says what the page may load: nothing of others.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY: Final = 1 << 20  # bytes of a request

_READING: Final = ("GET", "HEAD")
_HEADERS: Final = (
    (
        b"content-security-policy",
        b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; "
        b"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)


class Refused(Exception):
    """A request that is not answered; status, code and one sentence."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


class Gate:
    """ASGI middleware: lets pass what the rules above allow.

    Parameters
    ----------
    app : ASGI application
    names : iterable of str
        Names by which the server may be called, beside ``localhost`` and this machine's own addresses.
    others_may : bool
        The server listens on more than loopback, because it was asked to: any address may then stand in ``Host``.
        (An address cannot be rebound; a name can.)
    """

    def __init__(self, app: ASGIApp, names: Iterable[str] = (), *, others_may: bool = False) -> None:
        self._app = app
        self._names = {"localhost", *(name.lower() for name in names)}
        self._others_may = others_may

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or pass it on."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        try:
            self._check(scope)
            await self._app(scope, _limited(receive), _with_headers(send))
        except Refused as refused:
            await _refuse(refused, scope, _with_headers(send))

    def _check(self, scope: Scope) -> None:
        hosts = _values(scope, b"host")
        if len(hosts) != 1 or not self._is_ours(hosts[0]):
            raise Refused(421, "web.host", "This server does not answer to that name; open http://127.0.0.1 instead.")
        writing = scope["type"] == "websocket" or scope["method"] not in _READING
        origins = _values(scope, b"origin")
        for origin in origins:
            if not _same_origin(origin, hosts[0]):
                raise Refused(403, "web.origin", "Another web page may not ask this server.")
        site = (_values(scope, b"sec-fetch-site") or [""])[0]
        by_link = not writing and _values(scope, b"sec-fetch-mode") == ["navigate"] and scope["path"] == "/"
        if site not in ("", "same-origin", "none") and not by_link:
            raise Refused(403, "web.origin", "Another web page may not ask this server.")
        if scope["type"] == "http" and writing:
            kind = (_values(scope, b"content-type") or [""])[0].partition(";")[0].strip().lower()
            if kind != "application/json":
                raise Refused(415, "web.content_type", "What is written here is written as application/json.")
            length = (_values(scope, b"content-length") or ["0"])[0]
            if not length.isdecimal() or int(length) > MAX_BODY:
                raise _too_long()

    def _is_ours(self, host: str) -> bool:
        name = _name_in(host)
        if name in self._names:
            return True
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            return False
        return address.is_loopback or self._others_may


def _name_in(host: str) -> str:
    """Return the name in a ``Host`` header, "" if there is none."""
    if any(mark in host for mark in "/@?#\\ ,"):
        return ""
    try:
        parts = urlsplit(f"//{host}")
        _ = parts.port  # raises for what is no port
        return parts.hostname or ""
    except ValueError:
        return ""


def _same_origin(origin: str, host: str) -> bool:
    return origin.lower() == f"http://{host.lower()}"


def _values(scope: Scope, name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in scope["headers"] if key == name]


def _too_long() -> Refused:
    return Refused(413, "web.too_long", f"A request may have {MAX_BODY} bytes at most.")


def _limited(receive: Receive) -> Receive:
    """Count what comes in, for a request need not tell its length."""
    n = 0

    async def counted() -> Message:
        nonlocal n
        message = await receive()
        n += len(message.get("body", b""))
        if n > MAX_BODY:
            raise _too_long()
        return message

    return counted


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            there = {key for key, _ in message["headers"]}
            extra = [pair for pair in (*_HEADERS, (b"cache-control", b"no-cache")) if pair[0] not in there]
            message = {**message, "headers": [*message["headers"], *extra]}
        await send(message)

    return sending


async def _refuse(refused: Refused, scope: Scope, send: Send) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
        return
    body = json.dumps({"error": refused.code, "message": refused.message}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": refused.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
