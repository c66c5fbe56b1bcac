"""Starting costs little: what is imported by `import drumbridge`, by every --help, by a server that waits."""

import re
import subprocess
import sys

import pytest
import soundfile

from drumbridge.cli import VERBS
from drumbridge.core.synthesis import synthesise

HEAVY = {"librosa", "numba", "torch", "matplotlib", "scipy", "sklearn"}
LIBRARIES = HEAVY | {
    "numpy",
    "onnxruntime",
    "soundfile",
    "soxr",
    "sounddevice",
    "rich",
    "mido",
    "onnx",
    "mir_eval",
    "platformdirs",
}


def roots_imported(stderr: str) -> set[str]:
    """Return the top-level modules in what ``python -X importtime`` prints."""
    return {line.rpartition("|")[2].strip().split(".")[0] for line in stderr.splitlines() if line.startswith("import")}


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-X", "importtime", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)


def test_the_measure_sees_imports():
    assert {"wave", "email"} <= roots_imported(run("-c", "import wave, email.message").stderr)


def test_importing_the_package_costs_nothing():
    assert not roots_imported(run("-c", "import drumbridge").stderr) & LIBRARIES


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], *([verb, "--help"] for verb in VERBS)], ids=" ".join)
def test_help_imports_no_library(arguments):
    ran = run("-m", "drumbridge", *arguments)
    assert ran.stdout
    assert not roots_imported(ran.stderr) & LIBRARIES


def test_a_waiting_server_has_imported_nothing_heavy():
    command = [sys.executable, "-X", "importtime", "-m", "drumbridge", "serve", "--port", "0"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert re.search(r"ready .* port \d+", server.stdout.readline())
    finally:
        server.terminate()
        _, stderr = server.communicate(timeout=30)
    assert "drumbridge" in roots_imported(stderr)
    assert not roots_imported(stderr) & HEAVY


def test_classifying_imports_nothing_heavy(tmp_path, small_model):
    kick = tmp_path / "kick.wav"
    soundfile.write(kick, synthesise("kick"), 44100)
    ran = run("-m", "drumbridge", "classify", str(kick), "--model", str(small_model))
    assert ran.stdout == f"{kick}\tkick\t1.00\n"
    assert not roots_imported(ran.stderr) & HEAVY
