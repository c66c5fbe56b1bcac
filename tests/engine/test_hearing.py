"""A stream is heard as a file is: its channels mixed by the same rule, what is no audio as silence."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drumbridge.core.transcriber import Transcriber
from drumbridge.engine.hearing import Hearing
from drumbridge.inference.classifier import OnnxClassifier

RATE = 44100


@pytest.fixture(scope="module")
def classifier(tmp_path_factory):
    from small_models import write_small_model

    return OnnxClassifier(write_small_model(tmp_path_factory.mktemp("model") / "small.onnx"))


def strokes() -> np.ndarray:
    audio = np.zeros(RATE // 2, np.float32)
    for start in (3000, 12000):
        audio[start : start + 400] = 0.8 * np.sin(np.arange(400) * 0.02)
    return audio


@given(gains=st.lists(st.sampled_from([-1.0, -0.5, 0.0, 0.5, 1.0]), min_size=1, max_size=4))
def test_channels_are_mixed_as_those_of_a_file(classifier, gains):
    audio = strokes()[:, None] * np.array(gains, np.float32)
    hearing, transcriber = Hearing(classifier, RATE, None), Transcriber(classifier)
    assert hearing.hear(audio) + hearing.end() == transcriber.process(audio) + transcriber.flush()


def test_a_channel_with_turned_polarity_does_not_make_a_stream_silent(classifier):
    hearing = Hearing(classifier, RATE, None)
    audio = strokes()
    assert len(hearing.hear(np.stack([audio, -audio], axis=1)) + hearing.end()) == 2


def test_what_is_no_audio_is_counted_and_heard_as_silence(classifier):
    hearing = Hearing(classifier, RATE, None)
    audio = strokes()
    audio[100:103] = [np.nan, np.inf, -1e30]
    assert len(hearing.hear(audio) + hearing.end()) == 2
    assert hearing.unusable == 3
