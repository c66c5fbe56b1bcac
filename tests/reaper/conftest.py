"""Fixtures for the REAPER scripts: both Luas, both ways to drumbridge, and audio whose truth is known."""

from __future__ import annotations

import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import soundfile
from loop_of_known_strokes import LOOP_S, PACKAGE_FOLDER, RATE, STROKES
from projects import Case

from drumbridge.core.synthesis import render_loop, synthesise

MAVRIQ = "Scripts/Mavriq ReaScript Repository/Various/Mavriq-Lua-Sockets"


@pytest.fixture(scope="session", params=["lua5.3", "lua5.4"])
def lua(request: pytest.FixtureRequest) -> str:
    """A Lua with LuaSocket, which the fake needs for its clock."""
    if not shutil.which(request.param):
        pytest.skip(f"{request.param} is not installed")
    if subprocess.run([request.param, "-e", "require('socket.core')"], capture_output=True).returncode:
        pytest.skip(f"LuaSocket for {request.param} (lua-socket) is not installed")
    return request.param


@pytest.fixture(scope="session")
def sounds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with kick.wav, hat.wav and loop.wav, all of 16 bits, in a folder with a difficult name."""
    folder = tmp_path_factory.mktemp("sounds") / "Schlägel, 鼓 & $HOME"
    folder.mkdir()
    soundfile.write(folder / "kick.wav", synthesise("kick", sample_rate=RATE), RATE, subtype="PCM_16")
    soundfile.write(folder / "hat.wav", synthesise("closed_hat", sample_rate=RATE), RATE, subtype="PCM_16")
    strokes = [(round(at * RATE), label, 110) for at, label in STROKES]
    loop = render_loop(strokes, sample_rate=RATE, n_samples=round(LOOP_S * RATE))
    soundfile.write(folder / "loop.wav", loop, RATE, subtype="PCM_16")
    return folder


@pytest.fixture(scope="session")
def server_port(small_model: Path) -> Iterator[int]:
    """A running `drumbridge serve` with the small model."""
    command = [sys.executable, "-m", "drumbridge", "serve", "--port", "0", "--model", str(small_model)]
    process = subprocess.Popen(command, cwd=PACKAGE_FOLDER, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    found = re.search(r"port (\d+)", process.stdout.readline())
    assert found
    yield int(found[1])
    process.terminate()
    process.wait(20)
    process.stdout.close()


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory, small_model: Path) -> Path:
    """The program drumbridge, as a user has it, with the small model."""
    path = tmp_path_factory.mktemp("bin") / "drumbridge"
    path.write_text(
        f"#!/bin/sh\ncd '{PACKAGE_FOLDER}' && exec '{sys.executable}' -m drumbridge \"$@\" --model '{small_model}'\n"
    )
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def luasocket(lua: str) -> Path:
    """Return where the socket module of a Lua lies."""
    found = subprocess.run(
        [lua, "-e", "print(package.searchpath('socket.core', package.cpath))"],
        capture_output=True,
        text=True,
        check=True,
    )
    return Path(found.stdout.strip())


@pytest.fixture
def make_case(tmp_path: Path, lua: str, program: Path) -> Callable[..., Case]:
    """Make a fake REAPER, with or without sockets."""

    def make(*, port: int = 1, sockets: bool = False, program: Path = program) -> Case:
        resources = tmp_path / "REAPER resources"
        if sockets:
            # What "Mavriq Lua Sockets" of ReaPack puts there is a build of LuaSocket; here it is Debian's.
            (resources / MAVRIQ / "socket").mkdir(parents=True)
            (resources / MAVRIQ / "socket" / "core.so").symlink_to(luasocket(lua))
        return Case(lua, tmp_path, resources, {"program": str(program), "port": str(port)})

    return make


@pytest.fixture
def reaper_once(lua: str, request: pytest.FixtureRequest, make_case: Callable[..., Case]) -> Case:
    """A fake REAPER for each Lua, each with another way to drumbridge: for tests of what does not depend on them."""
    if lua == "lua5.3":
        return make_case()
    return make_case(port=request.getfixturevalue("server_port"), sockets=True)


@pytest.fixture(params=["sockets", "program"])
def reaper(request: pytest.FixtureRequest, make_case: Callable[..., Case]) -> Case:
    """A fake REAPER for each way to drumbridge."""
    if request.param == "program":
        return make_case()
    return make_case(port=request.getfixturevalue("server_port"), sockets=True)
