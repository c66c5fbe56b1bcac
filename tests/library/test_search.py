"""Finding: conditions hold of what is found and of nothing else, and the nearest come first."""

import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drumbridge.errors import LibraryError
from drumbridge.library import search
from drumbridge.library.heard import HeardSound
from drumbridge.library.query import parse_query
from drumbridge.library.search import find_sounds
from drumbridge.library.store import HeardFile, Library

LABELS = ("kick", "snare", "tom_low")
RNG = np.random.default_rng(1)
VECTORS = np.abs(RNG.normal(size=(60, 8))).astype("<f2")


def file(k, path=None, error=None):
    sound = HeardSound(
        "one_shot", 0.1 * k, 44100, LABELS[k % 3], k / 60, k % 7 == 0, 1 + k, -1.0 * k, "[]", "", (),
        VECTORS[k].tobytes(),
    )  # fmt: skip
    name = os.fsencode(path or f"/Drums/Größe {k:02}.wav")
    content = k.to_bytes(16, "big")
    if error:
        return HeardFile(name, k, k, 100 + k, 1, content, None, error, "It is broken.")
    return HeardFile(name, k, k, k, 1, content, sound)


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    with Library(tmp_path_factory.mktemp("search") / "library.sqlite") as library:
        hearing_id = library.hearing(b"model", "{}", "model")
        library.remember([file(k) for k in range(50)], hearing_id)
        library.remember([file(5, "/Drums/copy of 5.wav"), file(59, "/Drums/broken.wav", "audio.empty")], hearing_id)
        library.connection.execute("UPDATE files SET vanished = 1 WHERE path = ?", (b"/Drums/copy of 5.wav",))
        yield library


def found(library, query, **how):
    return [int(each.sound.path[-6:-4]) for each in find_sounds(library, parse_query(query), **how)]


@settings(deadline=None)
@given(st.floats(0, 1), st.floats(0, 5), st.sets(st.sampled_from(LABELS), min_size=1))
def test_terms_hold_together(library, least, longest, labels):
    query = f"confidence>={least:g} duration<{longest:g} label:{','.join(labels)}"
    expected = [
        k for k in range(50)
        if k / 60 >= float(f"{least:g}") and 0.1 * k < float(f"{longest:g}") and LABELS[k % 3] in labels and k % 7
    ]  # fmt: skip
    assert found(library, query) == expected


@pytest.mark.parametrize(
    "query", ["label:kick", "confidence>0.5", "name:1", "kind:loop", "is:unsure", "group:tom", "below:/Drums"]
)
def test_what_is_not_found_is_the_rest(library, query):
    if ":" in query:
        assert sorted(found(library, query) + found(library, query.replace(":", "!="))) == list(range(50))
    else:
        assert sorted(found(library, query) + found(library, query.replace(">", "<="))) == list(range(50))


def test_names_and_paths_whatever_their_case_and_accents(library):
    assert found(library, "name:GRÖSSE duration<0.25") == found(library, "path:gro\u0308ße duration<0.25") == [0, 1, 2]
    assert found(library, "name:drums") == []
    assert len(found(library, "path:drums")) == len(found(library, "below:/Drums")) == 50
    assert found(library, "below:/Drum") == []


def test_what_failed_or_vanished_is_found_only_by_its_name(library):
    assert [each.sound.path for each in find_sounds(library, parse_query("is:failed"))] == ["/Drums/broken.wav"]
    assert [each.sound.path for each in find_sounds(library, parse_query("is:vanished"))] == ["/Drums/copy of 5.wav"]


@pytest.mark.parametrize("looked_at", [3, 500])
@pytest.mark.parametrize("rest", ["", " label:snare", " confidence>0.7"])
def test_the_nearest_come_first(library, monkeypatch, looked_at, rest):
    monkeypatch.setattr(search, "_LOOKED_AT", looked_at)
    unit = VECTORS[:50].astype(float)
    unit /= np.linalg.norm(unit, axis=1)[:, None]
    expected = [k for k in np.argsort(-(unit @ unit[8]), kind="stable") if k != 8 and k in found(library, rest)]
    assert found(library, f'like:"/Drums/Größe 08.wav"{rest}') == expected
    assert found(library, f'like:"/Drums/Größe 08.wav"{rest}', limit=4) == expected[:4]


def test_like_something_unknown(library):
    with pytest.raises(LibraryError, match=r"does not know /none\.wav") as caught:
        found(library, "like:/none.wav")
    assert caught.value.code == "library.not_heard"
    near = found(library, "like:/none.wav", hear=lambda path: (VECTORS[20].tobytes(), 1))
    assert near[0] == 20
