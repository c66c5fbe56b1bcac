"""`drumbridge abletonosc`: clips of a Live that is not there, through a faithful AbletonOSC on real UDP."""

import json
import re
import socket

import numpy as np
import pytest
import soundfile
from fake_ableton_osc import Clip, Set, Track, free_port, live, nearest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_models import manifest, write_small_model

from drumbridge.cli import main
from drumbridge.core.labels import BY_NAME, SEVERAL_COLOUR, UNSURE_COLOUR
from drumbridge.core.own_labels import label_colour
from drumbridge.core.synthesis import synthesise
from drumbridge.errors import ServerError
from drumbridge.osc import ableton_osc
from drumbridge.osc.ableton_osc import AbletonOsc, Question

KICK, HAT = nearest(BY_NAME["kick"].colour), nearest(BY_NAME["closed_hat"].colour)
SEVERAL, UNSURE = nearest(SEVERAL_COLOUR), nearest(UNSURE_COLOUR)
WHITE = 0xFFFFFF


@pytest.fixture(scope="module")
def sounds(tmp_path_factory):
    folder = tmp_path_factory.mktemp("Töne")
    soundfile.write(folder / "kick.wav", synthesise("kick"), 44100)
    soundfile.write(folder / "hat.wav", synthesise("closed_hat"), 44100)
    two = np.zeros(44100, np.float32)  # a kick, and a hat half a second later
    for at, sound in ((0, synthesise("kick")), (22050, synthesise("closed_hat"))):
        two[at : at + len(sound)] += sound[: 44100 - at]
    soundfile.write(folder / "loop.wav", two, 44100)
    return folder


@pytest.fixture
def song(sounds):
    kick, hat, loop = (str(sounds / f"{name}.wav") for name in ("kick", "hat", "loop"))
    return Set(
        [
            Track("Drums", [Clip("one", 0x3C3C3C, kick), None, Clip("two", WHITE, hat), Clip("notes", 0x1AFF2F)]),
            Track("Loops", [Clip("loop", 0x10A4EE, loop), Clip("lost", WHITE, str(sounds / "gone.wav")), None, None]),
            # The same file: the part before its second stroke is one kick.
            Track(
                "Cut", [Clip("cut", WHITE, loop, warping=False, start_marker=0.0, end_marker=0.24), None, None, None]
            ),
        ]
    )


@pytest.fixture
def run(capsys, tmp_path, small_model):
    def run(fake, action, *options, expect=0):
        ports = ["--port", str(fake.port), "--reply-port", str(fake.reply_port)]
        model = ["--model", str(small_model)] if "--model" not in options else []
        code = main(["abletonosc", action, *ports, "--undo-file", str(tmp_path / "undo.json"), *model, *options])
        out, err = capsys.readouterr()
        assert code == expect, err
        return [line.split("\t") for line in out.splitlines()], err

    return run


@pytest.fixture(scope="module", autouse=True)
def _ask_again_soon():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ableton_osc, "_AGAIN_AFTER_S", 0.2)
        yield


def state(song):
    return [[(clip.color, clip.name) if clip else None for clip in track.slots] for track in song.tracks]


def test_the_clips_of_the_selected_track_take_the_colours_of_their_drums(song, run, sounds):
    before = state(song)
    with live(song) as fake:
        rows, err = run(fake, "colour")
    assert [row[:3] for row in rows] == [["1", "1", "kick"], ["1", "3", "closed_hat"]]
    assert rows[0][4] == str(sounds / "kick.wav")
    assert state(song)[0] == [(KICK, "one"), None, (HAT, "two"), (0x1AFF2F, "notes")]
    assert state(song)[1:] == before[1:]
    assert "2 clips coloured, 1 are no audio clips." in err


def test_all_clips_are_named_too_and_what_is_missing_is_counted(song, run):
    with live(song) as fake:
        rows, err = run(fake, "colour", "--clips", "all", "--name", expect=1)
    assert state(song) == [
        [(KICK, "kick"), None, (HAT, "closed hat"), (0x1AFF2F, "notes")],
        [(SEVERAL, "drums"), (WHITE, "lost"), None, None],
        [(KICK, "kick"), None, None, None],  # only the part that an unwarped clip plays is heard
    ]
    assert len(rows) == 4
    assert "4 clips coloured, 1 are no audio clips, 1 have no file any more." in err
    assert "gone.wav" in err
    assert "[audio.not_found]" in err


def test_undo_gives_back_what_each_run_found_and_leaves_alone_what_somebody_changed(song, run):
    before = state(song)
    with live(song) as fake:
        run(fake, "colour", "--clips", "all", "--name", expect=1)
        once = state(song)
        run(fake, "colour", "--clips", "all", "--colour", "kick=00FF00", expect=1)
        assert song.tracks[0].slots[0].color == nearest(0x00FF00)
        _, err = run(fake, "undo", "--dry-run")
        assert "4 clips would be as they were" in err
        run(fake, "undo")
        assert state(song) == once
        song.tracks[0].slots[0].color = 0xF7F47C
        song.tracks[1].slots[0].name = "mine"
        song.tracks[2].slots[0] = None
        _, err = run(fake, "undo", expect=1)
        assert "2 were changed by somebody since then and left alone, 1 are not in their slots any more." in err
        after = state(song)
        assert after[0] == [(0xF7F47C, "one"), *before[0][1:]]
        assert after[1][0] == (0x10A4EE, "mine")
        _, err = run(fake, "undo")
        assert "nothing to undo" in err


def test_a_dry_run_changes_nothing_and_leaves_nothing_to_undo(song, run, tmp_path):
    before = state(song)
    with live(song) as fake:
        rows, err = run(fake, "colour", "--dry-run", "--name")
        assert fake.orders == []
    assert len(rows) == 2
    assert "2 clips would be coloured" in err
    assert state(song) == before
    assert not (tmp_path / "undo.json").exists()


def test_what_is_not_sure_enough_has_the_colour_of_unsure_and_a_question_mark(song, run):
    with live(song) as fake:
        rows, err = run(fake, "colour", "--minimum", "1", "--name", "--colour", "unsure=FF3636")
    assert rows[0][2] == "unsure (kick?)"
    assert state(song)[0][0] == (0xFF3636, "kick?")
    assert "2 of them unsure" in err


def test_a_label_of_somebodys_own_has_its_own_colour(song, run, tmp_path):
    fields = manifest(labels=["my can", "closed_hat"], thresholds={"my can": 0.5, "closed_hat": 0.5})
    model = write_small_model(tmp_path / "own.onnx", manifest_text=json.dumps(fields))
    with live(song) as fake:
        rows, _ = run(fake, "colour", "--name", "--model", str(model))
    assert [row[2] for row in rows] == ["my can", "closed_hat"]
    assert state(song)[0][0] == (nearest(label_colour("my can")), "my can")


def test_the_selected_clip_alone(song, run):
    song.selected_scene = 2
    with live(song) as fake:
        rows, _ = run(fake, "colour", "--clips", "selected")
        assert [row[:3] for row in rows] == [["1", "3", "closed_hat"]]
        assert {order[:3] for order in fake.orders} == {("color", 0, 2)}
        song.selected_scene = 1
        _, err = run(fake, "colour", "--clips", "selected", expect=1)
    assert "No clip is selected" in err


def test_a_selected_return_track_is_told_of(song, run):
    song.selected_track = None
    with live(song) as fake:
        _, err = run(fake, "colour", expect=1)
    assert "No audio track is selected" in err
    assert err.endswith("[settings.ableton]\n")


def test_an_older_abletonosc_without_markers_still_colours(song, run):
    with live(song, knows_markers=False, relays_errors=False) as fake:
        run(fake, "colour", "--clips", "all", expect=1)
    assert state(song)[2][0][0] == SEVERAL  # the whole file, since nobody tells which part is played
    with live(song, knows_markers=False) as fake:
        run(fake, "colour", "--clips", "all", expect=1)


def test_lost_packets_are_made_up_for(song, run):
    """Every third question or order, and every fifth answer, is lost for a while."""
    with live(song, lost=frozenset(range(0, 60, 3)), lost_answers=frozenset(range(0, 60, 5))) as fake:
        run(fake, "colour", "--name")
        assert state(song)[0] == [(KICK, "kick"), None, (HAT, "closed hat"), (0x1AFF2F, "notes")]
        run(fake, "undo")
    assert [slot and slot[1] for slot in state(song)[0]] == ["one", None, "two", "notes"]


def test_a_live_that_goes_away_in_the_middle_leaves_an_undo(song, run, monkeypatch, tmp_path):
    monkeypatch.setattr(AbletonOsc.__init__, "__kwdefaults__", {"patience_s": 1.0})
    before = state(song)
    with live(song) as fake:
        run(fake, "colour", "--dry-run")
        asked = fake._received
    with live(song, silent_after=asked + 3) as fake:
        _, err = run(fake, "colour", "--name", expect=1)
        assert "[server.ableton_silent]" in err
    assert state(song) != before
    with live(song) as fake:
        run(fake, "undo")
    assert state(song) == before


def test_a_colour_that_live_has_no_nearer_one_for_is_no_loss(song, run):
    song.tracks[0].slots[0].color = KICK
    with live(song) as fake:
        run(fake, "colour")
        run(fake, "undo")
    assert state(song)[0][0] == (KICK, "one")


def test_nobody_there(run, monkeypatch, song):
    monkeypatch.setattr(AbletonOsc.__init__, "__kwdefaults__", {"patience_s": 0.5})
    with live(song, silent_after=0) as fake:
        _, err = run(fake, "colour", expect=1)
    assert re.search(r"does not answer on port \d+: is it running, and is AbletonOSC chosen .* Control Surface", err)
    assert err.count("\n") == 1


def test_a_taken_reply_port_is_named(run, song):
    with live(song) as fake, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", fake.reply_port))
        _, err = run(fake, "colour", expect=1)
    assert f"Port {fake.reply_port} on 127.0.0.1 is taken; another program hears the answers of AbletonOSC" in err


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (("--minimum", "50"), "settings.minimum"),
        (("--colour", "kik=FF0000"), "settings.colour"),
        (("--colour", "kick=red"), "settings.colour"),
        (("--colour", "kick=#12345"), "settings.colour"),
        (("--model", "no such model"), "model.not_found"),
        (("--port", "70000"), "server.address"),
    ],
)
def test_wrong_options_are_one_sentence_and_change_nothing(song, run, options, code):
    before = state(song)
    with live(song) as fake:
        _, err = run(fake, "colour", *options, expect=1)
    assert err.endswith(f"[{code}]\n")
    assert err.count("\n") == 1
    assert state(song) == before


@pytest.mark.parametrize(
    "content",
    ["", "[]", '{"drumbridge_clip_undo": 2, "runs": []}', '{"drumbridge_clip_undo": 1, "runs": [[{"a": 1}]]}'],
)
def test_an_undo_file_that_cannot_be_understood_is_left_as_it_is(song, run, tmp_path, content):
    (tmp_path / "undo.json").write_text(content)
    before = state(song)
    with live(song) as fake:
        for action in ("undo", "colour"):
            _, err = run(fake, action, expect=1)
            assert err.endswith("[settings.undo_file]\n")
    assert (tmp_path / "undo.json").read_text() == content
    assert state(song) == before


def test_twenty_runs_are_kept(song, run, tmp_path):
    with live(song) as fake:
        for k in range(22):
            run(fake, "colour", "--colour", f"kick={'FF3636' if k % 2 else '1AFF2F'}", "--clips", "selected")
    assert len(json.loads((tmp_path / "undo.json").read_text())["runs"]) == 20


LOST = st.frozensets(st.integers(0, 39), max_size=10)  # so few that no question can be lost four times


@settings(max_examples=10)
@given(lost=LOST, lost_answers=LOST)
def test_whatever_is_lost_each_question_has_its_own_answer(lost, lost_answers):
    song = Set([Track("t", [Clip(f"clip {k}", 0x10A4EE) for k in range(40)])])
    with live(song, lost=lost, lost_answers=lost_answers) as fake, AbletonOsc(fake.port, fake.reply_port) as osc:
        questions = [Question("/live/clip/get/name", (0, slot)) for slot in range(40)]
        assert osc.ask_all(questions) == [(f"clip {k}",) for k in range(40)]


def test_a_client_without_anybody_at_the_other_end_says_so():
    with (
        AbletonOsc(free_port(), free_port(), patience_s=0.3) as osc,
        pytest.raises(ServerError, match="does not answer"),
    ):
        osc.ask("/live/test")
