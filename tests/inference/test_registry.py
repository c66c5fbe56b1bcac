"""The registry: shipped models by their name, others by path, clear words when there is neither."""

import json

import pytest
from small_models import manifest, write_small_model

from drumbridge.errors import ModelError
from drumbridge.inference import registry


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(registry, "models_folder", lambda: tmp_path)
    return tmp_path


def ship(folder, name, version="1"):
    path = folder / f"{name}-{version}-abcd.onnx"
    return write_small_model(path, manifest_text=json.dumps(manifest(name=name, version=version)))


def test_names_come_from_the_manifests(folder):
    b, a = ship(folder, "b"), ship(folder, "a")
    assert list(registry.model_files().items()) == [("a", a), ("b", b)]
    assert registry.model_path("b") == b
    assert registry.load_model("a").manifest.name == "a"


def test_the_default_is_the_first_or_the_one_in_default_txt(folder):
    a, b = ship(folder, "a"), ship(folder, "b")
    assert registry.model_path() == a
    (folder / "default.txt").write_text("b\n")
    assert registry.model_path() == b
    (folder / "default.txt").write_text("c\n")
    with pytest.raises(ModelError, match="'c' is not among a, b"):
        registry.model_path()


def test_a_path_need_not_be_shipped(folder, small_model):
    assert registry.model_path(small_model) == small_model
    assert registry.load_model(str(small_model)).manifest.name == "small"


def test_an_unknown_name_says_what_there_is(folder):
    ship(folder, "a")
    with pytest.raises(ModelError, match="no model 'z'; installed: a") as caught:
        registry.load_model("z")
    assert caught.value.code == "model.not_found"


def test_nothing_shipped(folder):
    with pytest.raises(ModelError, match="No model is installed") as caught:
        registry.load_model()
    assert caught.value.code == "model.not_found"


def test_a_changed_file_is_read_again(folder):
    import os

    path = ship(folder, "a")
    assert list(registry.model_files()) == ["a"]
    write_small_model(path, manifest_text=json.dumps(manifest(name="c")))
    os.utime(path, ns=(1, 1))
    assert list(registry.model_files()) == ["c"]
