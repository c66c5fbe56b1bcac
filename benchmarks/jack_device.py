"""A JACK server without hardware and a program that plays into it: an audio interface to measure with.

Conventions: the server has a name of its own, so none of the machine's is used or disturbed. The player is a JACK
client, which PortAudio offers as an input to other programs. It notes when JACK asked it for which samples, by the
clock of `time.perf_counter`, which on Linux is one clock for all processes.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import uuid
from pathlib import Path

import numpy as np

_PATIENCE_S = 20.0
DEVICE = "drums"  # the player, in other letters than its own

_PLAYER = """
import ctypes, ctypes.util, sys, time, numpy
# A name that no other JACK client has, set before PortAudio is initialised: else it depends on who came first.
ctypes.CDLL(ctypes.util.find_library("portaudio")).PaJack_SetClientName(b"DRUMS")
import sounddevice
audio, log, position = numpy.load(sys.argv[1]), [], -1
def play(out, n, times, status):
    global position
    out[:] = 0
    if position >= 0:
        piece = audio[position:position + n]
        out[:len(piece), 0] = piece
        log.append((position, n, time.perf_counter()))
        position += n
with sounddevice.OutputStream(device="system", channels=1, blocksize=0, dtype="float32", callback=play) as stream:
    print("ready", flush=True)
    sys.stdin.readline()
    position = 0
    before = -1
    while position < len(audio):
        if position == before:
            sys.exit("JACK asks the player for nothing any more")
        before = position
        sounddevice.sleep(2000)
    numpy.save(sys.argv[2], numpy.array(log))
    print("played", flush=True)
    sys.stdin.readline()  # plays silence until it is killed: closing a stream of JACK may hang
"""


class JackDevice:
    """A running server and the player of one recording; use as a context.

    Parameters
    ----------
    audio : ndarray, float32, shape (n,)
    rate, period : int
        Hz, and samples that JACK hands over at once.
    folder : Path
        For what the player needs.
    """

    def __init__(self, audio: np.ndarray, rate: int, period: int, folder: Path) -> None:
        missing = [program for program in ("jackd", "jack_wait") if shutil.which(program) is None]
        if missing:
            sys.exit(f"the way device needs {' and '.join(missing)} (Debian's package jackd2)")
        self._audio, self._log, self._told = folder / "played.npy", folder / "times.npy", folder / "jackd.log"
        np.save(self._audio, audio)
        self._name = name = f"drumbridge-{uuid.uuid4().hex[:8]}"
        self._command = ["jackd", "-r", "-n", name, "-d", "dummy", "-r", str(rate), "-p", str(period)]
        own = {"JACK_DEFAULT_SERVER": name, "JACK_NO_START_SERVER": "1", "JACK_NO_AUDIO_RESERVATION": "1"}
        self.environment = os.environ | own

    def __enter__(self) -> JackDevice:
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "env": self.environment}
        with open(self._told, "wb") as told:
            self._server = subprocess.Popen(self._command, env=self.environment, stdout=told, stderr=subprocess.STDOUT)
        while subprocess.run(["jack_wait", "-w", "-t", "1"], **quiet).returncode:
            if self._server.poll() is not None:
                sys.exit("JACK does not start here: " + self._told.read_text().strip().rpartition("\n")[2])
        command = [sys.executable, "-c", _PLAYER, str(self._audio), str(self._log)]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self._player = subprocess.Popen(command, env=self.environment, **pipes)
        if self._player.stdout.readline() != "ready\n":
            sys.exit("the player does not start")
        return self

    def __exit__(self, *exception: object) -> None:
        self._player.kill()
        self._player.wait()
        self._server.terminate()
        try:
            self._server.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:  # it waits for clients that were killed
            self._server.kill()
            self._server.wait()
        for left in Path("/dev/shm").glob(f"jack*_{self._name}_*"):  # by clients that were killed
            left.unlink(missing_ok=True)

    def play(self, n_blocks: int, n: int) -> np.ndarray:
        """Play everything; return when each block of n samples was taken by JACK, s."""
        self._player.stdin.write("play\n")
        self._player.stdin.flush()
        if self._player.stdout.readline() != "played\n":
            sys.exit("the player ended before its audio did")
        ends, times = [], []
        for position, length, time_s in np.load(self._log):
            ends.append(position + length)
            times.append(time_s)
        return np.array(times)[np.searchsorted(ends, (np.arange(n_blocks) + 1) * n)]


def positions_played(heard: list[int], expected: list[int], start: int, near: int) -> list[int | None]:
    """Return where in the recording each hit of an input is; None where there is nothing near to be heard.

    Parameters
    ----------
    heard : list of int
        Positions in the stream.
    expected : list of int
        Positions in the recording of all that there is to hear.
    start : int
        Where in the stream the recording starts, about.
    near : int
        How far off that may be.
    """
    nearest = [min(expected, key=lambda place: abs(at - start - place)) for at in heard]
    return [
        place if abs(at - start - place) <= near else None for at, place in zip(heard, nearest, strict=True)
    ]  # fmt: skip
