"""PortAudio (sounddevice), loaded only when asked: the machine's audio inputs, and one of them opened.

Conventions: as in `drumbridge.audio.devices`. Everything but live input works without PortAudio. A list of devices is
that of when PortAudio was loaded: a fresh one needs a fresh process, see `drumbridge.audio.capture`.
"""

from __future__ import annotations

import os
import sys
import time
from typing import Any, Final

from drumbridge.errors import ServerError

from .block_queue import BlockQueue
from .devices import InputDevice

_ROOM_S: Final = 2.0  # of audio that may wait
_BAD_RATE, _BAD_CHANNELS, _UNAVAILABLE = -9997, -9998, -9985  # PaErrorCode


def input_devices() -> list[InputDevice]:
    """Return the audio inputs of this machine, often none on a server.

    Raises
    ------
    ServerError
        ``device.no_portaudio``: the PortAudio library is missing or broken.
    """
    backend = _sounddevice()
    try:
        hosts = backend.query_hostapis()
        default = backend.default.device[0]
        return [
            InputDevice(
                index=index,
                name=device["name"],
                host=hosts[device["hostapi"]]["name"],
                channels=device["max_input_channels"],
                sample_rate=round(device["default_samplerate"]),
                is_default=index == default,
            )
            for index, device in enumerate(backend.query_devices())
            if device["max_input_channels"] > 0
        ]
    except backend.PortAudioError as error:
        raise ServerError("device.no_portaudio", f"PortAudio does not answer: {error}.") from error


def host_apis() -> list[str]:
    """Return the names of the host APIs that this PortAudio speaks: ASIO, WASAPI, Core Audio, JACK, ALSA, ...

    Raises
    ------
    ServerError
        ``device.no_portaudio``: the PortAudio library is missing or broken.
    """
    return [host["name"] for host in _sounddevice().query_hostapis()]


def portaudio_version() -> str:
    """Return the version of the PortAudio library.

    Raises
    ------
    ServerError
        ``device.no_portaudio``: the PortAudio library is missing or broken.
    """
    return str(_sounddevice().get_portaudio_version()[1])


class Recording:
    """A device that is recorded from, into a queue.

    Parameters
    ----------
    device : InputDevice
        As `input_devices` of this process lists it.
    channels : int
        The first so many of it.
    sample_rate : int
        Hz.
    block_size : int
        Samples of each block.
    patient : bool
        Whether to ask for a long buffer, which is steadier, and not for a short one.

    Raises
    ------
    ServerError
        ``device.busy``, ``device.rate``, ``device.channel``, ``device.failed``.

    Attributes
    ----------
    queue : BlockQueue
    """

    def __init__(
        self, device: InputDevice, *, channels: int, sample_rate: int, block_size: int, patient: bool = False
    ) -> None:
        backend = _sounddevice()
        slots = max(8, round(_ROOM_S * sample_rate / block_size))
        self.queue = BlockQueue(slots, block_size, channels)
        put, monotonic = self.queue.put, time.monotonic

        def callback(audio: Any, n: int, times: Any, status: Any) -> None:
            # Copies and returns: whatever waits, logs or computes here costs audio.
            arrived_s = monotonic()
            recorded_s = times.inputBufferAdcTime
            put(memoryview(audio), recorded_s if recorded_s > 0 else arrived_s, arrived_s, status.input_overflow)

        try:
            self._stream = backend.RawInputStream(
                device=device.index,
                channels=channels,
                samplerate=sample_rate,
                blocksize=block_size,
                dtype="float32",
                latency="high" if patient else "low",
                callback=callback,
            )
            self._stream.start()
        except backend.PortAudioError as error:
            raise _refusal(device, channels, sample_rate, error) from error

    @property
    def active(self) -> bool:
        """Whether PortAudio believes that more will come."""
        try:
            return bool(self._stream.active)
        except Exception:  # PortAudioError: it says so by failing
            return False


def _refusal(device: InputDevice, channels: int, sample_rate: int, error: Any) -> ServerError:
    text, number = str(error.args[0]), error.args[1] if len(error.args) > 1 else 0
    if number == _BAD_RATE:
        return ServerError(
            "device.rate",
            f"{device.name} does not run at {sample_rate} Hz now; its own rate is {device.sample_rate} Hz.",
        )
    if number == _BAD_CHANNELS:
        return ServerError("device.channel", f"{device.name} cannot be opened with {channels} channels.")
    if number == _UNAVAILABLE:
        return ServerError("device.busy", f"{device.name} is in use by another program: close it there.")
    return ServerError("device.failed", f"{device.name} ({device.host}) cannot be opened: {text}.")


def _sounddevice() -> Any:
    if sys.platform == "win32":
        os.environ.setdefault("SD_ENABLE_ASIO", "1")  # the wheel has two libraries; this one speaks ASIO too
    try:
        import sounddevice
    except OSError as error:  # what it raises where it finds no library
        raise ServerError(
            "device.no_portaudio", f"Live input needs the PortAudio library: {_how_to_install()}."
        ) from error
    except ImportError as error:
        raise ServerError("device.no_portaudio", "Live input needs sounddevice: pip install sounddevice.") from error
    return sounddevice


def _how_to_install() -> str:
    if sys.platform == "darwin":
        return "brew install portaudio"
    if sys.platform == "win32":
        return "pip install --force-reinstall sounddevice"
    return "apt-get install libportaudio2 (or your system's package of PortAudio)"
