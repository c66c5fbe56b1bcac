"""Kits are values: pads keep their numbers, undo is the inverse of a tap, and what cannot be is said."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drumbridge.core.kit import MOST_PADS, MOST_TAPS, Kit, Tap
from drumbridge.core.labels import BY_NAME
from drumbridge.errors import KitError

EMPTY = Kit("desk", "none", 16000, 4, 12)
NAMES = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=12)


def tap(pad: int, seed: int = 0, available: int = 12) -> Tap:
    return Tap(pad, np.random.default_rng(seed).normal(size=16).astype(np.float32), available)


@st.composite
def kits(draw) -> Kit:
    kit = EMPTY
    for name in draw(st.lists(NAMES, min_size=1, max_size=5)):
        kit = kit.with_pad(name)
    for seed in range(draw(st.integers(0, 8))):
        kit = kit.with_tap(tap(draw(st.sampled_from([pad.number for pad in kit.pads])), seed))
    return kit


@given(kits(), st.integers(0, 99))
def test_undo_takes_back_exactly_the_last_tap(kit, seed):
    assert kit.with_tap(tap(kit.pads[-1].number, seed)).undone() == kit


@given(kits())
def test_undoing_as_often_as_was_tapped_leaves_the_pads_alone(kit):
    untaught = kit
    for _ in kit.taps:
        untaught = untaught.undone()
    assert untaught.taps == ()
    assert untaught.pads == kit.pads
    with pytest.raises(KitError, match="no tap that could be taken back"):
        untaught.undone()


@given(kits())
def test_pads_differ_in_number_and_name_and_are_found_by_both(kit):
    assert len({pad.number for pad in kit.pads}) == len({pad.name.casefold() for pad in kit.pads}) == len(kit.pads)
    for pad in kit.pads:
        assert kit.find(pad.name.casefold()) == kit.find(pad.number) == pad


def test_a_pad_called_like_a_drum_has_its_note_and_colour_and_others_differ():
    kit = EMPTY.with_pad("table").with_pad("Closed Hat").with_pad("mouth")
    table, hat, mouth = kit.pads
    assert (hat.note, hat.colour) == (BY_NAME["closed_hat"].gm_note, BY_NAME["closed_hat"].colour)
    assert len({table.note, hat.note, mouth.note}) == len({table.colour, hat.colour, mouth.colour}) == 3


def test_naming_a_pad_again_changes_what_is_given_and_keeps_the_rest():
    kit = EMPTY.with_pad("table", note=60, colour=0x123456)
    assert kit.with_pad("Table", note=61).pads == (kit.pads[0].__class__(0, "table", 61, 0x123456),)


@pytest.mark.parametrize("name", ["", "   ", "x" * 41, "a\0b", "bell\x07"])
def test_a_name_that_nobody_could_read_is_refused(name):
    with pytest.raises(KitError, match="cannot be called"):
        EMPTY.with_pad(name)


@pytest.mark.parametrize(("note", "colour"), [(128, None), (-1, None), (None, -1), (None, 1 << 24)])
def test_notes_and_colours_have_their_ranges(note, colour):
    with pytest.raises(KitError, match=r"from 0 to 127|0xRRGGBB"):
        EMPTY.with_pad("table", note, colour)


def test_a_tap_must_fit_its_kit_and_pad():
    kit = EMPTY.with_pad("table")
    with pytest.raises(KitError, match=r"no pad 1; its pads: table"):
        kit.with_tap(tap(1))
    with pytest.raises(KitError, match="must be 16 samples long"):
        kit.with_tap(Tap(0, np.zeros(15, dtype=np.float32), 12))
    with pytest.raises(KitError, match="must be 16 samples long"):
        kit.with_tap(tap(0, available=13))


def test_pads_and_taps_are_bounded():
    kit = EMPTY
    for k in range(MOST_PADS):
        kit = kit.with_pad(f"pad {k}")
    assert all(0 <= pad.note <= 127 for pad in kit.pads)
    with pytest.raises(KitError, match="64 pads already"):
        kit.with_pad("one more")
    kit = EMPTY.with_pad("table")
    for _ in range(MOST_TAPS):
        kit = kit.with_tap(tap(0))
    with pytest.raises(KitError, match="100 taps already"):
        kit.with_tap(tap(0))
