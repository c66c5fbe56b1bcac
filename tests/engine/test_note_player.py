"""Players of notes: at once, in order, never in the way of a stream, and silent at the end."""

import logging
import threading
import time
from types import SimpleNamespace

import pytest
from mido.ports import EchoPort

from drumbridge.core.events import Hit, LabelConfidence, Stage
from drumbridge.engine import note_player
from drumbridge.engine.event_bus import EventBus
from drumbridge.engine.note_outputs import NoteOutputs
from drumbridge.engine.note_player import NotePlayer
from drumbridge.errors import ServerError
from drumbridge.formats.midi_ports import MidiOutput

DEADLINE_S = 20.0
STREAM = SimpleNamespace(stream_id=1, classifier=SimpleNamespace(rule=SimpleNamespace(labels=("kick", "snare"))))


def until(condition) -> None:
    """Wait for a condition, not for ever."""
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline


class Port:
    """Writes down what it is sent; waits or fails when told to."""

    name = "port"

    def __init__(self, never_waits: bool = False) -> None:
        self.never_waits = never_waits
        self.sent: list[tuple[int, int]] = []
        self.closed = False
        self.error: Exception | None = None
        self.gate = threading.Event()
        self.gate.set()
        self._changed = threading.Condition()

    def send(self, note: int, velocity: int) -> None:
        assert self.gate.wait(DEADLINE_S)
        if self.error is not None:
            raise self.error
        with self._changed:
            self.sent.append((note, velocity))
            self._changed.notify_all()

    def close(self) -> None:
        self.closed = True

    def wait_for(self, n: int) -> list[tuple[int, int]]:
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.sent) >= n, DEADLINE_S)
            return list(self.sent)


def hit(index: int, label: str = "kick", stage: Stage = Stage.EARLY, velocity: int = 100) -> Hit:
    return Hit(index, 0, velocity, -6.0, (LabelConfidence(label, 0.9),), 0.9, stage=stage)


@pytest.fixture(params=[False, True], ids=["may wait", "never waits"])
def port(request):
    return Port(request.param)


def test_a_hit_is_struck_and_let_go(port):
    player = NotePlayer(port)
    player.on_hits(STREAM, [hit(0), hit(1, "snare", velocity=50)])
    assert port.wait_for(4) == [(36, 100), (38, 50), (36, 0), (38, 0)]
    assert player.close(DEADLINE_S)
    assert port.closed
    assert len(port.sent) == 4


def test_nothing_goes_on_sounding_when_it_ends(port, monkeypatch):
    monkeypatch.setattr(note_player, "NotePlan", lambda stage: note_plan_that_never_ends(stage))
    player = NotePlayer(port)
    player.on_hits(STREAM, [hit(0), hit(1, "snare")])
    assert player.close(DEADLINE_S)
    assert sorted(port.sent) == [(36, 0), (36, 100), (38, 0), (38, 100)]


def note_plan_that_never_ends(stage):
    from drumbridge.engine.note_plan import NotePlan

    return NotePlan(stage=stage, duration_s=1e6)


def test_on_a_port_that_never_waits_a_hit_has_left_when_its_stream_goes_on():
    port = Port(never_waits=True)
    player = NotePlayer(port)
    for index in range(100):
        player.on_hits(STREAM, [hit(index)])
        assert port.sent[-1] == (36, 100)
    assert player.close(DEADLINE_S)
    player.on_hits(STREAM, [hit(100)])
    assert port.sent[-1] == (36, 0)


def test_final_ones_only_where_asked(port):
    player = NotePlayer(port, stage=Stage.FINAL)
    player.on_hits(STREAM, [hit(0), hit(0, "snare", Stage.FINAL), hit(1), hit(1, stage=Stage.WITHDRAWN)])
    assert player.close(DEADLINE_S)
    assert port.sent == [(38, 100), (38, 0)]


def test_a_port_that_is_stuck_holds_up_no_stream_and_what_it_misses_is_counted(caplog):
    port = Port(never_waits=False)
    port.gate.clear()
    player = NotePlayer(port)
    for index in range(note_player.ROOM + 300):
        player.on_hits(STREAM, [hit(index)])
    assert player.lost >= 298
    assert [record.message for record in caplog.records] == ["port does not play: it does not keep up"]
    assert not player.close(0.0)
    port.gate.set()
    assert player.close(DEADLINE_S)
    struck = [velocity for _, velocity in port.sent if velocity]
    assert len(struck) + player.lost == note_player.ROOM + 300
    assert port.sent[-1] == (36, 0)


def test_a_port_that_fails_is_told_once_and_tried_again(port, caplog):
    player = NotePlayer(port)
    port.error = OSError("the cable was pulled")
    with caplog.at_level(logging.WARNING):
        player.on_hits(STREAM, [hit(index) for index in range(5)])
        player.on_hits(STREAM, [hit(5, "snare")])
        until(lambda: player.lost >= 6)
    assert [record.message for record in caplog.records] == ["port does not play: the cable was pulled"]
    port.error = None
    player.on_hits(STREAM, [hit(6, "snare")])
    assert (38, 100) in port.wait_for(1)[-2:] or (38, 100) in port.wait_for(2)
    assert player.close(DEADLINE_S)


def test_midi_messages_are_as_a_real_port_takes_them():
    echo = EchoPort("drums")
    player = NotePlayer(MidiOutput(echo, 10))
    player.on_hits(STREAM, [hit(0, velocity=127)])
    assert player.close(DEADLINE_S)
    assert echo.closed
    sent = [message.bytes() for message in echo._messages]
    assert sent == [[0x99, 36, 127], [0x89, 36, 0], [0xB9, 123, 0]]


def test_outputs_are_replaced_stopped_and_shut_down():
    bus = EventBus()
    outputs = NoteOutputs(bus)
    ports = [Port() for _ in range(4)]
    outputs.start("midi", "IAC Driver Bus 1", lambda: ports[0])
    outputs.start("midi", "IAC Driver Bus 1", lambda: ports[1])
    outputs.start("vkb", "8000", lambda: ports[2])
    assert [port.closed for port in ports] == [True, False, False, False]
    bus.hits(STREAM, [hit(0)])
    for port in ports[1:3]:
        assert port.wait_for(2) == [(36, 100), (36, 0)]
    with pytest.raises(ServerError, match="Nothing plays on 'Bus 2'; what plays: IAC Driver Bus 1"):
        outputs.stop("midi", "Bus 2")
    assert outputs.stop("midi", "bus 1") == 1
    assert (outputs.stop("midi"), outputs.lost) == (0, 0)
    assert outputs.shut_down(DEADLINE_S)
    assert ports[2].closed
    with pytest.raises(ServerError, match="stopping"):
        outputs.start("midi", "late", lambda: ports[3])


def test_a_port_that_cannot_be_opened_leaves_nothing():
    outputs = NoteOutputs(EventBus())

    def fail():
        raise ServerError("device.midi_port", "It is taken.")

    with pytest.raises(ServerError, match="taken"):
        outputs.start("midi", "drums", fail)
    assert outputs.stop("midi") == 0
