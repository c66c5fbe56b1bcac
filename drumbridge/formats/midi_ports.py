"""The machine's MIDI outputs, through mido and python-rtmidi; loaded only when asked.

Conventions: a channel is 1..16, as musicians count; notes are 0..127. Everything but a MIDI port works without
python-rtmidi. ``virtual`` stands for a port of our own, which other programs see as "drumbridge"; Windows has none.
"""

from __future__ import annotations

import sys
from typing import Any, Final

from drumbridge.errors import ServerError, SettingsError

from .midi import CHANNEL

VIRTUAL: Final = "virtual"
DRUMS: Final = CHANNEL + 1  # the channel of drums in General MIDI
_OWN_NAME = "drumbridge"
_ALL_NOTES_OFF = 123


class MidiOutput:
    """A port that notes go to.

    Parameters
    ----------
    port : mido output port
    channel : int
        1..16.
    """

    never_waits = (
        sys.platform != "win32"
    )  # ALSA is opened so; JACK and Core MIDI queue; what a Windows driver does varies

    def __init__(self, port: Any, channel: int = DRUMS) -> None:
        from mido import Message

        self.name = f"MIDI port {port.name}"
        self._port = port
        self._channel = channel - 1
        self._message = Message

    def send(self, note: int, velocity: int) -> None:
        """Play a note, or let it go with velocity 0."""
        kind = "note_on" if velocity else "note_off"
        self._port.send(self._message(kind, channel=self._channel, note=note, velocity=velocity))

    def close(self) -> None:
        """Ask for silence and give the port back."""
        try:
            self._port.send(self._message("control_change", channel=self._channel, control=_ALL_NOTES_OFF, value=0))
        finally:
            self._port.close()


def output_names() -> list[str]:
    """Return the MIDI outputs of this machine.

    Raises
    ------
    ServerError
        ``device.no_rtmidi``: python-rtmidi is missing; ``device.no_midi``: the system has no MIDI that works.
    """
    return list(_system().get_output_names())


def find_output(name: str) -> str:
    """Return the output of that name, or the only one whose name has it in it; `VIRTUAL` stays as it is.

    Raises
    ------
    ServerError
        As `output_names`, or ``device.midi_port``: there is no such port, or there are several.
    """
    if name.strip().casefold() == VIRTUAL:
        return VIRTUAL
    ports = output_names()
    found = [port for port in ports if port == name]
    found = found or [port for port in ports if name and name.casefold() in port.casefold()]
    if len(found) != 1:
        known = ", ".join(map(repr, ports)) or "none"
        why = f"{len(found)} MIDI outputs are" if found else "No MIDI output is"
        own = "" if sys.platform == "win32" else f"; {VIRTUAL!r} makes one of our own"
        raise ServerError("device.midi_port", f"{why} called {name!r:.80}; there are: {known}{own}.")
    return found[0]


def open_output(name: str, channel: int = DRUMS) -> MidiOutput:
    """Open an output that `find_output` returned.

    Raises
    ------
    SettingsError
        ``settings.channel``.
    ServerError
        As `output_names`, or ``device.midi_port``: it cannot be opened, or virtual ports are unknown here.
    """
    if not 1 <= channel <= 16:
        raise SettingsError("settings.channel", f"A MIDI channel is 1 to 16, not {channel}.")
    if name == VIRTUAL:
        if sys.platform == "win32":
            raise ServerError(
                "device.midi_port",
                "Windows has no virtual MIDI ports: make one with a program such as loopMIDI, and name that.",
            )
        name, how = _OWN_NAME, {"client_name": _OWN_NAME}
    else:
        how = {}
    try:
        return MidiOutput(_system().open_output(name, **how), channel)
    except ServerError:
        raise
    except Exception as error:  # rtmidi has errors of its own beside OSError
        raise ServerError("device.midi_port", f"MIDI port {name!r} cannot be opened: {error}.") from error


def _system() -> Any:
    """Return the first MIDI system that works here, as a backend of mido: on Linux ALSA or, without it, JACK."""
    import mido

    try:
        import rtmidi  # noqa: F401 (what the next line needs)
        from mido.backends import rtmidi as system
    except ImportError:
        raise ServerError(
            "device.no_rtmidi", "MIDI ports need the package python-rtmidi: pip install python-rtmidi."
        ) from None
    broken = []
    for api in system.get_api_names():
        backend = mido.Backend(f"{system.__name__}/{api}", use_environ=False)
        try:
            backend.get_output_names()
            return backend
        except Exception as error:  # rtmidi has errors of its own
            broken.append(f"{api}: {error}".rstrip("."))
    why = "; ".join(broken) or "python-rtmidi was built without one"
    raise ServerError("device.no_midi", f"This machine has no MIDI system that works ({why}).")
