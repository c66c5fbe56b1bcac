"""What can be said of lost audio by the clock alone."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from drumbridge.daw.missing_time import PAUSE_S, SETTLE_S, SLACK_S, MissingTime

RATE = 48000


def heard(times, n, rate=RATE):
    """Return the holes of packets of n samples that came at those times, as (packet, length)."""
    missing = MissingTime(rate)
    return [(k, hole) for k, t in enumerate(times) if (hole := missing.arrived(n, t))]


@settings(deadline=None)
@given(
    n=st.sampled_from([128, 512, 2048]),
    start=st.floats(0, 1e6),
    late_s=st.floats(0, 0.5),
    drift_ppm=st.floats(-1000, 1000),
    seed=st.integers(0, 99),
)
def test_packets_that_are_only_late_have_no_hole(n, start, late_s, drift_ppm, seed):
    """However late, as long as some come in time within `SETTLE_S`: bursts of a host, a machine that stalls."""
    source = random.Random(seed)
    times = []
    for k in range(30 * RATE // n):
        stalled = k * n % (2 * RATE) < 0.4 * RATE
        late = source.uniform(0, late_s) if stalled else 0.0
        times.append(start + (k + 1) * n / RATE * (1 + drift_ppm / 1e6) + late)
    for k in range(1, len(times)):
        times[k] = max(times[k], times[k - 1])  # none overtakes another
    assert heard(times, n) == []


@settings(deadline=None)
@given(n=st.sampled_from([64, 512]), hole_s=st.floats(1.2 * SLACK_S, 20), at_s=st.floats(3, 6))
def test_a_hole_is_found_with_its_length_soon_after_it(n, hole_s, at_s):
    packets = [k for k in range(round(40 * RATE / n)) if not at_s <= k * n / RATE < at_s + hole_s]
    lost = round(40 * RATE / n) - len(packets)
    ((place, length),) = heard([(k + 1) * n / RATE for k in packets], n)
    assert abs(length - lost * n) <= n
    behind_s = packets[place] * n / RATE - at_s - hole_s
    assert behind_s <= 2 * n / RATE + (0 if hole_s > PAUSE_S else 2 * SETTLE_S)


def test_a_transport_that_stops_and_goes_on_leaves_its_pauses_where_they_were():
    n, times, clock = 480, [], 100.0
    for pause_s in (2.0, 30.0, 0.0):
        for _ in range(300):
            clock += n / RATE
            times.append(clock)
        clock += pause_s
    assert heard(times, n) == [(300, 2 * RATE), (600, 30 * RATE)]


def test_audio_that_comes_faster_than_it_lasts_has_no_holes():
    assert heard([k / 100000 for k in range(30000)], 512) == []
