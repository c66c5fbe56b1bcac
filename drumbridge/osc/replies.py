"""Replies as messages: only the types that every client has, and never longer than one can take.

Conventions: a value's tag follows from its Python type (int ``i``, float ``f``, str ``s``). Text that
UTF-8 cannot hold (file names that are not text on Linux) is sent with "?" in its place.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from drumbridge.osc.addresses import MAX_ATOMS, MAX_LIST
from drumbridge.osc.wire import Message

_TAGS = {int: "i", float: "f", str: "s"}
_LONGEST_SENTENCE = 3500  # bytes; holds a path of 1,000 characters, and leaves room for another beside it


def reply(address: str, *values: Any) -> Message:
    """Return one reply.

    Parameters
    ----------
    address : str
    *values : int, float or str
        Exactly these types: a numpy number is a mistake that shows as KeyError.
    """
    tags = "".join([_TAGS[type(value)] for value in values])
    return Message(address, tags, tuple(map(_plain, values)) if "s" in tags else values)


def replies(address: str, req: int, rows: Iterable[Sequence[Any]]) -> Iterator[Message]:
    """Yield as many replies as it takes to send all rows, each reply with `req` and whole rows."""
    values: list[Any] = [req]
    size = base = len(address) + 16
    for row in rows:
        added = sum(1 + (len(v.encode("utf-8", "replace")) + 4 if isinstance(v, str) else 4) for v in row)
        if len(values) > 1 and (len(values) + len(row) > MAX_ATOMS or size + added > MAX_LIST):
            yield reply(address, *values)
            values, size = [req], base
        values += row
        size += added
    if len(values) > 1:
        yield reply(address, *values)


def clipped(sentence: str) -> str:
    """Return a sentence short enough for one reply; a longer one loses its middle."""
    raw = sentence.encode("utf-8", "replace")
    if len(raw) <= _LONGEST_SENTENCE:
        return sentence
    half = _LONGEST_SENTENCE // 2 - 2
    return raw[:half].decode("utf-8", "ignore") + "…" + raw[-half:].decode("utf-8", "ignore")


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\0", "?").encode("utf-8", "replace").decode("utf-8")
    return value
