"""Models of whole files and of recordings in pieces: who may use them, and how pieces vote."""

import json

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_models import manifest, write_small_model
from sounds import hat, kick, loop

from drumbridge.audio.files import open_audio
from drumbridge.core.labels import BY_NAME, UNSURE_INDEX
from drumbridge.core.mixing import mix_to_mono
from drumbridge.core.own_labels import label_colour, own_pads
from drumbridge.engine.engine import Engine
from drumbridge.engine.pieces import pieces
from drumbridge.errors import DrumbridgeError, ModelError, SettingsError

LENGTH = 8000
RATE = 44100


def own_model(path, segmentation, **changes):
    fields = {"samples_before": 0, "samples_after": LENGTH, "segmentation": segmentation} | changes
    return write_small_model(path, manifest_text=json.dumps(manifest(**fields)), length=LENGTH)


@pytest.fixture
def fixed_model(tmp_path):
    return own_model(tmp_path / "fixed.onnx", "fixed")


def write(path, *sounds, rate=RATE):
    """Write sounds one after another, each filled up to one piece."""
    pieces_ = [np.pad(sound, (0, LENGTH))[:LENGTH] for sound in sounds]
    soundfile.write(path, np.concatenate(pieces_), rate, subtype="FLOAT")
    return path


def probabilities(result):
    return {entry.label: entry.confidence for entry in result.ranking}


def test_each_piece_votes_with_its_probabilities(tmp_path, fixed_model):
    engine = Engine(model=str(fixed_model))
    low, high = (
        probabilities(engine.classify(write(tmp_path / f"{name}.wav", sound)))
        for name, sound in (("low", kick()), ("high", hat()))
    )
    mixed = engine.classify(write(tmp_path / "mixed.wav", kick(), kick(), hat(), kick()))
    assert mixed.label == "kick"
    for label, p in probabilities(mixed).items():
        assert p == pytest.approx(0.75 * low[label] + 0.25 * high[label], abs=1e-5)


def test_silence_has_no_vote_and_a_short_rest_a_small_one(tmp_path, fixed_model):
    engine = Engine(model=str(fixed_model))
    alone = engine.classify(write(tmp_path / "alone.wav", kick()))
    silence = np.zeros(LENGTH)
    between = engine.classify(write(tmp_path / "between.wav", silence, kick(), silence, silence))
    assert probabilities(between) == probabilities(alone)
    rest = tmp_path / "rest.wav"
    soundfile.write(rest, np.concatenate([np.pad(kick(), (0, LENGTH))[:LENGTH], hat()[:80]]), RATE, subtype="FLOAT")
    assert probabilities(engine.classify(rest))["kick"] == pytest.approx(probabilities(alone)["kick"], abs=0.02)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
@given(n=st.integers(1, 5 * LENGTH), channels=st.integers(1, 3))
def test_the_pieces_are_the_file(tmp_path, n, channels, fixed_model):
    audio = np.random.default_rng(n).uniform(-0.5, 0.5, (n, channels)).astype(np.float32)
    path = tmp_path / "noise.wav"
    soundfile.write(path, audio, RATE, subtype="FLOAT")
    with open_audio(path) as file:
        found = list(pieces(file, Engine().load_model(str(fixed_model))))
    assert all(len(piece.audio) == LENGTH for piece in found)
    np.testing.assert_array_equal(np.concatenate([p.audio[: p.available] for p in found]), mix_to_mono(audio))
    assert all(piece.available == LENGTH for piece in found[:-1])


def test_another_rate_is_the_same_recording(tmp_path, fixed_model):
    engine = Engine(model=str(fixed_model))
    loop_ = [(0.0, 80), (0.4, 80), (0.8, 3500)]
    results = []
    for rate in (44100, 48000):
        path = tmp_path / f"{rate}.wav"
        strokes = [(t, kick(rate=rate) if hz == 80 else hat(rate=rate)) for t, hz in loop_]
        soundfile.write(path, loop(strokes, rate=rate, length_s=1.2), rate, subtype="FLOAT")
        results.append(probabilities(engine.classify(path)))
    for label, p in results[0].items():
        assert p == pytest.approx(results[1][label], abs=0.02)


def test_what_no_vote_can_be_taken_of(tmp_path, fixed_model):
    engine = Engine(model=str(fixed_model))
    with pytest.raises(DrumbridgeError, match="is silent") as caught:
        engine.classify(write(tmp_path / "silent.wav", np.zeros(LENGTH)))
    assert caught.value.code == "audio.silent"
    with pytest.raises(SettingsError, match="no time after the attack"):
        engine.classify(write(tmp_path / "kick.wav", kick()), after_ms=10)


def test_many_files_some_of_them_bad(tmp_path, fixed_model):
    good, bad = write(tmp_path / "good.wav", kick()), tmp_path / "bad.wav"
    bad.write_text("no audio")
    (_, first), (_, second) = Engine(model=str(fixed_model)).classify_many([bad, good])
    assert first.code == "audio.not_audio"
    assert second.label == "kick"


@pytest.mark.parametrize("segmentation", ["whole", "fixed"])
def test_only_models_of_onsets_transcribe(tmp_path, segmentation):
    engine = Engine(model=str(own_model(tmp_path / "m.onnx", segmentation)))
    path = write(tmp_path / "kick.wav", kick())
    assert engine.classify(path).label == "kick"
    with pytest.raises(ModelError, match="names whole files") as caught:
        engine.transcribe(path)
    assert caught.value.code == "model.segmentation"


def test_a_users_own_labels_are_heard_and_written(tmp_path):
    labels = ["my 808", "Schüttelei"]
    model = write_small_model(
        tmp_path / "own.onnx",
        manifest_text=json.dumps(manifest(labels=labels, thresholds=dict.fromkeys(labels, 0.5))),
    )
    path = tmp_path / "loop.wav"
    soundfile.write(path, loop([(0.1, kick()), (0.6, hat())], length_s=1.2), RATE, subtype="FLOAT")
    engine = Engine(model=str(model))
    hits = engine.transcribe(path).hits
    assert [hit.label for hit in hits] == labels
    assert [entry.index - UNSURE_INDEX for hit in hits for entry in hit.labels] == [1, 2]  # behind the table
    assert len({entry.note for hit in hits for entry in hit.labels}) == 2
    assert engine.classify(path).label == labels[0]


@given(st.lists(st.text(min_size=1, max_size=5) | st.sampled_from(sorted(BY_NAME)), unique=True, max_size=60))
def test_own_labels_have_notes_of_their_own_and_a_colour_by_their_name(labels):
    pads = own_pads(tuple(labels))
    assert list(pads) == [label for label in labels if label not in BY_NAME]
    assert [pad.number for pad in pads.values()] == list(range(len(pads)))
    notes = [pad.note for pad in pads.values()] + sorted(
        {BY_NAME[label].gm_note for label in labels if label in BY_NAME}
    )
    assert len(set(notes)) == len(notes)
    assert all(0 <= note <= 127 for note in notes)
    assert {pad.colour: own_pads((name,))[name].colour for name, pad in pads.items()} == {
        label_colour(name): label_colour(name) for name in pads
    }
