"""The parts of recipes: splits by kit, features that measure what they say, trees as tensors, balance."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")
pytest.importorskip("onnx")

from drumbridge.cli.train import RECIPES as NAMES  # noqa: E402
from drumbridge.training.recipes.audio_augmentation import augment, copies_for_balance  # noqa: E402
from drumbridge.training.recipes.features import FEATURES, Features  # noqa: E402
from drumbridge.training.recipes.features_tree import FEATURES_TREE  # noqa: E402
from drumbridge.training.recipes.forest import Forest  # noqa: E402
from drumbridge.training.recipes.image_recipe import HIT_IMAGE  # noqa: E402
from drumbridge.training.recipes.spectra import mel_filters  # noqa: E402
from drumbridge.training.recipes.split import held_out  # noqa: E402
from drumbridge.training.recipes.table import RECIPES  # noqa: E402

RATE = FEATURES_TREE.layout.sample_rate

files = st.lists(
    st.tuples(st.sampled_from(["kick", "snare", "hat"]), st.sampled_from(["a", "b", "c", "d", "e"])), min_size=1
)


def test_the_command_line_knows_the_table():
    assert set(NAMES) == set(RECIPES)


@given(files=files, share=st.floats(0, 0.5), seed=st.integers(0, 9))
def test_a_split_keeps_kits_together_and_loses_no_class(files, share, seed):
    labels, units = [label for label, _ in files], [unit for _, unit in files]
    out = held_out(labels, units, share, seed)
    assert out.sum() <= share * len(files)
    for unit in set(units):
        assert len({bool(o) for o, u in zip(out, units, strict=True) if u == unit}) == 1
    for label in set(labels):
        of_it = [o for o, name in zip(out, labels, strict=True) if name == label]
        assert sum(of_it) <= len(of_it) / 2
    np.testing.assert_array_equal(out, held_out(labels, units, share, seed))


def test_a_split_holds_kits_out_where_it_can():
    labels, units = ["kick", "snare"] * 10, [f"kit {k // 2}" for k in range(20)]
    out = held_out(labels, units, 0.2, 1)
    assert out.sum() == 4
    assert (out != held_out(labels, units, 0.2, 2)).any()


def measure(audio):
    length = FEATURES_TREE.layout.length
    excerpt = np.zeros((1, length), np.float32)
    excerpt[0, : len(audio)] = audio
    with torch.no_grad():
        values = Features(FEATURES_TREE.layout)(torch.from_numpy(excerpt), torch.tensor([len(audio)]))[0]
    return dict(zip(FEATURES, values.tolist(), strict=True))


@pytest.mark.parametrize("hz", [55.0, 200.0, 441.0, 1000.0])
def test_the_fundamental_of_a_tone(hz):
    t = np.arange(RATE) / RATE
    found = measure(np.sin(2 * np.pi * hz * t) * 0.5)
    assert 2 ** found["fundamental"] == pytest.approx(hz, rel=0.03)
    assert found["fundamental_deviation"] < 0.1


@settings(max_examples=10, deadline=None)
@given(gain_db=st.floats(-40, 0), decay=st.floats(5, 30))
def test_features_do_not_hang_from_gain(gain_db, decay):
    t = np.arange(RATE) / RATE
    tone = np.sin(2 * np.pi * 300 * t) * np.exp(-decay * t)
    loud, soft = measure(tone), measure(tone * 10 ** (gain_db / 20))
    assert loud["duration_s"] == pytest.approx(min(1.0, 6.9 / decay), abs=0.04)  # 60 dB are a factor of e ** 6.9
    for name, value in loud.items():
        assert soft[name] == pytest.approx(value, abs=0.2), name


def test_bands_and_sections_say_where_a_sound_is_bright():
    t = np.arange(RATE) / RATE
    tone = np.where(t < 0.5, np.sin(2 * np.pi * 80 * t), np.sin(2 * np.pi * 6000 * t))
    found = measure(tone)
    assert found["band_60_120_Hz_section_1"] > -1 > found["band_4000_8000_Hz_section_1"]
    assert found["band_4000_8000_Hz_section_5"] > -1 > found["band_60_120_Hz_section_5"]
    assert found["loudness_0%"] == pytest.approx(found["loudness_44%"], abs=6)


def test_silence_and_a_single_click_are_numbers_too():
    for audio in (np.zeros(0), np.ones(1), np.full(5, 1e-30)):
        assert np.isfinite(list(measure(audio).values())).all()


@pytest.mark.parametrize("trees", [1, 7])
def test_trees_as_tensors_answer_as_trees(trees):
    ensemble = pytest.importorskip("sklearn.ensemble")
    rng = np.random.default_rng(trees)
    x = rng.normal(size=(300, 5)).astype(np.float32)
    y = (x[:, 0] > 0).astype(int) + 2 * (x[:, 1] * x[:, 2] > 0)
    grown = ensemble.RandomForestClassifier(trees, random_state=0).fit(x, y)
    forest = Forest(grown.estimators_)
    asked = np.concatenate([x, rng.normal(size=(300, 5)).astype(np.float32)])
    with torch.no_grad():
        found = forest(torch.from_numpy(asked)).exp().numpy()
    np.testing.assert_allclose(found, grown.predict_proba(asked), atol=2e-3)
    np.testing.assert_allclose(found.sum(1), 1, atol=1e-5)


@pytest.mark.parametrize(("n_mels", "rate"), [(256, 44100), (128, 22050)])
def test_no_mel_band_is_empty(n_mels, rate):
    filters = mel_filters(2048, rate, n_mels, 20.0, 0.95 * rate / 2)
    assert (filters.sum(1) > 0).all()
    assert (np.diff(filters.argmax(1)) >= 0).all()


@given(st.lists(st.integers(0, 3), min_size=4, max_size=200))
def test_rare_classes_are_made_more_and_the_largest_is_left(drawn):
    labels = np.array([0, 1, 2, 3, *drawn])
    copies = copies_for_balance(labels)
    counts, after = np.bincount(labels), np.bincount(labels, weights=1 + copies)
    assert (copies[labels == counts.argmax()] == 0).all()
    assert (after >= np.minimum(counts.max() / 4, 21 * counts) - 1e-9).all()


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1000))
def test_a_variant_is_a_sound_of_the_same_length_and_the_same_for_the_same_seed(seed):
    layout = HIT_IMAGE.layout
    audio = np.zeros(layout.length, np.float32)
    audio[layout.samples_before :] = np.exp(-np.arange(layout.samples_after) / 3000)
    one, other = (augment(audio, layout, np.random.default_rng(seed)) for _ in range(2))
    assert one.shape == audio.shape
    assert one.dtype == np.float32
    assert np.isfinite(one).all()
    assert np.abs(one).max() > 0.1
    np.testing.assert_array_equal(one, other)
