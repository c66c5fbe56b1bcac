"""The table of addresses: what it accepts, and that its document is current."""

import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drumbridge.errors import ProtocolError
from drumbridge.osc.addresses import (
    DONE,
    EVENTS,
    FAIL,
    MAX_ATOMS,
    MAX_LIST,
    MAX_REPLY,
    REPLIES,
    REPLY_BY_ADDRESS,
    REQUEST_BY_ADDRESS,
    REQUESTS,
    UNANSWERED,
    is_answer,
)
from drumbridge.osc.protocol_document import document
from drumbridge.osc.replies import clipped, replies, reply
from drumbridge.osc.wire import decode, encode

INT = st.integers(-(1 << 31), (1 << 31) - 1)
FITTING = {
    "i": INT | st.integers(-(1 << 24), 1 << 24).map(float),
    "f": INT | st.floats(allow_nan=False, allow_infinity=False),
    "s": st.text(max_size=10),
    "v": INT | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=10),
}
UNFIT = {
    "i": st.sampled_from([1.5, 1 << 31, -(1 << 31) - 1, 1e300, float("nan"), float("inf"), "1", b"1", True, None]),
    "f": st.sampled_from([float("nan"), float("inf"), "1", b"1", True, None, (1.0,)]),
    "s": st.sampled_from([1, 1.0, b"a", True, None, ("a",)]),
    "v": st.sampled_from([float("nan"), float("inf"), b"a", True, None, ("a",)]),
}


def test_the_document_is_current():
    path = Path(__file__).parents[2] / "docs" / "protocol.md"
    assert path.read_text(encoding="utf-8") == document(), "python -m drumbridge.osc.addresses > docs/protocol.md"


def test_the_table_is_whole():
    assert len(REQUEST_BY_ADDRESS) == len(REQUESTS)
    assert len(REPLY_BY_ADDRESS) == len(REPLIES + EVENTS)
    assert not {row.address for row in UNANSWERED} & {*REQUEST_BY_ADDRESS, *REPLY_BY_ADDRESS}
    for request in REQUESTS:
        assert request.arguments[0].name == "req"
        assert set(request.replies) <= set(REPLY_BY_ADDRESS)
        assert not is_answer(request.address)
        optional = [argument.optional for argument in request.arguments]
        assert optional == sorted(optional), "what is optional stands last"
    for row in REPLIES:
        assert row.arguments[0].name == "req"
        assert is_answer(row.address)
        assert {argument.type for argument in row.arguments + row.repeated} <= set("ifsv")
    for row in EVENTS:
        assert is_answer(row.address)
        assert {argument.type for argument in row.arguments} <= set("if"), "Max keeps every string"


@given(st.sampled_from(REQUESTS), st.data())
def test_arguments_that_fit_come_out_in_the_types_of_the_table(request, data):
    count = data.draw(st.integers(sum(not a.optional for a in request.arguments), len(request.arguments)))
    values = tuple(data.draw(FITTING[a.type]) for a in request.arguments[:count])
    checked = request.check(values)
    assert checked == list(values)
    types = {"i": int, "f": float, "s": str}
    assert [type(v) for v in checked] == [
        types.get(a.type, type(v)) for a, v in zip(request.arguments, values, strict=False)
    ]


@given(st.sampled_from(REQUESTS), st.data())
def test_one_argument_that_does_not_fit_is_named(request, data):
    values = [data.draw(FITTING[a.type]) for a in request.arguments]
    wrong = data.draw(st.integers(0, len(values) - 1))
    values[wrong] = data.draw(UNFIT[request.arguments[wrong].type])
    with pytest.raises(ProtocolError, match=f"{request.arguments[wrong].name} should be") as caught:
        request.check(tuple(values))
    assert caught.value.code == "osc.arguments"


@given(st.sampled_from(REQUESTS), st.integers(0, 9))
def test_a_wrong_number_of_arguments_shows_the_right_one(request, count):
    least = sum(not a.optional for a in request.arguments)
    if not least <= count <= len(request.arguments):
        with pytest.raises(ProtocolError, match="was sent with") as caught:
            request.check((1,) * count)
        assert request.signature in str(caught.value)


@pytest.mark.parametrize("address", [DONE, FAIL, "/drumbridge/file/fail", "/fail", "/live/error", "/done"])
def test_what_looks_like_an_answer_is_one(address):
    assert is_answer(address)


TEXTS = st.text(st.sampled_from(string.ascii_letters + "ä鼓\0\udcff"), max_size=200)


@given(st.lists(st.tuples(INT, TEXTS, st.floats(width=32, allow_nan=False))))
def test_long_lists_are_cut_into_replies_that_every_client_can_take(rows):
    got = []
    for message in replies("/drumbridge/scores", 7, rows):
        assert len(message.arguments) <= MAX_ATOMS
        assert len(encode(message)) <= MAX_LIST
        req, *values = decode(encode(message)).arguments
        assert req == 7
        got += [tuple(values[k : k + 3]) for k in range(0, len(values), 3)]
    assert [(i, f) for i, _, f in got] == [(i, f) for i, _, f in rows]
    assert [len(text) for _, text, _ in got] == [len(text) for _, text, _ in rows]


@given(st.text(max_size=30) | st.text("鼓😀", min_size=2000, max_size=2200))
def test_a_clipped_sentence_fits_twice_into_a_reply_and_a_short_one_is_left_alone(sentence):
    short = clipped(sentence)
    assert len(encode(reply("/drumbridge/file/fail", 1, short, "code", short))) <= MAX_REPLY
    if len(sentence) <= 30:
        assert short == sentence
