"""A file as if it were an audio interface: it plays in real time or faster, and can be unplugged.

Conventions: as in `drumbridge.audio.devices`. The index of a file is its place among those that were given, and
its name is that of the file. Time is a count of samples that have been played, so nothing here depends on how busy the
machine is; in real time it waits for its own clock.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from drumbridge.errors import ServerError

from .devices import Captured, InputDevice
from .files import open_audio

HOST = "file"


class RecordedInputs:
    """Files as inputs.

    Parameters
    ----------
    paths : path-like
    speed : float, optional
        1 is real time; None as fast as they are heard, and then `now_s` tells the time of the recording.

    Raises
    ------
    AudioError
        A file cannot be read.
    """

    def __init__(self, *paths: str | os.PathLike[str], speed: float | None = 1.0) -> None:
        self._paths = [Path(path) for path in paths]
        self._speed = speed
        self._began_s = time.monotonic()
        self._played_s = 0.0  # the time that has passed for who plays as fast as they are heard
        self._there = True
        self._open: list[RecordedInput] = []
        for path in self._paths:
            with open_audio(path):
                pass

    def inputs(self) -> list[InputDevice]:
        """Return the files, none while they are unplugged."""
        return [self._device(index) for index in range(len(self._paths))] if self._there else []

    def open(
        self, device: InputDevice, *, channels: int, sample_rate: int, block_size: int, patient: bool = False
    ) -> RecordedInput:
        """Begin to play a file from its start.

        Raises
        ------
        ServerError
            ``device.not_found``, ``device.rate``, ``device.channel``.
        """
        if not self._there or not 0 <= device.index < len(self._paths):
            raise ServerError("device.not_found", f"{device.name} is not there.")
        if sample_rate != device.sample_rate:
            raise ServerError(
                "device.rate", f"{device.name} runs at {device.sample_rate} Hz and not at {sample_rate} Hz."
            )
        if not 1 <= channels <= device.channels:
            raise ServerError("device.channel", f"{device.name} has {device.channels} channels, not {channels}.")
        opened = RecordedInput(self, device, self._paths[device.index], channels, block_size)
        self._open.append(opened)
        return opened

    def now_s(self) -> float:
        """Return the time of this system, seconds: in real time the clock of this computer."""
        if self._speed is None:
            return self._played_s
        return self._began_s + (time.monotonic() - self._began_s) * self._speed

    def unplug(self) -> None:
        """Take all devices away; who reads is told that they are gone."""
        self._there = False
        for opened in self._open:
            opened.close()
        self._open.clear()

    def plug(self, after_s: float = 0.0) -> None:
        """Bring them back, after a time if nothing else makes it pass."""
        self._played_s += after_s
        self._there = True

    def wait_until(self, time_s: float, ended: threading.Event) -> bool:
        """Wait until it is so late, or (in no real time) make it so; return whether that came before `ended`."""
        if self._speed is None:
            self._played_s = max(self._played_s, time_s)
            return not ended.is_set()
        return not ended.wait(max(0.0, (time_s - self.now_s()) / self._speed))

    @property
    def in_real_time(self) -> bool:
        """Whether it goes on while nobody reads."""
        return self._speed is not None

    def _device(self, index: int) -> InputDevice:
        with open_audio(self._paths[index]) as file:
            return InputDevice(index, self._paths[index].name, HOST, file.channels, file.sample_rate, index == 0)


class RecordedInput:
    """One file that plays; see `OpenInput`.

    Parameters
    ----------
    system : RecordedInputs
    device : InputDevice
    path : Path
    channels, block_size : int
    """

    stalled = False

    def __init__(self, system: RecordedInputs, device: InputDevice, path: Path, channels: int, block_size: int) -> None:
        self.device = device
        self.sample_rate = device.sample_rate
        self.in_real_time = system.in_real_time
        self.ended = False
        self._system = system
        self._closed = threading.Event()
        self._channels = channels
        self._block_size = block_size
        self._began_s = system.now_s()
        self._position = 0
        self._blocks = self._read(path)
        self._due: list[tuple[int, bool]] = []

    def lose(self, n: int, *, reported: bool = True) -> None:
        """Drop the next `n` samples, up to whole blocks, as a driver does in an xrun; `reported` if it says so."""
        self._due.append((n, reported))

    def read(self) -> Captured | None:
        """Wait for what comes next; None once the file is over, was unplugged or closed."""
        overflowed = False
        while self._due:
            n, reported = self._due.pop(0)
            overflowed |= reported
            while n > 0 and (block := next(self._blocks, None)) is not None:
                n -= len(block)
                self._position += len(block)
        if self._closed.is_set():
            return None
        block = next(self._blocks, None)
        if block is None:
            self.ended = True
            return None
        recorded_s = self._began_s + self._position / self.sample_rate
        self._position += len(block)
        arrives_s = self._began_s + self._position / self.sample_rate
        if not self._system.wait_until(arrives_s, self._closed):
            return None
        return Captured(block, recorded_s, self._system.now_s(), 0, overflowed)

    def close(self) -> None:
        """End a `read` that waits."""
        self._closed.set()

    def _read(self, path: Path) -> Iterator[np.ndarray]:
        with open_audio(path) as file:
            for block in file.blocks(self._block_size):
                yield np.ascontiguousarray(block[:, : self._channels])
