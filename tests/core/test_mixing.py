"""Mixing keeps what channels share, stays within them, and hears what a plain mean would cancel."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from drumbridge.core.mixing import mix_to_mono

BLOCKS = arrays(np.float32, st.tuples(st.integers(0, 50), st.integers(1, 9)), elements=st.floats(-1000, 1000, width=32))


@given(values=arrays(np.int16, st.integers(0, 50)), channels=st.sampled_from([1, 2, 4, 8, 64]))
def test_equal_channels_are_that_channel(values, channels):
    mono = values.astype(np.float32) / 32768
    assert np.array_equal(mix_to_mono(np.repeat(mono[:, None], channels, axis=1)), mono)


@given(block=BLOCKS)
def test_the_mix_stays_within_the_channels(block):
    mono = mix_to_mono(block)
    assert mono.shape == (len(block),)
    assert mono.dtype == np.float32
    assert (np.abs(mono) <= np.abs(block).max(axis=1) * np.float32(1.00001)).all()


@given(block=BLOCKS, cut=st.integers(0, 50))
def test_a_cut_changes_nothing(block, cut):
    pieces = [mix_to_mono(block[:cut]), mix_to_mono(block[cut:])]
    assert np.array_equal(np.concatenate(pieces), mix_to_mono(block))


@pytest.mark.parametrize("channels", [2, 4, 6])
def test_turned_polarity_does_not_cancel(channels):
    mono = np.sin(np.arange(1000, dtype=np.float32))
    turned = mono[:, None] * np.where(np.arange(channels) % 2, -1, 1).astype(np.float32)
    assert not turned.mean(axis=1).any()
    np.testing.assert_allclose(mix_to_mono(turned), mono / 8, atol=1e-6)
