"""The package's public names: all there, all typed, and none costs anything before it is used."""

import subprocess
import sys

import pytest

import drumbridge
from drumbridge.errors import DrumbridgeError


def test_every_name_is_there():
    for name in drumbridge.__all__:
        assert getattr(drumbridge, name) is not None
    assert set(dir(drumbridge)) == set(drumbridge.__all__)
    assert issubclass(drumbridge.DrumbridgeError, DrumbridgeError)


def test_other_names_are_not():
    with pytest.raises(AttributeError, match="no attribute 'Banjo'"):
        drumbridge.Banjo  # noqa: B018


def test_importing_costs_nothing():
    heavy = [
        "numpy",
        "onnxruntime",
        "soundfile",
        "soxr",
        "librosa",
        "numba",
        "torch",
        "matplotlib",
        "sounddevice",
        "mido",
    ]
    code = f"import sys, drumbridge; print(*(name for name in {heavy} if name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split() == []


def test_making_an_engine_loads_no_runtime():
    heavy = ["onnxruntime", "soundfile", "soxr", "librosa", "numba", "torch", "matplotlib"]
    code = f"import sys, drumbridge; drumbridge.Engine(); print(*(name for name in {heavy} if name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split() == []


def test_one_call(small_model, tmp_path):
    import soundfile
    from sounds import kick

    soundfile.write(tmp_path / "a.wav", kick(), 44100)
    assert drumbridge.classify(tmp_path / "a.wav", model=str(small_model)).label == "kick"
    (hit,) = drumbridge.transcribe(tmp_path / "a.wav", model=str(small_model)).hits
    assert hit.label == "kick"
