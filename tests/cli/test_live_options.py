"""Options for live settings: every row of the table is one, and what is wrong is one line."""

import argparse
import json

import pytest
import soundfile

from drumbridge.cli import main
from drumbridge.cli.live_options import add_hit_arguments, add_live_arguments, hit_settings, live_settings
from drumbridge.core.settings_table import SETTINGS
from drumbridge.core.synthesis import render_loop
from drumbridge.core.transcriber_settings import TranscriberSettings
from drumbridge.errors import SettingsError
from drumbridge.formats.profiles import ProfileStore

RATE = 44100


def parse(add, *arguments) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add(parser)
    return parser.parse_args([*map(str, arguments)])


@pytest.fixture
def folder(tmp_path):
    ProfileStore(tmp_path / "profiles").save("pads", {"sensitivity": 2.0, "retrigger_ms.kick": 30.0})
    return tmp_path / "profiles"


def test_every_setting_is_an_option_with_its_text_and_default(capsys):
    parser = argparse.ArgumentParser(formatter_class=lambda prog: argparse.HelpFormatter(prog, width=400))
    add_live_arguments(parser)
    parser.print_help()
    told = capsys.readouterr().out
    for row in SETTINGS:
        if not row.name.endswith("LABEL"):
            assert f"--{row.name.replace('_', '-')} " in told
            assert row.text in told


def test_nothing_given_is_nothing_changed(folder):
    assert live_settings(parse(add_live_arguments, "--profiles", folder)) == TranscriberSettings(early_ms=10.0)
    assert hit_settings(parse(add_hit_arguments), after_ms=50.0) == TranscriberSettings(after_ms=50.0)


def test_options_go_over_the_profile(folder):
    given = ["--profiles", folder, "--profile", "pads", "--noise-gate-db", "-40", "--retrigger-ms", "kick=0"]
    given += ["--retrigger-ms", "15", "--velocity-curve", "hard", "--fixed-velocity", "9", "--velocity-full-db", "-6"]
    expected = {"sensitivity": 2.0, "noise_gate_db": -40, "retrigger_ms": 15, "retrigger_ms.kick": 0}
    expected |= {"velocity_curve": "hard", "fixed_velocity": 9, "velocity_full_db": -6}
    assert live_settings(parse(add_live_arguments, *given)) == TranscriberSettings.of(expected)
    assert hit_settings(parse(add_hit_arguments, *given)) == TranscriberSettings.of(expected | {"early_ms": 0})


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (["--profile", "nobody"], "settings.no_profile"),
        (["--profile", "../x"], "settings.profile"),
        (["--sensitivity", "99"], "settings.sensitivity"),
        (["--velocity-full-db", "6"], "settings.velocity_full_db"),
        (["--retrigger-ms", "gong=5"], "settings.name"),
    ],
)
def test_what_cannot_be_is_told(folder, given, code):
    with pytest.raises(SettingsError) as caught:
        live_settings(parse(add_live_arguments, "--profiles", folder, *given))
    assert caught.value.code == code


@pytest.fixture
def recording(tmp_path):
    path = tmp_path / "groove.wav"
    audio = render_loop([(4800, "kick", 110), (9000, "kick", 110), (28800, "closed_hat", 30)], sample_rate=RATE)
    soundfile.write(path, audio, RATE)
    return path


def transcribed(recording, small_model, capsys, *options) -> list[dict]:
    assert main(["transcribe", str(recording), "--model", str(small_model), "--json", *options]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_file_is_heard_by_them_too(recording, small_model, capsys):
    plain = transcribed(recording, small_model, capsys)
    assert len(plain) == 3
    masked = transcribed(recording, small_model, capsys, "--retrigger-ms", "kick=200")
    assert [hit["position"] for hit in masked] == [plain[0]["position"], plain[2]["position"]]
    fixed = transcribed(recording, small_model, capsys, "--velocity-curve", "fixed", "--fixed-velocity", "80")
    assert {hit["velocity"] for hit in fixed} == {80}
    assert transcribed(recording, small_model, capsys, "--noise-gate-db", "0") == []
    absolute = transcribed(recording, small_model, capsys, "--velocity-full-db", "0")
    assert plain[0]["velocity"] == 127 > absolute[0]["velocity"] > absolute[2]["velocity"]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (["--sensitivity", "0"], "settings.sensitivity"),
        (["--retrigger-ms", "soon"], "cli.usage"),
        (["--profile", "nobody"], "settings.no_profile"),
        (["--velocity-curve", "steep"], "cli.usage"),
    ],
)
@pytest.mark.parametrize("verb", [["transcribe", "x.wav"], ["serve", "--port", "0"]], ids=["transcribe", "serve"])
def test_a_wrong_option_is_one_line(verb, given, code, capsys, tmp_path):
    assert main([*verb, *given, "--profiles", str(tmp_path)]) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.endswith(f"[{code}]\n")
    assert told.err.count("\n") == 1
