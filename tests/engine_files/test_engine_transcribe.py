"""Files through the transcriber: every stroke is found where it is, in a whole file and in its parts."""

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from sounds import hat, kick, loop

from drumbridge.engine.engine import Engine
from drumbridge.errors import AudioError, JobError

RATE = 44100
STROKES = [(0.25 + 0.25 * k, "kick" if k % 2 == 0 else "closed_hat") for k in range(14)]


def render(rate=RATE):
    return loop([(t, kick(rate=rate) if name == "kick" else hat(rate=rate)) for t, name in STROKES], rate)


@pytest.fixture(scope="module")
def engine(small_model):
    return Engine(model=str(small_model))


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("loops") / "loop.wav"
    soundfile.write(path, render(), RATE)
    return path


@pytest.mark.parametrize("rate", [16000, 44100, 48000, 96000])
@pytest.mark.parametrize("channels", [1, 2])
def test_every_stroke_is_found_and_named(engine, tmp_path, rate, channels):
    soundfile.write(tmp_path / "a.wav", np.repeat(render(rate)[:, None], channels, axis=1), rate)
    result = engine.transcribe(tmp_path / "a.wav")
    assert (result.sample_rate, result.n_samples, result.warning) == (rate, 4 * rate, "")
    assert [hit.index for hit in result.hits] == list(range(len(STROKES)))
    assert [hit.label for hit in result.hits] == [name for _, name in STROKES]
    assert [hit.position / rate for hit in result.hits] == pytest.approx([t for t, _ in STROKES], abs=0.005)


@settings(max_examples=25, deadline=None)
@given(start_s=st.floats(0, 3.9), length_s=st.floats(0.01, 4.5))
def test_a_part_has_the_hits_of_the_whole(engine, path, start_s, length_s):
    end_s = start_s + length_s
    whole = engine.transcribe(path)
    part = engine.transcribe(path, start_s=start_s, end_s=end_s)
    start, end = round(start_s * RATE), min(round(end_s * RATE), whole.n_samples)
    expected = [(hit.position, hit.label) for hit in whole.hits if start <= hit.position < end]
    assert [(hit.position, hit.label) for hit in part.hits] == expected
    assert [hit.index for hit in part.hits] == list(range(len(expected)))
    assert part.n_samples == end - start


def test_hits_and_progress_come_as_they_are_known(engine, path):
    hits, progress = [], []
    result = engine.transcribe(
        path,
        start_s=1.0,
        on_hits=lambda new, rate: hits.append((len(progress), tuple(new), rate)),
        on_progress=lambda done, total: progress.append((done, total)),
    )
    assert tuple(hit for _, new, _ in hits for hit in new) == result.hits
    assert {rate for _, _, rate in hits} == {RATE}
    assert len({when for when, _, _ in hits}) > 1
    assert all(new for _, new, _ in hits)
    assert {total for _, total in progress} == {3 * RATE}
    assert progress == sorted(progress)
    assert progress[-1][0] == 3 * RATE


def test_cancelling_ends_it_within_a_block(engine, path):
    asked = 0

    def cancelled():
        nonlocal asked
        asked += 1
        return asked > 2

    with pytest.raises(JobError) as caught:
        engine.transcribe(path, cancelled=cancelled)
    assert caught.value.code == "job.cancelled"
    assert asked == 3


@pytest.mark.parametrize(
    ("start_s", "end_s", "why"),
    [
        (4.0, None, r"starts at 4 s but .* ends at 4\.000 s"),
        (1e300, None, "ends at"),
        (-0.1, None, "before the file does"),
        (2.0, 2.0, "not after its start"),
        (2.0, 1.0, "not after its start"),
        (float("nan"), None, "numbers of seconds"),
        (0.0, float("inf"), "numbers of seconds"),
    ],
)
def test_parts_that_are_not_there(engine, path, start_s, end_s, why):
    with pytest.raises(AudioError, match=why) as caught:
        engine.transcribe(path, start_s=start_s, end_s=end_s)
    assert caught.value.code == "audio.range"


def test_a_part_that_ends_after_the_file_ends_with_it(engine, path):
    assert engine.transcribe(path, start_s=3.0, end_s=1e300).n_samples == RATE


@pytest.mark.parametrize(
    "audio", [np.zeros(RATE), np.full(RATE, 0.5), np.array([0.5]), np.zeros(1), np.zeros((5000, 2))]
)
def test_what_has_no_strokes_has_no_hits(engine, tmp_path, audio):
    soundfile.write(tmp_path / "a.wav", audio, RATE, subtype="FLOAT")
    result = engine.transcribe(tmp_path / "a.wav")
    assert result.n_samples == len(audio)
    assert [hit for hit in result.hits if hit.position > 0] == []


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e30])
def test_samples_that_are_no_sound(engine, tmp_path, value):
    audio = render()
    audio[100_000] = value
    soundfile.write(tmp_path / "a.wav", audio, RATE, subtype="FLOAT")
    with pytest.raises(AudioError, match="at sample 100000"):
        engine.transcribe(tmp_path / "a.wav")


def test_a_truncated_file_gives_the_hits_that_are_there(engine, path, tmp_path):
    content = path.read_bytes()
    (tmp_path / "cut.wav").write_bytes(content[: len(content) // 2])
    result = engine.transcribe(tmp_path / "cut.wav")
    assert "cut short" in result.warning
    assert [hit.label for hit in result.hits] == [name for t, name in STROKES if t < 1.99]


def test_the_file_may_change_between_requests(engine, tmp_path):
    path = tmp_path / "a.wav"
    soundfile.write(path, render(), RATE)
    assert len(engine.transcribe(path).hits) == len(STROKES)
    path.unlink()
    with pytest.raises(AudioError, match="no file") as caught:
        engine.transcribe(path)
    assert caught.value.code == "audio.not_found"
