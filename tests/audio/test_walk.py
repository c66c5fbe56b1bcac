"""Walking a folder: what counts as an audio file, and that nothing is walked twice or for ever."""

import os
import tracemalloc
from pathlib import Path

import pytest

from drumbridge.audio.walk import audio_files_below
from drumbridge.errors import AudioError


def below(folder, unreadable=None):
    found = (Path(os.fsdecode(entry.path)) for entry in audio_files_below(folder, unreadable))
    return sorted(path.relative_to(folder).as_posix() for path in found)


def test_below_a_folder(tmp_path):
    for name in ["b.WAV", "a.flac", "notes.txt", ".hidden.wav", "sub/c.mp3", "__MACOSX/d.wav", ".git/e.wav", "Z/f.aif"]:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "folder.wav").mkdir()
    (tmp_path / "folder.wav" / "g.ogg").touch()
    (tmp_path / "sub" / "round").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "gone.wav").symlink_to(tmp_path / "nothing")
    assert below(tmp_path) == ["Z/f.aif", "a.flac", "b.WAV", "folder.wav/g.ogg", "sub/c.mp3"]


def test_a_folder_counts_as_itself_and_not_as_what_a_link_calls_it(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a.wav").touch()
    (tmp_path / "a link").symlink_to(tmp_path / "real", target_is_directory=True)
    assert below(tmp_path) == ["real/a.wav"]


def test_an_entry_tells_what_the_system_does(tmp_path):
    (tmp_path / "a.wav").write_bytes(b"12345")
    (entry,) = audio_files_below(tmp_path)
    status = os.stat(tmp_path / "a.wav")
    assert entry == (os.fsencode(tmp_path / "a.wav"), 5, status.st_mtime_ns, status.st_ino, status.st_dev)


@pytest.mark.skipif(os.name == "nt" or os.uname().sysname == "Darwin", reason="names are text there")
def test_names_that_are_no_text(tmp_path):
    name = os.fsencode(tmp_path) + b"/\xff\xfe.wav"
    os.close(os.open(name, os.O_CREAT))
    assert [entry.path for entry in audio_files_below(tmp_path)] == [name]


def test_what_is_no_folder(tmp_path):
    (tmp_path / "a.wav").touch()
    with pytest.raises(AudioError, match="not a folder") as caught:
        audio_files_below(tmp_path / "a.wav")
    assert caught.value.code == "audio.not_a_folder"
    with pytest.raises(AudioError, match="no folder") as caught:
        audio_files_below(tmp_path / "nowhere")
    assert caught.value.code == "audio.not_found"


def test_a_folder_that_cannot_be_listed_is_told(tmp_path, monkeypatch):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x.wav").touch()
    listed = os.scandir

    def scandir(path):
        if os.fspath(path) == os.fsencode(tmp_path / "a"):
            raise PermissionError(13, "Permission denied")
        return listed(path)

    monkeypatch.setattr(os, "scandir", scandir)
    told = []
    assert below(tmp_path, told.append) == ["b/x.wav"]
    assert told == [os.fsencode(tmp_path / "a")]


def test_memory_is_flat(tmp_path):
    for k in range(3000):
        (tmp_path / f"a rather long name of a sample, number {k}.wav").touch()
    entries = audio_files_below(tmp_path)
    next(entries)
    tracemalloc.start()
    try:
        n = sum(1 for _ in entries)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert n == 2999
    assert peak < 200_000, "3000 entries kept would be a megabyte"
