"""Velocities stay in range, follow the level, and do not care how hot a recording is."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drumbridge.core.settings_table import VELOCITY_CURVES
from drumbridge.core.velocity import SILENCE_DB, VelocityScale, VelocitySettings, level_to_velocity, peak_level_db

LEVELS = st.floats(-120, 20)


@given(a=LEVELS, b=LEVELS, reference=LEVELS)
def test_louder_is_never_softer_and_the_range_is_midi(a: float, b: float, reference: float) -> None:
    low, high = sorted((a, b))
    assert 1 <= level_to_velocity(low, reference) <= level_to_velocity(high, reference) <= 127


def test_the_curve_is_that_of_samplers() -> None:
    assert level_to_velocity(0.0) == 127
    assert level_to_velocity(-40 * np.log10(2)) == 64
    assert level_to_velocity(-120.0) == 1


@given(levels=st.lists(st.floats(-20, 0), min_size=1, max_size=20), gain_db=st.floats(-20, 0))
def test_a_quieter_copy_has_the_same_velocities(levels: list[float], gain_db: float) -> None:
    loud, soft = VelocityScale(44100), VelocityScale(44100)
    for k, level_db in enumerate(levels):
        difference = loud.velocity(level_db, 9000 * k) - soft.velocity(level_db + gain_db, 9000 * k)
        assert abs(difference) <= 1  # rounding


STROKES = st.lists(st.tuples(LEVELS, st.integers(0, 500_000)), max_size=20)
FULL_DB = st.floats(-120, 0)
CURVE = st.sampled_from(sorted(VELOCITY_CURVES))


def play(scale: VelocityScale, strokes: list[tuple[float, int]], position: int = 0) -> int:
    """Let a scale hear strokes, each some samples after the one before; return where the last one was."""
    for level_db, later in strokes:
        position += later
        scale.velocity(level_db, position)
    return position


@given(before=STROKES, level_db=LEVELS, full_db=FULL_DB, curve=CURVE)
def test_with_a_level_of_full_force_nothing_that_was_heard_counts(before, level_db, full_db, curve) -> None:
    chosen = VelocitySettings(full_db=full_db, curve=curve)
    first, later = VelocityScale(1000, chosen), VelocityScale(1000, chosen)
    position = play(later, before)
    assert first.velocity(level_db, 0) == later.velocity(level_db, position)


@given(a=LEVELS, b=LEVELS, full_db=FULL_DB, curve=CURVE)
def test_with_a_level_of_full_force_louder_is_never_softer(a, b, full_db, curve) -> None:
    scale = VelocityScale(1000, VelocitySettings(full_db=full_db, curve=curve))
    low, high = sorted((a, b))
    assert 1 <= scale.velocity(low, 0) <= scale.velocity(high, 9) <= scale.velocity(max(high, full_db), 20) == 127


@given(before=STROKES, between=STROKES, after=STROKES, level_db=LEVELS, full_db=FULL_DB)
def test_back_from_a_level_of_full_force_the_loudest_stroke_is_as_if_it_had_never_been_set(
    before, between, after, level_db, full_db
) -> None:
    plain, turned = VelocityScale(1000), VelocityScale(1000)
    position = play(plain, before + between + after)
    middle = play(turned, before)
    turned.change(VelocitySettings(full_db=full_db))
    middle = play(turned, between, middle)
    turned.change(VelocitySettings())
    assert play(turned, after, middle) == position
    assert turned.velocity(level_db, position) == plain.velocity(level_db, position)


def test_a_crescendo_is_one_only_with_a_level_of_full_force() -> None:
    crescendo = [(level_db, 1000 * k) for k, level_db in enumerate(range(-30, -5, 2))]
    loudest, fixed = VelocityScale(1000), VelocityScale(1000, VelocitySettings(full_db=-6.0))
    assert [loudest.velocity(*stroke) for stroke in crescendo] == [127] * len(crescendo)
    assert [fixed.velocity(*stroke) for stroke in crescendo] == [level_to_velocity(db, -6.0) for db, _ in crescendo]


def test_the_reference_falls_slowly_but_never_to_the_noise() -> None:
    scale = VelocityScale(1000, VelocitySettings(reference_decay_db=0.5, lowest_reference_db=-40.0))
    assert scale.velocity(-6.0, 0) == 127
    assert scale.velocity(-12.0, 0) == level_to_velocity(-6.0)
    assert scale.velocity(-12.0, 6000) == level_to_velocity(-3.0)
    assert scale.velocity(-70.0, 10_000_000) == level_to_velocity(-30.0)


def test_levels() -> None:
    assert peak_level_db(np.zeros(0, dtype=np.float32)) == SILENCE_DB
    assert peak_level_db(np.zeros(9, dtype=np.float32)) == SILENCE_DB
    assert peak_level_db(np.array([0.1, -1.0], dtype=np.float32)) == 0.0
    assert peak_level_db(np.array([0.1], dtype=np.float32)) == pytest.approx(-20.0, abs=1e-5)
