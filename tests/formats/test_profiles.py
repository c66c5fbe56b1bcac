"""Profiles on disk: what is stored comes back, no name leaves the folder, and a broken file is told and kept."""

import json
import os
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drumbridge.core.settings_table import SETTINGS
from drumbridge.errors import SettingsError
from drumbridge.formats.profiles import ProfileStore, profile_name

ROWS = {row.name.replace("LABEL", "snare"): row for row in SETTINGS}
VALUES = st.fixed_dictionaries(
    {},
    optional={
        name: st.sampled_from(row.choices)
        if row.choices
        else st.integers(int(row.lowest), int(row.highest))
        if row.type == "i"
        else st.floats(row.lowest, row.highest)
        for name, row in ROWS.items()
    },
)
NAMES = st.text(st.sampled_from("abcXYZ019äß鼓é _-"), max_size=20)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("profiles")


def usable(text: str) -> bool:
    try:
        return bool(profile_name(text))
    except SettingsError:
        return False


@given(name=NAMES.filter(usable), chosen=VALUES)
def test_what_is_stored_comes_back_whatever_the_case_of_its_name(folder, name, chosen):
    store = ProfileStore(folder)
    store.save(name, chosen)
    assert store.load(name) == ProfileStore(folder).load(name.upper()) == chosen
    assert profile_name(name) in store.names()
    store.delete(name)
    assert store.load(name) is None
    assert os.listdir(folder) == []


@given(
    st.text(max_size=60)
    | st.sampled_from(["..", "../x", "a/b", "a\\b", "C:x", ".hidden", "con", "NUL", "a\0b", "x" * 41])
)
def test_no_name_leaves_the_folder(folder, text):
    if not usable(text):
        return
    name = profile_name(text)
    path = (folder / f"{name}.json").resolve()
    assert path.parent == folder.resolve()
    assert profile_name(name) == name


@pytest.mark.parametrize(
    "name", ["..", "../x", "a/b", "a\\b", "C:x", ".hidden", "con", "Nul", "a\0b", "x" * 41, "-x", "a.b"]
)
def test_a_name_that_is_none_is_refused(tmp_path, name):
    store = ProfileStore(tmp_path / "below")
    for ask in (store.load, store.delete, lambda name: store.save(name, {"sensitivity": 2.0})):
        with pytest.raises(SettingsError, match="cannot be called"):
            ask(name)
    assert list(tmp_path.iterdir()) == []


BROKEN = {
    "empty": b"",
    "no JSON": b"{sensitivity: 2}",
    "cut off": b'{"drumbridge_profile": 1, "settings": {"sensi',
    "no text": b"\xff\xfe\0",
    "a list": b"[]",
    "of another version": b'{"drumbridge_profile": 2, "settings": {}}',
    "without settings": b'{"drumbridge_profile": 1}',
    "with an unknown setting": b'{"drumbridge_profile": 1, "settings": {"swing": 1}}',
    "out of range": b'{"drumbridge_profile": 1, "settings": {"sensitivity": 1e9}}',
    "not a number": b'{"drumbridge_profile": 1, "settings": {"sensitivity": NaN}}',
    "far too deep": b"[" * 60000,
    "far too large": b" " * 70000,
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_a_broken_file_is_one_line_that_names_it(tmp_path, content):
    path = tmp_path / "pads.json"
    path.write_bytes(content)
    with pytest.raises(SettingsError, match=r"pads\.json cannot be used: ") as caught:
        ProfileStore(tmp_path).load("pads")
    assert caught.value.code == "settings.profile_file"
    assert "\n" not in caught.value.message
    assert path.read_bytes() == content


def test_a_file_is_replaced_as_a_whole_or_not_at_all(tmp_path, monkeypatch):
    store = ProfileStore(tmp_path)
    store.save("pads", {"sensitivity": 2.0})
    before = (tmp_path / "pads.json").read_bytes()
    assert json.loads(before) == {"drumbridge_profile": 1, "settings": {"sensitivity": 2.0}}

    def fail(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(SettingsError, match=r"pads\.json cannot be used: No space left on device"):
        store.save("pads", {"sensitivity": 3.0})
    assert os.listdir(tmp_path) == ["pads.json"]
    assert (tmp_path / "pads.json").read_bytes() == before


def test_a_folder_that_is_a_file_is_told(tmp_path):
    (tmp_path / "file").touch()
    store = ProfileStore(tmp_path / "file")
    for ask in (lambda: store.save("pads", {"sensitivity": 2.0}), lambda: store.load("pads"), store.names):
        with pytest.raises(SettingsError, match="cannot be used"):
            ask()


def test_a_folder_that_is_not_there_has_no_profiles(tmp_path):
    assert ProfileStore(tmp_path / "none").names() == []
    assert ProfileStore(tmp_path / "none").load("default") is None


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="where other systems keep settings is up to them")
def test_profiles_are_kept_where_the_system_keeps_settings(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert ProfileStore().folder == tmp_path / "drumbridge" / "profiles"
