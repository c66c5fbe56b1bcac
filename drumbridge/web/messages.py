"""Reading what a request says, strictly, and writing JSON.

Conventions: what is missing, of the wrong type or too large is an error with the name of the field in it. JSON is
written in ASCII, for a file's name need not be text in any encoding (`os.fsdecode`).
"""

from __future__ import annotations

import json
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse

from drumbridge.core.labels import BY_NAME
from drumbridge.core.own_labels import label_colour
from drumbridge.errors import LibraryError, SettingsError

INT64 = 1 << 63


class Json(JSONResponse):
    """An answer in JSON."""

    def render(self, content: Any) -> bytes:
        """Return the bytes of a value."""
        return json.dumps(content, separators=(",", ":")).encode("ascii")


def label_row(label: str) -> dict[str, str]:
    """Return what the page shows of a label."""
    row = BY_NAME.get(label)
    return {"name": label, "group": row.group if row else label, "colour": f"#{label_colour(label):06x}"}


def sound_number(request: Request) -> int:
    """Return the number of the sound that an address names.

    Raises
    ------
    LibraryError
        ``library.unknown``: no library counts so far.
    """
    number: int = request.path_params["id"]
    if number >= INT64:
        raise LibraryError("library.unknown", "The library has no sound with such a number.")
    return number


async def json_object(request: Request) -> dict[str, Any]:
    """Return the JSON object in the body of a request.

    Raises
    ------
    SettingsError
        ``settings.json``.
    """
    try:
        value = await request.json()
    except (ValueError, RecursionError) as error:
        raise SettingsError("settings.json", f"The body is no JSON: {error}.") from error
    if not isinstance(value, dict):
        raise SettingsError("settings.json", "The body is no JSON object.")
    return value


def field(value: dict[str, Any], name: str, kind: type) -> Any:
    """Return a field of a JSON object that has to be there.

    Raises
    ------
    SettingsError
        ``settings.json``.
    """
    found = value.get(name)
    too_large = isinstance(found, int) and not -INT64 <= found < INT64
    if not isinstance(found, kind) or isinstance(found, bool) or too_large:
        raise SettingsError("settings.json", f"{name} is missing or no {kind.__name__}.")
    return found


def whole_number(request: Request, name: str, default: int | None, most: int = INT64 - 1) -> int | None:
    """Return a whole number of the query string, 0..most.

    Raises
    ------
    SettingsError
        ``settings.query``.
    """
    text = request.query_params.get(name)
    if text is None:
        return default
    if not text.isascii() or not text.isdecimal() or len(text) > 19 or int(text) > most:
        raise SettingsError("settings.query", f"{name} is a whole number from 0 to {most}, not {text!r:.40}.")
    return int(text)
