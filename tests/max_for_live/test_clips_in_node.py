"""The device's js in Node, with a fake Live that knows its members, against a real server over real UDP."""

import shutil

import numpy as np
import pytest
from live_set import Device, LiveSet

from drumbridge import transcribe
from drumbridge.core.labels import BY_NAME, UNSURE_COLOUR
from max_for_live import bridge
from max_for_live.build import MESSAGES, SEVERAL_COLOUR

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="not installed: node")


def nearest(colour: int) -> int:
    """Return what the fake Live makes of a colour: it has a chooser with few."""
    return sum(min(255, 17 * int((colour >> bits & 255) / 17 + 0.5)) << bits for bits in (16, 8, 0))


KICK, HAT = nearest(BY_NAME["kick"].colour), nearest(BY_NAME["closed_hat"].colour)
SEVERAL, UNSURE = nearest(SEVERAL_COLOUR), nearest(UNSURE_COLOUR)
STEADY = [(0.0, 0.0), (1.0, 2.0), (4.5, 9.0)]  # 120 BPM
PUSHED = [(0.1, 0.0), (1.1, 2.0), (3.1, 5.0), (4.1, 8.0)]  # 120, 90, 180 BPM


@pytest.fixture
def opened(server, tmp_path):
    """Open devices on sets, connected; all are closed at the end."""
    devices = []

    def open_device(live: LiveSet, version: str = "11.3.25", device=bridge) -> Device:
        folder = tmp_path / f"device {len(devices)}"
        folder.mkdir()
        made = Device(device, live, server.port, folder, version)
        devices.append(made)
        made.send("init")
        made.until_status(MESSAGES["connected"])
        return made

    yield open_device
    for device in devices:
        device.state()  # no violation
        device.close()


def a_set(sounds) -> tuple[LiveSet, dict[str, int]]:
    live = LiveSet()
    drums = live.track("Drums")
    live.put_device(drums)
    frozen = live.track("Frozen", frozen=True)
    clips = {
        "kick": live.put(drums, live.audio_clip("a", sounds.kick), 0),
        "hat": live.put(drums, live.audio_clip("b", sounds.hat), 2),
        "loop": live.put(drums, live.audio_clip("c", sounds.loop, markers=STEADY, looping=True, loop=(0.0, 8.0)), 3),
        "part": live.put(drums, live.audio_clip("d", sounds.kicks, markers=PUSHED, loop=(1.0, 6.0)), 4),
        "midi": live.put(drums, live.midi_clip("e"), 5),
        "missing": live.put(drums, live.audio_clip("f", sounds.missing), 6),
        "silence": live.put(drums, live.audio_clip("g", sounds.kicks, loop=(0.3, 0.5)), 7),
        "frozen": live.put(frozen, live.audio_clip("h", sounds.kick), 1),
        "arranged": live.put(drums, live.audio_clip("i", sounds.hat, start_time=4.0)),
    }
    live.track("Notes", midi=True)
    return live, clips


def looks(state: dict, clips: dict[str, int]) -> dict[str, tuple[str, int]]:
    return {key: (state[clip]["props"]["name"], state[clip]["props"]["color"]) for key, clip in clips.items()}


EXPECTED = {
    "kick": ("kick", KICK),
    "hat": ("closed hat", HAT),
    "loop": ("drums", SEVERAL),
    "part": ("kick", KICK),
    "midi": ("e", 0x112244),
    "missing": ("f", 0x112244),
    "silence": ("unsure", UNSURE),
    "frozen": ("kick", KICK),
    "arranged": ("closed hat", HAT),
}


def test_all_tracks_end_with_the_right_colours_and_names(opened, sounds):
    live, clips = a_set(sounds)
    device = opened(live)
    device.send("scope", 3)
    device.send("colour_clips")
    assert device.until_status(MESSAGES["coloured"]) == [7, 1, 1, 1]
    assert looks(device.state(), clips) == EXPECTED


@pytest.mark.parametrize(("scope", "touched"), [
    (0, {"part"}), (1, {"kick", "hat", "loop", "part", "silence"}), (2, {"arranged"}),
])  # fmt: skip
def test_a_scope_is_kept(opened, sounds, scope, touched):
    live, clips = a_set(sounds)
    live.select(clips["part"])
    before = looks(live.objects, clips)
    device = opened(live)
    device.send("scope", scope)
    device.send("colour_clips")
    device.until_status(MESSAGES["coloured"])
    assert looks(device.state(), clips) == {key: EXPECTED[key] if key in touched else before[key] for key in clips}


def test_a_dry_run_changes_nothing(opened, sounds):
    live, clips = a_set(sounds)
    before = looks(live.objects, clips)
    device = opened(live)
    device.send("scope", 3)
    device.send("dry_run", 1)
    device.send("colour_clips")
    assert device.until_status(MESSAGES["would_colour"]) == [7, 1, 1, 1]
    assert looks(device.state(), clips) == before


def test_undo_gives_back_what_was_found_and_spares_what_was_changed_since(opened, sounds):
    live, clips = a_set(sounds)
    before = looks(live.objects, clips)
    device = opened(live)
    device.send("scope", 3)
    device.send("colour_clips")
    device.until_status(MESSAGES["coloured"])
    device.poke(clips["hat"], "name", "my hat")
    device.poke(clips["loop"], "color", 0x00FF00)
    device.send("undo_colours")
    assert device.until_status(MESSAGES["undone"]) == [7]
    before["hat"] = ("my hat", before["hat"][1])
    before["loop"] = (before["loop"][0], 0x00FF00)
    assert looks(device.state(), clips) == before
    device.send("undo_colours")
    device.until_status(MESSAGES["nothing_to_undo"])


def test_only_colour_or_only_name(opened, sounds):
    live, clips = a_set(sounds)
    live.select(clips["kick"])
    device = opened(live)
    device.send("name_on", 0)
    device.send("colour_clips")
    device.until_status(MESSAGES["coloured"])
    assert looks(device.state(), clips)["kick"] == ("a", KICK)
    device.send("colour_on", 0)
    device.send("colour_clips")
    device.until_status(MESSAGES["nothing_to_do"])


def test_below_the_minimum_a_clip_is_unsure(opened, sounds):
    live, clips = a_set(sounds)
    live.select(clips["kick"])
    device = opened(live)
    device.send("minimum_confidence", 101)  # more than anything can be
    device.send("colour_clips")
    assert device.until_status(MESSAGES["coloured"]) == [1, 1, 0, 0]
    assert looks(device.state(), clips)["kick"] == ("kick?", UNSURE)


def test_a_colour_of_ones_own(opened, sounds):
    live, clips = a_set(sounds)
    live.objects[clips["midi"]]["props"]["color"] = 0x00FF88
    live.select(clips["midi"])
    device = opened(live)
    device.send("colour_class", 0)
    device.send("take_colour")
    table = device.until("colours")
    assert table[1] == 0x00FF88
    device.send("scope", 1)
    device.send("colour_clips")
    device.until_status(MESSAGES["coloured"])
    assert looks(device.state(), clips)["kick"] == ("kick", 0x00FF88)
    device.send("reset_colours")
    assert device.until("colours")[1] == BY_NAME["kick"].colour
    device.send("stored_colours", *table[1:])  # as when the set is loaded again
    device.send("colour_clips")
    device.until_status(MESSAGES["coloured"])
    assert looks(device.state(), clips)["kick"] == ("kick", 0x00FF88)


@pytest.mark.parametrize(("clip", "message"), [
    ("midi", "not_audio"), ("missing", "file_missing"), (None, "no_clip"),
])  # fmt: skip
@pytest.mark.parametrize("action", ["colour_clips", "to_midi"])
def test_what_is_wrong_with_a_clip_is_said(opened, sounds, clip, message, action):
    live, clips = a_set(sounds)
    live.select(clips[clip] if clip else 0)
    device = opened(live)
    device.send(action)
    device.until_status(MESSAGES[message])


def test_stop_leaves_the_rest_alone(opened, sounds):
    live, clips = a_set(sounds)
    device = opened(live)
    device.send("scope", 3)
    device.send("colour_clips")
    device.send("colour_clips")
    device.until_status(MESSAGES["busy"])
    device.send("stop_work")
    done, total = device.until_status(MESSAGES["stopped"])
    assert done < total == len(clips)


# -- notes ---------------------------------------------------------------------------------------------------------


def hits_between(server, path, start_s, end_s) -> list[tuple[float, int, int]]:
    """Return (seconds, note, velocity) of every label of every hit that the offline answer has there."""
    hits = transcribe(path, model=str(server.model), start_s=start_s, end_s=end_s).hits
    return [(hit.position / 44100, BY_NAME[one.label].gm_note, hit.velocity) for hit in hits for one in hit.labels]


def made_clip(state: dict) -> dict:
    (clip,) = [one["props"] for one in state.values() if one["class"] == "Clip" and "notes" in one["props"]]
    return clip


def assert_notes(notes: list[dict], expected: list[tuple[float, int, int]]) -> None:
    assert expected, "there is something to find"
    found = sorted((note["start_time"], note["pitch"], note["velocity"]) for note in notes)
    expected = sorted(expected)
    assert [one[1:] for one in found] == [one[1:] for one in expected]
    np.testing.assert_allclose([one[0] for one in found], [one[0] for one in expected], atol=1e-3)
    for note in notes:
        assert 0 < note["duration"] <= 0.25


MARKERS = pytest.mark.parametrize("unit", [1, 44100], ids=["seconds", "samples"])


@MARKERS
def test_a_warped_clip_becomes_notes_by_its_markers(opened, server, sounds, unit):
    live, _ = a_set(sounds)
    markers = [(s * unit, beat) for s, beat in PUSHED]
    clip = live.audio_clip("beat", sounds.loop, markers=markers, loop=(1.0, 7.0))
    live.put(live.child(live.song, "tracks")[0], clip, 1)
    live.select(clip)
    device = opened(live)
    device.send("to_midi")
    device.until_status(MESSAGES["notes_written"])
    seconds, beats = zip(*PUSHED, strict=True)
    start_s, end_s = np.interp([1.0, 7.0], beats, seconds)
    expected = [
        (np.interp(s, seconds, beats) - 1.0, note, velocity)
        for s, note, velocity in hits_between(server, sounds.loop, start_s, end_s)
    ]
    made = made_clip(device.state())
    assert_notes(made["notes"], expected)
    assert (made["name"], made["length"], made["looping"]) == ("beat", 6.0, 0)


def test_a_looped_clip_becomes_a_loop(opened, server, sounds):
    live, _ = a_set(sounds)
    clip = live.audio_clip("beat", sounds.loop, markers=STEADY, looping=True, loop=(2.0, 6.0), marks=(1.0, 9.0))
    live.put(live.child(live.song, "tracks")[0], clip, 1)
    live.select(clip)
    device = opened(live)
    device.send("to_midi")
    device.until_status(MESSAGES["notes_written"])
    made = made_clip(device.state())
    assert (made["looping"], made["loop_start"], made["loop_end"], made["start_marker"]) == (1, 1.0, 5.0, 0.0)
    expected = [(2 * s - 1, note, velocity) for s, note, velocity in hits_between(server, sounds.loop, 0.5, 3.0)]
    assert_notes(made["notes"], expected)


@pytest.mark.parametrize("tempo", [120.0, 97.0])
def test_an_unwarped_clip_counts_in_seconds(opened, server, sounds, tempo):
    live, _ = a_set(sounds)
    live.objects[live.song]["props"]["tempo"] = tempo
    clip = live.audio_clip("beat", sounds.loop, loop=(0.5, 2.5))
    live.put(live.child(live.song, "tracks")[0], clip, 1)
    live.select(clip)
    device = opened(live)
    device.send("to_midi")
    device.until_status(MESSAGES["notes_written"])
    found = hits_between(server, sounds.loop, 0.5, 2.5)
    expected = [((s - 0.5) * tempo / 60, note, velocity) for s, note, velocity in found]
    assert_notes(made_clip(device.state())["notes"], expected)


def test_in_the_arrangement_the_loop_is_written_out(opened, server, sounds):
    live, _ = a_set(sounds)
    clip = live.audio_clip("beat", sounds.loop, markers=STEADY, looping=True, loop=(2.0, 6.0), marks=(1.0, 9.0),
                           start_time=16.0, length=11.0)  # fmt: skip
    live.put(live.child(live.song, "tracks")[0], clip)
    live.select(clip)
    device = opened(live, version="12.2.0")
    device.send("to_midi")
    device.until_status(MESSAGES["notes_written"])
    made = made_clip(device.state())
    assert (made["start_time"], made["end_time"], made["is_arrangement_clip"]) == (16.0, 27.0, 1)
    played = [(1 + t, t) for t in np.arange(0, 5, 0.001)] + [(2 + (t - 5) % 4, t) for t in np.arange(5, 11, 0.001)]
    expected = []
    for s, note, velocity in hits_between(server, sounds.loop, 0.5, 3.0):
        near = [t for beat, t in played if abs(beat - 2 * s) < 0.00051]
        starts = [t for k, t in enumerate(near) if k == 0 or t - near[k - 1] > 0.01]
        expected += [(t, note, velocity) for t in starts]
    assert_notes(made["notes"], expected)


def test_an_old_live_takes_a_session_slot_for_an_arrangement_clip(opened, sounds):
    live, clips = a_set(sounds)
    live.select(clips["arranged"])
    device = opened(live, version="11.3.25")
    device.send("to_midi")
    device.until_status(MESSAGES["notes_written"])
    assert made_clip(device.state())["is_arrangement_clip"] == 0


def test_a_frozen_target_and_none_at_all(opened, sounds):
    live, clips = a_set(sounds)
    live.select(clips["loop"])
    target = live.child(live.song, "tracks")[-1]
    live.objects[target]["props"]["is_frozen"] = 1
    device = opened(live)
    device.send("to_midi")
    device.until_status(MESSAGES["target_frozen"])
    device.send("target_track", 5)
    device.send("to_midi")
    device.until_status(MESSAGES["no_target"])


# -- slices --------------------------------------------------------------------------------------------------------


def test_a_simpler_inside_a_rack_is_sliced_at_the_hits(opened, server, sounds):
    live, _ = a_set(sounds)
    target = live.child(live.song, "tracks")[-1]
    sample = live.add("Sample", {"file_path": str(sounds.loop), "sample_rate": 44100, "slices": [1, 2],
                                 "start_marker": 44100, "end_marker": 3 * 44100, "slicing_style": 0}, {})  # fmt: skip
    simpler = live.add("SimplerDevice", {"class_name": "OriginalSimpler", "playback_mode": 0}, {"sample": sample})
    chain = live.add("Chain", {}, {"devices": [simpler]})
    rack = live.add("RackDevice", {"class_name": "DrumGroupDevice", "can_have_chains": 1}, {"chains": [chain]})
    live.child(target, "devices").append(rack)
    device = opened(live)
    device.send("slice_simpler")
    (n,) = device.until_status(MESSAGES["sliced"])
    state = device.state()
    hits = transcribe(sounds.loop, model=str(server.model)).hits
    expected = [hit.position for hit in hits if 44100 <= hit.position < 3 * 44100]
    assert len(expected) == n > 4
    np.testing.assert_allclose(state[sample]["props"]["slices"], expected, atol=1)
    assert (state[simpler]["props"]["playback_mode"], state[sample]["props"]["slicing_style"]) == (2, 3)


def test_without_a_simpler_it_says_so(opened, sounds):
    live, _ = a_set(sounds)
    device = opened(live)
    device.send("slice_simpler")
    device.until_status(MESSAGES["no_simpler"])


# -- the set -------------------------------------------------------------------------------------------------------


def test_notes_are_routed_to_the_track_that_was_chosen(opened, sounds):
    live, _ = a_set(sounds)
    (output,) = live.child(live.device, "midi_outputs")
    device = opened(live)
    assert ["routes", "append", "Drums"] in device.heard
    device.send("route_to", 1)
    assert device.state()[output]["props"]["routing_type"]["routing_type"]["display_name"] == "Drums"


def test_a_long_run_makes_few_symbols(opened, sounds):
    """Max keeps every text that it ever saw."""
    live = LiveSet()
    drums = live.track("Drums")
    live.put_device(drums)
    for k in range(60):
        live.put(drums, live.audio_clip(f"clip {k}", (sounds.kick, sounds.hat)[k % 2], start_time=float(k)))
    device = opened(live)
    device.until("model")  # which is asked for a moment after the greeting
    device.send("scope", 2)
    device.send("colour_clips")
    assert device.until_status(MESSAGES["coloured"]) == [60, 0, 0, 0]
    before = set(device.state() and device.symbols)
    device.send("colour_clips")
    device.until_status(MESSAGES["coloured"])
    device.state()
    words = {word for text in MESSAGES.values() for word in text.split()}
    new = set(device.symbols) - before - words
    assert {one for one in new if not one.startswith("/drumbridge/")} == set()
    assert len(before) < 150
