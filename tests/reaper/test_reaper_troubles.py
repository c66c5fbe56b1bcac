"""What goes wrong: every box says what it is, nothing is half done, and nothing is left behind."""

from __future__ import annotations

import os
import socket
import stat
import struct
import sys
import threading
from pathlib import Path

import pytest
from loop_of_known_strokes import LOOP_S, STROKES
from projects import item, section, take, track, wave_source
from test_reaper_actions import native

from drumbridge.cli import main

COLOUR = "Colour selected items"
MIDI = {"type": "MIDI", "length": 1.0}


@pytest.fixture
def kick(sounds):
    return wave_source(sounds / "kick.wav")


@pytest.fixture
def loop(sounds):
    return wave_source(sounds / "loop.wav")


@pytest.fixture
def stub(tmp_path):
    """Make a program in the place of drumbridge; $2 is the file of questions, $4 that of answers."""

    def make(script: str) -> Path:
        path = tmp_path / "stub" / "drumbridge"
        path.parent.mkdir()
        path.write_text("#!/bin/sh\n" + script)
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return path

    return make


WAITS = """while [ -e "$2" ]; do sleep 0.02; done; touch "$0.ended"\n"""


def untouched(result) -> bool:
    return result.undo == [] and all(entry["colour"] == 0 for entry in result.items) and result.leftovers == []


@pytest.mark.parametrize(
    ("action", "tracks", "says"),
    [
        (COLOUR, [track(item(take(MIDI), selected=False))], "No item is selected."),
        (COLOUR, [], "No item is selected."),
        (COLOUR, [track(item(take(MIDI)), item())], "There is no audio to listen to.\nMIDI items and empty items"),
        ("Colour all items of the project", [track()], "This project has no items."),
        ("Take markers at hits", [track(item(take(MIDI)))], "There is no audio to listen to."),
    ],
)  # fmt: skip
def test_nothing_to_listen_to(make_case, action, tracks, says):
    result = make_case().run(action, *tracks)
    assert result.said.startswith(says)
    assert result.commands == []
    assert untouched(result)


@pytest.mark.parametrize("sws", [False, True])
def test_offline_media_is_said_and_the_rest_is_done(reaper_once, kick, sws):
    gone = {**kick, "path": "/no such drive/bd.wav"}
    off = {**kick, "online": not sws}  # only the SWS extension knows what was set offline
    items = [item(take(source), position=k) for k, source in enumerate((gone, off, kick))]
    result = reaper_once.run(COLOUR, track(*items), sws=sws)
    assert [entry["colour"] for entry in result.items] == [0, 0 if sws else native("kick"), native("kick")]
    assert 'The media of "bd.wav" cannot be read.' in result.said
    assert result.said.count("cannot be read") == (2 if sws else 1)


def test_media_that_turns_out_unreadable_in_reaper(reaper_once, kick, sounds):
    (sounds / "drums.rpp").touch()
    subproject = {
        "type": "RPP_PROJECT",
        "path": str(sounds / "drums.rpp"),
        "length": 2.0,
        "online": False,
    }
    result = reaper_once.run(COLOUR, track(item(take(subproject)), item(take(kick), position=2)))
    assert [entry["colour"] for entry in result.items] == [0, native("kick")]
    assert 'The audio of "drums.rpp" could not be read from REAPER.' in result.said
    assert result.leftovers == []


def test_a_file_that_drumbridge_cannot_read(reaper, kick, tmp_path):
    (tmp_path / "text.wav").write_text("no audio")
    result = reaper.run(
        COLOUR, track(item(take({**kick, "path": str(tmp_path / "text.wav")})), item(take(kick), position=1))
    )
    assert [entry["colour"] for entry in result.items] == [0, native("kick")]
    assert result.said.startswith('drumbridge could not listen to "text.wav".\n')


def test_silence_has_no_hits(reaper, loop):
    result = reaper.run("Split items at hits", track(item(take(loop, offset=3.75), length=0.2)))
    assert 'No drum was heard in "loop.wav".' in result.said
    assert len(result.items) == 1
    assert untouched(result)


def test_an_item_outside_its_source_has_no_hits(reaper, loop):
    result = reaper.run("Take markers at hits", track(item(take(loop, offset=LOOP_S + 1), length=1)))
    assert 'No drum was heard in "loop.wav".' in result.said


def test_drumbridge_is_not_there(make_case, tmp_path):
    case = make_case(program=tmp_path / "none" / "drumbridge", sockets=True)
    result = case.run(COLOUR, track(item(take({"type": "WAVE", "path": __file__, "length": 1.0}))))
    assert result.said.startswith("drumbridge was not found.")
    assert "none/drumbridge, " in result.said
    assert untouched(result)


def test_installed_scripts_start_the_drumbridge_that_installed_them(make_case, kick, tmp_path):
    """`drumbridge install reaper`, with nothing in the PATH and no setting: the five steps of docs/reaper.md."""
    case = make_case()
    case.resource_path.mkdir()
    case.settings = {}
    assert main(["install", "reaper", "--to", str(case.resource_path)]) == 0
    case.scripts = case.resource_path / "Scripts" / "drumbridge"
    result = case.run(COLOUR, track(item(take(kick))))
    assert result.commands[0][:4] == [sys.executable, "-m", "drumbridge", "batch"]
    assert result.items[0]["colour"] == native("kick")


def test_the_folder_of_the_program_will_do(make_case, kick, program):
    result = make_case(program=program.parent).run(COLOUR, track(item(take(kick))))
    assert result.commands[0][0] == str(program)
    assert result.items[0]["colour"] == native("kick")


def test_what_has_the_port_is_no_drumbridge(make_case, kick):
    """Something else listens there: the program is used."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        threading.Thread(target=lambda: other.accept()[0].close(), daemon=True).start()
        result = make_case(port=other.getsockname()[1], sockets=True).run(COLOUR, track(item(take(kick))))
    assert result.items[0]["colour"] == native("kick")
    assert len(result.commands) == 1


def test_sockets_without_a_server_use_the_program(make_case, kick):
    result = make_case(sockets=True).run(COLOUR, track(item(take(kick))))
    assert result.items[0]["colour"] == native("kick")
    assert result.boxes == []


def test_a_server_is_asked_without_starting_anything(make_case, kick, server_port, tmp_path):
    case = make_case(port=server_port, sockets=True, program=tmp_path / "none")
    assert case.run(COLOUR, track(item(take(kick)))).commands == []


def test_a_program_that_does_not_answer(make_case, kick, stub):
    result = make_case(program=stub("exit 3\n")).run(COLOUR, track(item(take(kick))), speed=60)
    assert result.said.startswith("drumbridge was started but did not answer within 30 seconds.")
    assert untouched(result)


def test_a_program_that_stops_answering(make_case, kick, stub):
    result = make_case(program=stub("""echo '{"ready": "1"}' > "$4"\n""")).run(
        COLOUR, track(item(take(kick))), speed=60
    )
    assert "did not answer within 60 seconds." in result.said
    assert untouched(result)


def test_a_program_that_cannot_work(make_case, kick, stub):
    answer = '{"ready": "1"}\\n{"fail": "model.not_found", "message": "There is no model."}\\n'
    result = make_case(program=stub(f"""printf '{answer}' > "$4"\n""")).run(COLOUR, track(item(take(kick))))
    assert result.said == "drumbridge could not listen to anything.\nThere is no model."
    assert untouched(result)


def test_answers_may_arrive_in_any_pieces(make_case, kick, stub):
    parts = ['{"rea', 'dy": "1"}\\n{"request": 0, "lab', 'el": "kick", "confidence": 0.9, "unsure": false}', "\\n"]
    script = "".join(f"""printf '{part}' >> "$4"; sleep 0.03\n""" for part in parts)
    result = make_case(program=stub(script)).run(COLOUR, track(item(take(kick))))
    assert result.items[0]["colour"] == native("kick")


def test_escape_ends_the_program_and_changes_nothing(make_case, kick, stub):
    path = stub(WAITS)
    result = make_case(program=path).run(COLOUR, track(item(take(kick))), events=({"tick": 160, "do": {"press": 27}},))
    assert result.windows == ["drumbridge: Colour selected items"]
    assert "Esc cancels" in result.texts
    assert not result.window_open
    assert result.boxes == []
    assert untouched(result)
    for _ in range(1000):
        if Path(f"{path}.ended").exists():
            return
        threading.Event().wait(0.01)
    raise AssertionError("the program went on")


def test_closing_the_window_cancels_too(make_case, kick, stub):
    result = make_case(program=stub(WAITS)).run(
        COLOUR, track(item(take(kick))), events=({"tick": 160, "do": {"press": -1}},)
    )
    assert untouched(result)


class Mute:
    """A server that greets and then answers nothing, or leaves."""

    def __init__(self, *, leaves: bool) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.asked: list[bytes] = []
        self.gone = threading.Event()
        self._leaves = leaves
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        connection, _ = self.listener.accept()
        with connection:
            packet = connection.recv(4096)
            (length,) = struct.unpack(">I", packet[:4])
            assert packet[4:].startswith(b"/drumbridge/hello\0")
            done = b"/drumbridge/done\0\0\0\0,i\0\0" + struct.pack(">i", 1)
            connection.sendall(struct.pack(">I", len(done)) + done)
            self.asked.append(packet[4 + length :] or connection.recv(4096))
            while not self._leaves and connection.recv(4096):
                pass
        self.gone.set()


def test_escape_leaves_the_server(make_case, kick):
    server = Mute(leaves=False)
    result = make_case(port=server.port, sockets=True).run(
        COLOUR, track(item(take(kick))), events=({"tick": 160, "do": {"press": 27}},)
    )
    assert server.gone.wait(10)
    assert b"/drumbridge/classify" in server.asked[0]
    assert result.boxes == []
    assert untouched(result)


def test_a_server_that_leaves(make_case, kick):
    result = make_case(port=Mute(leaves=True).port, sockets=True).run(COLOUR, track(item(take(kick))))
    assert result.said.startswith("drumbridge went away in the middle of its work.")
    assert untouched(result)


LATE = {"call": "EnumProjects", "nth": 2}  # every answer is there, nothing is changed yet


@pytest.mark.parametrize(
    ("event", "first"),
    [
        ({"delete_item": 0}, None),
        ({"set_active": [0, 1]}, 0),
        ({"trim_item": [0, 0.3]}, 0),
    ],
)
def test_an_item_that_changed_meanwhile_is_left_alone(reaper, kick, event, first):
    items = (item(take(kick), take(kick)), item(take(kick), position=2))
    result = reaper.run(COLOUR, track(*items), events=({**LATE, "do": event},))
    colours = [entry["colour"] or entry["takes"][entry["active"]]["colour"] for entry in result.items]
    assert colours == [*([] if first is None else [first]), native("kick")]
    assert result.said.startswith('"kick.wav" was changed, moved to another take or deleted')


def test_all_items_deleted_meanwhile(reaper, kick):
    result = reaper.run(COLOUR, track(item(take(kick))), events=({**LATE, "do": {"delete_item": 0}},))
    assert "was changed" in result.said
    assert result.undo == []


def test_an_item_that_moved_meanwhile_has_its_hits_where_it_is_now(reaper, loop):
    result = reaper.run(
        "Split items at hits", track(item(take(loop), length=LOOP_S)), events=({**LATE, "do": {"move_item": [0, 7.0]}},)
    )
    expected = [7 + at for at, _ in STROKES]
    assert [entry["position"] for entry in result.items[1:]] == pytest.approx(expected, abs=0.012)


def test_an_item_deleted_while_it_is_written(make_case, loop, kick):
    reversed_ = section(loop, 0, LOOP_S, reversed_=True)
    result = make_case().run(
        "Take markers at hits",
        track(item(take(reversed_), length=LOOP_S), item(take(kick), position=9)),
        events=({"call": "GetAudioAccessorSamples", "nth": 3, "do": {"delete_item": 0}},),
        speed=20,
    )
    assert "was changed" in result.said or "could not be read" in result.said
    assert len(result.items[0]["takes"][0]["markers"]) == 1
    assert result.leftovers == []


def test_another_project_in_front(reaper, kick):
    result = reaper.run(COLOUR, track(item(take(kick))), events=({**LATE, "do": {"switch_project": True}},))
    assert result.said.startswith("Another project is in front now.")
    assert untouched(result)


@pytest.mark.parametrize(
    ("action", "call", "nth"),
    [
        (COLOUR, "SetMediaItemInfo_Value", 2),
        ("Split items at hits", "SplitMediaItem", 3),
        ("Explode hits to tracks by drum", "MoveMediaItemToTrack", 2),
        ("MIDI item from hits", "MIDI_InsertNote", 4),
        ("Take markers at hits", "SetTakeMarker", 2),
        ("Name takes of selected items", "GetSetMediaItemTakeInfo_String", 1),
        (COLOUR, "CountMediaItems", 1),
        (COLOUR, "ExecProcess", 1),
    ],
)
def test_an_error_in_the_middle_leaves_all_balanced(make_case, loop, action, call, nth):
    """The fake notes every undo block and held screen that a script leaves open, and every change outside one."""
    result = make_case().run(
        action,
        track(item(take(loop), length=LOOP_S), item(take(loop), position=5, length=LOOP_S)),
        events=({"call": call, "nth": nth, "do": {"raise": "the roof fell in"}},),
        breaks=True,
    )
    assert set(result.violations) <= {"notes were left unsorted"}
    assert result.said.startswith("The script made a mistake.")
    assert "the roof fell in" in result.said
    assert len(result.undo) <= 1
    assert result.leftovers == []


def test_the_temporary_folder_cannot_be_written(make_case, kick, tmp_path):
    if os.geteuid() == 0:
        (tmp_path / "temporary").write_text("a file in the place of the folder")
    else:
        (tmp_path / "temporary").mkdir(mode=0o500)
    case = make_case()
    case.makes_folder = False
    result = case.run(COLOUR, track(item(take(kick))))
    assert result.said.startswith("The temporary file ")
    assert "could not be written" in result.said
    assert result.undo == []


def test_many_reasons_are_cut_short(make_case, kick):
    gone = [item(take({**kick, "path": f"/no/{k}.wav"}), position=k) for k in range(9)]
    result = make_case().run(COLOUR, track(*gone))
    assert result.said.count("cannot be read") == 5
    assert result.said.endswith("... and 4 more.")
