"""What a device has lost is seen in its time stamps, and no jitter or drift is taken for a loss."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drumbridge.audio.missing_samples import THRESHOLD_S, MissingSamples

RATE = 48000


def play(n, blocks, *, jitter_s=0.0, drift_ppm=0.0, losses=None, reported=False, seed=0, clock_jump_s=0.0):
    """Return what is found missing before each block, when `losses` of samples come before some of them."""
    source = np.random.default_rng(seed)
    missing = MissingSamples(RATE)
    position, found = 0, []
    for k in range(blocks):
        lost = (losses or {}).get(k, 0)
        position += lost
        at_s = position / RATE * (1 - 1e-6 * drift_ppm)
        late_s = jitter_s * source.random() ** 4
        device_s = 1e9 + at_s + late_s + (clock_jump_s if k > blocks // 2 else 0.0)
        found.append(missing.before(n, device_s, 7.0 + at_s + 5 * late_s, overflowed=bool(reported and lost)))
        position += n
    return found


@given(
    st.sampled_from([32, 64, 441, 1024]),
    st.floats(0, 0.015),
    st.floats(-300, 300),
    st.integers(0, 99),
)
def test_jitter_and_drift_are_no_loss(n, jitter_s, drift_ppm, seed):
    assert sum(play(n, 20 * RATE // n // 4, jitter_s=jitter_s, drift_ppm=drift_ppm, seed=seed)) == 0


@given(st.sampled_from([64, 1024]), st.floats(0.03, 3.0), st.floats(0, 0.005), st.integers(0, 9))
def test_a_loss_that_nobody_reports_is_found_within_a_second(n, lost_s, jitter_s, seed):
    lost, at = round(lost_s * RATE), 3 * RATE // n
    found = play(n, 5 * RATE // n, jitter_s=jitter_s, losses={at: lost}, seed=seed)
    (noticed,) = np.flatnonzero(found)
    assert at < noticed < at + RATE // n
    assert abs(found[noticed] - lost) <= 0.001 * RATE


@pytest.mark.parametrize("lost", [64, 1000, 48000])
def test_a_loss_that_the_device_reports_is_found_at_once(lost):
    found = play(64, 2000, losses={900: lost}, reported=True)
    assert np.flatnonzero(found).tolist() == [900]
    assert abs(found[900] - lost) <= 1


def test_two_losses_are_two():
    found = play(64, 5000, losses={1500: 4800, 3000: 9600})
    assert [abs(found[k]) // 100 for k in np.flatnonzero(found)] == [48, 96]


def test_a_reported_loss_without_a_trace_in_the_time_stamps_has_no_length():
    missing = MissingSamples(RATE)
    assert [missing.before(64, k * 64 / RATE, k * 64 / RATE, overflowed=k == 50) for k in range(100)] == [0] * 100


def test_the_known_ones_are_not_counted_twice():
    missing = MissingSamples(RATE)
    position, found = 0, []
    for k in range(5000):
        lost = 4800 if k == 2000 else 0
        position += lost
        found.append(missing.before(64, position / RATE, position / RATE, lost=lost))
        position += 64
    assert (sum(found), found[2000]) == (4800, 4800)


@pytest.mark.parametrize("jump_s", [0.5, 3600.0, -3600.0])
def test_a_step_of_the_devices_clock_alone_is_no_loss(jump_s):
    assert sum(play(64, 5000, clock_jump_s=jump_s)) == 0


def test_the_threshold_is_above_what_drivers_jitter():
    assert 0.01 <= THRESHOLD_S <= 0.05
