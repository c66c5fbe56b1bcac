"""A patcher as boxes and wires by name, for tests."""

from __future__ import annotations

from amxd_reader import read

from max_for_live.build import DEVICES, release


class Graph:
    """The boxes of a patcher by id, and its wires as (source, outlet, target, inlet)."""

    def __init__(self, patcher: dict) -> None:
        self.boxes = {box["box"]["id"]: box["box"] for box in patcher["boxes"]}
        assert len(self.boxes) == len(patcher["boxes"]), "ids are unique"
        self.wires = [(*line["patchline"]["source"], *line["patchline"]["destination"]) for line in patcher["lines"]]

    def name(self, box_id: str) -> str:
        """Return the Max object of a box."""
        box = self.boxes[box_id]
        return box["text"].split()[0] if box["maxclass"] == "newobj" else box["maxclass"]

    def text(self, box_id: str) -> str:
        return self.boxes[box_id].get("text", "")

    def named(self, *names: str) -> list[str]:
        return [box_id for box_id in self.boxes if self.name(box_id) in names]

    def into(self, target: str, inlet: int | None = None) -> list[tuple[str, int]]:
        return [(s, o) for s, o, t, i in self.wires if t == target and inlet in (None, i)]

    def out_of(self, source: str, outlet: int | None = None) -> list[tuple[str, int]]:
        return [(t, i) for s, o, t, i in self.wires if s == source and outlet in (None, o)]


PATCHERS = {device.NAME: read(release(device)).patcher for device in DEVICES}
GRAPHS = {name: Graph(patcher) for name, patcher in PATCHERS.items()}
