"""The language of find: what is written is read back, and what makes no sense is an error that says so."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drumbridge.errors import LibraryError
from drumbridge.library.query import CHOICES, IS, IS_NOT, NUMBERS, TEXTS, Term, parse_query, parse_term

WORDS = st.text(st.characters(exclude_characters="\"'", exclude_categories=("Cs",)), min_size=1, max_size=20).filter(
    lambda text: text.strip()
)


@st.composite
def terms(draw):
    field = draw(st.sampled_from([*CHOICES, *NUMBERS, *TEXTS]))
    if field in NUMBERS:
        number = draw(st.integers(-1000, 1000)) / 8
        return Term(field, draw(st.sampled_from(["<", "<=", ">", ">=", "="])), (number,))
    operator = IS if field == "like" else draw(st.sampled_from([IS, IS_NOT]))
    if field in TEXTS:
        return Term(field, operator, (draw(WORDS),))
    return Term(field, operator, tuple(draw(st.lists(st.sampled_from(CHOICES[field]), min_size=1, max_size=3))))


@given(st.lists(terms(), max_size=5))
def test_what_is_written_is_read_back(query):
    if sum(term.field == "like" for term in query) > 1:
        with pytest.raises(LibraryError, match="once"):
            parse_query(" ".join(map(str, query)))
    else:
        assert parse_query("  ".join(map(str, query))) == tuple(query)


@given(terms())
def test_a_term_alone_needs_no_quotes(term):
    text = str(term)
    assert parse_term(text) == term


@given(st.text(max_size=40) | st.lists(terms().map(str) | st.text(max_size=8), max_size=4).map(" ".join))
def test_any_text_is_a_query_or_a_clear_error(text):
    try:
        assert all(isinstance(term, Term) for term in parse_query(text))
    except LibraryError as error:
        assert error.code == "library.query"  # noqa: PT017


def test_the_example():
    assert parse_query('label:snare confidence>0.8 duration<0.5 like:"/my drums/a.wav"') == (
        ("label", ":", ("snare",)),
        ("confidence", ">", (0.8,)),
        ("duration", "<", (0.5,)),
        ("like", ":", ("/my drums/a.wav",)),
    )
    assert parse_query("like:/don't/panic.wav label!=kick,tom") == (
        ("like", ":", ("/don't/panic.wav",)),
        ("label", "!=", ("kick", "tom")),
    )
    assert parse_query("like:C:\\Drums\\a.wav") == (("like", ":", ("C:\\Drums\\a.wav",)),)
    assert parse_query("like:/my drums/a b.wav label:kick") == (
        ("like", ":", ("/my drums/a b.wav",)),
        ("label", ":", ("kick",)),
    )
    assert parse_query("") == ()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("lable:snare", "did you mean label"),
        ("label:snar", "did you mean snare"),
        ("snare", "no condition"),
        ("label:", "needs a value"),
        ("label<snare", "takes : or !="),
        ("duration:3", "is a number"),
        ("duration<long", "is a number"),
        ("duration<nan", "is a number"),
        ("confidence!=1", "is a number"),
        ('name:"open', "not closed"),
        ("like:a like:b", "once"),
        ("like!=a", "takes : only"),
        ("is:green", "no is 'green'"),
        ("label:snare clap", "no condition"),
        ("like:a lable:kick", "no field 'lable'"),
        ('like:"a" b', "no condition"),
        ("label:kick,", "no label ''"),
    ],
)
def test_what_is_wrong_is_named(text, complaint):
    with pytest.raises(LibraryError, match=complaint) as caught:
        parse_query(text)
    assert caught.value.code == "library.query"
