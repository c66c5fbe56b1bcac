"""`drumbridge install`: what is written where, and what is never overwritten."""

import json
import sys

import pytest

from drumbridge.cli import install, main

AUDIO = "Presets/Audio Effects/Max Audio Effect/DrumBridge"
MIDI = "Presets/MIDI Effects/Max MIDI Effect/DrumBridge"


def tree(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_devices_go_to_the_user_library(tmp_path, capsys):
    assert main(["install", "live", "--to", str(tmp_path)]) == 0
    files = tree(tmp_path)
    assert set(files) == {
        f"{AUDIO}/DrumBridge.amxd", f"{MIDI}/DrumBridge Pads.amxd", f"{AUDIO}/{install.SERVER_NOTE}",
        f"{AUDIO}/drumbridge-installed.json",
    }  # fmt: skip
    assert files[f"{AUDIO}/DrumBridge.amxd"].startswith(b"ampf")
    assert json.loads(files[f"{AUDIO}/{install.SERVER_NOTE}"]) == {"command": [sys.executable, "-m", "drumbridge"]}
    out = capsys.readouterr().out
    assert all(str(tmp_path / name) in out for name in files if "installed" not in name)
    assert "on a track" in out


def test_the_scripts_go_to_the_resource_folder(tmp_path, monkeypatch, capsys):
    scripts = tmp_path / "packed"
    (scripts / "lib").mkdir(parents=True)
    (scripts / "act.lua").write_text("-- act")
    (scripts / "lib" / "net.lua").write_text("-- net")
    (scripts / "index.xml").write_text("<index/>")
    monkeypatch.setattr(install, "_packed", lambda name, in_checkout: scripts)
    there = tmp_path / "REAPER"
    there.mkdir()
    assert main(["install", "reaper", "--to", str(there)]) == 0
    assert set(tree(there)) - {"Scripts/drumbridge/drumbridge-installed.json"} == {
        "Scripts/drumbridge/act.lua", "Scripts/drumbridge/lib/net.lua",
        f"Scripts/drumbridge/lib/{install.SERVER_NOTE}",
    }  # fmt: skip


def test_again_changes_nothing_and_says_so(tmp_path, capsys):
    main(["install", "live", "--to", str(tmp_path)])
    before = tree(tmp_path)
    capsys.readouterr()
    assert main(["install", "live", "--to", str(tmp_path)]) == 0
    assert tree(tmp_path) == before
    assert capsys.readouterr().out.count("unchanged") == 3


def test_an_older_version_of_ours_is_replaced(tmp_path, monkeypatch):
    device = tmp_path / AUDIO / "DrumBridge.amxd"
    monkeypatch.setitem(install._TARGETS, "live", install._TARGETS["live"]._replace(
        files=lambda: iter([(install._AUDIO_EFFECTS / "DrumBridge.amxd", b"older")])))  # fmt: skip
    main(["install", "live", "--to", str(tmp_path)])
    assert device.read_bytes() == b"older"
    monkeypatch.undo()
    assert main(["install", "live", "--to", str(tmp_path)]) == 0
    assert device.read_bytes().startswith(b"ampf")
    assert not list(tmp_path.rglob("*.bak"))


def test_a_file_that_was_changed_is_kept_unless_forced(tmp_path, capsys):
    main(["install", "live", "--to", str(tmp_path)])
    device = tmp_path / AUDIO / "DrumBridge.amxd"
    device.write_bytes(b"mine")
    assert main(["install", "live", "--to", str(tmp_path)]) == 1
    assert device.read_bytes() == b"mine"
    assert "[install.changed]" in capsys.readouterr().err
    assert main(["install", "live", "--to", str(tmp_path)]) == 1, "it is still not ours"
    assert main(["install", "live", "--to", str(tmp_path), "--force"]) == 0
    assert device.read_bytes().startswith(b"ampf")
    assert device.with_name("DrumBridge.amxd.bak").read_bytes() == b"mine"


def test_a_dry_run_writes_nothing(tmp_path, capsys):
    assert main(["install", "live", "--to", str(tmp_path), "--dry-run"]) == 0
    assert not tree(tmp_path)
    assert capsys.readouterr().out.count("would write") == 3


@pytest.mark.parametrize(
    ("platform", "daw", "place"),
    [
        ("darwin", "live", "Music/Ableton/User Library"),
        ("win32", "live", "Documents/Ableton/User Library"),
        ("darwin", "reaper", "Library/Application Support/REAPER"),
        ("win32", "reaper", "AppData/Roaming/REAPER"),
        ("linux", "reaper", ".config/REAPER"),
    ],
)
def test_each_system_has_its_place(tmp_path, monkeypatch, capsys, platform, daw, place):
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(install.Path, "home", lambda: tmp_path)
    for name in ("APPDATA", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setitem(install._TARGETS, daw, install._TARGETS[daw]._replace(
        files=lambda: iter([(install.Path("a", "b.txt"), b"x")])))  # fmt: skip
    assert main(["install", daw]) == 1
    assert f"at {tmp_path / place}" in capsys.readouterr().err
    (tmp_path / place).mkdir(parents=True)
    assert main(["install", daw]) == 0
    assert (tmp_path / place / "a" / "b.txt").read_bytes() == b"x"


def test_live_does_not_run_on_linux(monkeypatch, capsys):
    monkeypatch.setattr(sys, "platform", "linux")
    assert main(["install", "live"]) == 1
    assert "[install.no_daw]" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["logic"], ["live", "--to", "/no/such/folder"]])
def test_wrong_calls_are_one_line(arguments, capsys):
    assert main(["install", *arguments]) == 1
    assert capsys.readouterr().err.count("\n") == 1
