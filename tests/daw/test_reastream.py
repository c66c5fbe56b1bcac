"""Laws of ReaStream's packets."""

import contextlib
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drumbridge.daw.reastream import MAX_DATA, AudioPacket, MidiPacket, audio_packets, midi_packet, parse
from drumbridge.errors import ProtocolError, SettingsError

NAMES = st.text(st.characters(blacklist_characters="\0", blacklist_categories=("Cs",)), min_size=1, max_size=7)
MESSAGES = st.lists(st.binary(min_size=3, max_size=3), max_size=5)


@st.composite
def blocks(draw):
    n, channels, seed = draw(st.integers(1, 500)), draw(st.integers(1, 64)), draw(st.integers(0, 1 << 32))
    return np.random.default_rng(seed).uniform(-1, 1, (n, channels)).astype(np.float32)


@given(name=NAMES, rate=st.integers(1, 1 << 30), block=blocks())
def test_a_block_comes_back_from_its_packets_and_none_is_too_long(name, rate, block):
    packets = list(audio_packets(name, rate, block))
    assert all(len(packet) <= 47 + MAX_DATA for packet in packets)
    parsed = [parse(packet) for packet in packets]
    assert {(p.identifier, p.sample_rate) for p in parsed} == {(name, rate)}
    assert np.array_equal(np.concatenate([p.block for p in parsed]), block)


def test_the_bytes_are_those_of_the_document():
    (packet,) = audio_packets("default", 48000, np.array([[1.0, 0.5], [-1.0, 0.25]]))
    assert packet == (
        b"MRSR" + struct.pack("<i", 47 + 16) + b"default".ljust(32, b"\0") + b"\2" + struct.pack("<ih", 48000, 16)
        + struct.pack("<4f", 1.0, -1.0, 0.5, 0.25)
    )  # fmt: skip
    event = struct.pack("<6i", 1, 24, 0, 0, 0, 0) + b"\x99\x24\x64" + bytes(5)
    assert (
        midi_packet("default", [b"\x99\x24\x64"])
        == b"mRSR" + struct.pack("<i", 72) + b"default".ljust(32, b"\0") + event
    )


@given(name=NAMES, messages=MESSAGES)
def test_messages_come_back(name, messages):
    assert parse(midi_packet(name, messages)) == MidiPacket(name, tuple(messages))


@given(MESSAGES)
def test_events_of_the_documents_own_form_are_understood_and_other_types_passed_over(messages):
    events = b"".join(
        struct.pack("<6i", 1, 30, 0, 0, 0, 0) + message + bytes(3) + struct.pack("<ii", 7, 11) + b"abc"
        for message in messages
    )
    packet = b"mRSR" + struct.pack("<i", 40 + len(events)) + bytes(32) + events
    assert parse(packet).messages == tuple(messages)


@given(
    blocks(),
    MESSAGES,
    st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), max_size=4),
    st.integers(0, 2000),
)
def test_mutated_packets_raise_nothing_but_the_protocol_error(block, messages, changes, length):
    for packet in (next(audio_packets("default", 44100, block)), midi_packet("default", messages)):
        mutated = bytearray(packet[:length])
        for at, byte in changes if mutated else ():
            mutated[at % len(mutated)] = byte
        with contextlib.suppress(ProtocolError):
            assert isinstance(parse(bytes(mutated)), AudioPacket | MidiPacket)


def audio(channels=1, n_bytes=4, size=None, data=b"\0" * 4, start=b"MRSR"):
    size = 47 + n_bytes if size is None else size
    return start + struct.pack("<i", size) + bytes(32) + struct.pack("<Bih", channels, 44100, n_bytes) + data


@pytest.mark.parametrize(
    ("packet", "match"),
    [
        (b"", "begins with b''"),
        (b"MRSR", "4 bytes"),
        (audio(start=b"RSRM"), "RSRM"),
        (audio(channels=0), "channels, not 0"),
        (audio(channels=65), "channels, not 65"),
        (audio(channels=3), "no whole samples of 3 channels"),
        (audio(n_bytes=8), "claims 55 bytes"),
        (audio(size=50), "claims 50 bytes"),
        (audio(n_bytes=-4), "claims 43 bytes"),
        (audio(n_bytes=1204, data=bytes(1204)), "1200 are the most"),
        (audio(data=bytes(65460)), "has 65507"),
        (b"mRSR" + struct.pack("<i", 40) + bytes(31), "39 bytes"),
        (b"mRSR" + struct.pack("<i", 45) + bytes(37), "event of 5 bytes"),
        (b"mRSR" + struct.pack("<i", 48) + bytes(32) + struct.pack("<ii", 1, 8), "claims 8 bytes"),
        (b"mRSR" + struct.pack("<i", 48) + bytes(32) + struct.pack("<ii", 9, 0), "claims 0 bytes"),
        (b"mRSR" + struct.pack("<i", 48) + bytes(32) + struct.pack("<ii", 9, -8), "claims -8 bytes"),
    ],
)
def test_a_packet_that_makes_no_sense_says_why(packet, match):
    with pytest.raises(ProtocolError, match=match):
        parse(packet)


@pytest.mark.parametrize("name", ["", "a" * 32, "ü" * 16, "a\0b"])
def test_an_identifier_that_does_not_fit_is_refused(name):
    with pytest.raises(SettingsError, match="1 to 31 bytes") as caught:
        midi_packet(name, [])
    assert caught.value.code == "settings.identifier"
