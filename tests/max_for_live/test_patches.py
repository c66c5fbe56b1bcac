"""The wiring and the face of the devices, checked against what is known of Max's objects and Ableton's guidelines."""

import json
from pathlib import Path

import pytest
from graph import GRAPHS, PATCHERS

from max_for_live.build import DEVICES, MESSAGES, messages_of

OBJECTS = json.loads((Path(__file__).parent / "facts" / "max_objects.json").read_text())
names = pytest.mark.parametrize("name", list(GRAPHS))
SIGNAL_INLETS = {"plugout~": {0, 1}, "live.meter~": {0}, "jit.catch~": {0, 1}}
# Those whose inlets and outlets depend on what stands behind the name.
BY_ARGUMENTS = {"route", "gate", "unpack", "pack", "trigger", "js", "jit.catch~", "udpsend", "*"}


def arguments(text: str) -> list[str]:
    return [word for word in text.split()[1:] if not word.startswith("@")]


@names
def test_every_box_is_a_known_object_with_its_inlets_and_outlets(name):
    graph = GRAPHS[name]
    for box_id, box in graph.boxes.items():
        object_name = graph.name(box_id)
        known = OBJECTS[object_name]
        assert box["maxclass"] == known["maxclass"]
        n = len(arguments(box.get("text", "")))
        outlets = box["numoutlets"]
        if object_name not in BY_ARGUMENTS:
            assert (box["numinlets"], outlets) == (known["numinlets"], known["numoutlets"]), object_name
            assert box.get("outlettype", []) == (known["outlettype"] or [])
        elif object_name == "route":
            assert (box["numinlets"], outlets) == (n + 1, n + 1)
        elif object_name in ("unpack", "trigger"):
            assert (box["numinlets"], outlets) == (1, n)
        elif object_name == "pack":
            assert (box["numinlets"], outlets) == (n, 1)
        elif object_name == "gate":
            assert (box["numinlets"], outlets) == (2, int(arguments(box["text"])[0]))
        elif object_name == "js":
            assert (box["numinlets"], outlets) == (1, 2)
        elif object_name == "jit.catch~":
            assert (box["numinlets"], outlets) == (int(arguments(box["text"])[0]), 2)
        elif object_name == "udpsend":
            assert (box["numinlets"], outlets) == (1, 0)
        assert len(box.get("outlettype", [])) == outlets


@names
def test_every_wire_lands(name):
    graph = GRAPHS[name]
    for source, outlet, target, inlet in graph.wires:
        assert outlet < graph.boxes[source]["numoutlets"]
        assert inlet < graph.boxes[target]["numinlets"]
    assert len(set(graph.wires)) == len(graph.wires)


@names
def test_signals_lead_to_signals(name):
    graph = GRAPHS[name]
    for source, outlet, target, inlet in graph.wires:
        if graph.boxes[source]["outlettype"][outlet] == "signal":
            assert inlet in SIGNAL_INLETS.get(graph.name(target), ()), graph.name(target)
    for box_id in graph.named("plugout~", "live.meter~"):
        for inlet in SIGNAL_INLETS[graph.name(box_id)]:
            assert graph.into(box_id, inlet), "every signal inlet is fed"


def test_audio_passes_untouched():
    graph = GRAPHS["DrumBridge"]
    (plugin,), (plugout,) = graph.named("plugin~"), graph.named("plugout~")
    assert graph.into(plugout) == [(plugin, 0), (plugin, 1)]
    assert [(plugout, 0), (plugout, 1)] == [end for end in graph.out_of(plugin) if end[0] == plugout]


def test_midi_passes_untouched():
    graph = GRAPHS["DrumBridge Pads"]
    (midi_in,), (midi_out,) = graph.named("midiin"), graph.named("midiout")
    assert graph.out_of(midi_in) == [(midi_out, 0)]


@names
def test_py2max_finds_no_error(name):
    py2max = pytest.importorskip("py2max")
    from py2max.lint import lint

    patch = py2max.Patcher.from_dict(PATCHERS[name])
    # Its reference lists no inlet for udpsend, though Max saves it with one.
    found = [f for f in lint(patch) if f.severity == "error" and "udpsend" not in f.message]
    assert not found, "\n".join(map(str, found))


# -- the face ----------------------------------------------------------------------------------------------------------


def shown(name: str) -> list[dict]:
    return [box for box in GRAPHS[name].boxes.values() if box.get("presentation")]


@names
def test_every_control_stands_inside_the_strip_at_whole_dots(name):
    width = PATCHERS[name]["devicewidth"]
    for box in shown(name):
        x, y, w, h = box["presentation_rect"]
        assert all(isinstance(value, int) for value in box["presentation_rect"])
        assert x >= 0
        assert y >= 0
        assert w > 0
        assert h > 0
        assert x + w <= width
        assert y + h <= 169
    seen = {box["id"] for box in shown(name)}
    for box in GRAPHS[name].boxes.values():
        assert box["id"] in seen or box["maxclass"] in ("newobj", "message"), "all that can be seen is in presentation"


@names
def test_no_control_lies_on_another(name):
    boxes = [box for box in shown(name) if box["varname"] not in ("lcd",)]
    for k, one in enumerate(boxes):
        for other in boxes[:k]:
            (ax, ay, aw, ah), (bx, by, bw, bh) = one["presentation_rect"], other["presentation_rect"]
            apart = ax + aw <= bx or bx + bw <= ax or ay + ah <= by or by + bh <= ay
            assert apart, (one["varname"], other["varname"])


@names
def test_every_text_fits_its_box(name):
    from max_for_live import bridge, pads
    from max_for_live.picture import shown_text, text_width

    device = {"DrumBridge": bridge, "DrumBridge Pads": pads}[name]
    for control in device.CONTROLS:
        room = control.rect[2] - {"label": 2, "menu": 4, "list": 12, "number": 4}.get(control.kind, 2)
        texts = control.values if control.kind == "menu" else (shown_text(control),)
        if control.kind in ("label", "button", "toggle", "menu", "number"):
            for text in texts:
                assert text_width(text.replace("_", " ")) <= room + 1, (control.name, text)


@pytest.mark.parametrize("device", DEVICES, ids=lambda device: device.NAME)
def test_every_message_fits_the_status_line(device):
    from max_for_live.picture import text_width

    (status,) = [box for box in shown(device.NAME) if box["varname"] == "status"]
    room = status["presentation_rect"][2]
    for key, text in messages_of(device).items():
        assert text_width(text.replace("#", "999")) <= room, key
        assert not set(text) & set(',;$\\"{}'), "these would be escaped in the strip"


def test_every_message_is_said_somewhere():
    assert {key for device in DEVICES for key in messages_of(device)} == set(MESSAGES)


@names
def test_parameters_are_as_ableton_asks(name):
    graph = GRAPHS[name]
    long_names = []
    for box in graph.boxes.values():
        value = box.get("saved_attribute_attributes", {}).get("valueof")
        assert bool(value) == bool(box.get("parameter_enable"))
        if value:
            long_names.append(value["parameter_longname"])
            assert value["parameter_invisible"] in (0, 1, 2)
            assert value["parameter_info"]
            assert "[" not in value["parameter_longname"]
            assert PATCHERS[name]["parameters"][box["id"]][0] == value["parameter_longname"]
    assert len(set(long_names)) == len(long_names)


@names
def test_every_control_has_its_info_text(name):
    for box in shown(name):
        if box["maxclass"] not in ("live.comment", "live.line") and box["varname"] != "lcd":
            assert len(box["annotation"]) > 15, box["varname"]


@names
def test_what_the_patch_sets_by_itself_is_hidden(name):
    """A parameter that is changed from inside floods Live's undo, unless it is hidden or a click asked for it."""
    graph = GRAPHS[name]
    for box_id, box in graph.boxes.items():
        value = box.get("saved_attribute_attributes", {}).get("valueof")
        if value and graph.into(box_id):
            by_click = value["parameter_longname"].startswith("Note ") or value["parameter_type"] == 3
            assert value["parameter_invisible"] == 2 or by_click, value["parameter_longname"]


@names
def test_colours_follow_the_theme(name):
    for box in shown(name):
        # What is not a live.* object knows no theme by itself; the swatch shows a clip's colour and has none.
        if not box["maxclass"].startswith("live.") and box["varname"] != "swatch":
            saved = box["saved_attribute_attributes"]
            assert any(str(one.get("expression", "")).startswith("themecolor.live_") for one in saved.values())
        assert not any(key.endswith("color") for key in box), "no colour of our own"


@names
def test_nothing_prints_and_no_text_is_made(name):
    graph = GRAPHS[name]
    assert not graph.named("print", "sprintf", "tosymbol", "combine", "fromsymbol", "itoa", "delay", "pipe", "loadbang")
    for box_id in graph.named("send", "s", "receive", "r", "buffer~"):
        assert graph.text(box_id).split()[1].startswith("---"), "local to its device"


@names
def test_hits_reach_the_notes_through_native_objects_only(name):
    graph = GRAPHS[name]
    (receive,), (makenote,) = graph.named("udpreceive"), graph.named("makenote")
    reached, front = set(), {receive}
    while front:  # everything that a hit can reach
        reached |= front
        front = {target for box in front for target, _ in hit_wires(graph, box)} - reached
    assert makenote in reached
    assert not reached & set(graph.named("js", "node.script"))
    (midiout,) = graph.named("midiout")
    assert midiout in reached


def hit_wires(graph, box_id):
    if graph.text(box_id) == "route /drumbridge/live/hit":
        return graph.out_of(box_id, 0)
    return graph.out_of(box_id)


@names
def test_no_two_devices_share_a_name(name):
    """udpreceive starts on one port in every instance; js moves it at once to one of the instance's own."""
    graph = GRAPHS[name]
    (receive,) = graph.named("udpreceive")
    sources = [graph.text(box) for box, _ in graph.into(receive)]
    assert sources == ["prepend port"]
