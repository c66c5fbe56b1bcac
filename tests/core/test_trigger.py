"""Laws of the trigger: cuts, quickness, places, gaps."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strokes import CUTS, cut, kick_stroke, noise_stroke, place

from drumbridge.core.trigger import TriggerDetector


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 1000), sizes=CUTS, rate=st.sampled_from([16000, 44100]))
def test_any_cutting_gives_the_same_triggers(seed: int, sizes: list[int], rate: int) -> None:
    rng = np.random.default_rng(seed)
    strokes = [(int(p), noise_stroke(rate, seed=k)) for k, p in enumerate(rng.integers(0, 2 * rate, 8))]
    audio = place(strokes, 2 * rate) + rng.normal(0, 0.01, 2 * rate).astype(np.float32)
    detector = TriggerDetector(rate)
    told = [trigger for block in cut(audio, sizes) for trigger in detector.process(block)]
    assert told == TriggerDetector(rate).process(audio)
    assert len(told) >= 2


@settings(deadline=None, max_examples=30)
@given(position=st.integers(0, 30000), kick=st.booleans(), gain_db=st.floats(-40, 0))
def test_a_stroke_out_of_silence_is_told_within_5_ms_and_in_its_place(
    position: int, kick: bool, gain_db: float
) -> None:
    rate = 44100
    stroke = kick_stroke(rate) if kick else noise_stroke(rate)
    audio = place([(position, np.float32(10 ** (gain_db / 20)) * stroke)], position + 10000)
    triggers = TriggerDetector(rate).process(audio)
    assert [trigger.position for trigger in triggers] == pytest.approx([position], abs=0.001 * rate)
    # At the very start the first frame must be there, which is half a frame.
    assert triggers[0].known_at - position <= max(0.005 * rate, 256 + 0.002 * rate + 1)


@given(gap=st.integers(0, 10**13))
@settings(deadline=None, max_examples=20)
def test_a_restart_amid_sound_says_nothing_of_it_and_counts_on(gap: int) -> None:
    rate = 44100
    t = np.arange(rate) / rate
    tone = (0.3 * np.sin(2 * np.pi * 440 * t)).astype(np.float32)
    audio = tone + place([(20000, noise_stroke(rate))], rate)
    detector = TriggerDetector(rate)
    detector.process(tone)
    detector.restart(gap, after_gap=True)
    assert [trigger.position - gap for trigger in detector.process(audio)] == pytest.approx([20000], abs=44)


def test_more_sensitivity_hears_more() -> None:
    rate = 44100
    hiss = np.random.default_rng(0).normal(0, 0.03, 5 * rate).astype(np.float32)
    told = [len(TriggerDetector(rate, sensitivity).process(hiss)) for sensitivity in (0.25, 1.0, 4.0)]
    assert told[0] <= told[1] < told[2]


@pytest.mark.parametrize("before_ms", [11, 13, 15, 17])
@pytest.mark.parametrize("soft_db", [-40, -37])
@pytest.mark.parametrize("kick", [True, False])
def test_a_soft_noise_shortly_before_a_stroke_does_not_hide_it(before_ms: int, soft_db: float, kick: bool) -> None:
    rate, position = 44100, 30000
    noise = np.float32(10 ** (soft_db / 20)) * noise_stroke(rate, decay_s=0.01)
    stroke = kick_stroke(rate) if kick else noise_stroke(rate, seed=9)
    hiss = np.random.default_rng(0).normal(0, 0.003, 40000).astype(np.float32)
    audio = place([(position - before_ms * rate // 1000, noise), (position, stroke)], 40000) + hiss
    told = TriggerDetector(rate).process(audio)
    before, of_stroke = [trigger for trigger in told if trigger.position > position - 1000]
    assert before.position < position - 400
    assert of_stroke.position == pytest.approx(position, abs=130)
    assert of_stroke.known_at - position < 0.010 * rate
