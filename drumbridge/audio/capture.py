"""The machine's own inputs, each recorded in a process of its own (`drumbridge.audio.capture_process`).

Conventions: as in `drumbridge.audio.devices`. A process of its own because PortAudio lists only the devices that were
there when it was loaded, hangs or crashes with some drivers when a device is pulled out, and has its callback wait for
whatever else holds Python's lock; one that is killed and started anew has none of these.
"""

from __future__ import annotations

import json
import subprocess
import threading
import time
from typing import IO, Any, Final

import numpy as np

from drumbridge.child_process import child_code, start_child
from drumbridge.errors import ServerError

from .capture_process import HEADER, STALLED
from .devices import Captured, InputDevice

_ANSWERS_WITHIN_S: Final = 15.0  # some drivers take seconds to be asked; one that takes longer hangs
_AT_ONCE: Final = 1 << 16  # bytes
_START: Final = child_code("drumbridge.audio.capture_process")


class PortAudioInputs:
    """The inputs that PortAudio knows."""

    def inputs(self) -> list[InputDevice]:
        """Return the inputs that are there now.

        Raises
        ------
        ServerError
            ``device.no_portaudio``, ``device.stuck``.
        """
        return [InputDevice(**device) for device in _ask("list")["inputs"]]

    def about(self) -> tuple[str, list[str]]:
        """Return the version of PortAudio, and the host APIs that it speaks: ASIO, Core Audio, JACK, ALSA, ...

        Raises
        ------
        ServerError
            As `inputs`.
        """
        answer = _ask("about")
        return answer["version"], answer["hosts"]

    def open(
        self, device: InputDevice, *, channels: int, sample_rate: int, block_size: int, patient: bool = False
    ) -> CapturedInput:
        """Begin to record the first `channels` of a device.

        Raises
        ------
        ServerError
            ``device.not_found``, ``device.busy``, ``device.rate``, ``device.channel``, ``device.failed``,
            ``device.no_portaudio``, ``device.stuck``.
        """
        how = {"channels": channels, "sample_rate": sample_rate, "block_size": block_size, "patient": patient}
        process = start_child(
            _START, json.dumps({"do": "record", "name": device.name, "host": device.host, "how": how})
        )
        try:
            answer = _answer(process)
        except BaseException:
            _end(process)
            raise
        return CapturedInput(process, InputDevice(**answer), channels, sample_rate)

    def now_s(self) -> float:
        """Return the time, which is the same in all processes."""
        return time.monotonic()


class CapturedInput:
    """An input that another process records; see `OpenInput`.

    Parameters
    ----------
    process : Popen
        Which has answered.
    device : InputDevice
    channels : int
    sample_rate : int
        Hz.
    """

    in_real_time = True
    ended = False

    def __init__(self, process: subprocess.Popen[bytes], device: InputDevice, channels: int, sample_rate: int) -> None:
        self.device = device
        self.sample_rate = sample_rate
        self._channels = channels
        self._process = process
        self._pipe = _pipe(process)
        self._arrived = b""
        self._at = 0  # where in it the next block begins

    def read(self) -> Captured | None:
        """Wait for what comes next; None once the device is gone or was closed."""
        while (captured := self._parsed()) is None and not self._pipe.closed:
            # All that is there: waiting for Python's lock once for each small block, it would fall behind.
            arrived = self._pipe.read1(_AT_ONCE)  # type: ignore[attr-defined]
            self._arrived = self._arrived[self._at :] + arrived
            self._at = 0
            if not arrived:
                _end(self._process)
        return captured

    def _parsed(self) -> Captured | None:
        """Return the next block of what has arrived, if it is whole."""
        start = self._at + HEADER.size
        if len(self._arrived) < start:
            return None
        size, lost, overflowed, time_s, arrived_s = HEADER.unpack_from(self._arrived, self._at)
        if len(self._arrived) < start + size:
            return None
        self._at = start + size
        audio = np.frombuffer(self._arrived[start : self._at], dtype=np.float32)
        return Captured(audio.reshape(-1, self._channels), time_s, arrived_s, lost, overflowed)

    @property
    def stalled(self) -> bool:
        """Whether it was gone only in that nothing came any more."""
        return self._process.wait() == STALLED

    def close(self) -> None:
        """Let go of the device, and end a `read` that waits."""
        self._process.kill()


def _ask(what: str) -> dict[str, Any]:
    process = start_child(_START, json.dumps({"do": what}))
    try:
        return _answer(process)
    finally:
        _end(process)


def _answer(process: subprocess.Popen[bytes]) -> dict[str, Any]:
    """Return the line that a process answers with."""
    overdue = threading.Timer(_ANSWERS_WITHIN_S, process.kill)
    overdue.daemon = True
    overdue.start()
    line = _pipe(process).readline()
    late = not overdue.is_alive()
    overdue.cancel()
    if not line.endswith(b"\n"):
        why = f"did not answer within {_ANSWERS_WITHIN_S:.0f} s" if late else "crashed"
        raise ServerError("device.stuck", f"The audio driver {why}: plug the device in again, or restart.")
    answer: dict[str, Any] = json.loads(line)
    if "code" in answer:
        raise ServerError(answer["code"], answer["message"])
    return answer


def _pipe(process: subprocess.Popen[bytes]) -> IO[bytes]:
    assert process.stdout is not None
    return process.stdout


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
