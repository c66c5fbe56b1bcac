"""Laws of framing and of the onset curve."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strokes import CUTS, cut, noise_stroke, place

from drumbridge.core.framing import Framer
from drumbridge.core.onset_strength import OnsetStrength, StrengthSettings, band_edges, onset_strength

RATE = 44100


@given(length=st.integers(0, 3000), sizes=CUTS, half=st.integers(1, 200), hop=st.integers(1, 300))
def test_frames_are_the_slices_around_their_centres(length: int, sizes: list[int], half: int, hop: int) -> None:
    audio = np.random.default_rng(length).standard_normal(length).astype(np.float32)
    framer = Framer(2 * half, hop)
    frames = np.concatenate([framer.process(block) for block in cut(audio, sizes)] or [np.zeros((0, 2 * half))])
    count = max(0, (length - half) // hop + 1) if length > half else 0
    assert frames.shape == (count, 2 * half)
    if count:
        extended = np.concatenate([2 * audio[0] - audio[1 : half + 1][::-1], audio])
        for k in range(count):
            assert np.array_equal(frames[k], extended[k * hop : k * hop + 2 * half])


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 100), sizes=CUTS, rate=st.sampled_from([8000, 22050, 44100, 48000]))
def test_any_cutting_gives_the_same_curve(seed: int, sizes: list[int], rate: int) -> None:
    rng = np.random.default_rng(seed)
    audio = place([(int(p), noise_stroke(rate, seed=seed)) for p in rng.integers(0, rate, 5)], rate)
    _, whole = onset_strength(audio, rate)
    curve = OnsetStrength(rate)
    pieces = np.concatenate([curve.process(block) for block in cut(audio, sizes)])
    assert np.array_equal(whole, pieces)


@settings(deadline=None, max_examples=20)
@given(gain_db=st.floats(-40, 0))
def test_gain_does_not_change_the_curve_of_loud_enough_audio(gain_db: float) -> None:
    audio = place([(p, noise_stroke(RATE, decay_s=0.5, seed=p)) for p in (4000, 14000, 24000)], RATE)
    _, loud = onset_strength(audio, RATE)
    _, soft = onset_strength(audio * np.float32(10 ** (gain_db / 20)), RATE)
    after_first = slice(4000 // 220 + 5, None)
    assert soft[after_first] == pytest.approx(loud[after_first], abs=0.02)


def test_the_curve_is_flat_for_silence_and_for_a_constant_and_peaks_at_a_click() -> None:
    for constant in (0.0, 0.5, -1.0):
        _, curve = onset_strength(np.full(20000, constant, dtype=np.float32), RATE)
        assert curve.max() < 0.001
    positions, curve = onset_strength(place([(9000, np.ones(1, np.float32))], 20000), RATE)
    assert abs(int(positions[np.argmax(curve)]) - 9000) <= 440


def test_a_long_silence_forgets_how_loud_it_was() -> None:
    loud, soft = noise_stroke(RATE), 0.003 * noise_stroke(RATE, seed=1)
    near = place([(1000, loud), (30000, soft)], 40000)
    far = place([(1000, loud), (30000 + 4 * RATE, soft)], 40000 + 4 * RATE)
    assert onset_strength(far, RATE)[1][-60:].max() > onset_strength(near, RATE)[1][-60:].max() + 3


@given(rate=st.integers(4000, 192000))
def test_bands_are_ascending_bins_below_half_the_rate(rate: int) -> None:
    edges = band_edges(1024, rate, StrengthSettings())
    assert len(edges) >= 2
    assert edges[0] >= 2
    assert (np.diff(edges) > 0).all()
    assert edges[-1] <= 1024 // 2


def test_what_sounds_on_after_a_gap_is_not_a_rise() -> None:
    audio = np.random.default_rng(0).uniform(-0.5, 0.5, 4000).astype(np.float32)
    curve = OnsetStrength(RATE)
    assert curve.process(audio)[0] > 10
    curve.restart(after_gap=True)
    assert curve.process(audio)[0] == 0


def test_a_stroke_stands_out_of_hiss_by_about_its_level_above_it() -> None:
    hiss = np.random.default_rng(0).normal(0, 0.003, 40000).astype(np.float32)
    _, curve = onset_strength(hiss + place([(20000, noise_stroke(RATE))], 40000), RATE)
    peak = int(np.argmax(curve[10:])) + 10
    assert abs(peak * 220 - 20000) <= 660
    assert curve[peak] > 10
