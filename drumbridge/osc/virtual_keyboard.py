"""Notes for REAPER's virtual MIDI keyboard, over OSC: /vkb_midi/<channel>/note/<note> velocity.

Conventions: the channel is 0..15, as in the address. REAPER hears this on the port of a control surface of kind OSC,
with its default pattern file; the track takes "Virtual MIDI keyboard" as its input. Datagrams: nobody answers.
"""

from __future__ import annotations

import ipaddress
import socket

from drumbridge.errors import ServerError, SettingsError
from drumbridge.osc.wire import Message, encode

LOOPBACK = "127.0.0.1"


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

    def __init__(self, port: int, channel: int = 0, host: str = LOOPBACK) -> None:
        if not 0 <= channel <= 15:
            raise SettingsError("settings.channel", f"A channel of the virtual keyboard is 0 to 15, not {channel}.")
        if not 1 <= port <= 65535:
            raise SettingsError("settings.port", f"There is no port {port}; name one of 1..65535.")
        try:
            version = ipaddress.ip_address(host).version
        except ValueError:
            raise SettingsError("settings.host", f"{host!r:.80} is no address like 127.0.0.1.") from None
        self.name = f"virtual keyboard at {host}, port {port}"
        self._addresses = [f"/vkb_midi/{channel}/note/{note}" for note in range(128)]
        self._socket = socket.socket(socket.AF_INET if version == 4 else socket.AF_INET6, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        try:
            self._socket.connect((host, port))
        except OSError as error:
            self._socket.close()
            raise ServerError("server.address", f"{host}, port {port} cannot be reached: {error.strerror}.") from error

    def send(self, note: int, velocity: int) -> None:
        """Play a note, or let it go with velocity 0; ConnectionRefusedError when the one before found nobody."""
        packet = encode(Message(self._addresses[note], "i", (velocity,)))
        try:
            self._socket.send(packet)
        except ConnectionRefusedError:
            self._socket.send(packet)  # it was not sent, for the system told of the one before in its place
            raise

    def close(self) -> None:
        """Give the socket back."""
        self._socket.close()
