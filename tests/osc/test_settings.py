"""Settings and profiles over OSC: stored, told, heard at once, and never taken over from a broken file."""

import json

import numpy as np
import pytest
from live_player import Player, cut
from osc_client import Udp, message, serving

from drumbridge.core.settings_table import SETTINGS, default_values
from drumbridge.core.synthesis import demo_loop
from drumbridge.engine.engine import Engine
from drumbridge.engine.live_profiles import LiveProfiles
from drumbridge.formats.profiles import ProfileStore

RATE = 44100


@pytest.fixture(scope="module")
def loop() -> np.ndarray:
    return demo_loop(RATE)[0].astype(np.float32)


@pytest.fixture(scope="module")
def engine(small_model) -> Engine:
    return Engine(model=str(small_model))


@pytest.fixture
def store(tmp_path):
    return ProfileStore(tmp_path / "profiles")


@pytest.fixture
def client(engine, store):
    with serving(engine, profiles=LiveProfiles(store)) as server:
        client = Udp(server.address[1])
        yield client
        client.close()


def pairs(answers) -> dict:
    values = [v for a in answers if a.address == "/drumbridge/settings/value" for v in a.arguments[1:]]
    return dict(zip(values[::2], values[1::2], strict=True))


def test_the_list_is_the_table(client):
    *rows, done = client.ask("settings/list", 1)
    assert done == message("done", 1, len(SETTINGS))
    assert [row.arguments[1:] for row in rows] == [(s.name, s.type, s.default, s.range, s.text) for s in SETTINGS]


def test_what_is_set_is_stored_and_told(client, store):
    assert pairs(client.ask("settings/get", 1, "")) == default_values()
    assert client.ask("settings/set", 2, "", "sensitivity", 2) == [message("done", 2)]
    assert client.ask("settings/set", 3, "Pads", "velocity_curve", "soft") == [message("done", 3)]
    assert client.ask("settings/set", 4, "pads", "retrigger_ms.snare", 60.0) == [message("done", 4)]
    assert store.load("default") == {"sensitivity": 2.0}
    assert store.load("pads") == {"velocity_curve": "soft", "retrigger_ms.snare": 60.0}
    assert pairs(client.ask("settings/get", 5, "pads", "retrigger_ms.snare")) == {"retrigger_ms.snare": 60.0}
    assert pairs(client.ask("settings/get", 6, "pads", "retrigger_ms.kick")) == {"retrigger_ms.kick": 0.0}
    names, _ = client.ask("settings/profiles", 7)
    assert names.arguments[1:] == ("default", "pads")
    assert client.ask("settings/reset", 8, "pads", "velocity_curve") == [message("done", 8)]
    assert store.load("pads") == {"retrigger_ms.snare": 60.0}
    assert client.ask("settings/reset", 9, "pads") == [message("done", 9)]
    assert store.names() == ["default"]


@pytest.mark.parametrize(
    ("name", "arguments", "code"),
    [
        ("set", ("", "sensitivity", 11.0), "settings.sensitivity"),
        ("set", ("", "sensitivity", "2"), "settings.sensitivity"),
        ("set", ("", "velocity_curve", "steep"), "settings.velocity_curve"),
        ("set", ("", "swing", 1), "settings.name"),
        ("set", ("../../x", "sensitivity", 1), "settings.profile"),
        ("set", ("", "sensitivity"), "osc.arguments"),
        ("get", ("nobody",), "settings.no_profile"),
        ("get", ("", "swing"), "settings.name"),
        ("use", ("nobody",), "settings.no_profile"),
        ("reset", ("", "swing"), "settings.name"),
    ],
)
def test_what_cannot_be_is_refused_and_stores_nothing(client, store, name, arguments, code):
    (fail,) = client.ask(f"settings/{name}", 1, *arguments)
    assert fail.arguments[:2] == (1, code)
    assert not store.folder.exists()


def test_a_broken_profile_is_told_by_name_and_kept(client, store):
    store.folder.mkdir()
    path = store.folder / "pads.json"
    path.write_text("{")
    asked = [
        ("settings/set", "pads", "sensitivity", 2),
        ("settings/get", "pads"),
        ("settings/reset", "pads"),
        ("settings/use", "pads"),
        ("stream/open", RATE, 1, "", -1.0, "pads"),
    ]
    for req, (name, *arguments) in enumerate(asked):
        (fail,) = client.ask(name, req, *arguments)
        assert fail.arguments[:2] == (req, "settings.profile_file")
        assert str(path) in fail.arguments[2]
    assert path.read_text() == "{"
    assert client.ask("stream/open", 9, RATE, 1)[-1].address.endswith("done")


def heard(client, loop, *settings) -> Player:
    return Player(client, *settings).play(cut(loop[:, None], 512)).close()


def test_a_stream_has_the_settings_of_the_profile_it_names_or_that_its_client_uses(client, loop):
    plain = heard(client, loop)
    assert {event.arguments[2] for event in plain.events} >= {0, 1}
    client.ask("settings/set", 1, "gated", "noise_gate_db", 0.0)
    client.ask("settings/set", 2, "late", "early_ms", 0)
    assert heard(client, loop, "", 10.0, "gated").events == []
    late = heard(client, loop, "", -1.0, "late")
    assert {event.arguments[2] for event in late.events} == {1}
    assert late.hits() == plain.hits()
    client.ask("settings/use", 3, "gated")
    assert heard(client, loop).events == []
    client.ask("settings/use", 4, "")
    assert heard(client, loop).hits() == plain.hits()


@pytest.mark.parametrize("how", ["set", "use"])
def test_an_open_stream_changes_without_losing_or_doubling_a_hit(client, loop, how):
    plain = [hit for hit in heard(client, loop, "", 0.0).events]
    client.ask("settings/set", 1, "same", "velocity_curve", "fixed")
    client.ask("settings/set", 2, "same", "fixed_velocity", 77)
    player = Player(client, "", 0.0, "")
    blocks = list(cut(loop[:, None], 512))
    for number, block in enumerate(blocks):
        player.send(number, block)
        if number == len(blocks) // 2:
            if how == "set":
                player.ask("settings/set", "", "velocity_curve", "fixed")
                player.ask("settings/set", "", "fixed_velocity", 77)
            else:
                player.ask("settings/use", "same")
    player.close()
    told = [event.arguments for event in player.events]
    assert [(row[1], row[3], row[7]) for row in told] == [
        (event.arguments[1], event.arguments[3], event.arguments[7]) for event in plain
    ]
    velocities = [row[5] for row in told]
    assert velocities[-1] == 77 != velocities[0] == plain[0].arguments[5]


def test_with_a_level_of_full_force_softer_audio_has_softer_hits(client, loop):
    def velocities(gain: float) -> dict:
        return {tuple(event.arguments[1:3]): event.arguments[5] for event in heard(client, gain * loop).events}

    assert max(velocities(0.25).values()) == 127
    client.ask("settings/set", 1, "", "velocity_full_db", -3)
    loud, soft = velocities(1.0), velocities(0.25)
    both = loud.keys() & soft.keys()
    assert {stage for _, stage in both} >= {0, 1}
    assert all(soft[hit] < loud[hit] for hit in both)


def test_a_profile_that_is_reset_gives_its_open_streams_the_defaults(client, loop):
    plain = heard(client, loop)
    client.ask("settings/set", 1, "deaf", "noise_gate_db", 0.0)
    player = Player(client, "", -1.0, "deaf")
    assert player.ask("settings/reset", "deaf")[-1].address.endswith("done")
    player.play(cut(loop[:, None], 512)).close()
    assert player.hits() == plain.hits()
    (fail,) = client.ask("stream/open", 9, RATE, 1, "", -1.0, "deaf")
    assert fail.arguments[1] == "settings.no_profile"


def test_the_command_line_holds_until_it_is_set_and_is_never_stored(engine, store):
    profiles = LiveProfiles(store, default="pads", overrides={"sensitivity": 3, "retrigger_ms": 20})
    with serving(engine, profiles=profiles) as server:
        client = Udp(server.address[1])
        assert client.ask("settings/set", 1, "", "noise_gate_db", -60) == [message("done", 1)]
        assert json.loads((store.folder / "pads.json").read_text())["settings"] == {"noise_gate_db": -60.0}
        told = pairs(client.ask("settings/get", 2, ""))
        assert (told["sensitivity"], told["retrigger_ms"], told["noise_gate_db"]) == (3.0, 20.0, -60.0)
        client.ask("settings/set", 3, "", "sensitivity", 0.5)
        assert pairs(client.ask("settings/get", 4, "pads"))["sensitivity"] == 0.5
        client.close()
