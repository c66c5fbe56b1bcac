"""What each action does to a project: colours, names, markers, pieces, tracks, notes, and one undo point."""

from __future__ import annotations

import re

import pytest
import soundfile
from loop_of_known_strokes import LOOP_S, RATE, STROKES
from projects import item, section, take, track, wave_source

from drumbridge.core.labels import BY_NAME, UNSURE_COLOUR
from drumbridge.core.synthesis import render_loop


def native(label: str) -> int:
    """Return a label's colour as the fake REAPER keeps it (blue first)."""
    colour = BY_NAME[label].colour if label in BY_NAME else UNSURE_COLOUR
    return (colour & 0xFF) << 16 | colour & 0xFF00 | colour >> 16 | 0x1000000


@pytest.fixture
def kick(sounds):
    return wave_source(sounds / "kick.wav")


@pytest.fixture
def hat(sounds):
    return wave_source(sounds / "hat.wav")


@pytest.fixture
def loop(sounds):
    return wave_source(sounds / "loop.wav")


def test_selected_items_take_the_colour_of_their_drum(reaper, kick, hat):
    result = reaper.run(
        "Colour selected items",
        track(item(take(kick), length=0.5), item(take(hat), position=1), item(take(kick), position=2, selected=False)),
    )
    assert [entry["colour"] for entry in result.items] == [native("kick"), native("closed_hat"), 0]
    assert result.undo == [{"title": "drumbridge: Colour selected items", "flags": -1}]
    assert result.boxes == result.leftovers == []


def test_an_item_is_what_it_plays_and_not_what_its_file_starts_with(reaper, loop, sounds, tmp_path):
    """A piece of a loop, a section, a reversed and a sped up piece, a subproject: kick at 0.95, hat at 1.20."""
    (sounds / "drums.rpp").touch()
    subproject = {"type": "RPP_PROJECT", "path": str(sounds / "drums.rpp"), "render": loop["path"], "length": LOOP_S}
    result = reaper.run(
        "Colour selected items",
        track(
            item(take(loop, offset=1.2), position=0, length=0.2),
            item(take(loop, offset=0.95), position=1, length=0.2),
            item(take(section(loop, 1.2, 0.2)), position=2, length=0.2),
            item(take(section(loop, 1.2, 0.2, reversed_=True)), position=3, length=0.2),
            item(take(loop, offset=1.2, rate=1.2), position=4, length=0.15),
            item(take(subproject, offset=1.2), position=5, length=0.2),
            item(take(loop, stretch=[[0.0, 1.2], [0.3, 1.4]]), position=6, length=0.2),
        ),
    )
    assert [entry["colour"] for entry in result.items] == [
        native(label) for label in ("closed_hat", "kick", *["closed_hat"] * 5)
    ]
    assert result.leftovers == []


def test_an_item_with_several_drums_is_drums_unless_one_prevails(reaper, loop, sounds):
    """Nine strokes of two drums; of the reversed one too; and four strokes of which one is another drum, softly."""
    strokes = [(0, "kick", 120), (RATE // 2, "kick", 120), (RATE, "kick", 120), (3 * RATE // 2, "closed_hat", 60)]
    soundfile.write(sounds / "kicks.wav", render_loop(strokes, n_samples=2 * RATE), RATE, subtype="PCM_16")
    tracks = track(
        item(take(loop), length=LOOP_S),
        item(take(section(loop, 0, LOOP_S, reversed_=True)), position=5, length=LOOP_S),
        item(take(wave_source(sounds / "kicks.wav")), position=10, length=2.0),
        item(take(loop, offset=1.65), position=13, length=1.9),
    )
    result = reaper.run("Colour selected items", tracks)
    assert [entry["colour"] for entry in result.items] == [
        *[0x1E6E6E6] * 2, native("kick"), 0x1E6E6E6,
    ]  # fmt: skip
    assert result.boxes == result.leftovers == []
    named = reaper.run("Name takes of selected items", tracks)
    assert [entry["takes"][0]["name"] for entry in named.items] == ["drums", "drums", "kick", "drums"]


def test_a_sound_after_a_long_silence(reaper_once, sounds):
    """A one-shot is looked for in the first 20 s of a file only."""
    late = render_loop([(25 * RATE, "kick", 120)], n_samples=26 * RATE)
    soundfile.write(sounds / "late.wav", late, RATE, subtype="PCM_16")
    result = reaper_once.run("Colour selected items", track(item(take(wave_source(sounds / "late.wav")), length=26.0)))
    assert result.items[0]["colour"] == native("kick")
    assert result.boxes == []


def test_of_several_takes_the_active_one_is_coloured_and_named(reaper_once, kick, hat):
    tracks = track(item(take(kick, name="bd"), take(hat, name="hh"), active=1))
    result = reaper_once.run("Colour selected items", tracks)
    assert [entry["colour"] for entry in result.items[0]["takes"]] == [0, native("closed_hat")]
    assert result.items[0]["colour"] == 0
    result = reaper_once.run("Name takes of selected items", tracks)
    assert [entry["name"] for entry in result.items[0]["takes"]] == ["bd", "closed hat"]


def test_a_colour_of_the_take_does_not_hide_that_of_the_item(reaper_once, kick):
    result = reaper_once.run("Colour selected items", track(item(take(kick, colour=0x1112233))))
    assert result.items[0]["colour"] == result.items[0]["takes"][0]["colour"] == native("kick")


def test_the_users_minimum_confidence_makes_unsure(reaper_once, kick):
    result = reaper_once.run("Colour selected items", track(item(take(kick))), settings={"minimum": "100"})
    assert result.items[0]["colour"] == native("unsure")
    result = reaper_once.run(
        "Name takes of selected items", track(item(take(kick, name="mine"))), settings={"minimum": "100"}
    )
    assert result.items[0]["takes"][0]["name"] == "mine"


def test_markers_of_an_earlier_run_are_replaced_and_others_stay(reaper_once, loop):
    old = [{"at": 0.5, "name": "kick + closed hat 93%", "colour": 0}, {"at": 0.6, "name": "solo", "colour": 0},
           {"at": 0.7, "name": "unsure", "colour": 0}]  # fmt: skip
    result = reaper_once.run("Take markers at hits", track(item(take(loop, markers=old), length=LOOP_S)))
    names = [marker["name"] for marker in result.items[0]["takes"][0]["markers"]]
    assert len(names) == len(STROKES) + 1
    assert "solo" in names
    assert "kick + closed hat 93%" not in names
    assert all(re.fullmatch(r"(kick|closed hat) \d+%|solo", name) for name in names)
    colours = {marker["name"].split(" ")[0]: marker["colour"] for marker in result.items[0]["takes"][0]["markers"]}
    assert (colours["kick"], colours["closed"]) == (native("kick"), native("closed_hat"))


def test_explode_puts_each_drum_on_a_track_of_its_own(reaper, loop):
    tracks = (
        track(item(take(loop), length=LOOP_S), name="loop"),
        track(item(take(loop), position=5, selected=False), name="other"),
    )
    result = reaper.run("Explode hits to tracks by drum", *tracks)
    assert [entry["name"] for entry in result.tracks] == ["loop", "kick", "closed hat", "other"]
    assert [entry["colour"] for entry in result.tracks] == [0, native("kick"), native("closed_hat"), 0]
    for label, row in (("kick", 1), ("closed_hat", 2)):
        pieces = result.tracks[row]["items"]
        played = [at for at, played in STROKES if played == label]
        assert [piece["position"] for piece in pieces] == pytest.approx(played, abs=0.012)
        assert {piece["colour"] for piece in pieces} == {native(label)}
    (rest,) = result.tracks[0]["items"]  # what came before the first hit
    assert rest["length"] == pytest.approx(STROKES[0][0], abs=0.012)
    assert len(result.undo) == 1


def test_two_items_of_a_track_share_the_tracks_of_their_drums(reaper_once, loop):
    tracks = track(item(take(loop), length=LOOP_S), item(take(loop), position=6, length=LOOP_S))
    result = reaper_once.run("Explode hits to tracks by drum", tracks)
    assert [entry["name"] for entry in result.tracks] == ["drums", "kick", "closed hat"]
    assert sum(len(entry["items"]) for entry in result.tracks[1:]) == 2 * len(STROKES)
    result = reaper_once.run("MIDI item from hits", tracks)
    assert [(entry["name"], len(entry["items"])) for entry in result.tracks] == [("drums", 2), ("drums (MIDI)", 2)]


def test_notes_of_the_users_own_map(reaper_once, loop):
    result = reaper_once.run(
        "MIDI item from hits", track(item(take(loop), length=LOOP_S)), settings={"notes": "kick=60 snare=40"}
    )
    pitches = {note[3] for note in result.tracks[1]["items"][0]["takes"][0]["notes"]}
    assert pitches == {60, BY_NAME["closed_hat"].gm_note}


def test_a_reversed_one_shot_ends_with_its_hit(reaper_once, kick):
    source = section(kick, 0, kick["length"], reversed_=True)
    tracks = track(item(take(source), length=kick["length"]))
    markers = reaper_once.run("Take markers at hits", tracks).items[0]["takes"][0]["markers"]
    assert [marker["at"] for marker in markers] == pytest.approx([kick["length"]], abs=0.005)
    notes = reaper_once.run("MIDI item from hits", tracks).tracks[1]["items"][0]["takes"][0]["notes"]
    assert [note[0] / 1920 for note in notes] == pytest.approx([kick["length"]], abs=0.005)
    split = reaper_once.run("Split items at hits", tracks)
    assert split.items[0]["colour"] == native("kick")


def test_a_whole_project_is_coloured_and_counted(reaper, kick, hat):
    midi = {"type": "MIDI", "length": 1.0}
    tracks = (
        track(*(item(take(kick), position=k, selected=False) for k in range(40))),
        track(item(take(hat), selected=False), item(position=1), item(take(midi), position=2)),
    )
    result = reaper.run("Colour all items of the project", *tracks)
    assert [entry["colour"] for entry in result.items] == [native("kick")] * 40 + [native("closed_hat"), 0, 0]
    assert result.said == "41 items were coloured.\n40 kick, 1 closed hat."
    assert len(result.undo) == 1


def test_settings_are_shown_checked_and_kept(make_case):
    case = make_case()
    result = case.run("Settings", settings={"port": "4000"})
    assert result.asked["values"] == f"{case.settings['program']}|4000|8000|0|"
    assert result.boxes == []
    good = case.run("Settings", answer=" /opt/drumbridge |9000|8001|25| kick=40")
    assert good.kept == {
        "program": "/opt/drumbridge", "port": "9000", "surface": "8001", "minimum": "25", "notes": "kick=40",
    }  # fmt: skip
    for answer, wrong in (
        ("|0||0|", "0"),
        ("|9000|8000|101|", "101"),
        ("|9000|8000|0|kick=128", "kick=128"),
        ("|9000|8000|0|bd=36", "bd=36"),
    ):
        bad = case.run("Settings", answer=answer)
        assert bad.said.startswith(f"{wrong} is no value for")
        assert bad.kept == case.settings
