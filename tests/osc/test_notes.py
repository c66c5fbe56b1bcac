"""Notes that leave the server: what is heard live is struck on a virtual keyboard or a MIDI port, and let go."""

import signal
import socket
import sys
import time

import numpy as np
import pytest
from live_player import Player, cut
from mido.ports import EchoPort
from osc_client import DEADLINE_S, Udp, decode, message, serving
from pythonosc.osc_message import OscMessage
from serve_process import port_of, start

from drumbridge.core.synthesis import demo_loop
from drumbridge.engine.engine import Engine
from drumbridge.errors import SettingsError
from drumbridge.formats import midi_ports
from drumbridge.osc.virtual_keyboard import VirtualKeyboard

RATE = 44100


@pytest.fixture(scope="module")
def loop() -> np.ndarray:
    return demo_loop(RATE)[0].astype(np.float32)


@pytest.fixture
def server(small_model):
    with serving(Engine(model=str(small_model))) as server:
        yield server


@pytest.fixture
def client(server):
    client = Udp(server.address[1])
    yield client
    client.close()


@pytest.fixture
def reaper():
    """The socket that REAPER would listen on."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        listening.bind(("127.0.0.1", 0))
        listening.settimeout(DEADLINE_S)
        yield listening


def strikes_and_ends(reaper, n: int) -> list[tuple[str, int]]:
    """Return what arrives until n notes have been let go, as pairs of address and velocity."""
    told = []
    while sum(velocity == 0 for _, velocity in told) < n:
        packet = reaper.recv(4096)
        ours, theirs = decode(packet), OscMessage(packet)
        assert (ours.address, list(ours.arguments)) == (theirs.address, theirs.params)
        assert ours.tags == "i"
        told.append((ours.address, *ours.arguments))
    return told


@pytest.mark.parametrize(("stage", "channel"), [(0, 0), (1, 9)])
def test_every_hit_is_struck_once_on_the_virtual_keyboard(client, reaper, loop, stage, channel):
    port = reaper.getsockname()[1]
    (done,) = client.ask("vkb/start", 1, port, channel, stage)
    assert done == message("done", 1, f"virtual keyboard at 127.0.0.1, port {port}")
    player = Player(client).play(cut(loop[:, None], 512)).close()
    assert len(player.hits()) > 10
    first: dict[int, tuple] = {}
    for event in player.events:
        if stage == 0 or event.arguments[2] == 1:
            first.setdefault(event.arguments[1], event.arguments)
    expected = [(f"/vkb_midi/{channel}/note/{row[4]}", row[5]) for row in first.values()]
    told = strikes_and_ends(reaper, len(expected))
    assert [strike for strike in told if strike[1]] == expected
    assert client.ask("vkb/stop", 2, port) == [message("done", 2, 1)]
    assert client.ask("vkb/stop", 3) == [message("done", 3, 0)]


def test_nobody_there_is_counted_and_disturbs_nothing(client, loop):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    client.ask("vkb/start", 1, port)
    player = Player(client).play(cut(loop[:, None], 512)).close()
    assert len(player.hits()) > 10
    if sys.platform.startswith("linux"):  # other systems do not tell
        deadline = time.monotonic() + DEADLINE_S
        while status(client)["notes_lost"] == 0:
            assert time.monotonic() < deadline
    assert client.ask("vkb/stop", 2) == [message("done", 2, 1)]


def status(client) -> dict:
    (value,) = [a for a in client.ask("status", 99) if a.address.endswith("status/value")]
    return dict(zip(value.arguments[1::2], value.arguments[2::2], strict=True))


@pytest.mark.parametrize(
    ("name", "arguments", "code"),
    [
        ("vkb/start", (0,), "settings.port"),
        ("vkb/start", (70000,), "settings.port"),
        ("vkb/start", (8000, 16), "settings.channel"),
        ("vkb/start", (8000, 0, 2), "settings.stage"),
        ("vkb/start", (8000, 0, 0, 3), "settings.labels"),
        ("vkb/start", (8000, 0, 0, 1, "reaper.example"), "settings.host"),
        ("vkb/stop", (8000,), "device.not_playing"),
        ("midi/start", ("nanoPAD",), "device.midi_port"),
        ("midi/start", ("TD-17", 17), "settings.channel"),
        ("midi/start", ("TD-17", 10, 7), "settings.stage"),
        ("midi/stop", ("TD-17",), "device.not_playing"),
    ],
)
def test_what_cannot_play_is_told(client, monkeypatch, name, arguments, code):
    monkeypatch.setattr(midi_ports, "_system", lambda: Backend())
    (fail,) = client.ask(name, 1, *arguments)
    assert fail.arguments[:2] == (1, code)
    assert client.ask("ping", 2) == [message("done", 2)]


class Backend:
    """A MIDI system with one output, which keeps what it is sent."""

    def __init__(self) -> None:
        self.port = EchoPort("TD-17")

    def get_output_names(self) -> list[str]:
        return ["TD-17"]

    def open_output(self, name: str) -> EchoPort:
        return self.port


def test_every_hit_is_struck_on_a_midi_port(client, monkeypatch, loop):
    backend = Backend()
    monkeypatch.setattr(midi_ports, "_system", lambda: backend)
    ports, _ = client.ask("midi/ports", 1)
    assert ports.arguments == (1, "TD-17")
    assert client.ask("midi/start", 2, "td", 3, 1) == [message("done", 2, "MIDI port TD-17")]
    player = Player(client).play(cut(loop[:, None], 512)).close()
    assert client.ask("midi/stop", 3) == [message("done", 3, 1)]
    sent = list(backend.port._messages)
    expected = [(e.arguments[4], e.arguments[5]) for e in player.events if e.arguments[2] == 1]
    assert [(m.note, m.velocity) for m in sent if m.type == "note_on"] == expected
    assert sum(m.type == "note_off" for m in sent) == len(expected)
    assert {m.channel for m in sent} == {2}
    assert backend.port.closed


def test_a_keyboard_at_an_address_of_another_kind():
    with pytest.raises(SettingsError, match="no address like"):
        VirtualKeyboard(8000, host="localhost.")
    VirtualKeyboard(8000, host="::1").close()


@pytest.mark.skipif(sys.platform == "win32", reason="signals are others there")
def test_serve_plays_from_its_start_and_is_silent_at_its_end(small_model, reaper, loop):
    port = reaper.getsockname()[1]
    process, line = start("--port", "0", "--model", str(small_model), "--reaper-notes", str(port))
    assert process.stdout.readline() == f"hits are played on virtual keyboard at 127.0.0.1, port {port}\n"
    client = Udp(port_of(line))
    player = Player(client)
    player.play(cut(loop[:, None], 512))
    process.send_signal(signal.SIGTERM)  # in the middle of it
    _, log = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 0
    assert "Traceback" not in log
    client.close()
    told = []
    reaper.settimeout(0)
    try:
        while True:
            told.append(decode(reaper.recv(4096)))
    except BlockingIOError:
        pass
    assert len(told) > 10
    assert sum(m.arguments[0] > 0 for m in told) == sum(m.arguments[0] == 0 for m in told)


@pytest.mark.parametrize(
    ("option", "code"),
    [
        (["--reaper-notes", "soon"], "settings.port"),
        (["--reaper-notes", "reaper:8000"], "settings.host"),
        (["--midi", "TD-17", "--midi-channel", "0"], "settings.channel"),
    ],
)
def test_an_output_that_cannot_be_ends_serve_with_one_line(option, code):
    process, line = start("--port", "0", *option)
    _, log = process.communicate(timeout=DEADLINE_S)
    assert (line, process.returncode) == ("", 1)
    assert log.count("\n") == 1
    assert f"[{code}]" in log or "[device." in log
