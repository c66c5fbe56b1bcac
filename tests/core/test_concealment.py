"""Filled holes: what is steady goes on, nothing grows, and silence stays silent."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drumbridge.core.concealment import REACH, fill_hole

RATE = 44100


@given(st.floats(60, 6000), st.floats(60, 6000), st.integers(16, 400), st.floats(0, 6.28))
def test_tones_that_go_on_are_restored(first_hz, second_hz, length, phase):
    t = np.arange(2 * REACH + length) / RATE
    audio = 0.5 * np.sin(2 * np.pi * first_hz * t + phase) + 0.3 * np.sin(2 * np.pi * second_hz * t)
    audio = audio.astype(np.float32)
    filled = fill_hole(audio[:REACH], length, audio[REACH + length :])
    hole = audio[REACH : REACH + length]
    assert filled.shape == hole.shape
    assert filled.dtype == np.float32
    assert np.abs(filled - hole).max() < 0.35 * np.abs(audio).max()


@given(st.integers(0, 600), st.integers(0, 600), st.integers(1, 700), st.integers(0, 1 << 30), st.floats(1e-6, 1e6))
def test_what_is_filled_in_is_not_much_louder_than_what_is_around(n_before, n_after, length, seed, level):
    source = np.random.default_rng(seed)
    before, after = (source.standard_normal(n).astype(np.float32) * np.float32(level) for n in (n_before, n_after))
    filled = fill_hole(before, length, after)
    assert len(filled) == length
    assert np.isfinite(filled).all()
    around = np.concatenate([before, after, [0.0]])
    assert np.abs(filled).max() <= 3 * np.abs(around).max()


@pytest.mark.parametrize("value", [0.0, 0.5])
def test_silence_and_dc_stay_what_they_are(value):
    steady = np.full(REACH, value, np.float32)
    assert np.abs(fill_hole(steady, 64, steady) - value).max() < 0.05 * value + 1e-9
