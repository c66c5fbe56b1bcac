"""The native chain of a device as a Pure Data patch, translated box by box from the device's own wiring."""

from __future__ import annotations

from graph import Graph

HIT = "route /drumbridge/live/hit"
# Max's object -> Pd's, where the names differ or the arguments do.
PLAIN = {"==", "&&", "select", "int", "float", "makenote", "pack", "trigger"}


def in_pd(text: str) -> str:
    name, *arguments = text.split()
    if name == "unpack":
        return " ".join(["unpack", *"f" * len(arguments)])
    assert name in PLAIN, f"{text} is no object of the chain that Pd has too"
    return " ".join([{"trigger": "t"}.get(name, name), *arguments])


def pd_patch(graph: Graph, port: int, stream_id: int, stage: int) -> str:
    """Return a patch that listens on `port` and prints ``note: pitch velocity`` where the device has midiformat."""
    (start,) = [box for box in graph.boxes if graph.text(box) == HIT]
    (end,) = graph.named("midiformat")
    chain = on_the_way(graph, start, end)
    stream, stage_box = stream_and_stage(graph)
    lines = ["#N canvas 0 0 900 600 12;"]
    texts = [f"netreceive -u -b {port}", "oscparse", "list trim", "route drumbridge", "route live", "route hit"]
    numbers = {}
    for box in chain:
        text = graph.text(box)
        if box in (stream, stage_box):  # what js sets by the cold inlet
            text = f"== {stream_id if box == stream else stage}"
        numbers[box] = len(texts)
        texts.append(in_pd(text))
    printer = len(texts)
    texts.append("print note")
    lines += [f"#X obj 20 {20 + 30 * k} {text};" for k, text in enumerate(texts)]
    lines += [f"#X connect {k} 0 {k + 1} 0;" for k in range(5)]
    for source, outlet, target, inlet in graph.wires:
        first = 5 if source == start and outlet == 0 else numbers.get(source)
        last = printer if target == end else numbers.get(target)
        if first is not None and last is not None and (target != end or inlet == 0):
            lines.append(f"#X connect {first} {outlet} {last} {0 if target == end else inlet};")
    return "\n".join(lines) + "\n"


def on_the_way(graph: Graph, start: str, end: str) -> list[str]:
    """Return the boxes between, in the order of the patch: those that a hit reaches and that reach the notes."""
    ahead = closure({target for target, _ in graph.out_of(start, 0)}, lambda box: {t for t, _ in graph.out_of(box)})
    back = closure({source for source, _ in graph.into(end)}, lambda box: {s for s, _ in graph.into(box)})
    return [box for box in graph.boxes if box in ahead & back]


def closure(front: set[str], further) -> set[str]:
    reached: set[str] = set()
    while front:
        reached |= front
        front = {one for box in front for one in further(box)} - reached
    return reached


def stream_and_stage(graph: Graph) -> tuple[str, str]:
    """Return the two comparisons whose cold inlets js sets."""
    found = {}
    for box in graph.named("=="):
        ((control, outlet),) = graph.into(box, 1)
        found[graph.text(control).split()[1 + outlet]] = box
    return found["stream"], found["stage"]
