"""Laws of the codec, and python-osc as a second opinion."""

import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pythonosc.osc_bundle import OscBundle
from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder

from drumbridge.errors import ProtocolError
from drumbridge.osc.addresses import REPLIES, REQUESTS
from drumbridge.osc.wire import IMMEDIATELY, IMPULSE, MAX_DEPTH, Bundle, Message, decode, encode

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
VALUES = {
    "i": st.integers(-(1 << 31), (1 << 31) - 1),
    "h": st.integers(-(1 << 63), (1 << 63) - 1),
    "t": st.integers(0, (1 << 64) - 1),
    "r": st.integers(0, (1 << 32) - 1),
    "f": st.floats(width=32, allow_nan=False),
    "d": st.floats(allow_nan=False),
    "s": TEXT,
    "S": TEXT,
    "b": st.binary(max_size=40),
    "c": st.characters(max_codepoint=127),
    "m": st.binary(min_size=4, max_size=4),
    "T": st.just(True),
    "F": st.just(False),
    "N": st.just(None),
    "I": st.just(IMPULSE),
}
ADDRESSES = st.sampled_from([row.address for row in (*REQUESTS, *REPLIES)]) | st.from_regex(
    r"/[!-~]{0,20}", fullmatch=True
)


def _joined(parts: list[tuple[str, object]]) -> tuple[str, tuple]:
    return "".join(tags for tags, _ in parts), tuple(value for _, value in parts)


def _arguments(tags: str) -> st.SearchStrategy[tuple[str, tuple]]:
    one = st.sampled_from(tags).flatmap(lambda tag: st.tuples(st.just(tag), VALUES[tag]))
    array = st.recursive(
        one, lambda inner: st.lists(inner, max_size=3).map(_joined).map(lambda a: (f"[{a[0]}]", a[1])), max_leaves=6
    )
    return st.lists(array, max_size=8).map(_joined)


MESSAGES = st.tuples(ADDRESSES, _arguments("".join(VALUES))).map(lambda m: Message(m[0], *m[1]))
BUNDLES = st.recursive(
    MESSAGES,
    lambda inner: st.builds(Bundle, st.integers(0, (1 << 64) - 1), st.lists(inner, max_size=3).map(tuple)),
    max_leaves=6,
)


@given(BUNDLES)
def test_what_is_written_is_read_back(element):
    packet = encode(element)
    assert len(packet) % 4 == 0
    assert decode(packet) == element


@given(st.binary(max_size=80) | st.binary(max_size=60).map(lambda b: b"/a\0\0,ifs[b]mc\0\0\0" + b))
def test_random_bytes_are_read_or_refused(packet):
    element = _read(packet)
    assert element is None or _same(decode(encode(element)), element)


@given(BUNDLES.map(encode), st.data())
def test_damaged_packets_are_read_or_refused(packet, data):
    at = data.draw(st.integers(0, len(packet) - 1))
    damaged = packet[:at] + data.draw(st.binary(max_size=4)) + packet[at + data.draw(st.integers(0, 4)) :]
    _read(damaged)


@given(ADDRESSES, _arguments("ifhdsbTFN"))
def test_python_osc_reads_what_we_write(address, arguments):
    theirs = OscMessage(encode(Message(address, *arguments)))
    assert theirs.address == address
    assert theirs.params == _listed(arguments[1])


@given(ADDRESSES, st.lists(st.sampled_from("ifhdsbr").flatmap(lambda tag: st.tuples(st.just(tag), VALUES[tag]))))
def test_we_read_what_python_osc_writes(address, arguments):
    arguments = [(tag, value) for tag, value in arguments if value != b""]  # it refuses to write an empty blob
    builder = OscMessageBuilder(address)
    for tag, value in arguments:
        builder.add_arg(value, tag)
    assert decode(builder.build().dgram) == Message(address, *_joined(arguments))


@given(st.lists(st.builds(lambda a, arguments: Message(a, *arguments), ADDRESSES, _arguments("ifhdsbTFN")), max_size=4))
def test_python_osc_reads_our_bundles(messages):
    theirs = OscBundle(encode(Bundle(IMMEDIATELY, tuple(messages))))
    assert [(m.address, m.params) for m in theirs] == [(m.address, _listed(m.arguments)) for m in messages]


def test_the_bytes_of_the_specification():
    # The two examples of "OSC 1.0, Examples of messages".
    oscillator = b"/oscillator/4/frequency\0,f\0\0\x43\xdc\0\0"
    assert decode(oscillator) == Message("/oscillator/4/frequency", "f", (440.0,))
    assert encode(Message("/oscillator/4/frequency", "f", (440.0,))) == oscillator
    foo = b"/foo\0\0\0\0,iisff\0\0\0\0\x03\xe8\xff\xff\xff\xffhello\0\0\0\x3f\x9d\xf3\xb6\x40\xb5\xb2\x2d"
    read = decode(foo)
    assert read.arguments[:3] == (1000, -1, "hello")
    assert read.arguments[3:] == pytest.approx((1.234, 5.678))
    assert encode(read) == foo


def test_a_message_may_end_after_its_address():
    assert decode(b"/a\0\0") == Message("/a", "", ())


def test_nan_survives():
    (value,) = decode(encode(Message("/a", "f", (math.nan,)))).arguments
    assert math.isnan(value)


@pytest.mark.parametrize(
    ("packet", "why"),
    [
        (b"", "empty"),
        (b"hello!!!", "starts neither"),
        (b"/a\0", "multiple of 4"),
        (b"/abc", "do not end"),
        (b"/a\0\0,i\0\0\0\0\0", "multiple of 4"),
        (b"/a\0\0,i\0\0", "take 4 bytes, not 0"),
        (b"/a\0\0,i\0\0\0\0\0\1\0\0\0\2", "take 4 bytes, not 8"),
        (b"/a\0\0,is\0\0\0\0\1", "does not end"),
        (b"/a\0\0i\0\0\0\0\0\0\1", "comma"),
        (b"/a\0\0,x\0\0", "unknown type tag 'x'"),
        (b"/a\0\0,s\0\0a\0b\0", "padded with zeros"),
        (b"/a\0b,i\0\0\0\0\0\1", "padded with zeros"),
        (b"/a\0\0,s\0\0\xff\xfe\0\0", "not UTF-8"),
        (b"/\xc3\xa4\0,\0\0\0", "printable ASCII"),
        (b"/a\0\0,b\0\0\0\0\0\x09abcd", "claims 9 bytes of 4"),
        (b"/a\0\0,b\0\0\xff\xff\xff\xffabcd", "claims -1 bytes"),
        (b"/a\0\0,b\0\0\0\0\0\1abcd", "padded with zeros"),
        (b"/a\0\0,[i\0\0\0\0\1", "does not end"),
        (b"/a\0\0,i]\0\0\0\0\1", "did not start"),
        (b"/a\0\0," + b"[" * 17 + b"]" * 17 + b"\0", "nested deeper"),
        (b"/a\0\0,m\0\0", "ends within"),
        (b"/a\0\0,c\0\0\0\0\1\0", "not ASCII"),
        (b"#bundle\0\0\0\0\0", "time tag"),
        (b"#bundle\0\0\0\0\0\0\0\0\1\0\0\0\5/a\0\0", "claims 5 bytes"),
        (b"#bundle\0\0\0\0\0\0\0\0\1\0\0\0\0", "claims 0 bytes"),
        (b"#bundle\0\0\0\0\0\0\0\0\1\0\0", "size of an element"),
        (b"#bundle\0\0\0\0\0\0\0\0\1\0\0\0\4abcd", "starts neither"),
    ],
)
def test_what_is_not_osc_is_refused_with_a_reason(packet, why):
    with pytest.raises(ProtocolError, match=why):
        decode(packet)


def test_bundles_nest_only_so_deep():
    def nested(depth: int) -> bytes:
        packet = b"/a\0\0,\0\0\0"
        for _ in range(depth):
            packet = b"#bundle\0" + struct.pack(">Qi", 1, len(packet)) + packet
        return packet

    assert [m.address for m in decode(nested(MAX_DEPTH)).messages()] == ["/a"]
    with pytest.raises(ProtocolError, match="nested deeper"):
        decode(nested(MAX_DEPTH + 1))


@pytest.mark.parametrize(
    ("tags", "arguments"),
    [
        ("i", (1 << 31,)), ("i", (1.5,)), ("i", ("1",)), ("i", ()), ("i", (1, 2)), ("f", (1e39,)), ("s", (1,)),
        ("s", ("a\0b",)), ("s", ("\ud800",)), ("b", ("text",)), ("c", ("ä",)), ("c", ("ab",)), ("m", (b"abc",)),
        ("T", (False,)), ("[i]", ((1, 2),)), ("[i", ((1,),)), ("i]", (1,)), ("[i]", (1,)), ("is", (1,)),
        ("s", ("a", "b")), ("x", (1,)), ("[" * 17 + "]" * 17, ((),)),
    ],
)  # fmt: skip
def test_what_does_not_fit_its_tag_is_not_written(tags, arguments):
    with pytest.raises(ProtocolError):
        encode(Message("/a", tags, arguments))


@pytest.mark.parametrize("address", ["", "a", "/ä", "/a\n", "/a\0"])
def test_what_is_no_address_is_not_written(address):
    with pytest.raises(ProtocolError, match="not an OSC address"):
        encode(Message(address))


def _read(packet: bytes) -> Message | Bundle | None:
    """Return what the packet holds, None when it is refused; anything else escapes."""
    try:
        return decode(packet)
    except ProtocolError:
        return None


def _listed(values: tuple) -> list:
    return [_listed(value) if isinstance(value, tuple) else value for value in values]


def _same(a: object, b: object) -> bool:
    if isinstance(a, float) and isinstance(b, float):
        return struct.pack(">d", a) == struct.pack(">d", b) or (math.isnan(a) and math.isnan(b))
    if isinstance(a, tuple) and isinstance(b, tuple):
        return len(a) == len(b) and all(map(_same, a, b))
    return a == b
