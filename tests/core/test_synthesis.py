"""The synthesiser's laws: the same drum at any rate, the level its velocity says, the attack where it is said to be."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drumbridge.core.synthesis import SYNTHESISED, demo_loop, render_loop, synthesise
from drumbridge.errors import SettingsError

labels = st.sampled_from(SYNTHESISED)
seeds = st.integers(0, 2**32)
velocities = st.integers(1, 127)
few = settings(max_examples=30, deadline=None)


def loudest_hz(audio: np.ndarray, sample_rate: int = 44100) -> float:
    return float(np.argmax(np.abs(np.fft.rfft(audio, 2**17))) * sample_rate / 2**17)


@few
@given(label=labels, seed=seeds, rate=st.sampled_from([44100, 48000, 96000]))
def test_twice_the_rate_is_the_same_sound_with_samples_between(label, seed, rate):
    once = synthesise(label, sample_rate=rate, seed=seed).astype(np.float64)
    twice = synthesise(label, sample_rate=2 * rate, seed=seed).astype(np.float64)[::2]
    gain = once @ twice / (twice @ twice)  # both are scaled to their own highest sample
    assert 1.0 - 1e-6 <= gain < 3.0  # samples in between can only be higher
    assert np.max(np.abs(once - gain * twice)) < 1e-5


@few
@given(label=labels, seed=seeds, velocity=velocities, rate=st.integers(8000, 192000))
def test_level_attack_and_end(label, seed, velocity, rate):
    audio = synthesise(label, sample_rate=rate, velocity=velocity, seed=seed)
    level = np.abs(audio)
    peak = (velocity / 127) ** 2
    assert audio.dtype == np.float32
    assert level.max() == pytest.approx(peak, rel=1e-5)
    assert np.flatnonzero(level >= 0.1 * peak)[0] <= 0.003 * rate
    assert audio[0] == pytest.approx(0, abs=0.05 * peak) or label == "clap"
    assert level[-1] < 1e-3 * peak


@few
@given(label=labels, seed=seeds)
def test_a_seed_is_a_drum(label, seed):
    assert np.array_equal(synthesise(label, seed=seed), synthesise(label, seed=seed))
    assert not np.array_equal(synthesise(label, seed=seed), synthesise(label, seed=seed + 1))


@few
@given(seed=seeds)
def test_toms_stand_in_their_order(seed):
    settled = (synthesise(f"tom_{size}", seed=seed)[11025:] for size in ("low", "mid", "high"))
    low, mid, high = map(loudest_hz, settled)
    assert 70 < low < mid < high < 260


@few
@given(seed=seeds)
def test_an_open_hat_rings_longer_than_a_closed_one(seed):
    def half_energy(label):
        energy = np.cumsum(synthesise(label, seed=seed).astype(np.float64) ** 2)
        return np.searchsorted(energy, 0.5 * energy[-1])

    assert half_energy("open_hat") > 1.5 * half_energy("closed_hat")


@few
@given(label=st.sampled_from(["kick", "snare", "clap"]), seed=seeds)
def test_a_soft_stroke_is_duller(label, seed):
    def centroid(velocity):
        power = np.abs(np.fft.rfft(synthesise(label, velocity=velocity, seed=seed))) ** 2
        return power @ np.arange(len(power)) / power.sum()

    assert centroid(30) < centroid(120)


@few
@given(
    strokes=st.lists(st.tuples(st.integers(0, 20000), labels, velocities), min_size=1, max_size=5),
    later=st.integers(0, 5000),
)
def test_a_loop_begun_later_is_the_same_loop(strokes, later):
    loop = render_loop(strokes)
    moved = render_loop([(position + later, label, velocity) for position, label, velocity in strokes])
    assert np.array_equal(moved, np.concatenate([np.zeros(later, np.float32), loop]))
    assert np.max(np.abs(loop)) <= 0.9 + 1e-6


def test_a_loop_is_cut_where_asked():
    whole = render_loop([(0, "crash", 60), (3000, "kick", 60)])
    assert np.array_equal(render_loop([(0, "crash", 60), (3000, "kick", 60)], n_samples=5000), whole[:5000])
    assert len(render_loop([])) == 0


@pytest.mark.parametrize("rate", [8000, 44100, 48000, 96000])
def test_the_demo_says_what_it_plays(rate):
    audio, played = demo_loop(rate)
    positions = np.array([position for position, _ in played])
    assert np.all(np.diff(positions) >= 0)
    assert np.allclose(positions / rate, [position / 44100 for position, _ in demo_loop()[1]], atol=1 / rate)
    assert {label for _, label in played} <= set(SYNTHESISED)
    assert len({label for _, label in played}) >= 6
    for position in positions[positions > 0]:
        before, after = audio[position - rate // 200 : position], audio[position : position + rate // 50]
        assert np.max(np.abs(after)) > 1.1 * np.max(np.abs(before))


@pytest.mark.parametrize(
    ("wrong", "match"),
    [
        ({"label": "gong"}, "no recipe for 'gong'"),
        ({"sample_rate": 7999}, "7999 Hz"),
        ({"velocity": 0}, "Velocity 0"),
        ({"velocity": 128}, "Velocity 128"),
        ({"seed": -1}, "seed -1"),
    ],
)
def test_what_cannot_be_made(wrong, match):
    with pytest.raises(SettingsError, match=match):
        synthesise(**{"label": "kick", **wrong})


def test_nothing_starts_before_the_loop():
    with pytest.raises(SettingsError, match="before the start"):
        render_loop([(-1, "kick", 100)])
