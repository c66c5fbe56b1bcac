"""Velocities stay in range, follow the level, and do not care how hot a recording is."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

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
