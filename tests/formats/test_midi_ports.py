"""MIDI ports: found by a part of their name, told when there are none, and real where this machine has them."""

import contextlib
import os
import shutil
import subprocess
import sys

import pytest
from mido.ports import EchoPort

from drumbridge.errors import ServerError, SettingsError
from drumbridge.formats import midi_ports
from drumbridge.formats.midi_ports import find_output, open_output, output_names

DEADLINE_S = 20.0


class Backend:
    """A MIDI system with some outputs."""

    def __init__(self, *names: str) -> None:
        self.names = names
        self.opened: list[tuple[str, dict]] = []

    def get_output_names(self) -> tuple[str, ...]:
        return self.names

    def open_output(self, name: str, **how: object) -> EchoPort:
        if name == "taken":
            raise OSError("the device is busy")
        self.opened.append((name, how))
        return EchoPort(name)


@pytest.fixture
def system(monkeypatch):
    backend = Backend("IAC Driver Bus 1", "IAC Driver Bus 2", "TD-17", "taken")
    monkeypatch.setattr(midi_ports, "_system", lambda: backend)
    return backend


@pytest.mark.parametrize(("asked", "found"), [("TD-17", "TD-17"), ("td", "TD-17"), ("bus 2", "IAC Driver Bus 2")])
def test_a_part_of_a_name_is_enough(system, asked, found):
    assert find_output(asked) == found
    assert open_output(found).name == f"MIDI port {found}"


@pytest.mark.parametrize(
    ("asked", "match"),
    [
        ("iac", "2 MIDI outputs are called 'iac'; there are: 'IAC Driver Bus 1', 'IAC"),
        ("nanoPAD", "No MIDI output is called 'nanoPAD'; there are: .*'TD-17'"),
        ("", "No MIDI output is called ''"),
    ],
)
def test_what_is_no_port_or_several_is_told_with_what_there_is(system, asked, match):
    with pytest.raises(ServerError, match=match) as caught:
        find_output(asked)
    assert caught.value.code == "device.midi_port"


def test_a_port_that_is_taken_is_told(system):
    with pytest.raises(ServerError, match="'taken' cannot be opened: the device is busy") as caught:
        open_output("taken")
    assert caught.value.code == "device.midi_port"


@pytest.mark.parametrize("channel", [0, 17, -1])
def test_a_channel_that_is_none_is_told(system, channel):
    with pytest.raises(SettingsError, match="1 to 16"):
        open_output("TD-17", channel)
    assert system.opened == []


def test_a_virtual_port_is_our_own(system, monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    open_output(find_output("Virtual"))
    assert system.opened == [("drumbridge", {"client_name": "drumbridge"})]
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(ServerError, match=r"Windows has no virtual MIDI ports: .*loopMIDI"):
        open_output("virtual")


def test_without_rtmidi_one_line_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "rtmidi", None)
    monkeypatch.delitem(sys.modules, "mido.backends.rtmidi", raising=False)
    with pytest.raises(ServerError, match="pip install python-rtmidi") as caught:
        output_names()
    assert caught.value.code == "device.no_rtmidi"


# In a process of its own: JACK's library, when its server ends, at times takes the process with it.
_REAL = """
import sys, time
from drumbridge.errors import ServerError
from drumbridge.formats import midi_ports
from drumbridge.formats.midi_ports import find_output, open_output
deadline = time.monotonic() + float(sys.argv[1])
while True:
    try:
        system = midi_ports._system()
        break
    except ServerError as error:
        if time.monotonic() > deadline:
            print("none:", error, flush=True)
            sys.exit()
heard = system.open_input("drumbridge test", client_name="drumbridge test")
output = open_output(find_output("drumbridge test"))
for velocity, expected in ((101, [0x99, 36, 101]), (0, [0x89, 36, 0])):
    arrived = []
    while expected not in arrived and time.monotonic() < deadline:
        output.send(36, velocity)  # again and again: JACK's dummy driver loses some on a busy machine
        arrived += [message.bytes() for message in heard.iter_pending()]
    print("carried:", expected in arrived, flush=True)
virtual = open_output("virtual")
print("seen:", any("drumbridge" in name for name in system.get_input_names()), flush=True)
"""


def test_a_real_port_carries_notes_and_a_virtual_one_is_seen(monkeypatch):
    pytest.importorskip("rtmidi", reason="python-rtmidi is not installed")
    with contextlib.ExitStack() as ending:
        name = f"drumbridge-midi-{os.getpid()}"  # of its own: somebody else may test here too
        if shutil.which("jackd") is not None:  # where the machine has no MIDI system of its own
            jack = subprocess.Popen(
                ["jackd", "--no-realtime", "-n", name, "-d", "dummy", "-r", "48000", "-p", "1024"],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={**os.environ, "JACK_NO_AUDIO_RESERVATION": "1"},
            )
            ending.callback(jack.wait, DEADLINE_S)
            ending.callback(jack.terminate)
        child = subprocess.run(
            [sys.executable, "-c", _REAL, str(DEADLINE_S)],
            env={**os.environ, "JACK_DEFAULT_SERVER": name},
            capture_output=True,
            text=True,
            timeout=4 * DEADLINE_S,
        )
    if child.stdout.startswith("none:"):
        pytest.skip(f"no MIDI system works here: {child.stdout}")
    assert child.stdout.splitlines() == ["carried: True", "carried: True", "seen: True"], child.stderr
