"""Paths as DAWs give them lead to the file that is meant, whatever way they are written."""

import os
import unicodedata
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from drumbridge.audio import paths
from drumbridge.audio.paths import path_from_daw
from drumbridge.errors import AudioError

posix = pytest.mark.skipif(os.name == "nt", reason="POSIX paths")
names = st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=40)


@posix
@given(parts=st.lists(names, min_size=1, max_size=6))
def test_a_posix_path_is_itself(parts):
    text = "/nowhere/" + "/".join(parts)
    assume(not text.endswith((" ", "\u00a0")) and text.strip() == text)
    assert path_from_daw(text) == Path(text)


@posix
@given(parts=st.lists(names, min_size=1, max_size=6), host=st.sampled_from(["", "localhost", "LocalHost"]))
def test_a_file_url_is_its_path(parts, host):
    path = "/nowhere/" + "/".join(parts)
    assert path_from_daw(f"file://{host}{quote(path)}") == Path(path)


@posix
@settings(deadline=None, max_examples=60)
@given(name=names, form=st.sampled_from(["NFC", "NFD", "NFKC"]), stored=st.sampled_from(["NFC", "NFD"]))
def test_composed_and_decomposed_names_find_the_file(tmp_path_factory, name, form, stored):
    on_disk = unicodedata.normalize(stored, name)
    asked = unicodedata.normalize(form, name)
    assume(unicodedata.normalize("NFC", asked) == unicodedata.normalize("NFC", on_disk))
    assume(on_disk not in (".", "..") and "/" not in asked and "\0" not in asked)
    assume(asked.strip() == asked and len(os.fsencode(on_disk)) < 200 and len(os.fsencode(asked)) < 200)
    folder = tmp_path_factory.mktemp("names")
    (folder / on_disk).touch()
    assert path_from_daw(str(folder / asked)).samefile(folder / on_disk)


@posix
def test_mixed_forms_along_one_path(tmp_path):
    folder = tmp_path / unicodedata.normalize("NFD", "Schlägle")
    folder.mkdir()
    file = folder / unicodedata.normalize("NFC", "Trömmel é.wav")
    file.touch()
    for form in ("NFC", "NFD"):
        assert path_from_daw(unicodedata.normalize(form, str(file))).samefile(file)


def test_spaces_quotes_and_a_thousand_characters(tmp_path):
    folder = tmp_path
    while len(str(folder)) < 950:
        folder /= "a folder with spaces"
    folder.mkdir(parents=True)
    file = folder / "my  kick 'best' (1).wav"
    file.touch()
    assert len(str(file)) > 950
    for text in (str(file), f'"{file}"', f"'{file}'", f"  {file}\n", f'"{file.as_uri()}"'):
        assert path_from_daw(text).samefile(file)


def test_a_name_that_looks_like_something_else_is_taken_as_it_is(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ["'quoted'", "~", " leading.wav", "100%25.wav"]:
        Path(name).touch()
        assert path_from_daw(name) == Path(name)


@posix
def test_home(monkeypatch):
    monkeypatch.setenv("HOME", "/home/someone")
    assert path_from_daw("~/drums/kick.wav") == Path("/home/someone/drums/kick.wav")


@posix
def test_url_forms():
    assert path_from_daw("file:///tmp/nowhere/a%20b%23c.wav") == Path("/tmp/nowhere/a b#c.wav")
    assert path_from_daw("FILE:///tmp/nowhere/a#1?.wav") == Path("/tmp/nowhere/a#1?.wav")
    assert path_from_daw("file:/tmp/nowhere/a.wav") == Path("/tmp/nowhere/a.wav")
    assert path_from_daw("file://server/share/a.wav") == Path("//server/share/a.wav")
    assert path_from_daw("file:///tmp/nowhere/100%.wav") == Path("/tmp/nowhere/100%.wav")
    assert path_from_daw("file:///C:/Drums/a%20b.wav") == Path("C:/Drums/a b.wav")
    assert path_from_daw("file:///tmp/caf%C3%A9.wav") == Path("/tmp/café.wav")


@posix
@pytest.mark.parametrize("text", [r"D:\Drums\my kick.wav", "D:/Drums/my kick.wav", "file:///D:/Drums/my%20kick.wav"])
def test_windows_drives_under_wsl(tmp_path, monkeypatch, text):
    monkeypatch.setattr(paths, "_WSL_DRIVES", tmp_path)
    file = tmp_path / "d" / "Drums" / "my kick.wav"
    file.parent.mkdir(parents=True)
    file.touch()
    assert path_from_daw(text) == file


@posix
def test_a_windows_path_elsewhere_keeps_its_name():
    assert path_from_daw(r"Q:\Drums\kick.wav") == Path(r"Q:\Drums\kick.wav")


@posix
def test_max_paths(tmp_path, monkeypatch):
    volumes = tmp_path / "Volumes"
    other = volumes / "Samples 2" / "kicks" / "a.wav"
    other.parent.mkdir(parents=True)
    other.touch()
    monkeypatch.setattr(paths, "_VOLUMES", volumes)
    assert path_from_daw("Samples 2:/kicks/a.wav") == other
    on_boot = tmp_path / "b.wav"
    on_boot.touch()
    assert path_from_daw(f"Macintosh HD:{on_boot}") == on_boot
    assert path_from_daw(f"Renamed Boot:{on_boot}") == on_boot
    # nothing there: the likeliest, so that the error names it
    assert path_from_daw("Macintosh HD:/Users/me/a.wav") == Path("/Users/me/a.wav")
    assert path_from_daw("Gone Disk:/a/b.wav") == volumes / "Gone Disk/a/b.wav"


@pytest.mark.parametrize("text", ["", "   ", "\n"])
def test_empty(text):
    with pytest.raises(AudioError, match="empty") as caught:
        path_from_daw(text)
    assert caught.value.code == "audio.path"


@pytest.mark.parametrize("text", ["a\0b", "/x/\0", "file:///a%00b.wav"])
def test_nul(text):
    with pytest.raises(AudioError, match="NUL") as caught:
        path_from_daw(text)
    assert caught.value.code == "audio.path"


def test_web_address():
    with pytest.raises(AudioError, match="web address"):
        path_from_daw("https://example.org/kick.wav")


@given(st.text(max_size=60))
def test_any_text_is_a_path_or_a_clear_error(text):
    try:
        assert isinstance(path_from_daw(text), Path)
    except AudioError as error:
        assert error.code == "audio.path"  # noqa: PT017
