"""The clock of a stream: drift is found through delays that only ever are late."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drumbridge.engine.stream_clock import StreamClock

RATE = 44100
PACKET = 64


def fed(drift_ppm: float, duration_s: float, late_s, start_s: float = 0.0) -> tuple[StreamClock, int]:
    """Return a clock that has heard of packets whose source runs `drift_ppm` fast, and the last position."""
    clock = StreamClock(RATE)
    step_s = 10 * PACKET / (RATE * (1 + 1e-6 * drift_ppm))
    n = int(duration_s / step_s)
    for k in range(1, n + 1):
        clock.arrived(10 * PACKET * k, start_s + k * step_s + late_s())
    return clock, 10 * PACKET * n


@given(st.floats(-200, 200), st.integers(0, 1 << 30), st.floats(0, 1e6))
def test_drift_and_time_are_found_through_jitter(drift_ppm, seed, start_s):
    source = random.Random(seed)
    clock, last = fed(drift_ppm, 60.0, lambda: source.expovariate(1000), start_s)
    assert clock.drift_ppm == pytest.approx(drift_ppm, abs=5)
    rate = RATE * (1 + 1e-6 * drift_ppm)
    assert clock.time_s(last) == pytest.approx(start_s + last / rate, abs=2e-4)


def test_no_drift_is_claimed_before_it_is_known():
    clock, last = fed(100.0, 5.0, lambda: 0.0)
    assert clock.drift_ppm == 0.0
    assert clock.time_s(last) == pytest.approx(last / RATE, abs=1e-3)


def test_a_restart_forgets():
    clock, _ = fed(100.0, 60.0, lambda: 0.0)
    clock.restart()
    assert clock.drift_ppm == 0.0
    clock.arrived(PACKET, 1000.0)
    assert clock.time_s(PACKET) == 1000.0
