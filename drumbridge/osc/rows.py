"""The rows that the table of addresses is made of: arguments, requests, replies.

Conventions: argument types are those that every client has: ``i`` int32, ``f`` float32, ``s`` string; ``v`` is any
of them, and ``b`` a blob where floats will do too. A request may send a whole number as float and an int for a
float: Max does both without being asked.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, TypeAlias

from drumbridge.errors import ProtocolError

PREFIX: Final = "/drumbridge/"
DONE: Final = PREFIX + "done"
FAIL: Final = PREFIX + "fail"

# What answers a request: given the session and its checked arguments, it returns those of done, or None when that is
# still to come.
Handler: TypeAlias = Callable[..., "Sequence[Any] | None"]

_TYPE_NAMES = {"i": "an int", "f": "a float", "s": "a string", "v": "a number or a string"}


class Argument(NamedTuple):
    """One argument of an address: its name, its type tag and what it means."""

    name: str
    type: str
    text: str = ""
    optional: bool = False


@dataclass(frozen=True)
class Reply:
    """What the server sends before a request's end: `arguments`, then `repeated` any number of times."""

    address: str
    arguments: tuple[Argument, ...]
    text: str
    repeated: tuple[Argument, ...] = ()


@dataclass(frozen=True)
class Request:
    """What a client may ask; `done` are the arguments of its `DONE` after req."""

    address: str
    arguments: tuple[Argument, ...]
    text: str
    done: tuple[Argument, ...] = ()
    replies: tuple[str, ...] = ()

    @property
    def signature(self) -> str:
        """The request as one line: ``/drumbridge/classify req path [model]``."""
        names = (f"[{a.name}]" if a.optional else a.name for a in self.arguments)
        return " ".join([self.address, *names])

    @property
    def tags(self) -> str:
        """The type tags of the request with all its optional arguments."""
        return "".join(argument.type for argument in self.arguments)

    def check(self, values: tuple[Any, ...]) -> list[Any]:
        """Return the arguments in the types of the table.

        Raises
        ------
        ProtocolError
            ``osc.arguments``: too few, too many, or one of another type.
        """
        least = sum(not argument.optional for argument in self.arguments)
        if not least <= len(values) <= len(self.arguments):
            raise ProtocolError("osc.arguments", f"{self.signature} was sent with {len(values)} arguments.")
        return [self._value(argument, value) for argument, value in zip(self.arguments, values, strict=False)]

    def _value(self, argument: Argument, value: Any) -> Any:
        if argument.type in "sv" and isinstance(value, str):
            return value
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
            if argument.type == "v":
                return value
            if argument.type == "f":
                return float(value)
            if argument.type == "i" and value == int(value) and -(1 << 31) <= value < 1 << 31:
                return int(value)
        raise ProtocolError(
            "osc.arguments",
            f"{self.signature}: {argument.name} should be {_TYPE_NAMES[argument.type]}, not {value!r:.60}.",
        )


REQ = Argument("req", "i", "chosen by the client, repeated by every reply; 0..2147483647 and new for each request")
