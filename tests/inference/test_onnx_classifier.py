"""Models: one that keeps the contract runs as it says; any other is refused before it is trusted."""

import json
import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from small_models import LABELS, SAMPLE_RATE, SAMPLES_AFTER, SAMPLES_BEFORE, manifest, write_small_model

from drumbridge.errors import ModelError
from drumbridge.inference.classifier import OnnxClassifier, read_manifest

LENGTH = SAMPLES_BEFORE + SAMPLES_AFTER


def excerpts(n, seed=0):
    return np.random.default_rng(seed).uniform(-0.5, 0.5, (n, LENGTH)).astype(np.float32)


def test_a_good_model(small_model):
    classifier = OnnxClassifier(small_model)
    assert classifier.name == "small 1"
    assert (classifier.sample_rate, classifier.samples_before, classifier.samples_after) == (
        SAMPLE_RATE, SAMPLES_BEFORE, SAMPLES_AFTER,
    )  # fmt: skip
    assert classifier.has_presence
    assert classifier.rule.labels == LABELS
    audio = excerpts(3)
    output = classifier.score(audio, np.array([1, 2, 3]))
    energy = (audio.astype(np.float64) ** 2).sum(axis=1)
    change = (np.diff(audio.astype(np.float64)) ** 2).sum(axis=1)
    np.testing.assert_allclose(output.scores[:, 0], np.log(energy / change) - 4, rtol=1e-4)
    np.testing.assert_allclose(output.embedding[:, 2], [1, 2, 3])
    np.testing.assert_allclose(output.presence, 1 / (1 + np.exp(-np.log(energy) - 7)), rtol=1e-4)


def test_a_batch_is_its_rows(small_model):
    classifier = OnnxClassifier(small_model)
    audio, available = excerpts(7), np.arange(7)
    whole = classifier.score(audio, available)
    for k in range(7):
        for all_rows, one in zip(whole, classifier.score(audio[k : k + 1], available[k : k + 1]), strict=True):
            np.testing.assert_allclose(all_rows[k], one[0], rtol=1e-5)


def test_early_excerpts_are_laid_on_the_frames_of_the_model(tmp_path):
    plain = OnnxClassifier(write_small_model(tmp_path / "plain.onnx"))
    framed = OnnxClassifier(
        write_small_model(
            tmp_path / "framed.onnx", manifest_text=json.dumps(manifest(early_frames=[0, 8, 16, 24], early_lead=5))
        )
    )
    known = np.array([3, 8, 12, 15, 23, 24, 30])
    audio = excerpts(len(known))
    audio *= np.arange(LENGTH)[None] < SAMPLES_BEFORE + known[:, None]
    lead = np.array([3, 0, 4, 5, 5, 0, 0])
    moved = np.stack([np.r_[row[n:], np.zeros(n, np.float32)] for row, n in zip(audio, lead, strict=True)])
    for heard, wanted in zip(framed.score(audio, known), plain.score(moved, known - lead), strict=True):
        np.testing.assert_allclose(heard, wanted, rtol=1e-5)


def test_many_threads_may_ask_at_once(small_model):
    classifier = OnnxClassifier(small_model)
    audio = excerpts(64)
    alone = classifier.score(audio, np.zeros(64)).scores
    with ThreadPoolExecutor(8) as pool:
        rows = list(pool.map(lambda k: classifier.score(audio[k : k + 1], np.zeros(1)).scores[0], range(64)))
    np.testing.assert_allclose(rows, alone, rtol=1e-5)


def test_a_model_without_presence(tmp_path):
    classifier = OnnxClassifier(write_small_model(tmp_path / "m.onnx", presence=False))
    assert not classifier.has_presence
    assert classifier.score(excerpts(1), np.zeros(1)).presence is None


def test_free_dimensions_that_keep_their_word(tmp_path):
    assert OnnxClassifier(write_small_model(tmp_path / "m.onnx", length=None)).name == "small 1"


@pytest.mark.parametrize(
    ("made", "code", "why"),
    [
        ({"manifest_text": None}, "model.no_manifest", "no drumbridge manifest"),
        ({"manifest_text": "kick, snare"}, "model.manifest", "it is not JSON"),
        ({"label_count": 3}, "model.mismatch", "scores is 3 wide where the manifest says 2"),
        ({"label_count": 1}, "model.mismatch", "scores is 1 wide where the manifest says 2"),
        ({"length": 1000}, "model.mismatch", "audio is 1000 wide where the manifest says 4608"),
        ({"batch": 1}, "model.mismatch", "takes exactly 1 excerpts"),
        ({"audio_name": "wave"}, "model.mismatch", "its inputs are available, wave"),
        ({"available_type": 6}, "model.mismatch", r"available is tensor\(int32\)"),
        ({"embedding": False}, "model.mismatch", "without scores and embedding"),
        ({"floor": 0.0}, "model.not_finite", "not finite"),
        ({"external": True}, "model.external_data", "another file"),
        (
            {"manifest_text": json.dumps(manifest(labels=["kick", "snare", "rim"], thresholds={}))},
            "model.manifest",
            "do not name the same labels",
        ),
    ],
)
def test_a_model_that_breaks_the_contract(tmp_path, made, code, why):
    path = write_small_model(tmp_path / "bad.onnx", **made)
    with pytest.raises(ModelError, match=why) as caught:
        OnnxClassifier(path)
    assert caught.value.code == code
    assert "bad.onnx" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_label_list_that_lies_about_the_width(tmp_path):
    three = ["kick", "snare", "closed_hat"]
    text = json.dumps(manifest(labels=three, thresholds=dict.fromkeys(three, 0.5)))
    with pytest.raises(ModelError, match="scores is 2 wide where the manifest says 3"):
        OnnxClassifier(write_small_model(tmp_path / "bad.onnx", manifest_text=text))


@pytest.mark.parametrize("content", [b"", b"not a model\n" * 20, b"\x08\x08", pickle.dumps({"weights": [1, 2, 3]})])
def test_what_is_no_onnx(tmp_path, content):
    (tmp_path / "bad.onnx").write_bytes(content)
    with pytest.raises(ModelError, match=r"bad\.onnx is not an ONNX model") as caught:
        OnnxClassifier(tmp_path / "bad.onnx")
    assert caught.value.code == "model.not_onnx"


def test_a_graph_that_cannot_run(tmp_path):
    path = write_small_model(tmp_path / "bad.onnx")
    path.write_bytes(path.read_bytes().replace(b"Sigmoid", b"Sigmund"))
    with pytest.raises(ModelError, match="not a model that can be run") as caught:
        OnnxClassifier(path)
    assert caught.value.code == "model.not_onnx"


def test_the_runtime_prints_nothing_of_its_own(tmp_path, small_model, capfd):
    # an error whose text is not UTF-8 once made it try twice, and tell so on stdout
    path = tmp_path / "bad.onnx"
    path.write_bytes(small_model.read_bytes().replace(b"Unsqueeze", b"Unsq\xffeeze"))
    with pytest.raises(ModelError, match="not a model that can be run"):
        OnnxClassifier(path)
    assert capfd.readouterr() == ("", "")


def test_a_missing_file_and_a_folder(tmp_path):
    for path, why in [(tmp_path / "gone.onnx", "no model file"), (tmp_path, "is a folder")]:
        with pytest.raises(ModelError, match=why) as caught:
            OnnxClassifier(path)
        assert caught.value.code == "model.not_found"


def test_the_manifest_alone(small_model):
    assert read_manifest(small_model).labels == LABELS
