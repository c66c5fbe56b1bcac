"""`drumbridge doctor`: what works here, what is missing, and how to get it.

Conventions: every check returns findings and survives whatever it meets; a finding that stops the main job
(files in, hits out) makes the exit code 1, the others are only told.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import platform
import socket
import sys
import tempfile
import time
import wave
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from drumbridge._version import __version__

from .quiet import quiet_libraries

_NEEDED = ("numpy", "onnxruntime", "soundfile", "soxr", "python-osc", "mido", "rich", "librosa", "sounddevice")
_EXTRAS = {"midi": ("python-rtmidi",), "eval": ("mir_eval", "scikit-learn", "matplotlib"), "train": ("torch", "onnx")}


class Finding(NamedTuple):
    """What a check found out; `remedy` says what to do, `stops` whether the main job cannot work."""

    what: str
    text: str
    remedy: str = ""
    stops: bool = False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes: nothing."""


def run(args: argparse.Namespace) -> int:
    """Print all findings; 1 when the main job cannot work."""
    stopped = False
    for check in (_versions, _packages, _decoder, _model, _port_audio, _midi, _port, _extras):
        for finding in _survive(check):
            mark = "FAILS" if finding.stops else "note" if finding.remedy else "ok"
            print(f"{mark:6} {finding.what:12} {finding.text}", flush=True)
            if finding.remedy:
                print(f"{'':19} -> {finding.remedy}")
            stopped |= finding.stops
    print("\nThe main job does not work yet: see above." if stopped else "\nThe main job works.")
    return 1 if stopped else 0


def _survive(check: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    try:
        yield from check()
    except Exception as error:  # whatever is broken here is what the user wants to know
        what = check.__name__.strip("_").replace("_", " ")
        yield Finding(what, f"{type(error).__name__}: {error}", "Install anew, as README.md says", stops=True)


def _versions() -> Iterator[Finding]:
    yield Finding("drumbridge", f"{__version__}, {Path(__file__).resolve().parent.parent}")
    yield Finding("Python", f"{platform.python_version()}, {platform.platform()}, {sys.executable}")


def _packages() -> Iterator[Finding]:
    found = []
    for name in _NEEDED:
        version = _version_of(name)
        if version is None:
            yield Finding(name, "is not installed", f"pip install {name}", stops=name not in ("librosa", "sounddevice"))
        else:
            found.append(f"{name} {version}")
    yield Finding("packages", ", ".join(found))


def _decoder() -> Iterator[Finding]:
    import soundfile

    formats = soundfile.available_formats()
    reads = [name for name in ("WAV", "AIFF", "FLAC", "OGG", "MP3") if name in formats]
    remedy = "" if "MP3" in reads else "MP3 needs libsndfile 1.1 or newer: pip install --upgrade soundfile"
    yield Finding("libsndfile", f"{soundfile.__libsndfile_version__}, reads {', '.join(reads)}", remedy)


def _model() -> Iterator[Finding]:
    import numpy as np

    from drumbridge.core.synthesis import synthesise
    from drumbridge.engine.engine import Engine
    from drumbridge.errors import DrumbridgeError

    with tempfile.TemporaryDirectory(prefix="drumbridge-doctor-") as folder:
        path = Path(folder) / "kick.wav"
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(44100)
            file.writeframes(np.round(synthesise("kick") * 32767).astype("<i2").tobytes())
        engine = Engine()
        since = time.perf_counter()
        try:
            engine.load_model()
            loaded = time.perf_counter()
            answer = engine.classify(path)
        except DrumbridgeError as error:
            yield Finding("model", error.message, "Install anew, as README.md says", stops=True)
            return
        done = time.perf_counter()
    yield Finding(
        "model",
        f"{answer.model} loads in {1000 * (loaded - since):.0f} ms and takes a synthesised kick for "
        f"{answer.label} ({answer.confidence:.2f}) in {1000 * (done - loaded):.0f} ms",
    )


def _port_audio() -> Iterator[Finding]:
    from drumbridge.audio.capture import PortAudioInputs
    from drumbridge.errors import ServerError

    try:
        version, hosts = PortAudioInputs().about()
        inputs = len(PortAudioInputs().inputs())
        yield Finding("PortAudio", f"{version}, speaks {', '.join(hosts)}; inputs: {inputs} (drumbridge devices)")
    except ServerError as error:
        yield Finding("PortAudio", "does not work; files and OSC do without it", error.message)


def _midi() -> Iterator[Finding]:
    from drumbridge.errors import ServerError
    from drumbridge.formats.midi_ports import output_names

    try:
        with quiet_libraries():
            names = output_names()
        yield Finding("MIDI", f"outputs: {len(names)}")
    except ServerError as error:
        yield Finding("MIDI", "no port can be played on; files and OSC do without it", error.message)


def _port() -> Iterator[Finding]:
    from drumbridge.osc.addresses import DEFAULT_PORT

    taken = []
    for name, kind in (("UDP", socket.SOCK_DGRAM), ("TCP", socket.SOCK_STREAM)):
        with socket.socket(socket.AF_INET, kind) as probe:
            if kind == socket.SOCK_STREAM and sys.platform != "win32":
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the server does
            try:
                probe.bind(("127.0.0.1", DEFAULT_PORT))
            except OSError:
                taken.append(name)
    if not taken:
        yield Finding("port", f"{DEFAULT_PORT} is free for UDP and TCP")
        return
    text = f"{DEFAULT_PORT} is taken for {' and '.join(taken)}"
    if "UDP" in taken and _drumbridge_answers(DEFAULT_PORT):
        yield Finding("port", f"{text}: by a drumbridge that answers")
    else:
        yield Finding("port", text, "End the program that has it, or choose another: drumbridge serve --port 23787")


def _drumbridge_answers(port: int) -> bool:
    from pythonosc.osc_message import OscMessage
    from pythonosc.osc_message_builder import build_msg

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(1.0)
        try:
            asking.connect(("127.0.0.1", port))
            asking.send(build_msg("/drumbridge/ping", [1]).dgram)
            return OscMessage(asking.recv(65536)).address == "/drumbridge/done"
        except (OSError, ValueError):
            return False


def _extras() -> Iterator[Finding]:
    for extra, names in _EXTRAS.items():
        versions = {name: _version_of(name) for name in names}
        if missing := [name for name, version in versions.items() if version is None]:
            text = f"{', '.join(missing)} not installed; only {_needed_by(extra)} needs it"
            yield Finding(f"extra {extra}", text, f"in a checkout of drumbridge: pip install '.[{extra}]'")
        else:
            yield Finding(f"extra {extra}", ", ".join(f"{name} {version}" for name, version in versions.items()))


def _needed_by(extra: str) -> str:
    return {"midi": "playing on MIDI ports", "eval": "drumbridge evaluate", "train": "drumbridge train"}[extra]


def _version_of(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None
