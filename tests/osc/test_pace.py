"""The rhythm of a job's replies, on a clock of its own."""

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drumbridge.osc import pace
from drumbridge.osc.pace import BURST, EVERY_S, Pace


@given(st.lists(st.floats(0, 0.01) | st.just(0.0), min_size=1, max_size=400))
def test_no_more_than_two_bursts_fall_into_any_window_and_nobody_waits_long(gaps_s):
    clock = SimpleNamespace(now_s=100.0)

    def sleep(duration_s):
        assert 0 <= duration_s <= EVERY_S
        clock.now_s += duration_s

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pace, "time", SimpleNamespace(monotonic=lambda: clock.now_s, sleep=sleep))
        one, left_s = Pace(), []
        for gap_s in gaps_s:
            clock.now_s += gap_s
            one.wait()
            left_s.append(clock.now_s)
    for k, start_s in enumerate(left_s):
        assert sum(start_s <= t_s < start_s + EVERY_S for t_s in left_s[k:]) <= 2 * BURST
    if len(gaps_s) <= BURST:
        assert left_s[-1] == pytest.approx(100.0 + sum(gaps_s)), "a single burst does not wait"
