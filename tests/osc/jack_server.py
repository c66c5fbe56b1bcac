"""A JACK server without hardware, and a program that plays into it: a real device for tests.

Conventions: everything has a name of its own, so a JACK server of the machine is neither used nor disturbed. The player
is a JACK client, which PortAudio offers as an input to other programs: what it plays arrives sample by sample.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

DEADLINE_S = 60.0
DEVICE = "drums"  # the player, in other letters than its own

PLAYER = """
import ctypes, ctypes.util, sys, numpy
# A name that no other JACK client has, set before PortAudio is initialised: else it depends on who came first.
ctypes.CDLL(ctypes.util.find_library("portaudio")).PaJack_SetClientName(b"DRUMS")
import sounddevice
audio = numpy.load(sys.argv[1])
position = -1  # silence until a line on stdin says that somebody listens
def play(out, n, times, status):
    global position
    out[:] = 0
    if position >= 0:
        piece = audio[position:position + n]
        out[:len(piece), 0] = piece
        position += n
    if status:
        print("xrun", flush=True)
with sounddevice.OutputStream(device="system", channels=1, blocksize=0, dtype="float32", callback=play) as stream:
    print("ready", flush=True)
    for line in sys.stdin:
        position = 0
        while position < len(audio):
            sounddevice.sleep(50)
        print("played", flush=True)
"""


class Jack:
    """A running server of its own.

    Attributes
    ----------
    environment : dict
        For programs that are to find it.
    process : Popen
    """

    def __init__(self, rate: int, period: int) -> None:
        name = f"drumbridge-{uuid.uuid4().hex[:8]}"
        self._command = ["jackd", "-r", "-n", name, "-d", "dummy", "-r", str(rate), "-p", str(period)]
        self.environment = {
            **os.environ,
            "JACK_DEFAULT_SERVER": name,
            "JACK_NO_START_SERVER": "1",
            "JACK_NO_AUDIO_RESERVATION": "1",
        }
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            self._command, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        wait = ["jack_wait", "-w", "-t", "1"]
        deadline_s = time.monotonic() + DEADLINE_S
        while subprocess.run(wait, env=self.environment, capture_output=True).returncode:
            if self.process.poll() is not None or time.monotonic() > deadline_s:
                self.stop()
                pytest.skip(f"JACK does not start here: {self.process.stdout.read()[-300:]}")

    def stop(self) -> None:
        """End it as people do: a server that is killed leaves its place in a table of eight taken."""
        self.process.terminate()
        try:
            self.process.wait(DEADLINE_S)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End it as a crash does; `start` takes its place again."""
        self.process.kill()
        self.process.wait()

    @contextlib.contextmanager
    def player(self, audio: Path) -> Iterator[subprocess.Popen]:
        """Start a program that plays the audio of a .npy file once it is told to by a line on its stdin."""
        process = subprocess.Popen(
            [sys.executable, "-c", PLAYER, str(audio)],
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        try:
            assert process.stdout.readline() == "ready\n"
            yield process
        finally:
            process.kill()
            process.wait()


def missing() -> str:
    """Return why JACK cannot be used here; "" if it can."""
    if sys.platform != "linux":
        return "JACK's dummy driver is tested on Linux"
    absent = [program for program in ("jackd", "jack_wait") if shutil.which(program) is None]
    if absent:
        return f"{' and '.join(absent)} not installed (package jackd2)"
    try:
        import sounddevice

        assert sounddevice
    except OSError:
        return "the PortAudio library is not installed"
    return ""
