"""Learning from corrections: what teaches, what is offered, what it changes, and the way back."""

import json
import os

import numpy as np
import pytest
import soundfile
from sounds import hat, kick

from drumbridge.core.head_trial import HeadTrial
from drumbridge.core.personal_head import PersonalHead
from drumbridge.engine.engine import Engine
from drumbridge.engine.head_learning import LEAST_CORRECTED, learn_from_corrections
from drumbridge.engine.scan import model_of_scan
from drumbridge.errors import LibraryError
from drumbridge.inference.registry import load_model, model_hash_of
from drumbridge.library.corrections import WHOLE, correct
from drumbridge.library.heads import head_in_use, keep_head, return_to_model, use_head, waiting_head
from drumbridge.library.heard import HeardSound
from drumbridge.library.query import parse_query
from drumbridge.library.search import find_sounds
from drumbridge.library.sounds import own_labels, sounds_where
from drumbridge.library.store import HeardFile, Library

D = 16
TABLES = ("heads", "rescored", "results", "files", "corrections", "embeddings")


@pytest.fixture
def classifier(small_model):
    return load_model(small_model)


@pytest.fixture
def library(tmp_path, classifier):
    with Library(tmp_path / "library.sqlite") as library:
        yield library


def fill(library, classifier, kinds, n=60, seed=0):
    """Put sounds into a library as if they had been heard; each kind is a cloud of embeddings with one heard label."""
    rng = np.random.default_rng(seed)
    model = model_of_scan(str(classifier.path))
    hearing_id = library.hearing(model.hash, model.settings, model.file)
    centres = np.linalg.qr(np.random.default_rng(9).normal(size=(D, D)))[0]
    files = []
    for kind, label in enumerate(kinds):
        for k in range(n):
            vector = (centres[kind] + 0.1 * rng.normal(size=D)).astype("<f2")
            ranking = json.dumps([[label, 0.9], ["clap", 0.05]])
            content = bytes([kind, k]) * 8
            sound = HeardSound(
                "one_shot", 0.5, 44100, label, 0.9, False, 90, -3.0, ranking, "", (), vector.tobytes()
            )  # fmt: skip
            path = f"/pack {kind}/{k:02}.wav".encode()
            files.append(HeardFile(path, 1000, 1, 100 * kind + k + 1, 1, content, sound))
    library.remember(files, hearing_id)


def content(kind, k):
    return bytes([kind, k]) * 8


def labels(library, query):
    return [each.sound.label for each in find_sounds(library, parse_query(query, lambda: own_labels(library)))]


def rows(library):
    return {table: library.connection.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall() for table in TABLES}


def teach(library, label="stick"):
    """Correct half of the first kind, and confirm a third of the other two."""
    for k in range(30):
        correct(library, content(0, k), WHOLE, label)
    for k in range(20):
        correct(library, content(1, k), WHOLE, "kick")
        correct(library, content(2, k), WHOLE, "snare")


def test_what_is_systematically_wrong_is_learned_and_can_be_returned_from(library, classifier):
    fill(library, classifier, ["kick", "kick", "snare"])
    teach(library)
    before = rows(library)
    learned = learn_from_corrections(library, classifier)
    assert learned.trial.better
    assert learned.waiting is not None
    assert learned.trial.mended >= 25
    assert rows(library) == {**before, "heads": rows(library)["heads"]}  # nothing is used that was not asked for
    assert labels(library, "below:'/pack 0' is:personal") == []

    assert use_head(library, learned.waiting.id) >= 22
    assert labels(library, "below:'/pack 0'").count("stick") >= 52
    assert set(labels(library, "below:'/pack 2'")) == {"snare"}
    assert labels(library, "label:stick")
    assert labels(library, "group:stick is:corrected") == ["stick"] * 30
    assert set(labels(library, "is:personal")) == {"stick"}
    assert rows(library)["results"] == before["results"]  # what the model heard stays
    assert rows(library)["embeddings"] == before["embeddings"]

    assert return_to_model(library)
    assert {**rows(library), "heads": []} == {**before, "heads": []}
    assert not return_to_model(library)
    assert waiting_head(library) is not None  # and can be taken into use again
    assert head_in_use(library) is None


def test_a_correction_wins_over_the_head(library, classifier):
    fill(library, classifier, ["kick", "kick", "snare"])
    teach(library)
    use_head(library, learn_from_corrections(library, classifier).waiting.id)
    assert labels(library, "below:'/pack 0'")[59] == "stick"
    correct(library, content(0, 59), WHOLE, "clap")
    assert labels(library, "below:'/pack 0'")[59] == "clap"
    correct(library, content(0, 59), WHOLE, "")
    assert labels(library, "below:'/pack 0'")[59] == "stick"


@pytest.mark.parametrize("seed", range(3))
def test_noise_is_not_kept(library, classifier, seed):
    fill(library, classifier, ["kick", "kick", "snare"])
    rng = np.random.default_rng(seed)
    for kind, k in rng.permutation([(kind, k) for kind in range(3) for k in range(60)])[:60]:
        correct(library, content(int(kind), int(k)), WHOLE, str(rng.choice(["rim", "clap", "tom_low", "crash"])))
    learned = learn_from_corrections(library, classifier)
    assert learned.trial.corrected == 60
    assert not learned.trial.better
    assert learned.waiting is None
    assert waiting_head(library) is None


def test_too_few_say_how_many_more(library, classifier):
    fill(library, classifier, ["kick", "snare"])
    with pytest.raises(LibraryError, match=f"0 corrected sounds.* {LEAST_CORRECTED} more") as caught:
        learn_from_corrections(library, classifier)
    assert caught.value.code == "library.too_few_corrections"
    for k in range(15):
        correct(library, content(0, k), WHOLE, "rim")
        correct(library, content(1, k), WHOLE, "snare")  # confirmed
    correct(library, content(1, 20), 1000, "rim")  # a hit
    correct(library, b"never heard here", WHOLE, "rim")
    with pytest.raises(LibraryError, match=r"15 corrected sounds.*so 5 more\. 2 more teach nothing"):
        learn_from_corrections(library, classifier)


def small_head(library, model_file, labels=("stick",), shift=9.0):
    """Keep a head that calls everything that the small model hears by one name: its embeddings all point one way."""
    head = PersonalHead(labels, np.array([[0.0, 0.0, 1.0]], np.float32), np.full((1, len(labels)), shift, np.float32))
    trial = HeadTrial(20, 20, 20.0, 20.0, False, 0.5, 1.0, 0.5, 0.4, 0.6)
    return keep_head(
        library, head, model_hash=model_hash_of(model_file), model="small 1", unsure_below=0.5, trial=trial._asdict()
    )


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "sounds"
    folder.mkdir()
    for k in range(4):
        soundfile.write(folder / f"low {k}.wav", kick(peak=0.3 + 0.1 * k), 44100)
        soundfile.write(folder / f"high {k}.wav", hat(peak=0.3 + 0.1 * k), 44100)
    return folder


def test_what_is_scanned_later_is_judged_as_it_comes(tmp_path, folder, small_model):
    engine = Engine(model=str(small_model), library=tmp_path / "library.sqlite")
    assert {sound.label for sound in engine.scan(folder)} == {"kick", "closed_hat"}
    with Library(tmp_path / "library.sqlite") as library:
        assert use_head(library, small_head(library, small_model)) == 8
    soundfile.write(folder / "new.wav", kick(peak=0.11), 44100)
    assert [sound.label for sound in engine.scan(folder)] == ["stick"] * 9  # the new one too, in the same scan
    with Library(tmp_path / "library.sqlite") as library:
        assert {sound.ranking[0][0] for sound in sounds_where(library, "1")} == {"stick"}
        as_scanned = rows(library)
        # Killed after a sound was written and before it was judged: the next scan makes up for it.
        last = library.connection.execute("SELECT max(id) FROM results").fetchone()[0]
        library.connection.execute("DELETE FROM rescored WHERE result_id = ?", (last,))
        library.connection.execute("UPDATE heads SET covered = ?", (last - 1,))
    list(engine.scan(folder))
    with Library(tmp_path / "library.sqlite") as library:
        assert rows(library) == as_scanned
        assert return_to_model(library)
        assert {sound.label for sound in sounds_where(library, "1")} == {"kick", "closed_hat"}


def test_classify_answers_as_the_library_does(tmp_path, folder, small_model):
    path = tmp_path / "library.sqlite"
    list(Engine(model=str(small_model), library=path).scan(folder))
    personal = Engine(model=str(small_model), library=path, head=True)
    with pytest.raises(LibraryError, match="No personal head is in use"):
        personal.classify(folder / "low 0.wav")
    with Library(path) as library:
        use_head(library, small_head(library, small_model, ("stick", "tom_low"), 3.0))
        known = {os.path.basename(sound.path): sound for sound in sounds_where(library, "1")}
    plain = Engine(model=str(small_model), library=path).classify(folder / "low 0.wav")
    for name, answer in personal.classify_many(sorted(folder.iterdir())):
        sound = known[os.path.basename(name)]
        assert (answer.label, answer.unsure) == (sound.label, sound.unsure)
        assert answer.confidence == pytest.approx(sound.confidence, abs=1e-6)
        assert answer.label == personal.classify(name).label
    assert plain.label == "kick"  # nobody else is told by the head
    assert personal.classify(folder / "low 0.wav", after_ms=20).label == "kick"


def test_a_head_of_another_model_does_not_speak(tmp_path, folder, small_model):
    path = tmp_path / "library.sqlite"
    with Library(path) as library:
        head_id = small_head(library, __file__)
    engine = Engine(model=str(small_model), library=path)
    list(engine.scan(folder))
    with Library(path) as library:
        assert use_head(library, head_id) == 0
        assert {sound.label for sound in sounds_where(library, "1")} == {"kick", "closed_hat"}
    with pytest.raises(LibraryError, match="learned for small 1, not for"):
        Engine(model=str(small_model), library=path, head=True).classify(folder / "low 0.wav")


def test_a_head_that_is_gone(library, classifier):
    with pytest.raises(LibraryError, match="learn again"):
        use_head(library, 7)
    library.connection.execute("UPDATE heads SET format = 99")
    small_head(library, classifier.path)
    library.connection.execute("UPDATE heads SET format = 99")
    with pytest.raises(LibraryError, match="another version"):
        waiting_head(library)
