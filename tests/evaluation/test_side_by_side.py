"""Models side by side: the folder that is read, what is left out, and in which groups answers count."""

import json

import pytest
import soundfile
from small_models import SAMPLE_RATE, manifest, write_small_model

from drumbridge.cli import main
from drumbridge.core.synthesis import synthesise
from drumbridge.engine.engine import Engine
from drumbridge.errors import SettingsError
from drumbridge.evaluation.class_folder import digest_of, read_class_folder
from drumbridge.evaluation.side_by_side import compare, partition

pytest.importorskip("mir_eval")


def put(path, label, seed=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, synthesise(label, seed=seed), SAMPLE_RATE)


@pytest.fixture
def folder(tmp_path):
    for kit in ("a", "b"):
        for k, label in enumerate(("kick", "closed_hat")):
            put(tmp_path / "data" / label.replace("_", " ").title() / kit / "1.wav", label, seed=10 * k + ord(kit))
    return tmp_path / "data"


def quiet(what):
    assert what


def test_a_folder_of_classes_is_read(folder):
    (folder / "nothing").mkdir()
    (folder / ".hidden").mkdir()
    put(folder / "astray.wav", "kick")
    put(folder / "My Drum" / "x.wav", "kick")
    found = read_class_folder(folder, "train")
    assert found.classes == ("My Drum", "closed_hat", "kick")  # what the table knows is called as it does
    assert {(item.label, item.kit) for item in found.items} == {
        ("kick", "a"), ("kick", "b"), ("closed_hat", "a"), ("closed_hat", "b"), ("My Drum", ""),
    }  # fmt: skip
    assert any("nothing" in note for note in found.notes)
    assert any("1 audio files lie beside" in note for note in found.notes)


@pytest.mark.parametrize("name", ["gone", "empty"])
def test_a_folder_without_classes(tmp_path, name):
    (tmp_path / "empty").mkdir()
    with pytest.raises(SettingsError, match=f"no (folder|classes in) .*{name}"):
        read_class_folder(tmp_path / name, "train")


def test_a_name_that_is_no_label(tmp_path):
    put(tmp_path / "unsure" / "x.wav", "kick")
    with pytest.raises(SettingsError, match="can't be the name of a class"):
        read_class_folder(tmp_path, "train")


def test_two_models_on_the_same_files(folder, tmp_path, small_model):
    labels = ["closed_hat", "kick"]  # the other way round: always wrong
    wrong = write_small_model(
        tmp_path / "wrong.onnx",
        manifest_text=json.dumps(manifest(name="wrong", labels=labels, thresholds=dict.fromkeys(labels, 0.5))),
    )
    report = compare(Engine(), [str(small_model), str(wrong)], read_class_folder(folder, "train"), say=quiet)
    assert [model["right"]["value"] for model in report["models"]] == [1.0, 0.0]
    assert report["files"] == 4
    assert report["kits"] == 2
    (difference,) = report["differences"]
    assert (difference["best"], difference["other"], difference["value"]) == ("small 1", "wrong 1", 1.0)


def test_kits_that_any_model_was_trained_on_are_left_out_for_all(folder, tmp_path, small_model):
    digest = digest_of(folder / "Kick" / "a" / "1.wav")
    trained = write_small_model(
        tmp_path / "trained.onnx", manifest_text=json.dumps(manifest(extra={"trained_on": digest}))
    )
    report = compare(Engine(), [str(small_model), str(trained)], read_class_folder(folder, "train"), say=quiet)
    assert report["files"] == 2  # all of kit a is gone, the hat that nobody has heard too
    assert report["kits"] == 1
    assert any("2 files of 1 kits are left out" in note for note in report["notes"])
    for item in read_class_folder(folder, "train").items:
        digest += digest_of(item.path)
    write_small_model(tmp_path / "all.onnx", manifest_text=json.dumps(manifest(extra={"trained_on": digest})))
    with pytest.raises(SettingsError, match="was trained on"):
        compare(Engine(), [str(tmp_path / "all.onnx")], read_class_folder(folder, "train"), say=quiet)


def test_groups_that_answers_count_in():
    assert partition(["kick", "tom_low"])[0] == "label"
    name, place = partition(["kick", "hat", "other"])
    assert (name, place("open_hat"), place("kick"), place("theremin")) == ("five", "hat", "kick", "theremin")
    name, place = partition(["kick", "tom"])
    assert (name, place("tom_low")) == ("eleven", "tom")


def test_the_command(folder, tmp_path, small_model, capsys):
    (folder / "Kick" / "a" / "broken.wav").write_text("no audio")
    page, numbers = tmp_path / "page.html", tmp_path / "numbers.json"
    assert main(["evaluate", str(small_model), str(folder), "--html", str(page), "--json", str(numbers)]) == 0
    printed = capsys.readouterr().out
    assert "| small 1 | 1.000" in printed
    assert "broken.wav" in printed
    assert "data:image/png" in page.read_text(encoding="utf-8")
    assert json.loads(numbers.read_text(encoding="utf-8"))["models"][0]["right"]["value"] == 1.0


@pytest.mark.parametrize(
    "arguments", [["evaluate"], ["evaluate", "m", "d", "--model", "m"], ["evaluate", "small", "nowhere"]]
)
def test_what_cannot_be_measured(arguments, capsys):
    assert main(arguments) == 1
    assert "[settings.data]" in capsys.readouterr().err
