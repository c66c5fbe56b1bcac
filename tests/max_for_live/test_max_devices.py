"""The built devices: their bytes, and that they are what the sources say."""

import struct
from pathlib import Path

import pytest
from amxd_reader import read

import max_for_live
from max_for_live.build import DEVICES, dependencies, development, picture, release, script
from max_for_live.picture import clips_png

ROOT = Path(max_for_live.__file__).parent
KINDS = {"DrumBridge": "aaaa", "DrumBridge Pads": "mmmm"}
devices = pytest.mark.parametrize("device", DEVICES, ids=lambda device: device.NAME)


@devices
def test_the_committed_device_is_what_the_sources_make(device):
    made = (ROOT / "devices" / f"{device.NAME}.amxd").read_bytes()
    assert made == release(device), "run python -m max_for_live.build"
    assert release(device) == release(device)


@devices
def test_the_committed_picture_is_what_the_sources_make(device):
    path = ROOT.parent / "docs" / "images" / f"{device.NAME.lower().replace(' ', '-')}.png"
    data = path.read_bytes()
    assert data == picture(device), "run python -m max_for_live.build"
    width, height = struct.unpack_from(">II", data, 16)
    assert (width, height) == (2 * device.WIDTH, 2 * 169)


def test_the_committed_drawing_is_what_the_sources_make():
    data = (ROOT.parent / "docs" / "images" / "coloured-clips.png").read_bytes()
    assert data == clips_png(), "run python -m max_for_live.build"


@devices
def test_frozen_and_unfrozen_hold_the_same_patch(device):
    frozen, unfrozen = read(release(device)), read(development(device))
    assert frozen.patcher == unfrozen.patcher
    assert (frozen.kind, frozen.meta) == (KINDS[device.NAME], 7)
    assert (unfrozen.kind, unfrozen.meta, unfrozen.files) == (KINDS[device.NAME], 1, [])


@devices
def test_a_frozen_device_carries_every_script_that_it_names(device):
    frozen = read(release(device))
    own, *others = frozen.files
    assert (own.type, own.name, own.flag) == ("JSON", f"{device.NAME}.amxd", 17)
    named = {
        box["box"]["text"].split()[1]
        for box in frozen.patcher["boxes"]
        if box["box"].get("text", "").split()[:1] in (["js"], ["node.script"])
    }
    assert {file.name for file in others} == named
    assert all(file.type == "TEXT" for file in others)
    assert [(file.name, file.data) for file in others] == [(one.name, one.data) for one in dependencies(device)]
    assert {file.name: file.flag for file in others if file.flag} == (
        {device.LAUNCHER: 8} if hasattr(device, "LAUNCHER") else {}
    )


@devices
def test_the_patcher_has_what_every_real_device_has(device):
    patcher = read(release(device)).patcher
    for key in ("fileversion", "appversion", "classnamespace", "boxes", "lines", "project", "autosave", "parameters"):
        assert key in patcher
    assert patcher["openinpresentation"] == 1
    assert patcher["openrect"] == [0, 0, 0, 169]
    assert patcher["project"]["amxdtype"] == int.from_bytes(KINDS[device.NAME].encode(), "big")
    assert patcher["minimum_live_version"] == "11.3"


@devices
def test_the_tables_in_the_js_are_those_of_drumbridge(device):
    from drumbridge._version import __version__
    from drumbridge.core.labels import LABELS, UNSURE_COLOUR

    text = script(device).decode()
    for label in LABELS:
        assert f'"name": "{label.name}",\n  "note": {label.gm_note},\n  "colour": {label.colour}' in text
    assert f'var VERSION = "{__version__}";' in text
    assert f"var UNSURE_COLOUR = {UNSURE_COLOUR};" in text


def test_the_server_port_is_the_servers():
    from drumbridge.osc.addresses import DEFAULT_PORT
    from max_for_live.bridge import SERVER_PORT

    assert SERVER_PORT == DEFAULT_PORT


def test_a_wire_to_nowhere_is_refused():
    from max_for_live.patcher import Object, patcher

    for wire in ("a 0 > b 1", "a 1 > b 0", "a 0 > c 0"):
        with pytest.raises(ValueError, match="no such"):
            patcher(b"aaaa", 100, (Object("a", "prepend x"), Object("b", "midiout")), (), wire)
    with pytest.raises(KeyError, match="no\\.such"):
        patcher(b"aaaa", 100, (Object("a", "no.such"),), (), "")
