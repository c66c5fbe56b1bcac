"""Audio inputs: which there are, which one is meant, and what an open one delivers.

Conventions: an index is PortAudio's own; channels count from 1, as on the case of an interface; rates are in Hz, times
in seconds. `PortAudioInputs` has the machine's own inputs, `RecordedInputs` plays files; both are an `InputSystem`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from drumbridge.errors import ServerError

if TYPE_CHECKING:
    import numpy as np

BLOCK_SIZES: Final = (32, 1024)  # smallest, largest
BLOCK_SIZE: Final = 128  # unless another is asked for: 3 ms at 44.1 kHz

# Where a device is offered by several host APIs (on Windows each one is), the quickest of them.
_HOSTS: Final = ("ASIO", "Windows WASAPI", "Core Audio", "JACK Audio Connection Kit", "ALSA", "PulseAudio")
_NAMED = 12  # devices that an error names


@dataclass(frozen=True)
class InputDevice:
    """One device that audio can be taken from."""

    index: int
    name: str
    host: str  # ALSA, JACK Audio Connection Kit, Core Audio, ASIO, ...
    channels: int
    sample_rate: int  # its default
    is_default: bool


class Captured(NamedTuple):
    """What arrived at once.

    Attributes
    ----------
    audio : ndarray, float32, shape (n, channels)
        All channels that were opened.
    time_s : float
        When its first sample was recorded, by the device's clock.
    arrived_s : float
        When it arrived, by the clock of `InputSystem.now_s`.
    lost : int
        Samples just before it that nobody took in time.
    overflowed : bool
        Whether the device says that it lost some just before it, and not how many.
    """

    audio: np.ndarray
    time_s: float
    arrived_s: float
    lost: int
    overflowed: bool


class OpenInput(Protocol):
    """A device that is being recorded from."""

    device: InputDevice
    sample_rate: int  # Hz
    in_real_time: bool  # whether it goes on while nobody reads
    ended: bool  # once there is no more to come, ever: a file is over

    def read(self) -> Captured | None:
        """Wait for what comes next; None once the device is gone, has ended or was closed."""
        ...

    @property
    def stalled(self) -> bool:
        """Whether it was gone only in that nothing came any more."""
        ...

    def close(self) -> None:
        """End a `read` that waits, and let go of the device; may be called from any thread, also again."""
        ...


class InputSystem(Protocol):
    """Where inputs are found and opened."""

    def inputs(self) -> list[InputDevice]:
        """Return the inputs that are there now."""
        ...

    def open(
        self, device: InputDevice, *, channels: int, sample_rate: int, block_size: int, patient: bool = False
    ) -> OpenInput:
        """Begin to record the first `channels` of a device; a `patient` one may answer later if it then is steadier.

        Raises
        ------
        ServerError
            ``device.*``: why it cannot be.
        """
        ...

    def now_s(self) -> float:
        """Return the time by which inputs are gone and come back, seconds."""
        ...


def find_input(devices: Sequence[InputDevice], wanted: str | int | None = None) -> InputDevice:
    """Return the device that is meant.

    Parameters
    ----------
    devices : sequence of InputDevice
    wanted : str or int, optional
        Index, or name, or a part of ``name, host`` that only one device has; by default the system's own choice.

    Raises
    ------
    ServerError
        ``device.none``, ``device.not_found``, ``device.ambiguous``.
    """
    if not devices:
        raise ServerError("device.none", "There is no audio input here: connect one, or start your sound server.")
    if wanted is None or wanted == "":
        return _default(devices)
    if isinstance(wanted, int):
        found = [device for device in devices if device.index == wanted]
    else:
        name = wanted.strip().casefold()
        found = [device for device in devices if name in (device.name.casefold(), full_name(device).casefold())]
        found = found or [device for device in devices if name in full_name(device).casefold()]
    if not found:
        what = f"has index {wanted}" if isinstance(wanted, int) else f"is called {wanted!r:.80}"
        raise ServerError("device.not_found", f"No audio input {what}; there are: {_listed(devices)}.")
    if len({device.host for device in found}) < len(found):
        raise ServerError("device.ambiguous", f"{wanted!r:.80} may be any of: {_listed(found)}; say more of the name.")
    return min(found, key=_rank)


def full_name(device: InputDevice) -> str:
    """Return the name by which a device is told from its namesakes."""
    return f"{device.name}, {device.host}"


def parse_channels(text: str | int) -> tuple[int, ...]:
    """Return the channels of ``3``, ``1+2`` or ``1,2``; none for 0 and "", which stand for the default.

    Raises
    ------
    ServerError
        ``device.channel``.
    """
    words = str(text).replace(",", "+").split("+") if text not in (0, "", "0") else []
    try:
        channels = tuple(int(word) for word in words)
    except ValueError:
        channels = (0,)
    if any(channel < 1 for channel in channels) or len(set(channels)) < len(channels):
        raise ServerError("device.channel", f"A channel is a number from 1, or several as 1+2, not {text!r:.60}.")
    return channels


def check_channels(device: InputDevice, channels: Sequence[int]) -> tuple[int, ...]:
    """Return the channels to hear: those asked for, else the first two (or the only one).

    Raises
    ------
    ServerError
        ``device.channel``: the device has no such channel.
    """
    if channels and max(channels) > device.channels:
        raise ServerError(
            "device.channel", f"{device.name} has no channel {max(channels)}: its channels are 1 to {device.channels}."
        )
    return tuple(channels) or tuple(range(1, min(2, device.channels) + 1))


def check_block_size(block_size: int) -> None:
    """Raise unless a block has a size that is offered.

    Raises
    ------
    ServerError
        ``device.block_size``.
    """
    smallest, largest = BLOCK_SIZES
    if not smallest <= block_size <= largest:
        raise ServerError("device.block_size", f"A block has {smallest} to {largest} samples, not {block_size}.")


def _rank(device: InputDevice) -> int:
    return _HOSTS.index(device.host) if device.host in _HOSTS else len(_HOSTS)


def _default(devices: Sequence[InputDevice]) -> InputDevice:
    """Return the system's own choice, through the quickest host API that offers it."""
    chosen = next((device for device in devices if device.is_default), None)
    if chosen is None:
        return min(devices, key=_rank)
    # MME, which is Windows' default, cuts names after 31 characters.
    same = [device for device in devices if device.name[:31] == chosen.name[:31]]
    return min(same, key=_rank)


def _listed(devices: Sequence[InputDevice]) -> str:
    names = [f"{device.index} {full_name(device)}" for device in devices[:_NAMED]]
    return "; ".join(names) + (f"; and {len(devices) - _NAMED} more" if len(devices) > _NAMED else "")
