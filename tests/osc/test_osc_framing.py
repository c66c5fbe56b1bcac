"""Laws of the two framings."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drumbridge.errors import ProtocolError
from drumbridge.osc.framing import MAX_PACKET, LengthFraming, SlipFraming, framing_of

KINDS = pytest.mark.parametrize("kind", [LengthFraming, SlipFraming])
PACKETS = st.lists(
    st.binary(min_size=1, max_size=30) | st.lists(st.sampled_from([0xC0, 0xDB, 0xDC, 0xDD, 0]), min_size=1).map(bytes)
)


def _fed(decoder, stream: bytes, cuts: list[int]) -> list:
    places = sorted({0, len(stream), *(cut % (len(stream) + 1) for cut in cuts)})
    return [packet for start, end in itertools.pairwise(places) for packet in decoder.feed(stream[start:end])]


@KINDS
@given(packets=PACKETS, cuts=st.lists(st.integers(0, 500)))
def test_packets_survive_any_cutting(kind, packets, cuts):
    assert _fed(kind(), b"".join(map(kind.frame, packets)), cuts) == packets


@KINDS
@given(stream=st.binary(max_size=200), cuts=st.lists(st.integers(0, 200)))
def test_random_bytes_give_packets_or_errors_however_cut(kind, stream, cuts):
    whole = kind().feed(stream)
    assert all(isinstance(packet, bytes | ProtocolError) for packet in whole)
    assert [str(p) for p in _fed(kind(), stream, cuts)] == [str(p) for p in whole]


def test_slip_finds_its_place_again_after_a_damaged_packet():
    stream = SlipFraming.frame(b"one") + b"\xdbx\xc0" + SlipFraming.frame(b"two")
    one, damaged, two = SlipFraming().feed(stream)
    assert (one, two) == (b"one", b"two")
    assert isinstance(damaged, ProtocolError)
    assert damaged.code == "osc.framing"


@pytest.mark.parametrize("length", [MAX_PACKET + 1, -1])
def test_a_length_that_makes_no_sense_ends_the_stream(length):
    decoder = LengthFraming()
    (error,) = decoder.feed(length.to_bytes(4, "big", signed=True) + b"abcd")
    assert error.code == "osc.framing"
    assert decoder.broken
    assert decoder.feed(LengthFraming.frame(b"late")) == []


def test_the_longest_packet_passes_and_one_more_byte_does_not():
    longest = b"\xc0" * MAX_PACKET  # each byte becomes two
    assert SlipFraming().feed(SlipFraming.frame(longest)) == [longest]
    assert LengthFraming().feed(LengthFraming.frame(longest)) == [longest]
    for too_long in (longest + b"\xc0", longest + b"a", b"a" * (3 * MAX_PACKET)):
        decoder = SlipFraming()
        error, after = decoder.feed(SlipFraming.frame(too_long) + SlipFraming.frame(b"after"))
        assert error.code == "osc.framing"
        assert after == b"after"


def test_endless_slip_is_not_kept():
    decoder = SlipFraming()
    for _ in range(64):
        assert decoder.feed(b"a" * 65536) == []
    assert len(decoder._pending) <= 2 * MAX_PACKET


@pytest.mark.parametrize(
    ("packet", "kind"),
    [(b"/a\0\0,\0\0\0", SlipFraming), (b"#bundle\0" + bytes(8), SlipFraming), (b"/a\0\0,\0\0\0", LengthFraming)],
)
def test_the_first_byte_shows_the_framing(packet, kind):
    assert isinstance(framing_of(kind.frame(packet)[0]), kind)
    if kind is SlipFraming:
        assert isinstance(framing_of(packet[0]), kind)  # without an END before the first packet


@pytest.mark.parametrize("first", [b"G", b"\xff", b"\1"])
def test_other_protocols_are_told_apart(first):
    with pytest.raises(ProtocolError, match=r"neither OSC 1\.0"):
        framing_of(first[0])
