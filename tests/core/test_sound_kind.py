"""One-shot or loop."""

import numpy as np
import pytest

from drumbridge.core.sound_kind import sound_kind
from drumbridge.core.synthesis import demo_loop, synthesise


@pytest.mark.parametrize("rate", [22050, 44100, 96000])
@pytest.mark.parametrize("label", ["kick", "snare", "closed_hat", "open_hat", "crash", "clap", "tom_low", "ride"])
def test_one_drum_is_a_one_shot(label, rate):
    sound = synthesise(label, sample_rate=rate)
    late = np.concatenate([np.zeros(rate, dtype=np.float32), sound, np.zeros(rate, dtype=np.float32)])
    assert sound_kind(sound, rate) == sound_kind(late, rate) == "one_shot"


@pytest.mark.parametrize("rate", [22050, 44100, 96000])
def test_a_loop_is_a_loop(rate):
    audio = demo_loop(rate)[0]
    assert sound_kind(audio, rate) == sound_kind(audio[: 2 * rate], rate) == "loop"


def test_two_strokes_are_a_loop_and_a_flam_is_not():
    def twice(apart_s):
        audio = np.zeros(2 * 44100, dtype=np.float32)
        for start in (0, round(apart_s * 44100)):
            sound = synthesise("snare")[: len(audio) - start]
            audio[start : start + len(sound)] += sound
        return audio

    assert sound_kind(twice(0.5), 44100) == "loop"
    assert sound_kind(twice(0.03), 44100) == "one_shot"


def test_silence_and_nearly_nothing():
    for n in (0, 1, 44100, 200_000):
        assert sound_kind(np.zeros(n, dtype=np.float32), 44100) == "one_shot"
