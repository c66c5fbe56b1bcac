"""Opening a library: made, brought up to date, refused with a reason; and never anybody else's file."""

import os
import sqlite3

import numpy as np
import pytest

from drumbridge.errors import LibraryError
from drumbridge.library import schema
from drumbridge.library.heads import head_in_use
from drumbridge.library.sounds import own_labels
from drumbridge.library.store import Library


@pytest.fixture
def path(tmp_path):
    return tmp_path / "liberté.sqlite"


def refused(path, code, **how):
    with pytest.raises(LibraryError, match=path.name) as caught:
        Library(path, **how)
    assert caught.value.code == code


def test_it_is_made_in_wal_mode_and_found_again(path):
    with Library(path) as library:
        number = library.hearing(b"hash", "{}", "model")
        assert library.connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    with Library(path) as library:
        assert library.hearing(b"hash", "{}", "model") == number != library.hearing(b"other", "{}", "model")


def test_it_is_not_made_to_be_read(path):
    refused(path, "library.not_found", writing=False)
    assert not path.exists()
    refused(path.parent / "no folder" / "library.sqlite", "library.not_found")


def test_an_older_one_is_brought_up_to_date(path, monkeypatch):
    with Library(path) as library:
        library.hearing(b"hash", "{}", "model")
    monkeypatch.setattr(schema, "MIGRATIONS", [*schema.MIGRATIONS, "ALTER TABLE hearings ADD COLUMN colour TEXT;\n"])
    refused(path, "library.older", writing=False)
    with Library(path) as library:
        assert library.connection.execute("SELECT model, colour FROM hearings").fetchall() == [("model", None)]
        assert library.connection.execute("PRAGMA user_version").fetchone() == (len(schema.MIGRATIONS),)


def test_a_step_that_fails_leaves_the_older_one_whole(path, monkeypatch):
    Library(path).close()
    broken = "ALTER TABLE hearings ADD COLUMN colour TEXT;\nALTER TABLE nothing ADD COLUMN x;\n"
    with monkeypatch.context() as patched:
        patched.setattr(schema, "MIGRATIONS", [*schema.MIGRATIONS, broken])
        refused(path, "library.failed")
    with Library(path) as library:
        assert "colour" not in [row[1] for row in library.connection.execute("PRAGMA table_info(hearings)")]


def test_a_newer_one_is_refused(path):
    with Library(path) as library:
        library.connection.execute(f"PRAGMA user_version = {len(schema.MIGRATIONS) + 1}")
    for writing in (True, False):
        refused(path, "library.newer", writing=writing)


def test_files_of_others_are_left_alone(path):
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE songs (name)")
    other.commit()
    other.close()
    before = path.read_bytes()
    refused(path, "library.not_a_library")
    assert path.read_bytes() == before
    path.write_bytes(b"RIFF" + bytes(5000))
    refused(path, "library.not_a_library")
    assert path.read_bytes() == b"RIFF" + bytes(5000)
    refused(path.parent, "library.not_a_library")


def test_a_locked_one_is_said_to_be_locked(path):
    Library(path).close()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with Library(path, wait_s=0.05) as library, pytest.raises(LibraryError, match="locked") as caught:
        library.hearing(b"hash", "{}", "model")
    assert caught.value.code == "library.locked"
    other.execute("ROLLBACK")
    with Library(path, wait_s=0.05) as library:
        assert library.hearing(b"hash", "{}", "model") == 1


def test_one_that_is_read_takes_no_changes(path):
    Library(path).close()
    with Library(path, writing=False) as library, pytest.raises(LibraryError, match="cannot be written") as caught:
        library.hearing(b"hash", "{}", "model")
    assert caught.value.code == "library.read_only"


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="permissions do not bind this user")
def test_a_read_only_folder(path):
    Library(path).close()
    path.chmod(0o400)
    path.parent.chmod(0o500)
    try:
        with Library(path, writing=False) as library:
            assert library.connection.execute("SELECT count(*) FROM files").fetchone() == (0,)
        with Library(path) as library, pytest.raises(LibraryError, match="cannot be written"):
            library.hearing(b"hash", "{}", "model")
    finally:
        path.parent.chmod(0o700)


def test_a_head_that_was_learned_before_hits_taught_one_speaks_of_one_shots_only(path, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(schema, "MIGRATIONS", schema.MIGRATIONS[:2])
        with Library(path) as library:
            library.connection.execute(
                "INSERT INTO heads (format, model_hash, model, unsure_below, classes, vectors, coefficients, trial,"
                " in_use, covered) VALUES (1, x'00', 'model', 0.5, '[\"kick\"]', x'003c', x'00001041', '{}', 1, 0)"
            )
    with Library(path) as library:
        kept = head_in_use(library)
        assert kept.kinds == ("one_shot",)
        assert kept.head.judge(np.ones(1), [("snare", 0.5)])[0][0] == "kick"
        assert own_labels(library) == []
