"""``GET /api/map``: all dots as columns of bytes, a few megabytes for a hundred thousand instead of as many objects.

Conventions: a little-endian uint32 tells the length of a JSON object that follows, padded with blanks to a multiple
of 8 bytes with the number before it; ``columns`` in it names the columns that follow, each ``n`` numbers of its type
and padded to a multiple of 4 bytes. Types: u1, u2, u4, f4, as in numpy, little-endian.
A label is a row of ``/api/labels`` as it stands without labels of a user's own; those follow, as ``own_labels`` has
them.
"""

from __future__ import annotations

import json

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from drumbridge.library.map_columns import MapColumns, map_columns

from .house import House
from .messages import label_row


def routes(house: House) -> list[BaseRoute]:
    """Return the routes of this module."""

    def the_map(request: Request) -> Response:
        with house.reading() as library:
            columns = map_columns(library)
        return Response(to_bytes(columns), media_type="application/octet-stream")

    return [Route("/api/map", the_map)]


def to_bytes(columns: MapColumns) -> bytes:
    """Return the map as it is sent."""
    arrays = {
        "id": columns.ids.astype("<u4"),
        "x": columns.x.astype("<f4"),
        "y": columns.y.astype("<f4"),
        "folder": columns.folders.astype("<u4"),
        "confidence": (255 * columns.confidences.clip(0, 1)).round().astype("u1"),
        "label": columns.labels.astype("<u2"),
        "flags": columns.flags.astype("u1"),
    }
    head = {
        "n": len(columns.ids),
        "own_labels": [label_row(label) for label in columns.own_labels],
        "columns": [[name, array.dtype.str[1:]] for name, array in arrays.items()],
        "folders": columns.folder_names,
        "provisional": columns.provisional,
    }
    text = json.dumps(head).encode()
    text += b" " * (-(4 + len(text)) % 8)
    parts = [len(text).to_bytes(4, "little"), text]
    for array in arrays.values():
        part = array.tobytes()
        parts += [part, bytes(-len(part) % 4)]
    return b"".join(parts)
