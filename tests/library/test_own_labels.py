"""Labels of a user's own: how they may be called, that they are found, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drumbridge.core.labels import BY_NAME, UNSURE, UNSURE_COLOUR
from drumbridge.core.own_labels import check_label_name, label_colour, label_key, own_pads
from drumbridge.errors import LibraryError
from drumbridge.library.corrections import check_label, correct, corrections
from drumbridge.library.query import parse_query
from drumbridge.library.sounds import own_labels
from drumbridge.library.store import Library


@given(st.text(max_size=50))
def test_any_text_is_a_label_that_a_query_can_name_or_refused(text):
    try:
        label = check_label(text)
    except LibraryError as error:
        assert error.code == "library.label"  # noqa: PT017
        return
    if label:
        assert check_label_name(label) == label
        assert parse_query(f"label:{label}", lambda: [label])[0].values == (label,)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("Kick", "kick"),
        ("closed hat", "closed_hat"),
        ("Stick Click", "stick_click"),
        ("808", "808"),
        ("größe", "größe"),
    ],
)
def test_labels_are_kept_in_one_form(written, kept):
    assert check_label(written) == kept


@pytest.mark.parametrize(
    ("label", "why"),
    [("kik", "did you mean kick"), ("Snares", "did you mean snare"), ("a,b", "letters, digits"), ("x" * 41, "up to 40"),
     ("-x", "begins with"), ("../up", "letters, digits"), ("unsure", "without a label"), ('a"b', "letters, digits")],
)  # fmt: skip
def test_what_cannot_be_a_label(label, why):
    with pytest.raises(LibraryError, match=why) as caught:
        check_label(label)
    assert caught.value.code == "library.label"


def test_they_are_found_once_somebody_used_them(tmp_path):
    with Library(tmp_path / "library.sqlite") as library:
        with pytest.raises(LibraryError, match="no label 'stick'"):
            parse_query("label:stick", lambda: own_labels(library))
        assert correct(library, b"x" * 16, -1, "Stick") == "stick"
        assert [each.label for each in corrections(library)] == ["stick"]
        assert own_labels(library) == ["stick"]
        for query in ("label:Stick", "group!=stick,tom", "with:stick,kick"):
            assert "stick" in parse_query(query, lambda: own_labels(library))[0].values
        with pytest.raises(LibraryError, match="did you mean stick"):
            parse_query("label:stik", lambda: own_labels(library))
        with pytest.raises(LibraryError, match="no kind"):
            parse_query("kind:stick", lambda: own_labels(library))


def test_labels_of_a_model_are_found_however_they_are_written():
    assert parse_query('label:"stick click"', lambda: ["Stick Click"])[0].values == ("Stick Click",)
    assert label_key("Stick  Click") == "stick_click"
    assert check_label_name("stick click", ["Stick Click"]) == "Stick Click"


def test_colours_and_notes_are_their_own():
    assert label_colour("kick") == BY_NAME["kick"].colour
    assert label_colour("stick") == label_colour("stick") != label_colour("brush")
    assert own_pads((*BY_NAME, "brush", "stick"))["stick"].colour == label_colour("stick")
    assert label_colour(UNSURE) == UNSURE_COLOUR
    notes = {row.gm_note for row in BY_NAME.values()}
    assert own_pads((*BY_NAME, "stick"))["stick"].note not in notes
    assert UNSURE not in BY_NAME
