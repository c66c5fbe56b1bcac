"""Notes for REAPER's virtual MIDI keyboard, over OSC: /vkb_midi/<channel>/note/<note> velocity.

Conventions: the channel is 0..15, as in the address. REAPER hears this on the port of a control surface of kind OSC,
with its default pattern file; the track takes "Virtual MIDI keyboard" as its input. Datagrams: nobody answers.
"""

from __future__ import annotations

from drumbridge.errors import SettingsError
from drumbridge.osc.wire import Message, encode
from drumbridge.ports import LOOPBACK, send_datagram, sending


class VirtualKeyboard:
    """A port that notes go to.

    Parameters
    ----------
    port : int
        UDP port that REAPER listens on, 1..65535.
    channel : int
        0..15.
    host : str
        Its address, as numbers.

    Raises
    ------
    SettingsError
        ``settings.channel``, ``settings.port`` or ``settings.host``.
    ServerError
        ``server.address``: this machine does not reach there.
    """

    never_waits = True  # its socket does not block

    def __init__(self, port: int, channel: int = 0, host: str = LOOPBACK) -> None:
        if not 0 <= channel <= 15:
            raise SettingsError("settings.channel", f"A channel of the virtual keyboard is 0 to 15, not {channel}.")
        self.name = f"virtual keyboard at {host}, port {port}"
        self._addresses = [f"/vkb_midi/{channel}/note/{note}" for note in range(128)]
        self._socket = sending(host, port)

    def send(self, note: int, velocity: int) -> None:
        """Play a note, or let it go with velocity 0; ConnectionRefusedError when the one before found nobody."""
        send_datagram(self._socket, encode(Message(self._addresses[note], "i", (velocity,))))

    def close(self) -> None:
        """Give the socket back."""
        self._socket.close()
