"""Notes for a ReaStream that receives, in front of a sampler on a track in REAPER.

Conventions: the channel is 1..16. A datagram holds one note and is due at once, so nothing waits for the host's block.
Nobody answers: a note that finds no ReaStream is lost silently unless the system tells of it.
"""

from __future__ import annotations

from drumbridge.daw.reastream import DEFAULT_IDENTIFIER, midi_packet
from drumbridge.errors import SettingsError
from drumbridge.ports import LOOPBACK, REASTREAM_PORT, send_datagram, sending

DRUMS = 10  # the channel of drums in General MIDI


class ReaStreamNotes:
    """A port that notes go to.

    Parameters
    ----------
    identifier : str
        Of the ReaStream that shall play them.
    channel : int
        1..16.
    host : str
        Address of REAPER's machine, as numbers.
    port : int

    Raises
    ------
    SettingsError
        ``settings.identifier``, ``settings.channel``, ``settings.host`` or ``settings.port``.
    ServerError
        ``server.address``: this machine does not reach there.
    """

    never_waits = True  # its socket does not block

    def __init__(
        self,
        identifier: str = DEFAULT_IDENTIFIER,
        channel: int = DRUMS,
        host: str = LOOPBACK,
        port: int = REASTREAM_PORT,
    ) -> None:
        midi_packet(identifier, ())  # complains now rather than at the first note
        if not 1 <= channel <= 16:
            raise SettingsError("settings.channel", f"A MIDI channel is 1 to 16, not {channel}.")
        self.name = f"ReaStream {identifier} at {host}, port {port}"
        self._identifier = identifier
        self._channel = channel - 1
        self._socket = sending(host, port)

    def send(self, note: int, velocity: int) -> None:
        """Play a note, or let it go with velocity 0; ConnectionRefusedError when the one before found nobody."""
        status = (0x90 if velocity else 0x80) | self._channel
        send_datagram(self._socket, midi_packet(self._identifier, [bytes((status, note, velocity))]))

    def close(self) -> None:
        """Give the socket back."""
        self._socket.close()
