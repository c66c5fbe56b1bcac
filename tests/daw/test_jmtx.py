"""Laws of the parser of jit.net.send's stream."""

import itertools
import math
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drumbridge.daw.jmtx import MAX_DATA, MAX_PLANES, JmtxParser, Matrix, latency_answer, matrix_bytes
from drumbridge.errors import ProtocolError

ORDERS = st.sampled_from("<>")
STEP = {0: 1 / 128, 1: 2.0**-31, 2: 2.0**-24, 3: 2.0**-24}  # how exactly a type holds a sample


@st.composite
def blocks(draw, most=40):
    n, planes = draw(st.integers(1, most)), draw(st.integers(1, MAX_PLANES))
    seed = draw(st.integers(0, 1 << 32))
    return np.random.default_rng(seed).uniform(-1, 1, (n, planes)).astype(np.float32)


@st.composite
def sent(draw):
    """A block with the ways there are to send it."""
    how = {
        "kind": draw(st.integers(0, 3)),
        "order": draw(ORDERS),
        "chunk_order": draw(ORDERS),
        "text": draw(st.booleans()),
    }
    return draw(blocks()), how | {"time_ms": draw(st.floats(allow_nan=False))}


def message(size: int, order: str = ">") -> bytes:
    return b"JMMP" + struct.pack(order + "i", size) + bytes(size)


def fed(stream: bytes, cuts: list[int]) -> list:
    parser = JmtxParser()
    places = sorted({0, len(stream), *(cut % (len(stream) + 1) for cut in cuts)})
    return [found for start, end in itertools.pairwise(places) for found in parser.feed(stream[start:end])]


def plain(found: list) -> list:
    return [(f.block.tolist(), f.time, f.order) if isinstance(f, Matrix) else str(f) for f in found]


@given(sent=st.lists(sent(), max_size=4), cuts=st.lists(st.integers(0, 20000)), skipped=st.integers(0, 500))
def test_what_was_sent_comes_out_however_it_was_cut(sent, cuts, skipped):
    stream = message(skipped).join([b"", *(matrix_bytes(block, **how) for block, how in sent)])
    found = fed(stream, cuts)
    assert len(found) == len(sent)
    for matrix, (block, how) in zip(found, sent, strict=True):
        assert matrix.block.dtype == np.float32
        assert matrix.block.shape == block.shape
        assert np.abs(matrix.block - block).max() <= STEP[how["kind"]]
        assert struct.unpack(how["order"] + "d", matrix.time) == (how["time_ms"],)


@given(st.integers(0, 1 << 32), st.sampled_from([2, 3]), ORDERS, st.booleans(), st.sampled_from([1.0, 1e-3]))
def test_sound_in_the_other_order_than_its_header_is_understood(seed, kind, order, is_16_bit, loudness):
    """Nobody says which order the cells have; the first that can only be sound in one order decides."""
    audio = np.random.default_rng(seed).normal(0, 0.2 * loudness, (256, 2))
    if is_16_bit:
        audio = np.rint(audio * 32768) / 32768
    silence, faint = np.zeros((64, 2)), np.full((64, 2), 1e-12)
    for cell_order in "<>":
        how = {"kind": kind, "order": order, "cell_order": cell_order}
        found = JmtxParser().feed(b"".join(matrix_bytes(block, **how) for block in (silence, audio, audio[:3])))
        assert [matrix.block.shape for matrix in found] == [(64, 2), (256, 2), (3, 2)]
        assert np.allclose(found[1].block, audio, atol=1e-6)
        assert np.allclose(found[2].block, audio[:3], atol=1e-6)
    parser = JmtxParser()
    parser.feed(matrix_bytes(audio, kind=kind, order=order))
    (matrix,) = parser.feed(matrix_bytes(faint, kind=kind, order=order))
    assert np.allclose(matrix.block, faint, atol=0, rtol=1e-3), "once it is known it stays"


@given(sent=sent(), at=st.integers(0, 10**9), byte=st.integers(0, 255), cuts=st.lists(st.integers(0, 20000)))
def test_a_mutated_stream_gives_matrices_or_one_error_at_the_end_however_cut(sent, at, byte, cuts):
    stream = bytearray(matrix_bytes(sent[0], **sent[1]) * 2)
    stream[at % len(stream)] = byte
    whole = JmtxParser().feed(bytes(stream))
    assert all(isinstance(found, Matrix) for found in whole[:-1])
    assert plain(fed(bytes(stream), cuts)) == plain(whole)


@given(st.binary(max_size=700), st.booleans())
def test_random_bytes_raise_nothing(junk, after_a_header):
    parser = JmtxParser()
    found = parser.feed((matrix_bytes(np.zeros((1, 1)))[:8] if after_a_header else b"") + junk)
    assert all(isinstance(f, Matrix | ProtocolError) for f in found)
    assert parser.broken == any(isinstance(f, ProtocolError) for f in found)
    if parser.broken:
        assert parser.feed(matrix_bytes(np.zeros((1, 1)))) == []


@given(dims=st.lists(st.integers(1, 5), min_size=1, max_size=5), planes=st.integers(1, 4), padding=st.integers(0, 20))
def test_rows_may_be_padded_and_there_may_be_any_number_of_dimensions(dims, planes, padding):
    """The cells of jit.catch~ with a frame size: each row starts at a multiple of 16 bytes, say."""
    strides = [4 * planes]
    for dim in dims[:-1]:
        strides.append(strides[-1] * dim + 4 * padding)
    size = strides[-1] * dims[-1]
    data, expected = np.zeros(size // 4, ">f4"), []
    for k, place in enumerate(itertools.product(*(range(dim) for dim in dims[::-1]))):
        start = sum(stride * p for stride, p in zip(strides, place[::-1], strict=True)) // 4
        expected.append([k + 100 * plane for plane in range(planes)])
        data[start : start + planes] = expected[-1]
    stream = header(planes=planes, dims=dims, strides=strides, size=size) + data.tobytes()
    (matrix,) = JmtxParser().feed(stream)
    assert matrix.block.tolist() == expected


def header(
    *, planes=1, kind=2, dims=(64,), strides=(4,), size=256, n_dims=None, chunk_size=288, chunk_id=b"JMTX"
) -> bytes:
    fields = struct.pack(">3i", planes, kind, len(dims) if n_dims is None else n_dims)
    fields += struct.pack(f">{len(dims)}i", *dims).ljust(128, b"\0") + struct.pack(f">{len(strides)}i", *strides).ljust(
        128, b"\0"
    )
    return (
        chunk_id
        + struct.pack("<i", chunk_size)
        + b"JMTX"
        + struct.pack(">i", 288)
        + fields
        + struct.pack(">id", size, 0.0)
    )


@pytest.mark.parametrize(
    ("wrong", "match"),
    [
        ({"planes": 0}, "1 to 32 planes .*, not 0"),
        ({"planes": 1000}, "not 1000"),
        ({"planes": -1}, "not -1"),
        ({"n_dims": 0}, "dimensions, not 1 and 0"),
        ({"n_dims": 33}, "not 1 and 33"),
        ({"kind": 4}, "type 4"),
        ({"kind": -1}, "type -1"),
        ({"size": -1}, "claims -1 bytes"),
        ({"size": 0}, "claims 0 bytes"),
        ({"size": MAX_DATA + 1}, "claims 4194305 bytes"),
        ({"dims": (0,)}, "0 cells"),
        ({"dims": (-5,)}, "-5 cells"),
        ({"dims": (1 << 30, 1 << 30), "strides": (4, 8)}, "1073741824x1073741824 cells"),
        ({"dims": (65,)}, "take 260 bytes"),
        ({"dims": (32,), "strides": (0,)}, "dimstride of 0"),
        ({"dims": (32,), "strides": (-4,)}, "dimstride of -4"),
        ({"dims": (4, 4), "strides": (4, 12)}, "dimstride of 12"),
        ({"chunk_size": 289}, "288 bytes"),
        ({"chunk_id": b"JMLP"}, "JMLP"),
    ],
)
def test_a_header_that_makes_no_sense_is_refused_before_its_cells_come(wrong, match):
    parser = JmtxParser()
    (error,) = parser.feed(header(**wrong))
    assert error.code == "jmtx.malformed"
    with pytest.raises(ProtocolError, match=match):
        raise error
    assert not parser.incomplete


def test_a_message_that_is_too_long_is_refused_and_a_long_one_passed_over():
    parser = JmtxParser()
    assert parser.feed(message(65535, "<") + matrix_bytes(np.ones((3, 2))))[0].block.shape == (3, 2)
    (error,) = parser.feed(b"JMMP\0\1\0\1")
    assert "JMMP" in str(error)


@given(sent())
def test_only_a_chunk_that_has_begun_is_incomplete(sent):
    stream, parser = matrix_bytes(sent[0], **sent[1]), JmtxParser()
    assert not parser.incomplete
    for at in range(0, len(stream), 97):
        parser.feed(stream[at : at + 97])
        assert parser.incomplete == (at + 97 < len(stream))


def test_what_no_float32_holds_becomes_infinite_and_not_an_error():
    (matrix,) = JmtxParser().feed(matrix_bytes(np.array([[1e300], [-1e300], [math.nan]]), kind=3))
    assert matrix.block[:2].ravel().tolist() == [math.inf, -math.inf]
    assert math.isnan(matrix.block[2, 0])


@given(order=ORDERS, text=st.booleans(), times=st.tuples(*[st.floats(allow_nan=False)] * 3))
def test_the_answer_repeats_the_time_and_speaks_the_order_of_the_matrix(order, text, times):
    (matrix,) = JmtxParser().feed(matrix_bytes(np.zeros((1, 1)), order=order, text=text, time_ms=times[0]))
    answer = latency_answer(matrix, *times[1:])
    assert answer[:4] == (b"JMLP" if text else b"PLMJ")
    assert struct.unpack(order + "3d", answer[4:]) == times
