"""A running `drumbridge serve` with a small model, and some audio to ask it about."""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import soundfile
from serve_process import port_of, start
from small_models import write_small_model

from drumbridge.core.synthesis import demo_loop, synthesise


@dataclass
class Running:
    """A server process, and the files it can be asked about."""

    process: subprocess.Popen
    port: int
    folder: Path  # with kick.wav and a closed_hat whose name is not ASCII
    loop: Path


@pytest.fixture(scope="session")
def small_model(tmp_path_factory) -> Path:
    return write_small_model(tmp_path_factory.mktemp("model") / "small.onnx")


@pytest.fixture(scope="session")
def running(tmp_path_factory, small_model) -> Iterator[Running]:
    below = tmp_path_factory.mktemp("audio")
    folder = below / "Schlägel 鼓"
    folder.mkdir()
    soundfile.write(folder / "Bass drum.wav", synthesise("kick"), 44100)
    soundfile.write(folder / "Hi-Hat ü.wav", synthesise("closed_hat"), 44100)
    loop = below / "loop.wav"
    soundfile.write(loop, demo_loop(44100)[0], 44100)
    process, line = start("--port", "0", "--model", str(small_model))
    yield Running(process, port_of(line), folder, loop)
    process.terminate()
    _, log = process.communicate(timeout=20)
    assert process.returncode == 0
    assert "Traceback" not in log
