"""One-shots through the engine: the same answer in whatever file, and a clear one for what is no sound."""

import numpy as np
import pytest
import soundfile
from sounds import hat, kick

from drumbridge.core.events import Classification
from drumbridge.core.transcriber import TranscriberSettings
from drumbridge.engine.classification import classify_files
from drumbridge.engine.engine import Engine
from drumbridge.errors import AudioError, JobError, ModelError, SettingsError
from drumbridge.inference.registry import load_model

RATE = 44100


@pytest.fixture(scope="module")
def engine(small_model):
    return Engine(model=str(small_model))


def write(path, audio, rate=RATE, **how):
    soundfile.write(path, audio, rate, **how)
    return path


@pytest.mark.parametrize(("sound", "label"), [(kick, "kick"), (hat, "closed_hat")])
@pytest.mark.parametrize("rate", [8000, 22050, 44100, 48000, 96000, 192000])
def test_at_any_rate(engine, tmp_path, sound, label, rate):
    result = engine.classify(write(tmp_path / "a.wav", sound(rate=rate), rate))
    assert result.label == label
    assert result.confidence > 0.8
    assert not result.unsure
    assert result.model == "small 1"
    assert sum(entry.confidence for entry in result.ranking) == pytest.approx(1)


@pytest.mark.parametrize("channels", [3, 64])
@pytest.mark.parametrize("lead_s", [0.0, 0.5, 5.0])
def test_many_channels_are_one_sound(engine, tmp_path, channels, lead_s):
    lead = np.zeros(round(lead_s * RATE), dtype=np.float32)
    audio = np.repeat(np.concatenate([lead, kick()])[:, None], channels, axis=1)
    mono = engine.classify(write(tmp_path / "a.wav", audio[:, 0], subtype="FLOAT"))
    wide = engine.classify(write(tmp_path / "b.wav", audio, subtype="FLOAT"))
    assert wide.embedding == pytest.approx(mono.embedding, abs=1e-3)


@pytest.mark.parametrize("kind", ["wav", "aiff", "flac", "ogg", "mp3"])
@pytest.mark.parametrize("channels", [1, 2])
def test_in_any_format(engine, tmp_path, kind, channels):
    for sound, label in [(kick(), "kick"), (hat(), "closed_hat")]:
        path = write(tmp_path / f"{label}.{kind}", np.repeat(sound[:, None], channels, axis=1), RATE)
        assert engine.classify(path).label == label


@pytest.mark.parametrize("rate", [44100, 48000])
@pytest.mark.parametrize("lead_s", [0.0, 0.001, 0.3, 3.99, 12.0])
def test_silence_before_the_sound_changes_nothing(engine, tmp_path, rate, lead_s):
    lead = np.zeros(round(lead_s * rate), dtype=np.float32)
    reference = engine.classify(write(tmp_path / "a.wav", kick(rate=rate), rate))
    result = engine.classify(write(tmp_path / "b.wav", np.concatenate([lead, kick(rate=rate)]), rate))
    assert result.label == reference.label
    assert result.confidence == pytest.approx(reference.confidence, abs=0.02)
    assert result.velocity == pytest.approx(reference.velocity, abs=1)


def test_an_attack_at_sample_0_and_a_soft_one(engine, tmp_path):
    assert kick()[0] > 0.5
    assert engine.classify(write(tmp_path / "a.wav", kick())).label == "kick"
    fade = np.minimum(1, np.arange(len(kick())) / 4000).astype(np.float32)
    assert engine.classify(write(tmp_path / "b.wav", kick() * fade)).label == "kick"


def test_what_comes_long_after_the_sound_is_not_read(engine, tmp_path):
    late = np.zeros((30 * RATE, 1), dtype=np.float32)
    late[: len(kick()), 0] = kick()
    late[20 * RATE, 0] = np.nan
    assert engine.classify(write(tmp_path / "a.wav", late, subtype="FLOAT")).label == "kick"


def test_velocity_follows_the_level(engine, tmp_path):
    found = [engine.classify(write(tmp_path / "a.wav", kick(peak=peak))) for peak in (0.05, 0.2, 0.8)]
    assert [result.level_db for result in found] == pytest.approx([-26.0, -14.0, -1.9], abs=0.1)
    assert 1 <= found[0].velocity < found[1].velocity < found[2].velocity <= 127


def test_a_decision_time_hides_what_comes_later(engine, tmp_path):
    both = kick(length_s=0.2)
    both[1000:] = hat(length_s=0.2)[1000:]  # a kick that turns into a hat after 23 ms
    path = write(tmp_path / "a.wav", both)
    early = engine.classify(path, after_ms=10)
    assert early.embedding[2] == pytest.approx(441)  # the small model tells how much it was given
    assert early.label == "kick"
    assert engine.classify(path).embedding[2] == pytest.approx(4096)


@pytest.mark.parametrize("after_ms", [0.0, -5.0, float("nan"), float("inf")])
def test_decision_times_that_cannot_be(engine, tmp_path, after_ms):
    with pytest.raises(SettingsError, match="above 0 ms"):
        engine.classify(write(tmp_path / "a.wav", kick()), after_ms=after_ms)
    with pytest.raises(SettingsError, match="above 0 ms"):
        list(engine.classify_many([], after_ms=after_ms))
    with pytest.raises(SettingsError, match="above 0 ms"):
        engine.transcribe(tmp_path / "a.wav", settings=TranscriberSettings(after_ms=after_ms))


@pytest.mark.parametrize(
    ("audio", "code", "why"),
    [
        (np.zeros(RATE), "audio.silent", "is silent"),
        (np.full(RATE, 0.5), "audio.silent", "is silent"),
        (np.full(RATE, 0.5) + 1e-4 * kick(length_s=1.0), "audio.silent", "-70 dBFS"),
        (np.zeros(30 * RATE), "audio.silent", "nothing of its first 20 s"),
        (np.array([0.5]), "audio.too_short", "is 1 sample long"),
        (np.full(40, 0.5), "audio.too_short", "is 40 samples long"),
    ],
)
def test_what_is_no_sound(engine, tmp_path, audio, code, why):
    with pytest.raises(AudioError, match=why) as caught:
        engine.classify(write(tmp_path / "a.wav", audio, subtype="FLOAT"))
    assert caught.value.code == code


@pytest.mark.parametrize("dc", [-0.3, 0.002, 0.05, 0.3])
@pytest.mark.parametrize("rate", [44100, 48000])
def test_dc_under_a_sound_changes_nothing(engine, tmp_path, dc, rate):
    sound = np.concatenate([0.5 * kick(rate=rate), np.zeros(rate, dtype=np.float32)])
    plain = engine.classify(write(tmp_path / "a.wav", sound, rate, subtype="FLOAT"))
    offset = engine.classify(write(tmp_path / "b.wav", sound + np.float32(dc), rate, subtype="FLOAT"))
    assert offset.level_db == pytest.approx(plain.level_db, abs=0.1)
    assert offset.embedding == pytest.approx(plain.embedding, abs=0.05)


def test_a_truncated_file_is_classified_and_says_so(engine, tmp_path):
    content = write(tmp_path / "a.wav", kick(length_s=1.0)).read_bytes()
    (tmp_path / "a.wav").write_bytes(content[:20_000])
    result = engine.classify(tmp_path / "a.wav")
    assert result.label == "kick"
    assert "cut short" in result.warning


def test_many_is_one_after_another(engine, tmp_path):
    paths = []
    for k in range(90):
        path = tmp_path / f"{k}.wav"
        if k % 9 == 4:
            path.touch()
        elif k % 9 != 7:  # 7: missing
            write(path, (kick if k % 2 else hat)(peak=0.2 + k / 200), (44100, 48000)[k % 3 == 0])
        paths.append(path)
    results = list(engine.classify_many(paths))
    assert [path for path, _ in results] == [str(path) for path in paths]
    for k, (path, result) in enumerate(results):
        if k % 9 in (4, 7):
            assert isinstance(result, AudioError)
            assert result.code == {4: "audio.empty", 7: "audio.not_found"}[k % 9]
        else:
            assert isinstance(result, Classification)
            alone = engine.classify(path)
            assert (result.label, result.velocity) == (alone.label, alone.velocity)
            assert result.confidence == pytest.approx(alone.confidence, abs=1e-5)


def test_an_answer_does_not_depend_on_what_else_is_asked(tmp_path):
    classifier = load_model()  # the shipped one: a small one would hardly round
    paths = [str(tmp_path / f"{k}.wav") for k in range(7)]
    for k, path in enumerate(paths):
        soundfile.write(path, (kick if k % 2 else hat)(peak=0.2 + 0.1 * k, length_s=0.02 + 0.1 * k), 44100)
    together = classify_files(paths, classifier, None, None)
    assert together == [classify_files([path], classifier, None, None)[0] for path in paths]
    assert together[3:] == classify_files(paths[3:], classifier, None, None)


def test_many_takes_its_paths_as_it_goes(engine, tmp_path):
    path = write(tmp_path / "a.wav", kick())
    taken = 0

    def endless():
        nonlocal taken
        while True:
            taken += 1
            yield path

    results = engine.classify_many(endless(), workers=2)
    for _ in range(100):
        assert next(results)[1].label == "kick"
    results.close()
    assert taken <= 300


def test_many_ends_when_cancelled(engine, tmp_path):
    path = write(tmp_path / "a.wav", kick())
    seen = []
    results = engine.classify_many([path] * 500, cancelled=lambda: len(seen) >= 50)
    with pytest.raises(JobError) as caught:
        seen.extend(results)  # one by one, so that seen grows while it is asked
    assert caught.value.code == "job.cancelled"
    assert len(seen) == 50


def test_a_model_per_call(engine, tmp_path):
    path = write(tmp_path / "a.wav", kick())
    with pytest.raises(ModelError, match="no model 'nonsense'") as caught:
        engine.classify(path, model="nonsense")
    assert caught.value.code == "model.not_found"
    (tmp_path / "bad.onnx").write_text("no model")
    with pytest.raises(ModelError, match="not an ONNX model"):
        engine.classify(path, model=str(tmp_path / "bad.onnx"))
    assert engine.classify(path).label == "kick"


def test_a_model_is_loaded_once(engine, small_model):
    assert engine.load_model() is engine.load_model(str(small_model))


def test_real_one_shots_are_all_answered(engine, data_dir):
    paths = sorted((data_dir / "oneshots" / "check").rglob("*.flac"))[:100]
    assert paths
    for path, result in engine.classify_many(paths):
        assert isinstance(result, Classification), path


def test_turned_polarity_is_no_silence(engine, tmp_path):
    for label, sound in (("kick", kick()), ("closed_hat", hat())):
        path = write(tmp_path / f"{label}.wav", np.stack([sound, -sound], axis=1), RATE)
        assert engine.classify(path).label == label
        assert [hit.label for hit in engine.transcribe(path).hits] == [label]
