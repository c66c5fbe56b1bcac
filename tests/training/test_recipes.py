"""Every recipe from a folder of sounds to a model that answers: the same twice, and as it was trained."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

torch = pytest.importorskip("torch")
pytest.importorskip("onnx")
pytest.importorskip("sklearn")

from drumbridge.cli import main  # noqa: E402
from drumbridge.core.synthesis import render_loop, synthesise  # noqa: E402
from drumbridge.engine.engine import Engine  # noqa: E402
from drumbridge.errors import ModelError  # noqa: E402
from drumbridge.inference.classifier import OnnxClassifier  # noqa: E402
from drumbridge.training.recipes.recipe import Options, Sounds  # noqa: E402
from drumbridge.training.recipes.table import RECIPES  # noqa: E402

CLASSES = {"my boom": "kick", "closed_hat": "closed_hat", "crash": "crash"}  # a name of one's own among them
KITS = 6
EPOCHS = {"mfcc-cnn": "6", "hit-image": "30", "segment-cnn": "30"}


def write_classes(folder: Path, *, kits: bool = True) -> Path:
    for name, label in CLASSES.items():
        for kit in range(KITS):
            place = folder / name / f"kit {kit}" if kits else folder / name
            place.mkdir(parents=True, exist_ok=True)
            soundfile.write(place / f"{label} {kit}.wav", 0.8 * synthesise(label, seed=kit), 44100)
    return folder


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    return write_classes(tmp_path_factory.mktemp("data"))


def command(recipe: str, data: Path, out: Path, *more: str) -> list[str]:
    epochs = ["--epochs", EPOCHS[recipe]] if recipe in EPOCHS else []
    trees = ["--trees", "5"] if recipe == "features-tree" else []
    return ["train", "--recipe", recipe, str(data), "--out", str(out), *epochs, *trees, *more]


@pytest.fixture(scope="module", params=list(RECIPES))
def trained(request, data, tmp_path_factory) -> tuple[str, Path, Path]:
    """The recipe's name, the model's path and the folder that it was written to."""
    out = tmp_path_factory.mktemp(request.param)
    assert main(command(request.param, data, out)) == 0
    (model,) = out.glob("*.onnx")
    return request.param, model, out


def test_the_model_names_drums_that_it_has_not_heard(trained):
    name, model, _ = trained
    classifier = OnnxClassifier(model)
    assert classifier.rule.labels == tuple(sorted(CLASSES))
    assert classifier.manifest.extra["recipe"] == name
    assert classifier.manifest.licence in ("not stated", "CC BY-SA 4.0")


def test_a_fresh_drum_is_named_right(trained, tmp_path):
    _, model, _ = trained
    engine = Engine(model=str(model))
    right = 0
    for name, label in CLASSES.items():
        for seed in range(100, 104):
            path = tmp_path / "fresh.wav"
            soundfile.write(path, synthesise(label, seed=seed), 48000)
            right += engine.classify(path).label == name
    assert right >= 9


def test_the_report_stands_beside_the_model(trained):
    name, model, out = trained
    assert {path.suffix for path in out.iterdir()} == {".onnx", ".html", ".json"}
    page = model.with_suffix(".html").read_text(encoding="utf-8")
    assert "Confusion on held-out kits" in page
    assert str(out) not in page
    numbers = json.loads(model.with_suffix(".json").read_text(encoding="utf-8"))
    assert numbers["measured"]["right"]["value"] >= 0.5
    assert numbers["kits"] >= 1
    for what, recipes in (
        ("Learning curve", {"mfcc-cnn", "hit-image", "segment-cnn", "features-tree"}),
        ("Features that matter most", {"features-tree"}),
        ("its first decisions", {"features-tree"}),
    ):
        assert (what in page) == (name in recipes)
    assert bool(numbers["curve"]) == (name != "drumbridge")


def test_two_runs_give_the_same_bytes(trained, data, tmp_path):
    name, model, _ = trained
    assert main(command(name, data, tmp_path)) == 0
    (again,) = tmp_path.glob("*.onnx")
    assert again.name == model.name
    assert again.read_bytes() == model.read_bytes()


def test_another_seed_gives_another_model(data, tmp_path):
    for seed in ("1", "2"):
        assert main(command("features-tree", data, tmp_path, "--seed", seed)) == 0
    assert len(list(tmp_path.glob("*.onnx"))) == 2


def test_models_of_onsets_transcribe_and_others_say_why_not(trained, tmp_path):
    name, model, _ = trained
    path = tmp_path / "loop.wav"
    strokes = [(4000, "kick", 110), (44100, "closed_hat", 110), (84000, "kick", 110)]
    soundfile.write(path, render_loop(strokes, sample_rate=44100, n_samples=130_000), 44100)
    engine = Engine(model=str(model))
    if name in ("drumbridge", "hit-image"):
        labels = {entry.label for hit in engine.transcribe(path).hits for entry in hit.labels}
        assert labels <= set(CLASSES)
        if name == "drumbridge":
            assert labels == {"my boom", "closed_hat"}
    else:
        with pytest.raises(ModelError, match="names whole files"):
            engine.transcribe(path)


@pytest.mark.parametrize("name", list(RECIPES))
def test_the_exported_model_answers_as_the_trained_one(name, data, tmp_path):
    recipe = RECIPES[name]
    classes = tuple(sorted(CLASSES))
    files = [(str(path), k) for k, label in enumerate(classes) for path in sorted((data / label).rglob("*.wav"))]
    sounds = Sounds([path for path, _ in files], np.array([k for _, k in files]))
    fitted = recipe.fit(
        sounds, Sounds([], np.zeros(0, np.int64)), classes, Options(epochs=1, trees=3), lambda what: None
    )
    (exported,) = [OnnxClassifier(_written(recipe, fitted, classes, tmp_path))]
    length = recipe.layout.length
    rng = np.random.default_rng(0)
    audio = (rng.normal(0, 0.1, (3, length)) * np.exp(-np.arange(length) / 5000)).astype(np.float32)
    available = np.array([100, 5000, recipe.layout.samples_after])
    output = exported.score(audio, available)
    with torch.no_grad():
        if name == "drumbridge":  # what was trained is the last layer
            scores = fitted.model(torch.from_numpy(output.embedding))
            assert output.presence is not None
        else:
            scores, embedding = fitted.model(torch.from_numpy(audio), torch.from_numpy(available))
            np.testing.assert_allclose(output.embedding, embedding.numpy(), atol=2e-3, rtol=1e-3)
    np.testing.assert_allclose(output.scores, scores.numpy(), atol=2e-3, rtol=1e-3)


def _written(recipe, fitted, classes, folder: Path) -> Path:
    from drumbridge.inference.manifest import Manifest

    layout = recipe.layout
    manifest = Manifest(
        name=recipe.name, version="1", labels=classes, sample_rate=layout.sample_rate,
        samples_before=layout.samples_before, samples_after=layout.samples_after, segmentation=layout.segmentation,
        activation=recipe.activation, thresholds=dict.fromkeys(classes, 0.5), calibration={}, training_data=[],
        licence="MIT", accuracy={},
    )  # fmt: skip
    path = folder / "tiny.onnx"
    path.write_bytes(recipe.to_onnx(fitted, manifest))
    return path


def test_without_kits_nothing_is_held_out_and_that_is_said(tmp_path, capsys):
    data = write_classes(tmp_path / "flat", kits=False)
    assert main(command("features-tree", data, tmp_path / "out")) == 0
    assert "Nothing is held out" in capsys.readouterr().err
    (report,) = (tmp_path / "out").glob("*.json")
    assert json.loads(report.read_text(encoding="utf-8"))["measured"] == {}


def test_recordings_in_one_folder_are_held_out_one_by_one(tmp_path):
    data = write_classes(tmp_path / "flat", kits=False)
    assert main(command("segment-cnn", data, tmp_path / "out")) == 0
    (report,) = (tmp_path / "out").glob("*.json")
    assert json.loads(report.read_text(encoding="utf-8"))["files"] == 3


def test_files_that_cannot_be_used_are_told_and_passed_over(tmp_path, capsys):
    data = write_classes(tmp_path / "data")
    (data / "crash" / "kit 0" / "broken.wav").write_text("no audio")
    soundfile.write(data / "crash" / "kit 1" / "silent.wav", np.zeros(4000), 44100)
    lonely = data / "alone" / "x.wav"
    lonely.parent.mkdir()
    soundfile.write(lonely, synthesise("clap"), 44100)
    assert main(command("features-tree", data, tmp_path / "out", "--hold-out", "0.3")) == 0
    said = capsys.readouterr().err
    assert "broken.wav" in said
    assert "silent.wav" in said
    assert "With one file a class is hardly learned: alone" in said


@pytest.mark.parametrize(
    ("made", "code", "why"),
    [
        ((), "settings.data", "no classes"),
        (("kick",), "settings.data", "the one class kick"),
        (("kick", "broken"), "settings.data", "None of the files of the class broken can be used"),
    ],
)
def test_folders_that_nothing_can_be_learned_from(tmp_path, capsys, made, code, why):
    data = tmp_path / "data"
    data.mkdir()
    for name in made:
        (data / name).mkdir()
        for k in range(2):
            if name == "broken":
                (data / name / f"{k}.wav").write_text("no audio")
            else:
                soundfile.write(data / name / f"{k}.wav", synthesise("kick", seed=k), 44100)
    assert main(command("features-tree", data, tmp_path / "out")) == 1
    said = capsys.readouterr().err
    assert f"[{code}]" in said
    assert why in said
    assert not list(tmp_path.glob("out/*"))


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["train", "--out", "x"], "settings.data"),
        (["train", "--out", "x", "--recipe", "mfcc-cnn"], "settings.data"),
        (["train", "--out", "x", "--recipe", "guess", "d"], "cli.usage"),
        (["train", "--out", "x", "--data", "d"], "settings.date"),
        (["train", "--out", "x", "--recipe", "mfcc-cnn", "nowhere"], "settings.data"),
        (["train", "--out", "x", "--recipe", "mfcc-cnn", "d", "--epochs", "0"], "settings.epochs"),
        (["train", "--out", "x", "--recipe", "mfcc-cnn", "d", "--hold-out", "0.9"], "settings.hold_out"),
    ],
)
def test_wrong_calls_are_one_line(arguments, code, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 1
    assert capsys.readouterr().err.rstrip().endswith(f"[{code}]")
    assert not (tmp_path / "x").exists()
