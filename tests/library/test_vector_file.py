"""The file of vectors beside a library: it changes no answer, whatever became of it or of the library."""

import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drumbridge.library import vector_file
from drumbridge.library.embeddings import load_embeddings
from drumbridge.library.heard import HeardSound
from drumbridge.library.store import HeardFile, Library
from drumbridge.library.vector_file import keep_vectors, kept_vectors

D = 6


@pytest.fixture(autouse=True)
def _also_for_few(monkeypatch):
    monkeypatch.setattr(vector_file, "_FEWEST", 1)


def heard(k, vector):
    sound = HeardSound(
        "one_shot", 0.1, 44100, "kick", 0.9, False, 1, -1.0, "[]", "", (), vector.astype("<f2").tobytes()
    )
    return HeardFile(os.fsencode(f"/{k:05}.wav"), k, k, k, 1, k.to_bytes(16, "big"), sound)


def vectors(n, seed):
    return np.random.default_rng(seed).normal(size=(n, D))


def fill(library, n, seed=1, start=0, settings="{}"):
    hearing_id = library.hearing(b"model", settings, "model")
    library.remember([heard(start + k, vector) for k, vector in enumerate(vectors(n, seed))], hearing_id)
    return hearing_id


def all_of(library, hearing_id):
    """All embeddings as a new opening of the library has them: {result: similarity to each axis}."""
    library.kept.clear()
    embeddings = load_embeddings(library, hearing_id)
    similarities = np.stack([embeddings.similarities(axis) for axis in np.eye(D, dtype=np.float32)], axis=1)
    return dict(zip(embeddings.result_ids.tolist(), similarities.round(5).tolist(), strict=True))


def without_the_file(library, hearing_id):
    vector_file.forget_vectors(library.path)
    return all_of(library, hearing_id)


@settings(deadline=None, max_examples=20)
@given(st.lists(st.integers(1, 9), min_size=1, max_size=6), st.sets(st.integers(0, 5)))
def test_it_changes_no_answer(tmp_path_factory, growth, kept_after):
    with Library(tmp_path_factory.mktemp("vectors") / "library.sqlite") as library:
        n = 0
        for k, more in enumerate(growth):
            hearing_id = fill(library, more, k, start=n)
            fill(library, 2, 100 + k, start=1000 + 2 * k, settings='{"other": 1}')
            n += more
            if k in kept_after:
                assert keep_vectors(library, hearing_id)
                assert not keep_vectors(library, hearing_id)
        assert (kept_vectors(library, hearing_id) is not None) == bool(kept_after & set(range(len(growth))))
        found = all_of(library, hearing_id)
        assert len(found) == n
        assert found == without_the_file(library, hearing_id)


def test_few_sounds_make_no_file(tmp_path, monkeypatch):
    monkeypatch.setattr(vector_file, "_FEWEST", 10)
    with Library(tmp_path / "library.sqlite") as library:
        hearing_id = fill(library, 9)
        assert not keep_vectors(library, hearing_id)
        fill(library, 1, start=9)
        assert keep_vectors(library, hearing_id)


@pytest.mark.parametrize("damage", ["cut", "longer", "zeros", "other magic", "empty"])
def test_a_damaged_file_is_not_used_and_made_again(tmp_path, damage):
    with Library(tmp_path / "library.sqlite") as library:
        hearing_id = fill(library, 20)
        keep_vectors(library, hearing_id)
        expected = all_of(library, hearing_id)
        (path,) = tmp_path.glob("*-vectors*")
        content = path.read_bytes()
        path.write_bytes({
            "cut": content[:-8], "longer": content + b"x", "zeros": content[:64] + bytes(len(content) - 64),
            "other magic": b"x" + content[1:], "empty": b"",
        }[damage])  # fmt: skip
        assert kept_vectors(library, hearing_id) is None
        assert all_of(library, hearing_id) == expected


def test_what_a_killed_scan_left_is_no_harm(tmp_path):
    with Library(tmp_path / "library.sqlite") as library:
        hearing_id = fill(library, 5)
        (tmp_path / f"library.sqlite-vectors{hearing_id}.new").write_bytes(b"half")
        assert kept_vectors(library, hearing_id) is None
        assert keep_vectors(library, hearing_id)
        assert [path.name for path in tmp_path.glob("*-vectors*")] == [f"library.sqlite-vectors{hearing_id}"]


def test_the_file_of_a_library_that_was_removed_is_not_used(tmp_path):
    path = tmp_path / "library.sqlite"
    with Library(path) as library:
        keep_vectors(library, fill(library, 20, seed=1))
    for left in tmp_path.glob("library.sqlite*"):
        if "vectors" not in left.name:
            left.unlink()
    with Library(path) as library:
        hearing_id = fill(library, 20, seed=2)
        assert kept_vectors(library, hearing_id) is None


def test_the_file_of_another_library_is_not_used(tmp_path):
    with Library(tmp_path / "one.sqlite") as one, Library(tmp_path / "other.sqlite") as other:
        hearing_id = fill(one, 20, seed=1)
        keep_vectors(one, hearing_id)
        fill(other, 20, seed=1)
        os.rename(tmp_path / "one.sqlite-vectors1", tmp_path / "other.sqlite-vectors1")
        assert kept_vectors(other, hearing_id) is None


def test_where_it_cannot_be_written_nothing_is_lost(tmp_path):
    with Library(tmp_path / "library.sqlite") as library:
        hearing_id = fill(library, 5)
        (tmp_path / f"library.sqlite-vectors{hearing_id}").mkdir()
        assert not keep_vectors(library, hearing_id)
        assert len(all_of(library, hearing_id)) == 5
        assert not library.connection.in_transaction
