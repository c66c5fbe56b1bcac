"""The packets of ReaStream, REAPER's effect that sends a track over UDP: no socket, no clock.

Conventions: little-endian; one packet is one datagram. Audio (MRSR) is a block float32 (n, channels), in the packet
channel after channel; a block above `MAX_DATA` bytes travels as several packets. Packets have no number. Events (mRSR)
are MIDI messages of three bytes. An identifier is text of up to 31 bytes; "default" unless the user changes it.

Source: reastream.txt by the author of ReaStream. An event is the VstMidiEvent that it comes from: 32 bytes, of which
the size field counts the 24 behind it, and so it was seen on the wire. The text has the size include everything and
leaves the last two bytes out; events of that form are understood too.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np

from drumbridge.errors import ProtocolError, SettingsError

DEFAULT_IDENTIFIER: Final = "default"
MAX_CHANNELS: Final = 64
MAX_DATA: Final = 1200  # bytes of samples in a packet
MAX_IDENTIFIER: Final = 31  # bytes

_AUDIO = struct.Struct("<4si32sBih")
_MIDI = struct.Struct("<4si32s")
_EVENT = struct.Struct("<iiiiii3sxBBxx")
_DOCUMENTED_EVENT = 30
_IS_MIDI = 1
_SIZE_FIELD = 24  # of an event: what follows the type and the size itself


class AudioPacket(NamedTuple):
    """One packet of audio: `block` float32 (n, channels)."""

    identifier: str
    sample_rate: int
    block: np.ndarray


class MidiPacket(NamedTuple):
    """One packet of MIDI: messages of three bytes."""

    identifier: str
    messages: tuple[bytes, ...]


def parse(packet: bytes) -> AudioPacket | MidiPacket:
    """Return what a datagram says.

    Raises
    ------
    ProtocolError
        ``reastream.malformed``.
    """
    if packet[:4] == b"MRSR":
        return _audio(packet)
    if packet[:4] == b"mRSR":
        return _midi(packet)
    raise _malformed(
        f"A packet of {len(packet)} bytes begins with {packet[:4]!r}; ReaStream's begin with MRSR or mRSR."
    )


def audio_packets(identifier: str, sample_rate: int, block: np.ndarray) -> Iterator[bytes]:
    """Yield a block as ReaStream sends it.

    Parameters
    ----------
    identifier : str
    sample_rate : int
        Hz.
    block : ndarray, float, shape (n, channels)
    """
    name, channels = encoded_identifier(identifier), block.shape[1]
    most = MAX_DATA // (4 * channels)
    for start in range(0, len(block), most):
        data = block[start : start + most].T.astype("<f4").tobytes()
        yield _AUDIO.pack(b"MRSR", _AUDIO.size + len(data), name, channels, sample_rate, len(data)) + data


def midi_packet(identifier: str, messages: Sequence[bytes]) -> bytes:
    """Return MIDI messages of three bytes, all due at once, as a packet."""
    events = b"".join(_EVENT.pack(_IS_MIDI, _SIZE_FIELD, 0, 0, 0, 0, message, 0, 0) for message in messages)
    return _MIDI.pack(b"mRSR", _MIDI.size + len(events), encoded_identifier(identifier)) + events


def encoded_identifier(identifier: str) -> bytes:
    """Return an identifier in its 32 bytes.

    Raises
    ------
    SettingsError
        ``settings.identifier``: it does not fit.
    """
    raw = identifier.encode("utf-8", "replace")
    if not 1 <= len(raw) <= MAX_IDENTIFIER or b"\0" in raw:
        raise SettingsError(
            "settings.identifier",
            f"ReaStream's identifiers have 1 to {MAX_IDENTIFIER} bytes, unlike {identifier!r:.80}.",
        )
    return raw.ljust(32, b"\0")


def _audio(packet: bytes) -> AudioPacket:
    if len(packet) < _AUDIO.size:
        raise _malformed(f"A packet of audio has {len(packet)} bytes, which is less than its header.")
    _, size, name, channels, sample_rate, n_bytes = _AUDIO.unpack_from(packet)
    if size != len(packet) or size != _AUDIO.size + n_bytes:
        raise _malformed(f"A packet of audio claims {size} bytes, {n_bytes} of samples, and has {len(packet)}.")
    if n_bytes > MAX_DATA:
        raise _malformed(f"A packet of audio has {n_bytes} bytes of samples; {MAX_DATA} are the most.")
    if not 1 <= channels <= MAX_CHANNELS:
        raise _malformed(f"A packet of audio has 1 to {MAX_CHANNELS} channels, not {channels}.")
    if n_bytes % (4 * channels):
        raise _malformed(f"{n_bytes} bytes are no whole samples of {channels} channels.")
    planes = np.frombuffer(packet, "<f4", offset=_AUDIO.size).reshape(channels, -1)
    return AudioPacket(_identifier(name), sample_rate, np.ascontiguousarray(planes.T, dtype=np.float32))


def _midi(packet: bytes) -> MidiPacket:
    if len(packet) < _MIDI.size:
        raise _malformed(f"A packet of MIDI has {len(packet)} bytes, which is less than its header.")
    _, size, name = _MIDI.unpack_from(packet)
    if size != len(packet):
        raise _malformed(f"A packet of MIDI claims {size} bytes and has {len(packet)}.")
    messages = []
    at = _MIDI.size
    while at < size:
        if size - at < 8:
            raise _malformed(f"An event of {size - at} bytes is none.")
        kind, length = struct.unpack_from("<ii", packet, at)
        length = _EVENT.size if length == _SIZE_FIELD else length
        if not 8 <= length <= size - at or (kind == _IS_MIDI and length < _DOCUMENTED_EVENT):
            raise _malformed(f"An event claims {length} bytes, and {size - at} are left.")
        if kind == _IS_MIDI:
            messages.append(packet[at + 24 : at + 27])
        at += length
    return MidiPacket(_identifier(name), tuple(messages))


def _identifier(raw: bytes) -> str:
    return raw.split(b"\0")[0].decode("utf-8", "backslashreplace")


def _malformed(sentence: str) -> ProtocolError:
    return ProtocolError("reastream.malformed", sentence)
