"""The machine's audio inputs, through PortAudio (sounddevice); loaded only when asked.

Conventions: an index is PortAudio's own; rates are in Hz. Everything but live input works without PortAudio.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

from drumbridge.errors import ServerError


@dataclass(frozen=True)
class InputDevice:
    """One device that audio can be taken from."""

    index: int
    name: str
    host: str  # ALSA, JACK Audio Connection Kit, Core Audio, ASIO, ...
    channels: int
    sample_rate: int  # its default
    is_default: bool


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


def portaudio_version() -> str:
    """Return the version of the PortAudio library.

    Raises
    ------
    ServerError
        ``device.no_portaudio``: the PortAudio library is missing or broken.
    """
    return str(_sounddevice().get_portaudio_version()[1])


def _sounddevice() -> Any:
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
