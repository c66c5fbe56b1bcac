"""Kits over OSC: taught by the strokes of a stream, used by it at once, undone, and kept on disk."""

import pytest
import soundfile
from live_player import HIT, Player, cut
from osc_client import ENDS, Udp, message, serving
from sounds import hat, kick, loop, stroke

from drumbridge.core.labels import LABELS, UNSURE_INDEX
from drumbridge.engine.engine import Engine
from drumbridge.formats.kits import KitStore

RATE = 44100
TAPPED = "/drumbridge/kit/tapped"
FIRST = UNSURE_INDEX + 1  # label_index of a kit's first pad
TEACHING = [(0.2 + 0.4 * k, kick(peak=0.5 + 0.1 * k)) for k in range(4)]
TICKS = [(0.2 + 0.4 * k, hat(peak=0.5 + 0.1 * k)) for k in range(4)]


@pytest.fixture
def store(tmp_path) -> KitStore:
    return KitStore(tmp_path / "kits")


@pytest.fixture
def client(small_model, store):
    with serving(Engine(model=str(small_model), kits=store.folder)) as server:
        client = Udp(server.address[1])
        yield client
        client.close()


class Pupil(Player):
    """A player that also keeps the taps that it is told of, and numbers its packets on from one passage to the next."""

    def __init__(self, client: Udp, *settings: object) -> None:
        self.taps: list[tuple] = []
        self._number = 0
        super().__init__(client, "", *settings)

    def hear(self, strokes) -> None:
        for block in cut(loop(strokes, length_s=2.4)[:, None], 512):
            self.send(self._number, block)
            self._number += 1

    def ask(self, name, *arguments):
        answers = super().ask(name, *arguments)
        self.taps += [event.arguments for event in self.events if event.address == TAPPED]
        self.events = [event for event in self.events if event.address != TAPPED]
        return answers

    def done(self, name, *arguments) -> tuple:
        end = self.ask(name, *arguments)[-1]
        assert end.address == ENDS[0], end
        return end.arguments[1:]

    def heard_all(self) -> None:
        """Wait until the server has heard everything, so that what follows is about what follows."""
        while self.status()["waiting"]:
            pass

    def rows(self, stage: int) -> list[tuple]:
        """Return note and label_index of the hits of a stage."""
        rows = [event.arguments for event in self.events if event.address == HIT and event.arguments[2] == stage]
        return [(row[4], row[7]) for row in rows]


@pytest.fixture
def pupil(client):
    return Pupil(client)


def taught(pupil: Pupil) -> Pupil:
    pupil.done("kit/new", "Desk")
    assert pupil.done("kit/pad", "desk", "thud", 60, 0x00FF00) == (FIRST, 60, 0x00FF00)
    index, note, _ = pupil.done("kit/pad", "desk", "tick")
    assert (index, note) == (FIRST + 1, 36)
    for pad, strokes in (("thud", TEACHING), ("tick", TICKS)):
        assert pupil.done("kit/tap", pupil.stream_id, "desk", pad) == (FIRST + (pad == "tick"),)
        pupil.hear(strokes)
        pupil.heard_all()
    assert pupil.done("kit/tap", pupil.stream_id, "desk", "") == (-1,)
    pupil.heard_all()
    pupil.done("kit/save", "desk")
    return pupil


def test_strokes_teach_pads_which_then_name_the_strokes_early_and_finally(pupil, store):
    taught(pupil)
    kit = store.load("desk")
    assert {pad.name: len(kit.taps_of(pad.number)) for pad in kit.pads} == {"thud": 4, "tick": 4}
    assert [(tap[2], tap[3]) for tap in pupil.taps] == [(FIRST + k, n) for k in (0, 1) for n in (1, 2, 3, 4)]
    assert all(row[1] < len(LABELS) for row in pupil.rows(1))  # taught, but not used so far
    pupil.events.clear()
    assert pupil.done("kit/use", pupil.stream_id, "desk") == (2,)
    pupil.hear([(0.3, hat()), (0.9, kick()), (1.5, hat(peak=0.3))])
    pupil.close()
    expected = [(36, FIRST + 1), (60, FIRST), (36, FIRST + 1)]
    assert pupil.rows(1) == expected
    assert pupil.rows(0) == expected
    assert len(store.load("desk").taps) == 8  # nothing is learned once teaching has ended


def test_a_file_is_called_by_the_pads_of_a_kit_as_the_stream_of_its_audio_is(pupil, tmp_path):
    taught(pupil)
    strokes = [(0.3, hat()), (0.9, kick()), (1.3, stroke(900)), (1.9, hat(peak=0.3))]
    pupil.events.clear()
    pupil.done("kit/use", pupil.stream_id, "desk")
    before = pupil.status()["position"]
    pupil.hear(strokes)
    pupil.close()
    names = {FIRST: "thud", FIRST + 1: "tick", UNSURE_INDEX: "unsure"}
    live = [
        (event.arguments[3] - before, names[event.arguments[7]], event.arguments[5])
        for event in pupil.events
        if event.address == HIT and event.arguments[2] == 1
    ]
    file = tmp_path / "song.wav"
    soundfile.write(file, loop(strokes, length_s=2.4), RATE, subtype="FLOAT")
    *hits, done = pupil.ask("transcribe", str(file), 0, -1, "Desk")
    offline = [hit.arguments[1:5] for hit in hits if hit.address == "/drumbridge/hit"]
    assert [label for _, label, _ in live] == ["tick", "thud", "unsure", "tick"]
    assert done.arguments[1] == 4
    assert [(round(position_s * RATE), label) for _, position_s, _, label in offline] == [
        (position, label) for position, label, _ in live
    ]
    # A kit that names a part; and one-shots.
    *hits, done = pupil.ask("transcribe", str(file), 0.5, 1.1, "desk")
    assert [hit.arguments[4] for hit in hits if hit.address == "/drumbridge/hit"] == ["thud"]
    for sound, label in ((kick(), "thud"), (hat(), "tick"), (stroke(900), "unsure")):
        soundfile.write(tmp_path / "one.wav", sound, RATE, subtype="FLOAT")
        scores, done = pupil.ask("classify", str(tmp_path / "one.wav"), "", "desk")
        assert done.arguments[1] == label
        assert {*scores.arguments[1::2]} == {"thud", "tick"}
    for request in (("classify", str(file), "", "nobody"), ("transcribe", str(file), 0, -1, "nobody")):
        assert pupil.ask(*request)[-1].arguments[1] == "kit.not_found"


def test_a_stroke_that_is_no_pad_has_no_note(pupil):
    taught(pupil)
    pupil.events.clear()
    pupil.done("kit/use", pupil.stream_id, "desk")
    pupil.hear([(0.3, stroke(900))])
    pupil.done("kit/use", pupil.stream_id, "")
    pupil.hear([(0.3, kick())])
    pupil.close()
    note, index = pupil.rows(1)[0]
    assert (note, index) == (-1, UNSURE_INDEX)
    assert pupil.rows(1)[-1] == (36, 0)  # by labels again


def test_a_kit_in_use_learns_from_each_tap_and_undo_takes_it_back(pupil, store):
    taught(pupil)
    before = store.load("desk")
    pupil.done("kit/use", pupil.stream_id, "desk")
    pupil.done("kit/tap", pupil.stream_id, "desk", "thud")
    pupil.hear([(0.3, kick(peak=0.9))])
    pupil.close()
    pupil.done("kit/save", "desk")
    assert len(store.load("desk").taps) == 9
    assert pupil.done("kit/undo", "desk") == (FIRST, 4)
    assert store.load("desk") == before


def test_a_pad_is_taught_by_a_file(pupil, store, tmp_path):
    path = tmp_path / "knocks.wav"
    soundfile.write(path, loop(TEACHING), RATE)
    pupil.done("kit/new", "door")
    assert pupil.done("kit/learn", "door", "knock", str(path)) == (FIRST, 4)
    *rows, done = pupil.ask("kit/pads", "door")
    assert [row.arguments[1:] for row in rows] == [(FIRST, "knock", 36, rows[0].arguments[4], 4)]
    assert done.arguments[1:] == (1,)
    *rows, _ = pupil.ask("kit/list")
    assert [row.arguments[1:4] for row in rows] == [("door", 1, 4)]
    pupil.done("kit/rename", "door", "gate")
    pupil.done("kit/delete", "gate")
    assert [answer.address for answer in pupil.ask("kit/list")] == [ENDS[0]]
    assert store.names() == []


WRONG = {
    "kit.not_found": ("kit/pads", "nobody"),
    "kit.name": ("kit/new", "../x"),
    "kit.exists": ("kit/new", "there"),
    "kit.no_pad": ("kit/tap", 1, "there", "nobody"),
    "kit.no_taps": ("kit/use", 1, "there"),
    "stream.not_found": ("kit/use", 99, "there"),
    "kit.note": ("kit/pad", "there", "x", 128),
    "kit.colour": ("kit/pad", "there", "x", -1, -5),
    "kit.pad_name": ("kit/pad", "there", ""),
    "audio.not_found": ("kit/learn", "there", "x", "/no/such/file.wav"),
    "osc.arguments": ("kit/tap", "one", "there", "x"),
}


@pytest.mark.parametrize("code", WRONG)
def test_what_cannot_be_is_said(pupil, code):
    pupil.done("kit/new", "there")
    end = pupil.ask(*WRONG[code])[-1]
    assert (end.address, end.arguments[1]) == (ENDS[1], code)


def test_a_damaged_kit_is_one_clear_fail(pupil, store):
    pupil.done("kit/new", "there")
    (store.folder / "there.npz").write_bytes(b"PK\3\4 no more")
    for request in (("kit/pads", "there"), ("kit/list",), ("kit/use", pupil.stream_id, "there")):
        assert pupil.ask(*request)[-1].arguments[1] == "kit.file"


def test_undo_without_taps_is_said(client):
    client.ask("kit/new", 1, "there")
    assert client.ask("kit/undo", 2, "there")[-1].arguments[1] == "kit.no_taps"
    assert client.ask("ping", 3) == [message("done", 3)]
