"""Excerpts hold the right samples at the right place; the attack of a one-shot is found."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drumbridge.core.excerpts import cut_excerpt, find_attack, led, prompt_length


@given(
    n=st.integers(0, 60), position=st.integers(0, 60), before=st.integers(0, 30), after=st.integers(1, 40),
    known=st.one_of(st.none(), st.integers(0, 50)),
)  # fmt: skip
def test_excerpt_is_the_padded_audio_around_the_onset(n, position, before, after, known) -> None:
    audio = np.arange(1, n + 1, dtype=np.float32)
    excerpt, available = cut_excerpt(audio, position, before, after, known=known)
    assert excerpt.shape == (before + after,)
    for k in range(before + after):
        where = position - before + k
        is_real = 0 <= where < n and k - before < available
        assert excerpt[k] == (audio[where] if is_real else 0.0)
    assert available == max(0, min(after, n - position, after if known is None else known))


@given(
    ends=st.lists(st.integers(0, 40), min_size=1, unique=True).map(sorted), most=st.integers(0, 8),
    known=st.lists(st.integers(0, 60), min_size=1, max_size=5),
)  # fmt: skip
def test_an_early_excerpt_is_moved_to_end_with_a_frame(ends, most, known) -> None:
    before, after = 10, 60
    excerpts = np.zeros((len(known), before + after), np.float32)
    for row, n in zip(excerpts, known, strict=True):
        row[: before + n] = np.arange(1, before + n + 1)
    kept = excerpts.copy()
    moved, available = led(excerpts, np.array(known), np.array(ends), most)
    np.testing.assert_array_equal(excerpts, kept)
    for row, was, n, now in zip(moved, excerpts, known, available, strict=True):
        lead = n - now
        assert 0 <= lead <= most
        if n < ends[0] or n >= ends[-1]:
            assert lead == 0
        elif lead < most:
            assert now in ends
        np.testing.assert_array_equal(row, np.r_[was[lead:], np.zeros(lead, np.float32)])
        # A frame that was heard is still heard, and nothing that is not known yet.
        assert sum(end <= now for end in ends) == sum(end <= n for end in ends)


@given(
    ends=st.lists(st.integers(0, 40), min_size=1, unique=True).map(sorted), most=st.integers(0, 8),
    spare=st.integers(0, 12), known=st.integers(0, 60),
)  # fmt: skip
def test_a_prompt_answer_looks_at_what_is_there_in_time_or_at_whole_frames(ends, most, spare, known) -> None:
    frame_ends = np.array(ends)

    def heard(length: int) -> int:
        """What of the audio makes a difference: up to the last frame, wherever the excerpt is laid."""
        _, (now,) = led(np.zeros((1, 80), np.float32), np.array([length]), frame_ends, most)
        return length - now + max(end for end in ends if end <= now)

    looked_at = prompt_length(known, frame_ends, most, spare)
    if known < ends[0] or known >= ends[-1]:
        assert looked_at == known
    elif looked_at == known and known not in ends:
        assert heard(known) <= known - spare
    else:
        assert looked_at == max(end for end in ends if end <= known)
        assert heard(looked_at) == looked_at


@pytest.mark.parametrize("sample_rate", [8000, 44100, 192000])
@pytest.mark.parametrize("start_s", [0.0, 0.005, 0.25])
@pytest.mark.parametrize("gain", [1.0, 0.003])
def test_attack_is_found_within_a_millisecond(sample_rate, start_s, gain) -> None:
    start = round(start_s * sample_rate)
    t = np.arange(sample_rate // 4) / sample_rate
    audio = np.zeros(start + len(t), dtype=np.float32)
    audio[start:] = gain * np.sin(2 * np.pi * 900 * t + 1.0) * np.exp(-t * 20)
    found = find_attack(audio + np.float32(0.1), sample_rate)
    assert found is not None
    assert abs(found - start) <= sample_rate * 0.001 + 1


def test_soft_attack_starts_before_its_loudest_part() -> None:
    rate = 44100
    t = np.arange(rate // 2) / rate
    audio = (np.random.default_rng(0).normal(size=len(t)) * np.minimum(t / 0.1, 1.0) * 0.1).astype(np.float32)
    found = find_attack(audio, rate)
    assert found is not None
    assert found < 0.02 * rate


@pytest.mark.parametrize("audio", [np.zeros(0), np.zeros(1), np.ones(1), np.zeros(1000), np.full(1000, 0.7)])
def test_silence_and_dc_have_no_attack(audio) -> None:
    assert find_attack(audio.astype(np.float32), 44100) is None
