"""Scans: only what is new or changed is heard, what is known stays known, and nothing is lost on the way."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time

import numpy as np
import pytest
import soundfile
from small_models import manifest, write_small_model
from sounds import hat, kick, loop

from drumbridge.engine import scan as scan_module
from drumbridge.engine import scan_workers
from drumbridge.engine.scan import Scan, model_of_scan
from drumbridge.errors import AudioError, JobError, SettingsError
from drumbridge.inference.registry import load_model
from drumbridge.library.sounds import hits_of, sounds_where
from drumbridge.library.store import Library

TABLES = ("hearings", "contents", "files", "results", "embeddings", "hits", "corrections")
DEADLINE_S = 60


@pytest.fixture(scope="module")
def classifier(small_model):
    return load_model(small_model)


@pytest.fixture
def library(tmp_path):
    with Library(tmp_path / "library.sqlite") as library:
        yield library


@pytest.fixture
def folder(tmp_path):
    """Two one-shots and a loop, under names that are hard to print."""
    folder = tmp_path / "Schlägel 鼓"
    (folder / "sub").mkdir(parents=True)
    soundfile.write(folder / "tief ♪.wav", kick(), 44100)
    soundfile.write(folder / "sub" / "hoch, spitz.flac", hat(), 44100)
    strokes = [(0.1, kick()), (0.6, hat()), (1.1, kick()), (1.6, kick())]
    soundfile.write(folder / "sub" / "takt.wav", loop(strokes, length_s=2.0), 44100)
    return folder


@pytest.fixture
def heard(monkeypatch):
    """The names of the files that are heard, as opposed to remembered."""
    names = []
    hear_files = scan_workers.hear_files

    def hear(paths, *arguments, **how):
        names.extend(os.path.basename(os.fsdecode(path)) for path in paths)
        return hear_files(paths, *arguments, **how)

    monkeypatch.setattr(scan_workers, "hear_files", hear)
    return names


def scan(library, classifier, *folders, kind="auto", cancelled=None):
    """Scan, and return the counts."""
    scan = Scan(library, model_of_scan(str(classifier.path), kind), lambda: classifier, cancelled)
    counts = scan.compare(folders)
    for _ in scan.run():
        pass
    return counts


def answers(library, where="NOT vanished"):
    return {os.path.basename(sound.path): (sound.kind, sound.label) for sound in sounds_where(library, where)}


def rows(library):
    return {table: library.connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall() for table in TABLES}


EXPECTED = {
    "tief ♪.wav": ("one_shot", "kick"),
    "hoch, spitz.flac": ("one_shot", "closed_hat"),
    "takt.wav": ("loop", "kick"),
}


def test_one_shots_are_classified_and_loops_transcribed(library, classifier, folder):
    assert scan(library, classifier, folder) == (3, 3, 0)
    assert answers(library) == EXPECTED
    (takt,) = sounds_where(library, "kind = 'loop'")
    assert (takt.n_hits, takt.place, takt.duration_s) == (4, None, 2.0)
    hits = hits_of(library, takt)
    assert [hit.label for hit in hits] == ["kick", "closed_hat", "kick", "kick"]
    assert np.allclose([hit.position / 44100 for hit in hits], [0.1, 0.6, 1.1, 1.6], atol=0.01)
    places = [sound.place for sound in sounds_where(library, "kind = 'one_shot'")]
    assert len(set(places)) == 2
    assert all(np.isfinite(places).flat)


@pytest.mark.parametrize("kind", ["one_shot", "loop"])
def test_a_person_may_say_what_they_are(library, classifier, folder, kind):
    scan(library, classifier, folder, kind=kind)
    assert {of_kind for of_kind, _ in answers(library).values()} == {kind}


def test_no_other_kinds(small_model):
    with pytest.raises(SettingsError, match="no kind 'song'"):
        model_of_scan(str(small_model), "song")


def test_a_second_scan_hears_and_writes_nothing(library, classifier, folder, heard):
    scan(library, classifier, folder)
    assert sorted(heard) == sorted(EXPECTED)
    heard.clear()
    before = rows(library)
    changes = library.connection.total_changes
    counts = Scan(library, model_of_scan(str(classifier.path)), pytest.fail).compare([folder])
    assert counts == (3, 0, 0)
    assert scan(library, classifier, folder) == (3, 0, 0)
    assert heard == []
    assert rows(library) == before
    # temporary tables apart: two listings of three files
    assert library.connection.total_changes - changes <= 6


def test_moved_renamed_and_copied_files_are_known(library, classifier, folder, heard):
    scan(library, classifier, folder)
    heard.clear()
    (folder / "tief ♪.wav").rename(folder / "sub" / "bass drum.wav")
    shutil.copyfile(folder / "sub" / "hoch, spitz.flac", folder / "copy.flac")
    (folder / "sub").rename(folder / "moved")
    assert scan(library, classifier, folder) == (4, 4, 3)
    assert heard == []
    assert answers(library) == {
        "bass drum.wav": ("one_shot", "kick"),
        "hoch, spitz.flac": ("one_shot", "closed_hat"),
        "copy.flac": ("one_shot", "closed_hat"),
        "takt.wav": ("loop", "kick"),
    }
    assert set(answers(library, "vanished")) == set(EXPECTED)


def test_a_changed_file_is_heard_again(library, classifier, folder, heard):
    scan(library, classifier, folder)
    heard.clear()
    soundfile.write(folder / "tief ♪.wav", hat(), 44100)
    os.utime(folder / "tief ♪.wav", ns=(1, 1))
    os.utime(folder / "sub" / "hoch, spitz.flac", ns=(1, 1))  # touched, the same inside
    assert scan(library, classifier, folder) == (3, 2, 0)
    assert heard == ["tief ♪.wav"]
    assert answers(library) == EXPECTED | {"tief ♪.wav": ("one_shot", "closed_hat")}


def test_vanished_files_are_marked_and_may_come_back(library, classifier, folder, heard, tmp_path):
    scan(library, classifier, folder)
    (folder / "sub").rename(tmp_path / "elsewhere")
    assert scan(library, classifier, folder) == (1, 0, 2)
    assert set(answers(library, "vanished")) == {"hoch, spitz.flac", "takt.wav"}
    assert scan(library, classifier, folder) == (1, 0, 0)
    heard.clear()
    (tmp_path / "elsewhere").rename(folder / "sub")
    assert scan(library, classifier, folder) == (3, 0, 0)
    assert answers(library) == EXPECTED
    assert heard == []


def test_other_folders_are_no_concern_of_a_scan(library, classifier, folder, tmp_path):
    beside = tmp_path / "Schlägel 鼓 2"
    shutil.copytree(folder, beside)
    scan(library, classifier, folder, beside)
    shutil.rmtree(beside)
    assert scan(library, classifier, folder).vanished == 0
    assert scan(library, classifier, tmp_path).vanished == 3


def test_a_folder_that_cannot_be_listed_has_not_vanished(library, classifier, folder, monkeypatch):
    scan(library, classifier, folder)
    listed = os.scandir

    def scandir(path):
        if os.fspath(path) == os.fsencode(folder / "sub"):
            raise PermissionError(13, "Permission denied")
        return listed(path)

    monkeypatch.setattr(os, "scandir", scandir)
    assert scan(library, classifier, folder) == (1, 0, 0)


def test_a_folder_that_is_not_there_changes_nothing(library, classifier, folder, tmp_path):
    scan(library, classifier, folder)
    shutil.rmtree(folder)
    before = rows(library)
    with pytest.raises(AudioError, match="no folder"):
        scan(library, classifier, tmp_path, folder)
    assert rows(library) == before


def test_broken_files_are_told_and_stop_nobody(library, classifier, folder, heard):
    (folder / "empty.wav").touch()
    (folder / "text.wav").write_text("not audio at all")
    soundfile.write(folder / "silent.wav", np.zeros(4410), 44100)
    scan(library, classifier, folder)
    failed = {os.path.basename(s.path): s.error_code for s in sounds_where(library, "error_code IS NOT NULL")}
    assert failed == {"empty.wav": "audio.empty", "text.wav": "audio.not_audio", "silent.wav": "audio.silent"}
    assert {name: answers(library)[name] for name in EXPECTED} == EXPECTED
    heard.clear()
    assert scan(library, classifier, folder).todo == 0, "broken files are not tried again while they are the same"
    soundfile.write(folder / "text.wav", hat(), 44100)
    assert scan(library, classifier, folder).todo == 1
    assert answers(library)["text.wav"] == ("one_shot", "closed_hat")


def test_a_file_that_goes_away_meanwhile_is_tried_again(library, classifier, folder):
    scan = Scan(library, model_of_scan(str(classifier.path)), lambda: classifier)
    scan.compare([folder])
    text = (folder / "tief ♪.wav").read_bytes()
    (folder / "tief ♪.wav").unlink()
    assert sum(len(paths) for paths in scan.run()) == 3
    assert [sound.error_code for sound in scan.failed()] == ["audio.not_found"]
    (folder / "tief ♪.wav").write_bytes(text)
    assert Scan(library, model_of_scan(str(classifier.path)), pytest.fail).compare([folder]).todo == 1


def test_another_model_has_results_of_its_own(library, classifier, folder, heard, tmp_path):
    scan(library, classifier, folder)
    other = load_model(write_small_model(tmp_path / "other.onnx", manifest_text=json.dumps(manifest(version="2"))))
    heard.clear()
    assert scan(library, other, folder).todo == 3
    assert len(heard) == 3
    heard.clear()
    scan(library, classifier, folder)
    assert heard == [], "going back costs nothing"
    assert answers(library) == EXPECTED


def test_a_cancelled_scan_keeps_what_it_has(library, classifier, tmp_path, monkeypatch):
    monkeypatch.setattr(scan_module, "_AT_ONCE", 2)
    for k in range(20):
        soundfile.write(tmp_path / f"{k:02}.wav", kick(peak=0.1 + k / 40), 44100)
    stop = False
    scan = Scan(library, model_of_scan(str(classifier.path)), lambda: classifier, lambda: stop)
    scan.compare([tmp_path])
    running = scan.run()
    for _ in range(3):
        next(running)
    stop = True
    with pytest.raises(JobError, match="cancelled"):
        next(running)
    kept = len(answers(library))
    assert 0 < kept < 20
    again = Scan(library, model_of_scan(str(classifier.path)), lambda: classifier)
    assert again.compare([tmp_path]).todo == 20 - kept


def test_killed_at_any_moment_it_ends_with_the_rows_of_one_that_was_not(tmp_path, small_model):
    folder = tmp_path / "samples"
    folder.mkdir()
    for k in range(240):
        sound = (kick if k % 3 else hat)(length_s=0.05 + 0.001 * (k % 40), peak=0.3 + 0.002 * (k // 2))
        soundfile.write(folder / f"{k:03}.wav", sound, 44100)
    os.link(folder / "000.wav", folder / "linked.wav")
    (folder / "broken.wav").write_text("broken")

    def start(path):
        command = [sys.executable, "-m", "drumbridge", "scan", str(folder), "--library", str(path)]
        return subprocess.Popen(
            [*command, "--model", str(small_model)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    undisturbed, killed = tmp_path / "undisturbed.sqlite", tmp_path / "killed.sqlite"
    assert start(undisturbed).wait(DEADLINE_S) == 1  # one file is broken
    kills = 0
    for wanted in (0, 1, 40, 90, 91, 150, 230):
        process = start(killed)
        deadline = time.monotonic() + DEADLINE_S
        while process.poll() is None and _files_in(killed) < wanted:
            assert time.monotonic() < deadline
        kills += process.poll() is None
        process.kill()
        process.wait(DEADLINE_S)
    assert kills >= 3, "it was never disturbed"
    assert start(killed).wait(DEADLINE_S) == 1
    with Library(undisturbed) as one, Library(killed) as other:
        assert len(rows(one)["files"]) == 242
        assert rows(one) == rows(other)


def _files_in(path):
    """How many files a library knows, while somebody may be making it."""
    if not path.exists():
        return 0
    connection = sqlite3.connect(path, timeout=DEADLINE_S)
    try:
        return connection.execute("SELECT count(*) FROM files").fetchone()[0]
    except sqlite3.OperationalError:
        return 0
    finally:
        connection.close()
