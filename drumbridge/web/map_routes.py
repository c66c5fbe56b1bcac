"""``GET /api/map``: all dots as columns of bytes, a few megabytes for a hundred thousand instead of as many objects.

Conventions: a little-endian uint32 tells the length of a JSON object that follows, padded with blanks to a multiple
of 8 bytes with the number before it; ``columns`` in it names the columns that follow, each ``n`` numbers of its type
and padded to a multiple of 4 bytes. Types: u1, u2, u4, f4, as in numpy, little-endian.
Of several models that files were heard with it shows one: the one that ``model`` numbers, else the one that the page's
server hears with, else the one with the most files; ``models`` in the object lists all.
A label is a row of ``/api/labels`` as it stands without labels of a user's own; those follow, as ``own_labels`` has
them.
"""

from __future__ import annotations

import json

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from drumbridge.library.heard_models import HeardModel, heard_models
from drumbridge.library.map_columns import MapColumns, map_columns

from .house import House
from .messages import label_row, whole_number


def routes(house: House) -> list[BaseRoute]:
    """Return the routes of this module."""

    def the_map(request: Request) -> Response:
        number = whole_number(request, "model", 0)
        with house.reading() as library:
            models = heard_models(library)
            shown = _shown(house, models, number or 0)
            columns = map_columns(library, shown)
        return Response(to_bytes(columns, models, shown), media_type="application/octet-stream")

    return [Route("/api/map", the_map)]


def _shown(house: House, models: list[HeardModel], number: int) -> HeardModel | None:
    """Return the model whose map is shown; None where nothing was heard yet."""
    for model in models:
        if number in model.hearings:
            return model
    current = house.model_hash() if len(models) > 1 else None
    return next((model for model in models if model.hash == current), models[0] if models else None)


def to_bytes(columns: MapColumns, models: list[HeardModel], shown: HeardModel | None) -> bytes:
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
        "models": [{"number": model.hearings[0], "name": model.name, "n": model.n} for model in models],
        "model": shown.hearings[0] if shown else 0,
    }
    text = json.dumps(head).encode()
    text += b" " * (-(4 + len(text)) % 8)
    parts = [len(text).to_bytes(4, "little"), text]
    for array in arrays.values():
        part = array.tobytes()
        parts += [part, bytes(-len(part) % 4)]
    return b"".join(parts)
