"""The house stands: no layer imports one above or beside it, and each foreign package has its place."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1] / "drumbridge"

# What each layer may import of the others; itself is understood.
BELOW = {
    "errors": set(),
    "ports": {"errors"},
    "child_process": set(),
    "core": {"errors"},
    "audio": {"core", "errors", "child_process"},
    "inference": {"core", "errors"},
    "formats": {"core", "errors"},
    "library": {"core", "errors"},
    "engine": {"core", "errors", "child_process", "audio", "inference", "formats", "library"},
    # The protocols that DAWs speak by themselves; requests over OSC open and close them.
    "daw": {"core", "errors", "ports", "engine"},
    "osc": {"core", "errors", "ports", "audio", "inference", "formats", "library", "engine", "daw"},
    "web": {"core", "errors", "ports", "audio", "inference", "formats", "library", "engine", "osc"},
    "evaluation": {"core", "errors", "audio", "inference", "formats", "engine"},
    "training": {"core", "errors", "audio", "inference", "formats", "engine", "evaluation"},
    # The command line starts everything, the server and the training too.
    "cli": {
        *("core", "errors", "audio", "inference", "formats", "library", "engine", "ports", "osc", "daw", "web"),
        *("evaluation", "training"),
    },
    "__init__": {"core", "errors", "engine", "inference"},
    "__main__": {"cli"},
    "_version": set(),
}

# Where each foreign package may be imported: a layer, or one file. (train and evaluate look for their extras.)
PLACES = {
    "numpy": set(BELOW) - {"errors", "ports", "child_process", "__init__", "__main__", "_version"},
    "onnxruntime": {"inference/classifier.py"},
    "soundfile": {"audio", "training", "evaluation", "cli/doctor.py"},
    "soxr": {"audio", "training", "evaluation"},
    "sounddevice": {"audio/port_audio.py"},
    "mido": {"formats", "training"},
    "rtmidi": {"formats/midi_ports.py"},
    "platformdirs": {"formats/stored_files.py", "library/location.py"},
    "pythonosc": {"osc", "daw", "cli"},
    "rich": {"cli"},
    "watchfiles": {"audio/watching.py"},
    "distributed": {"engine/dask_workers.py"},
    "starlette": {"web"},
    "uvicorn": {"web/server.py"},
    "librosa": {"evaluation", "training"},
    "torch": {"training", "cli/train.py"},
    "onnx": {"training", "cli/train.py"},
    "sklearn": {"training", "evaluation"},
    "mir_eval": {"evaluation", "cli/evaluate.py"},
    "matplotlib": {"evaluation", "training"},
    "scipy": {"evaluation", "training"},
}

# The core is pure, and so are the protocols: no file, socket, thread, clock or log.
IMPURE = {
    *("os", "io", "pathlib", "tempfile", "shutil", "sys", "socket", "select", "selectors", "asyncio", "random"),
    *("threading", "queue", "multiprocessing", "concurrent", "subprocess", "signal", "time", "datetime", "logging"),
}
PURE_PROTOCOLS = (
    *("osc/wire.py", "osc/framing.py", "osc/audio_packets.py"),
    *("daw/jmtx.py", "daw/reastream.py", "daw/missing_time.py"),
)

FILES = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.rglob("*.py"))


def imported(source: str, place: str) -> set[str]:
    """Return every module that a file imports, anywhere in it, as absolute dotted names."""
    package = ["drumbridge", *place.split("/")[:-1]]
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            # `from . import x` imports a module x, `from .x import y` may do so
            names |= {f"{module}.{alias.name}" for alias in node.names} if node.module is None else {module}
            if module == "drumbridge":
                names |= {f"drumbridge.{alias.name}" for alias in node.names}
    return names


def layer_of(place: str) -> str:
    return place.split("/")[0].removesuffix(".py")


def imports_of(place: str) -> set[str]:
    return imported((ROOT / place).read_text(encoding="utf-8"), place)


def test_the_walker_sees_every_kind_of_import():
    source = (
        "import a.b\nfrom . import c\nfrom ..d import e\nfrom drumbridge import f\ndef g():\n    from .h.i import j"
    )
    expected = {"a.b", "drumbridge.osc.c", "drumbridge.d", "drumbridge", "drumbridge.f", "drumbridge.osc.h.i"}
    assert imported(source, "osc/x.py") == expected


@pytest.mark.parametrize("place", FILES)
def test_no_layer_reaches_upwards_or_sideways(place):
    layer = layer_of(place)
    ours = {name.split(".")[1] for name in imports_of(place) if name.startswith("drumbridge.")}
    layers = {name for name in ours if name in BELOW}
    assert layers - {layer} <= BELOW[layer] | {"_version"}, f"{layer} may import {sorted(BELOW[layer])}"


@pytest.mark.parametrize("place", FILES)
def test_foreign_packages_stay_in_their_places(place):
    foreign = {name.split(".")[0] for name in imports_of(place)} - {"drumbridge", "__future__"}
    for package in foreign - set(sys.stdlib_module_names):
        assert package in PLACES, f"{package} is not among our dependencies"
        assert {layer_of(place), place} & PLACES[package], f"{package} belongs to {sorted(PLACES[package])}"


@pytest.mark.parametrize("place", [p for p in FILES if layer_of(p) == "core" or p in PURE_PROTOCOLS])
def test_core_and_protocols_are_pure(place):
    roots = {name.split(".")[0] for name in imports_of(place)}
    assert not roots & IMPURE
    if layer_of(place) == "core":
        assert roots - set(sys.stdlib_module_names) <= {"numpy", "drumbridge"}


@pytest.mark.parametrize("place", FILES)
def test_a_file_opens_with_its_conventions(place):
    docstring = ast.get_docstring(ast.parse((ROOT / place).read_text(encoding="utf-8")))
    assert docstring or place == "_version.py"
