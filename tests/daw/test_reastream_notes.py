"""Notes that leave by ReaStream, as the ReaStream that receives them in REAPER sees them."""

import socket

import pytest
from heard import DEADLINE_S

from drumbridge.daw.reastream import MidiPacket, parse
from drumbridge.daw.reastream_notes import ReaStreamNotes
from drumbridge.errors import SettingsError


@pytest.fixture
def reaper():
    """The socket of a ReaStream that receives."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.settimeout(DEADLINE_S)
        yield listening


@pytest.mark.parametrize("channel", [1, 10, 16])
def test_a_note_is_struck_and_let_go_in_packets_of_its_own(reaper, channel):
    notes = ReaStreamNotes("drums", channel, *reaper.getsockname())
    notes.send(36, 100)
    notes.send(36, 0)
    told = [parse(reaper.recv(4096)) for _ in range(2)]
    on, off = bytes((0x90 + channel - 1, 36, 100)), bytes((0x80 + channel - 1, 36, 0))
    assert told == [MidiPacket("drums", (on,)), MidiPacket("drums", (off,))]
    assert notes.name == "ReaStream drums at {}, port {}".format(*reaper.getsockname())
    notes.close()


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        (("",), "identifier"),
        (("a" * 32,), "identifier"),
        (("drums", 0), "channel"),
        (("drums", 17), "channel"),
        (("drums", 10, "reaper.local"), "host"),
        (("drums", 10, ""), "host"),
        (("drums", 10, "127.0.0.1", 0), "port"),
        (("drums", 10, "127.0.0.1", 70000), "port"),
    ],
)
def test_what_cannot_be_is_refused_at_once(settings, code):
    with pytest.raises(SettingsError) as caught:
        ReaStreamNotes(*settings)
    assert caught.value.code == "settings." + code
