"""The shipped models keep their promises: named by content, with a card, deaf to what is not there yet."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from drumbridge.core.synthesis import synthesise
from drumbridge.evaluation.one_shots import classify_items, scores_of_answers
from drumbridge.evaluation.run import read_items
from drumbridge.inference.classifier import OnnxClassifier
from drumbridge.inference.registry import default_model, model_files

MODELS = sorted(model_files().values())
assert MODELS, "no model is shipped"


@pytest.fixture(scope="module", params=MODELS, ids=lambda path: path.name)
def path(request: pytest.FixtureRequest) -> Path:
    return request.param


@pytest.fixture(scope="module")
def classifier(path: Path) -> OnnxClassifier:
    return OnnxClassifier(path)


def test_the_name_tells_the_content(path: Path) -> None:
    assert path.stem.rsplit("-", 1)[1] == hashlib.sha256(path.read_bytes()).hexdigest()[:8]
    assert path.stat().st_size <= 5_000_000


def test_the_card_names_every_source(path: Path, classifier: OnnxClassifier) -> None:
    card = path.with_suffix(".md").read_text(encoding="utf-8")
    credits = classifier.manifest.training_data
    assert len(credits) > 20
    assert all(entry["source"] in card and entry["attribution"] in card for entry in credits)
    assert classifier.manifest.accuracy


@pytest.mark.parametrize("available", [0, 130, 441, 1323, 17000])
def test_what_is_not_available_has_no_influence(classifier: OnnxClassifier, available: int) -> None:
    rng = np.random.default_rng(available)
    length = classifier.samples_before + classifier.samples_after
    audio = rng.normal(0, 0.1, (1, length)).astype(np.float32)
    garbage = audio.copy()
    garbage[:, classifier.samples_before + available :] = 5.0
    clean, dirty = (classifier.score(x, np.array([available])) for x in (audio, garbage))
    np.testing.assert_allclose(clean.scores, dirty.scores, atol=1e-4)
    np.testing.assert_allclose(clean.embedding, dirty.embedding, atol=1e-4)
    np.testing.assert_allclose(clean.presence, dirty.presence, atol=1e-4)


def test_a_batch_is_its_rows(classifier: OnnxClassifier) -> None:
    rng = np.random.default_rng(0)
    audio = rng.normal(0, 0.1, (3, classifier.samples_before + classifier.samples_after)).astype(np.float32)
    available = np.array([300, 3000, classifier.samples_after])
    together = classifier.score(audio, available).scores
    alone = np.concatenate([classifier.score(audio[k : k + 1], available[k : k + 1]).scores for k in range(3)])
    np.testing.assert_allclose(together, alone, atol=1e-4)


@pytest.mark.parametrize("label", ["kick", "snare", "closed_hat"])
def test_plain_drums_are_named(classifier: OnnxClassifier, label: str) -> None:
    sound = synthesise(label)[: classifier.samples_after]
    audio = np.zeros((1, classifier.samples_before + classifier.samples_after), np.float32)
    audio[0, classifier.samples_before : classifier.samples_before + len(sound)] = sound
    scores = classifier.score(audio, np.array([classifier.samples_after])).scores
    ranking = classifier.rule.one_shot_ranking(classifier.rule.one_shot_probabilities(scores)[0])
    assert ranking[0].label == label


def test_kits_that_were_never_trained_on_are_named(data_dir: Path) -> None:
    from drumbridge.engine.engine import Engine

    items = read_items(data_dir / "oneshots", "check")[::5]
    answers = classify_items(Engine(model=default_model()), items, None)
    scores = scores_of_answers(items, answers, intervals=False)
    assert scores["five"]["value"] > 0.8
    assert scores["eleven"]["value"] > 0.75
