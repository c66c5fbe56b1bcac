"""`drumbridge models` and `drumbridge doctor`: what they say of an installation, whole or broken."""

import socket

import pytest
from small_models import manifest, write_small_model

from drumbridge.cli import doctor, main
from drumbridge.inference import registry
from drumbridge.osc.addresses import DEFAULT_PORT


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """A folder of models in place of the shipped one."""
    folder = tmp_path / "models"
    folder.mkdir()
    monkeypatch.setattr(registry, "models_folder", lambda: folder)
    return folder


def installed_models(folder, *names):
    import json

    for name in names:
        text = json.dumps(manifest(name=name, licence="CC0", accuracy={"one_shots": {"five": 0.91234}}))
        write_small_model(folder / f"{name}.onnx", manifest_text=text)


def test_models_are_listed_with_their_accuracy(installed, capsys):
    installed_models(installed, "brush", "stick")
    (installed / "default.txt").write_text("stick\n")
    assert main(["models"]) == 0
    out = capsys.readouterr().out
    assert "brush 1\n" in out
    assert "stick 1  (the default)\n" in out
    for words in ("2: kick, closed_hat", "CC0", "one_shots: five 0.912", "93 ms", str(installed / "stick.onnx")):
        assert words in out


def test_no_model_is_an_error(installed, capsys):
    assert main(["models"]) == 1
    assert "[model.not_found]" in capsys.readouterr().err


def test_the_doctor_finds_all_well(installed, capsys):
    installed_models(installed, "stick")
    assert main(["doctor"]) == 0
    out = capsys.readouterr().out
    assert "takes a synthesised kick for kick" in out
    assert "The main job works." in out
    assert "FAILS" not in out


def test_the_doctor_misses_a_model(installed, capsys):
    assert main(["doctor"]) == 1
    out = capsys.readouterr().out
    assert "FAILS  model" in out
    assert "PortAudio" in out  # the other checks were made all the same


def test_the_doctor_survives_what_is_broken(installed, capsys, monkeypatch):
    installed_models(installed, "stick")
    monkeypatch.setitem(__import__("sys").modules, "soundfile", None)
    assert main(["doctor"]) == 1
    assert "FAILS  decoder" in capsys.readouterr().out


def test_the_doctor_sees_a_taken_port(monkeypatch):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        monkeypatch.setattr("drumbridge.osc.addresses.DEFAULT_PORT", other.getsockname()[1])
        (finding,) = doctor._port()
    assert "taken for UDP" in finding.text
    assert "--port" in finding.remedy
    assert DEFAULT_PORT == 23786
