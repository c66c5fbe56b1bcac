"""The Max objects that the devices are made of: how many inlets and outlets each has, and what comes out.

Conventions: one row is (inlets, outlets by type), the type as Max saves it: "signal", "int", "float", "bang" or "" for
anything. What depends on the arguments is computed in `ports`. An object that is not here cannot be used.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Ports(NamedTuple):
    """Inlets, and the type of each outlet."""

    inlets: int
    outlets: tuple[str, ...]


_ANY = ""

FIXED: Final[dict[str, Ports]] = {
    "plugin~": Ports(2, ("signal", "signal")),
    "plugout~": Ports(2, ("signal", "signal")),
    "jit.net.send": Ports(2, (_ANY,)),
    "metro": Ports(2, ("bang",)),
    "udpsend": Ports(1, ()),
    "udpreceive": Ports(1, (_ANY,)),
    "midiin": Ports(1, ("int",)),
    "midiout": Ports(1, ()),
    "midiformat": Ports(7, ("int", _ANY)),
    "makenote": Ports(3, ("float", "float")),
    "live.thisdevice": Ports(1, ("bang", "int", "int")),
    "node.script": Ports(1, (_ANY, _ANY)),
    "dspstate~": Ports(1, ("int", "float", "int", "int")),
    "deferlow": Ports(1, (_ANY,)),
    "prepend": Ports(1, (_ANY,)),
    "pattr": Ports(1, (_ANY, _ANY, _ANY)),
    "table": Ports(2, ("int", "bang")),
    "int": Ports(2, ("int",)),
    "float": Ports(2, ("float",)),
    "==": Ports(2, ("int",)),
    "&&": Ports(2, ("int",)),
    "*": Ports(2, ("float",)),
    ">": Ports(2, ("int",)),
    "+": Ports(2, ("int",)),
    "minimum": Ports(2, ("int", "int")),
    "message": Ports(2, (_ANY,)),
    "comment": Ports(1, ()),
    "panel": Ports(1, ()),
    "umenu": Ports(1, ("int", _ANY, _ANY)),
    "live.comment": Ports(1, ()),
    "live.line": Ports(1, ()),
    "live.text": Ports(1, (_ANY, _ANY)),
    "live.menu": Ports(1, (_ANY, _ANY, "float")),
    "live.numbox": Ports(1, (_ANY, "float")),
    "live.meter~": Ports(1, ("float", "int")),
}

# Classes that are boxes of their own; everything else is a "newobj" with its name in its text.
UI: Final = frozenset(
    {"message", "comment", "panel", "umenu", "live.comment", "live.line", "live.text", "live.menu", "live.numbox",
     "live.meter~"}
)  # fmt: skip

_TRIGGERS = {"b": "bang", "i": "int", "f": "float", "l": _ANY, "s": _ANY}


def ports(text: str, js_outlets: int = 1) -> Ports:
    """Return the ports of the object that `text` makes.

    Raises
    ------
    KeyError
        The object is not in the table.
    """
    name, *arguments = text.split()
    values = [argument for argument in arguments if not argument.startswith("@")]
    if name == "route":
        return Ports(len(values) + 1, (_ANY,) * (len(values) + 1))
    if name == "select" and len(values) == 1:
        return Ports(2, ("bang", _ANY))
    if name == "unpack":
        return Ports(1, tuple("float" if "." in value else "int" for value in values))
    if name == "pack":
        return Ports(len(values), (_ANY,))
    if name == "trigger":
        return Ports(1, tuple(_TRIGGERS[value] for value in values))
    if name == "gate":
        return Ports(2, (_ANY,) * (int(values[0]) if values else 1))
    if name == "jit.catch~":
        return Ports(int(values[0]) if values else 1, ("jit_matrix", _ANY))
    if name == "js":
        return Ports(1, (_ANY,) * js_outlets)
    return FIXED[name]
