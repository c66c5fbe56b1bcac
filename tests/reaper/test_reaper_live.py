"""Toggle live: ReaStream goes in, notes come out on REAPER's virtual keyboard, over both ways to drumbridge."""

from __future__ import annotations

import re
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator

import numpy as np
import pytest
import soundfile
from loop_of_known_strokes import PACKAGE_FOLDER, STROKES

from drumbridge.core.labels import BY_NAME

LIVE = "Toggle live"
BLOCK = 256
WAIT_S = 20.0


@pytest.fixture
def server(small_model) -> Iterator[int]:
    """A `drumbridge serve` of its own; its port."""
    command = [sys.executable, "-m", "drumbridge", "serve", "--port", "0", "--model", str(small_model)]
    with subprocess.Popen(command, cwd=PACKAGE_FOLDER, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield int(re.search(r"port (\d+)", process.stdout.readline())[1])
        finally:
            process.terminate()


@pytest.fixture(params=["sockets", "program"])
def live(request, make_case, server):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("127.0.0.1", 58710))
        except OSError:
            pytest.skip("ReaStream's port is in use here")
    return make_case(port=server, sockets=request.param == "sockets")


def reastream(audio: np.ndarray, rate: int) -> bytes:
    """Return a packet as ReaStream sends it (its author's reastream.txt)."""
    body = audio.astype("<f4").tobytes()
    head = b"MRSR" + struct.pack("<i", 47 + len(body)) + b"default".ljust(32, b"\0")
    return head + struct.pack("<BiH", 1, rate, len(body)) + body


def test_it_goes_on_and_off_and_plays_what_it_hears(live, sounds):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as surface:
        surface.bind(("127.0.0.1", 0))
        surface.settimeout(WAIT_S)
        settings = {"surface": str(surface.getsockname()[1])}
        on = live.run(LIVE, settings=settings)
        assert on.toggle == 1
        assert on.said.startswith("drumbridge listens to ReaStream now.")
        assert f"port {settings['surface']}" in on.said

        audio, rate = soundfile.read(sounds / "loop.wav")
        wanted = BY_NAME[STROKES[0][1]].gm_note
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as track:
            for at in range(0, rate, BLOCK):
                track.sendto(reastream(audio[at : at + BLOCK], rate), ("127.0.0.1", 58710))
        packet = surface.recv(1024)
        assert packet.startswith(f"/vkb_midi/0/note/{wanted}\0".encode())

        off = live.run(LIVE, settings={**settings, "told live": "yes"})
        assert (off.toggle, off.boxes) == (0, [])
        again = live.run(LIVE, settings={**settings, "told live": "yes"})
        assert (again.toggle, again.boxes) == (1, [])
        assert on.leftovers == again.leftovers == []


def test_without_a_server(make_case):
    for sockets in (False, True):
        result = make_case(port=1, sockets=sockets).run(LIVE)
        assert result.said.startswith("drumbridge serve does not answer on port 1.")
        assert "toggle" not in result.facts


def test_a_port_that_is_taken_is_said(live):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 58710))
        result = live.run(LIVE)
    assert result.said.startswith("drumbridge cannot listen live.\n")
    assert "58710" in result.said
    assert "toggle" not in result.facts
