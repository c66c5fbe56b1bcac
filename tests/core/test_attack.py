"""Attacks are found where they are, within a millisecond or two, also above the ring of an earlier stroke."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strokes import kick_stroke, noise_stroke, place

from drumbridge.core.attack import refine_attack


@pytest.mark.parametrize("rate", [8000, 16000, 44100, 48000, 96000])
@given(position_s=st.floats(0.006, 0.018), gain_db=st.floats(-60, 0), seed=st.integers(0, 50))
def test_a_noise_attack_is_found_to_the_millisecond(rate: int, position_s: float, gain_db: float, seed: int) -> None:
    position = round(position_s * rate)
    audio = place([(position, noise_stroke(rate, seed=seed))], round(0.025 * rate))
    found = refine_attack(audio * np.float32(10 ** (gain_db / 20)), rate, len(audio) // 2)
    assert abs(found - position) <= 0.001 * rate


@given(position_s=st.floats(0.006, 0.018))
def test_a_hat_is_found_above_a_louder_ringing_kick(position_s: float) -> None:
    rate = 44100
    position = round(position_s * rate)
    ring = kick_stroke(rate)[2000:]
    audio = place([(0, ring), (position, 0.1 * noise_stroke(rate))], round(0.025 * rate))
    assert abs(refine_attack(audio, rate, len(audio) // 2) - position) <= 0.001 * rate


@given(position_s=st.floats(0.006, 0.016))
def test_a_soft_attack_is_found_while_it_rises(position_s: float) -> None:
    rate = 44100
    position, rise = round(position_s * rate), round(0.003 * rate)
    stroke = noise_stroke(rate)
    stroke[:rise] *= np.linspace(0, 1, rise, dtype=np.float32)
    audio = place([(position, stroke)], round(0.025 * rate))
    assert -0.0005 * rate <= refine_attack(audio, rate, len(audio) // 2) - position <= rise


@given(length=st.integers(1, 2000), rate=st.integers(4000, 192000), near=st.integers(0, 2000), seed=st.integers(0, 9))
def test_the_answer_lies_in_the_audio(length: int, rate: int, near: int, seed: int) -> None:
    audio = np.random.default_rng(seed).uniform(-1, 1, length).astype(np.float32)
    assert 0 <= refine_attack(audio, rate, near) < length
    assert 0 <= refine_attack(0 * audio, rate, near) < length


def test_of_two_attacks_the_nearer_one_is_found() -> None:
    rate = 44100
    hiss = np.random.default_rng(0).normal(0, 0.01, 1400).astype(np.float32)
    audio = hiss + place([(300, noise_stroke(rate, decay_s=0.003)), (1000, noise_stroke(rate, decay_s=0.003))], 1400)
    assert abs(refine_attack(audio, rate, 350) - 300) <= 44
    assert abs(refine_attack(audio, rate, 950) - 1000) <= 44
