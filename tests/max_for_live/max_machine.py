"""A machine that runs the few native Max objects of our hit chain, as their reference pages describe them.

Conventions: outlets speak from right to left; of several wires at one outlet the order depends on where boxes stand, so
a test runs both orders and wants the same.
"""

from __future__ import annotations

from graph import Graph

BANG = "bang"
_SUMS = {"==": lambda a, b: int(a == b), "&&": lambda a, b: int(bool(a) and bool(b)), ">": lambda a, b: int(a > b),
         "+": lambda a, b: a + b, "*": lambda a, b: a * b, "minimum": min}  # fmt: skip


def number(word: str) -> float:
    return float(word) if "." in word else int(word)


class Machine:
    """The boxes of a patcher with what they hold.

    Attributes
    ----------
    played : list of tuple
        What makenote was given: pitch, velocity, duration.
    shown : dict
        The last value of each control.
    """

    def __init__(self, graph: Graph, backwards: bool = False) -> None:
        self._graph, self._backwards = graph, backwards
        self._right: dict[str, float] = {}
        self._table: dict[int, float] = {}
        self._makenote = {0: 0, 1: 0, 2: 0}
        self.played: list[tuple] = []
        self.shown: dict[str, float] = {}
        for box in graph.boxes:
            words = graph.text(box).split()
            if graph.name(box) in (*_SUMS, "int", "float"):
                self._right[box] = number(words[1]) if len(words) > 1 else 0

    def out(self, box: str, outlet: int, *atoms: object) -> None:
        ends = self._graph.out_of(box, outlet)
        for target, inlet in reversed(ends) if self._backwards else ends:
            self.take(target, inlet, *atoms)

    def take(self, box: str, inlet: int, *atoms: object) -> None:
        name, words = self._graph.name(box), self._graph.text(box).split()
        if name in _SUMS:
            if inlet == 1:
                self._right[box] = atoms[0]
            else:
                self.out(box, 0, _SUMS[name](atoms[0], self._right[box]))
        elif name in ("int", "float"):
            if atoms[0] != BANG:
                self._right[box] = atoms[0]
            if inlet == 0:
                self.out(box, 0, self._right[box])
        elif name == "route":
            k = words[1:].index(str(atoms[0])) if str(atoms[0]) in words[1:] else len(words) - 1
            self.out(box, k, *(atoms[1:] if k < len(words) - 1 else atoms))
        elif name == "unpack":
            for k in reversed(range(len(atoms))):
                self.out(box, k, atoms[k])
        elif name == "select":
            hit = atoms[0] == number(words[1])
            self.out(box, 0 if hit else 1, BANG if hit else atoms[0])
        elif name == "trigger":
            for k in reversed(range(len(words) - 1)):
                self.out(box, k, BANG)
        elif name == "gate":
            if inlet == 0:
                self._right[box] = atoms[0]
            elif self._right.get(box, 0):
                self.out(box, self._right[box] - 1, *atoms)
        elif name == "table":
            if len(atoms) == 2:
                self._table[atoms[0]] = atoms[1]
            else:
                self.out(box, 0, self._table.get(atoms[0], 0))
        elif name == "message":
            self.out(box, 0, number(words[0]))
        elif name == "prepend":
            self.out(box, 0, number(words[1]) if words[1].isdigit() else words[1], *atoms)
        elif name == "makenote":
            self._makenote[inlet] = atoms[0]
            if inlet == 0:
                self.played.append((self._makenote[0], self._makenote[1], self._makenote[2]))
        elif name == "live.numbox":
            self.shown[self._graph.boxes[box]["varname"]] = atoms[0]
            self.out(box, 0, atoms[0])
        elif name == "live.menu":
            self.shown[self._graph.boxes[box]["varname"]] = atoms[0]
        else:
            assert name in ("deferlow",), f"the machine has no {name}"
