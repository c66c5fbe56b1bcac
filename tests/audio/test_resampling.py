"""Resampling: cutting the input changes nothing, output lines up with input, delay is bounded as said."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drumbridge.audio.resampling import StreamResampler, resample

RATES = [8000, 11025, 22050, 32000, 48000, 88200, 96000, 192000]


def in_pieces(resampler, audio, cuts):
    pieces = [resampler.process(piece) for piece in np.split(audio, cuts)]
    return np.concatenate([*pieces, resampler.flush()])


@pytest.mark.parametrize("rate", RATES)
@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_cutting_the_input_changes_nothing(rate, data):
    audio = np.random.default_rng(1).uniform(-1, 1, 20_000).astype(np.float32)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(audio)), max_size=40)))
    resampler = StreamResampler(rate, 44100)
    whole = in_pieces(resampler, audio, [])
    assert np.array_equal(in_pieces(resampler, audio, cuts), whole)
    assert np.array_equal(whole, resample(audio, rate, 44100))


@pytest.mark.parametrize("size", [1, 17, 64, 512])
def test_equal_pieces_change_nothing(size):
    audio = np.random.default_rng(2).uniform(-1, 1, 5000).astype(np.float32)
    resampler = StreamResampler(48000, 44100)
    cut = in_pieces(resampler, audio, range(size, len(audio), size))
    assert np.array_equal(cut, resample(audio, 48000, 44100))


@pytest.mark.parametrize("rate", RATES)
@settings(max_examples=10, deadline=None)
@given(n=st.integers(0, 30_000))
def test_length(rate, n):
    resampler = StreamResampler(rate, 44100)
    out = in_pieces(resampler, np.zeros(n, dtype=np.float32), [])
    assert abs(len(out) - n * 44100 / rate) <= 1


@pytest.mark.parametrize("rate", RATES)
def test_output_lines_up_with_input(rate):
    t = np.arange(rate) / rate
    audio = np.sin(2 * np.pi * 1000 * t).astype(np.float32)
    out = in_pieces(StreamResampler(rate, 44100), audio, range(0, rate, 1000))
    expected = np.sin(2 * np.pi * 1000 * np.arange(len(out)) / 44100)
    inner = slice(4410, -4410)
    np.testing.assert_allclose(out[inner], expected[inner], atol=1e-3)


@pytest.mark.parametrize("rate", [*RATES, 44101, 37800])
def test_nothing_is_later_than_the_latency(rate):
    resampler = StreamResampler(rate, 44100)
    out = 0
    for n in range(0, 150_000, 50):
        assert n - out * rate / 44100 <= resampler.latency()
        out += len(resampler.process(np.zeros(50, dtype=np.float32)))


def test_reset_forgets():
    audio = np.random.default_rng(3).uniform(-1, 1, 10_000).astype(np.float32)
    resampler = StreamResampler(48000, 44100)
    fresh = in_pieces(resampler, audio, [3000])
    resampler.process(audio[:777])
    resampler.reset()
    assert np.array_equal(in_pieces(resampler, audio, [3000]), fresh)
