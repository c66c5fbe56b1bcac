"""The fake Live refuses what Live would not understand: else the tests that use it prove nothing."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="not installed: node")
NODE = Path(__file__).parent / "node"

RUN = """
const {FakeLive} = require(process.argv[1] + "/fake_live.js");
const members = JSON.parse(require("fs").readFileSync(process.argv[1] + "/../facts/live_members.json", "utf8"));
const state = {roots: {live_set: 1}, objects: {
    1: {class: "Song", props: {tempo: 120}, children: {tracks: [2]}},
    2: {class: "Track", props: {name: "Drums", is_frozen: 0}, children: {arrangement_clips: [3]}},
    3: {class: "Clip", props: {name: "a", color: 0, is_audio_clip: 0}, children: {}}}};
const live = new FakeLive(state, members, "11.3.25");
live.awake = process.argv[3] !== "asleep";
try {
    const api = new (live.api())("live_set tracks 0 arrangement_clips 0");
    new Function("api", process.argv[2])(api);
} catch (error) {
    // what was wrong has been noted
}
console.log(JSON.stringify(live.violations));
"""


def violations(code: str, state: str = "awake") -> list[str]:
    command = ["node", "-e", RUN, str(NODE), code, state]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout)


@pytest.mark.parametrize(
    ("code", "wrong"),
    [
        ('api.get("colour")', "Clip has no colour"),
        ('api.set("sample_length", 1)', "Clip.sample_length is read-only"),
        ('api.get("file_path")', "Clip.file_path is not to be had"),  # a MIDI clip has none
        ('api.call("explode")', "Clip has no explode"),
        ('api.get("add_new_notes")', "Clip.add_new_notes is a function"),
        ('api.path = "live_set tracks 0 clip_slot 0"', "Track has no clip_slot"),
        ("api.refresh()", "LiveAPI has no refresh"),
        ("api.mode = 1", "LiveAPI has no mode"),
        ('api.path = "live_set tracks 0"; api.call("create_midi_clip", 0, 1)', "came with 12.2.0"),
        ('api.id = 99; api.get("name")', "a member of nothing"),
    ],
)
def test_what_is_wrong_is_noted(code, wrong):
    (found,) = violations(code)
    assert wrong in found


def test_what_is_right_is_not():
    assert violations('api.get("name"); api.set("name", "b"); api.set("color", 1)') == []


def test_nothing_may_be_used_before_the_device_is_ready():
    assert violations("", "asleep") == ["LiveAPI was used before live.thisdevice spoke"]
