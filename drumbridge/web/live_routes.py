"""``GET /api/live``: what a running server hears, as Server-Sent Events.

Conventions: each event is one JSON object; see `live_feed`. A stream ends when the browser goes, or with the server.
Rejected: a WebSocket, which needs one more dependency and a second set of rules for other pages; nothing is sent back.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Final

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from drumbridge.errors import ServerError

from .house import House

_AT_ONCE: Final = 16  # browsers
_LOOK_EVERY_S: Final = 0.5  # whether the server is ending


def routes(house: House) -> list[BaseRoute]:
    """Return the routes of this module."""
    looking = 0

    async def live(request: Request) -> Response:
        if looking >= _AT_ONCE:
            raise ServerError("server.too_many", f"{_AT_ONCE} pages look at the live view already: close some.")
        return StreamingResponse(events(), media_type="text/event-stream", headers={"cache-control": "no-store"})

    async def events() -> AsyncIterator[bytes]:
        nonlocal looking
        looking += 1
        loop = asyncio.get_running_loop()
        there = asyncio.Event()

        def wake() -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(there.set)

        listener = house.live.add(wake)
        try:
            yield b"retry: 1000\n\n"
            while not house.ending():
                try:
                    await asyncio.wait_for(there.wait(), _LOOK_EVERY_S)
                except asyncio.TimeoutError:  # before Python 3.11 it is no TimeoutError
                    continue
                there.clear()
                taken = listener.take()
                if taken:
                    yield b"".join(b"data: " + json.dumps(event).encode("ascii") + b"\n\n" for event in taken)
        finally:
            looking -= 1
            house.live.remove(listener)

    return [Route("/api/live", live)]
