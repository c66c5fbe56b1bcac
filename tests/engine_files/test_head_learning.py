"""Learning from corrections: what teaches, what is offered, what it changes, and the way back."""

import json
import os

import numpy as np
import pytest
import soundfile
from sounds import hat, kick, loop

from drumbridge.core.decision import DecisionRule
from drumbridge.core.events import LOOP, ONE_SHOT
from drumbridge.core.head_trial import HeadTrial
from drumbridge.core.hit_head import log_odds
from drumbridge.core.personal_head import PersonalHead
from drumbridge.engine.engine import Engine
from drumbridge.engine.file_transcription import transcribe_file
from drumbridge.engine.head_learning import LEAST_CORRECTED, learn_from_corrections, lesson_of
from drumbridge.engine.known_transcription import known_transcription
from drumbridge.engine.scan import model_of_scan
from drumbridge.errors import LibraryError
from drumbridge.inference.registry import load_model, model_hash_of
from drumbridge.library.corrections import WHOLE, correct
from drumbridge.library.heads import head_in_use, keep_head, return_to_model, use_head, waiting_head
from drumbridge.library.heard import HeardSound
from drumbridge.library.hit_evidence import hit_evidence
from drumbridge.library.query import parse_query
from drumbridge.library.search import find_sounds
from drumbridge.library.sounds import hits_of, own_labels, sounds_where
from drumbridge.library.store import HeardFile, Library

D = 16
RULE = DecisionRule(("kick", "closed_hat"))
TABLES = ("heads", "rescored", "rescored_hits", "results", "files", "corrections", "embeddings", "hits", "hit_evidence")


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
    assert learned.trials[ONE_SHOT].better
    assert learned.waiting is not None
    assert learned.trials[ONE_SHOT].mended >= 25
    assert rows(library) == {**before, "heads": rows(library)["heads"]}  # nothing is used that was not asked for
    assert labels(library, "below:'/pack 0' is:personal") == []

    assert use_head(library, learned.waiting.id)[0] >= 22
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
    assert learned.trials[ONE_SHOT].corrected == 60
    assert not learned.trials[ONE_SHOT].better
    assert learned.waiting is None
    assert waiting_head(library) is None


def test_too_few_say_how_many_more(library, classifier):
    fill(library, classifier, ["kick", "snare"])
    with pytest.raises(LibraryError, match=f"0 corrected one-shots.* {LEAST_CORRECTED} more") as caught:
        learn_from_corrections(library, classifier)
    assert caught.value.code == "library.too_few_corrections"
    for k in range(15):
        correct(library, content(0, k), WHOLE, "rim")
        correct(library, content(1, k), WHOLE, "snare")  # confirmed
    correct(library, content(1, 20), 1000, "rim")  # a hit
    correct(library, b"never heard here", WHOLE, "rim")
    with pytest.raises(LibraryError, match=r"15 corrected one-shots.*so 5 more\. 2 more teach nothing"):
        learn_from_corrections(library, classifier)


def small_head(library, model_file, labels=("stick",), shift=9.0, kinds=(ONE_SHOT,)):
    """Keep a head that calls everything that the small model hears by one name: its embeddings all point one way."""
    head = PersonalHead(labels, np.array([[0.0, 0.0, 1.0]], np.float32), np.full((1, len(labels)), shift, np.float32))
    trial = HeadTrial(20, 20, 20.0, 20.0, False, 0.5, 1.0, 0.5, 0.4, 0.6)
    return keep_head(
        library, head, model_hash=model_hash_of(model_file), model="small 1", rule=RULE, kinds=kinds,
        trial={ONE_SHOT: trial._asdict()},
    )  # fmt: skip


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
        assert use_head(library, small_head(library, small_model)) == (8, 0)
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
        assert use_head(library, head_id) == (0, 0)
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


@pytest.fixture
def loops(tmp_path):
    """Eight loops of low and high strokes, loud and soft."""
    folder = tmp_path / "loops"
    folder.mkdir()
    for k in range(8):
        peak = 0.3 + 0.05 * k
        strokes = [(0.1 + 0.4 * n, hat(peak=peak) if n % 2 else kick(peak=peak)) for n in range(8)]
        soundfile.write(folder / f"loop {k}.wav", loop(strokes, length_s=3.6), 44100)
    return folder


def hits_by_loop(library):
    return {os.path.basename(sound.path): hits_of(library, sound) for sound in sounds_where(library, "kind = 'loop'")}


def test_corrected_hits_teach_and_what_the_head_calls_is_what_transcribe_says(tmp_path, loops, small_model):
    path = tmp_path / "library.sqlite"
    engine = Engine(model=str(small_model), library=path)
    assert {sound.kind for sound in engine.scan(loops)} == {LOOP}
    with Library(path) as library:
        heard = hits_by_loop(library)
        for sound in list(sounds_where(library, "1"))[:6]:  # of two loops nothing is corrected
            for hit in hits_of(library, sound):
                correct(library, sound.content_hash, hit.position, "stick" if hit.label == "closed_hat" else hit.label)
        lesson = lesson_of(library, model_hash_of(small_model), load_model(small_model).rule)
        assert (lesson.n_corrected, lesson.n_corrected_hits, lesson.n_corrected_loops) == (0, 24, 6)
        assert lesson.unused == 0
        assert lesson.enough() == (LOOP,)
        assert sorted(set(lesson.judged.hits.truths), key=str) == [None, "kick", "stick"]
        before = rows(library)

        # The small model's embedding cannot tell one stroke from another, so a head of the same form is given.
        head_id = small_head(library, small_model, ("closed_hat", "stick"), 9.0, kinds=(LOOP,))
        assert use_head(library, head_id) == (0, 8)
        labels = {name: [hit.labels for hit in hits] for name, hits in hits_by_loop(library).items()}
        assert all("stick" in dict(each) for of_loop in labels.values() for each in of_loop)
        found = find_sounds(library, parse_query("is:personal kind:loop", lambda: own_labels(library)))
        assert len(list(found)) == 8
        known = known_transcription(library, list(sounds_where(library, "1"))[7])
        assert {entry.pad.name for hit in known.hits for entry in hit.labels if entry.pad} == {"stick"}
        assert {each.label for each in sounds_where(library, "1")} <= {"stick", "closed_hat", "kick"}
        assert {k: v for k, v in rows(library).items() if k not in ("heads", "rescored", "rescored_hits")} == {
            k: v for k, v in before.items() if k not in ("heads", "rescored", "rescored_hits")
        }

    personal = Engine(model=str(small_model), library=path, head=True)
    for name, of_loop in labels.items():
        told = personal.transcribe(loops / name).hits
        assert [[(e.label, round(e.confidence, 4)) for e in hit.labels] for hit in told] == [
            [(label, p) for label, p in each] for each in of_loop
        ]
    assert "stick" not in {hit.label for hit in engine.transcribe(loops / "loop 7.wav").hits}
    assert personal.classify(loops / "loop 7.wav").label != "stick"  # it was not found better for one-shots
    soundfile.write(loops / "later.wav", loop([(0.1, kick()), (0.6, hat()), (1.1, kick())], length_s=2.0), 44100)
    list(engine.scan(loops))
    with Library(path) as library:
        assert all("stick" in dict(hit.labels) for hit in hits_by_loop(library)["later.wav"])
        assert return_to_model(library)
        again = hits_by_loop(library)
        assert {name: [hit.labels for hit in again[name]] for name in heard} == {
            name: [hit.labels for hit in hits] for name, hits in heard.items()
        }
        assert rows(library)["rescored_hits"] == []


def test_what_is_stored_of_a_hit_is_what_transcribe_used(tmp_path, loops, small_model):
    path = tmp_path / "library.sqlite"
    engine = Engine(model=str(small_model), library=path)
    list(engine.scan(loops))
    classifier = load_model(small_model)
    with Library(path) as library:
        for sound in sounds_where(library, "1"):
            vectors, odds = hit_evidence(library.connection, sound.result_id, 2)
            excerpts = [hit.excerpt for hit in transcribe_file(sound.path, classifier, keep_excerpts=True).hits]
            output = classifier.score(
                np.stack([excerpt.audio for excerpt in excerpts]), np.array([excerpt.available for excerpt in excerpts])
            )
            assert len(vectors) == len(excerpts) == 8
            directions = output.embedding / np.linalg.norm(output.embedding, axis=1, keepdims=True)
            assert vectors == pytest.approx(directions, abs=2e-3)
            assert (odds == log_odds(classifier.rule.hit_probabilities(output.scores))).all()


def test_a_few_hits_of_a_few_loops_are_not_enough(tmp_path, loops, small_model):
    path = tmp_path / "library.sqlite"
    list(Engine(model=str(small_model), library=path).scan(loops))
    with Library(path) as library:
        for sound in list(sounds_where(library, "1"))[:3]:
            for hit in hits_of(library, sound):
                correct(library, sound.content_hash, hit.position, "stick")
        with pytest.raises(LibraryError, match=r"or 20 corrected hits in 5 loops, and there are 24 in 3\.$"):
            learn_from_corrections(library, load_model(small_model))


def fill_loops(library, classifier, n=12):
    """Put loops into a library as if heard: four kicks each, and four hits that sound otherwise but are called so."""
    rng = np.random.default_rng(4)
    model = model_of_scan(str(classifier.path))
    hearing_id = library.hearing(model.hash, model.settings, model.file)
    centres = np.linalg.qr(np.random.default_rng(9).normal(size=(D, D)))[0]
    odds = log_odds(np.array([0.9, 0.02]))
    files = []
    for k in range(n):
        vectors = [centres[3 + j % 2] + 0.1 * rng.normal(size=D) for j in range(8)]
        evidence = np.stack([np.concatenate([odds, vector]) for vector in vectors]).astype("<f2").tobytes()
        hits = tuple((j, 1000 * j, 90, -3.0, "kick", 0.9, '[["kick", 0.9]]') for j in range(8))
        sound = HeardSound("loop", 2.0, 44100, "kick", 0.9, False, 90, -3.0, '[["kick", 1.0]]', "", hits, evidence)
        files.append(HeardFile(f"/loops/{k:02}.wav".encode(), 1000, 1, 9000 + k, 1, bytes([77, k]) * 8, sound))
    library.remember(files, hearing_id)


def test_a_head_is_used_only_for_the_kind_that_it_is_better_for(library, classifier):
    fill(library, classifier, ["kick", "kick", "snare"])
    fill_loops(library, classifier)
    for k in range(8):
        for j in range(8):
            correct(library, bytes([77, k]) * 8, 1000 * j, "stick" if j % 2 else "kick")
    learned = learn_from_corrections(library, classifier)
    assert learned.lesson.enough() == (LOOP,)
    assert learned.trials[LOOP].better
    assert (learned.trials[LOOP].mended, learned.trials[LOOP].kept) == (32, 32)
    assert learned.waiting.kinds == (LOOP,)
    assert use_head(library, learned.waiting.id) == (0, 12)  # the four loops too that nobody went through
    untouched = list(sounds_where(library, "kind = 'loop'"))[-1]
    assert [hit.label for hit in hits_of(library, untouched)] == ["kick", "stick"] * 4
    assert (untouched.label, untouched.ranking) == ("kick", (("kick", 0.5), ("stick", 0.5)))

    # One-shots of which the labels say nothing make no head for one-shots, and do not take the hits' away.
    rng = np.random.default_rng(0)
    for kind, k in rng.permutation([(kind, k) for kind in range(3) for k in range(60)])[:60]:
        correct(library, content(int(kind), int(k)), WHOLE, str(rng.choice(["rim", "clap", "tom_low", "crash"])))
    learned = learn_from_corrections(library, classifier)
    assert learned.lesson.enough() == (ONE_SHOT, LOOP)
    assert not learned.trials[ONE_SHOT].better
    assert learned.waiting.kinds == (LOOP,)
