"""DrumBridge Pads in Node: following a bus of a real server, and learning notes from a rack."""

import json
import shutil
import socket
import subprocess

import numpy as np
import pytest
from live_set import DEADLINE_S, Device, LiveSet

from drumbridge.daw.jmtx import matrix_bytes
from drumbridge.osc.wire import Message, decode, encode
from max_for_live import pads
from max_for_live.build import MESSAGES, script

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="not installed: node")

NAMES = {
    "Kick 808.wav": "kick", "BD Hard": "kick", "Bass Drum 1": "kick",
    "Snare Tight": "snare", "SD-02": "snare", "acoustic_snare": "snare",
    "Rim": "rim", "Sidestick": "rim",
    "Clap 909": "clap", "CP": "clap",
    "Finger Snap": "snap",
    "Hihat Closed": "closed_hat", "CHH 1": "closed_hat", "HH": "closed_hat", "ClosedHH": "closed_hat",
    "Hat Open": "open_hat", "Open Hi-Hat": "open_hat", "OHH 3": "open_hat", "OH": "open_hat",
    "Pedal Hat": "pedal_hat", "Hihat Foot": "pedal_hat",
    "Tom Low": "tom_low", "Floor Tom": "tom_low", "Tom Mid": "tom_mid", "Hi Tom": "tom_high", "Tom 3": "tom",
    "Crash 1": "crash", "Splash": "splash", "China": "china", "Cymbal": "cymbal",
    "Ride": "ride", "Ride Bell": "ride_bell", "Cowbell": "cowbell",
    "Conga Hi": "conga", "Bongo": "bongo", "Timbale": "timbale", "Tambourine": "tambourine", "Shaker": "shaker",
    "Claves": "clave", "Triangle": "triangle", "Woodblock": "percussion", "Perc 2": "percussion",
    "Vocal chop": None, "Sub": None, "FX down": None,
}  # fmt: skip


@pytest.fixture
def opened(server, tmp_path):
    devices = []

    def open_device(live: LiveSet) -> Device:
        device = Device(pads, live, server.port, tmp_path)
        devices.append(device)
        device.let("LOOK_MS", 100)
        device.send("init")
        device.until_status(MESSAGES["pads_waiting"])
        return device

    yield open_device
    for device in devices:
        device.state()
        device.close()


def rack_set(names: list[str], first: int = 36, behind: bool = True) -> LiveSet:
    live = LiveSet()
    track = live.track("Drums", midi=True)
    drum_pads = []
    for note in range(128):
        filled = 0 <= note - first < len(names)
        chains = [live.add("DrumChain", {"name": names[note - first]}, {})] if filled else []
        name = names[note - first] if filled else f"note {note}"
        drum_pads.append(live.add("DrumPad", {"name": name, "note": note}, {"chains": chains}))
    rack = live.add("RackDevice", {"can_have_drum_pads": 1, "class_name": "DrumGroupDevice"}, {"drum_pads": drum_pads})
    other = live.add("RackDevice", {"can_have_drum_pads": 0, "class_name": "Arpeggiator"}, {})
    if not behind:
        live.child(track, "devices").append(rack)
    live.put_device(track)
    live.child(track, "devices").append(other)
    if behind:
        live.child(track, "devices").append(rack)
    return live


ASK = """
const vm = require("vm");
const context = vm.createContext({patcher: {}});
vm.runInContext(require("fs").readFileSync(0, "utf8"), context);
console.log(JSON.stringify(process.argv.slice(1).map((name) => context.label_of_name(name))));
"""


def test_names_are_understood():
    command = ["node", "-e", ASK, *NAMES]
    done = subprocess.run(command, input=script(pads), capture_output=True, check=True, timeout=DEADLINE_S)
    assert dict(zip(NAMES, json.loads(done.stdout), strict=True)) == NAMES


def test_the_first_pad_of_a_class_gives_its_note(opened):
    device = opened(rack_set(["Kick A", "Snare", "Kick B", "Voice"], first=40))
    device.send("learn_notes")
    assert device.until_status(MESSAGES["learnt"]) == [3, 4]
    assert [out for out in device.heard if out[0] == "note"] == [["note", 0, 40], ["note", 1, 41]]


def test_a_rack_before_the_device_is_not_the_one(opened):
    device = opened(rack_set(["Kick"], behind=False))
    device.send("learn_notes")
    device.until_status(MESSAGES["no_rack"])


def test_a_bus_is_followed(opened, server):
    device = opened(rack_set([]))
    device.send("bus", 5)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(DEADLINE_S)
        client.connect(("127.0.0.1", server.port))
        client.send(encode(Message("/drumbridge/jmtx/open", "isi", (1, "bus 5", 44100))))
        port = decode(client.recv(65536)).arguments[1]
        with socket.create_connection(("127.0.0.1", port), DEADLINE_S) as sender:
            sender.sendall(matrix_bytes(np.zeros((512, 1), np.float32)))
            stream = device.until("stream")[1]
            assert stream > 0
            device.until_status(MESSAGES["pads_following"])
        client.send(encode(Message("/drumbridge/jmtx/close", "is", (2, "bus 5"))))
        device.until("stream", 0)
        device.until_status(MESSAGES["pads_waiting"])
