"""What is learned from taps: the nearest pad, none of them, and no dependence on the order of taps."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strokes import LevelClassifier, kick_stroke, noise_stroke, place

from drumbridge.core.events import Stage
from drumbridge.core.kit import Kit, Tap
from drumbridge.core.learned_kit import learn_kit
from drumbridge.core.pad_head import PadHead, points
from drumbridge.core.transcriber import Transcriber, TranscriberSettings
from drumbridge.errors import KitError


def clouds(n_pads: int, n_taps: int, *, seed: int = 0, d: int = 24, spread: float = 0.02):
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(n_pads, d))
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    owners = np.repeat(np.arange(n_pads), n_taps)
    return centres, centres[owners] + spread * rng.normal(size=(len(owners), d)), owners


@given(st.integers(1, 6), st.integers(1, 7), st.integers(0, 50))
def test_each_pad_is_known_by_its_middle(n_pads, n_taps, seed):
    centres, taps, owners = clouds(n_pads, n_taps, seed=seed)
    head = PadHead(taps, owners)
    for k, centre in enumerate(centres):
        shares, known = head.judge(centre)
        assert shares.argmax() == k
        assert known > 0.5
        assert shares.sum() == pytest.approx(1)


@given(st.integers(1, 6), st.integers(2, 7), st.integers(0, 50))
def test_what_is_far_from_every_pad_is_none_of_them(n_pads, n_taps, seed):
    centres, taps, owners = clouds(n_pads, n_taps, seed=seed)
    away = -centres.mean(axis=0)
    _, known = PadHead(taps, owners).judge(3.0 * away / np.linalg.norm(away))
    assert known < 0.1


@given(st.permutations(range(12)), st.integers(0, 20))
def test_the_order_of_taps_does_not_matter(order, seed):
    rng = np.random.default_rng(seed)
    kit = Kit("k", "m", 16000, 300, 3000).with_pad("low").with_pad("high")
    taps = [Tap(k % 2, rng.normal(size=3300).astype(np.float32) * np.exp(-np.arange(3300) / (50 + 900 * (k % 2))), 3000)
            for k in range(12)]  # fmt: skip
    taps = [Tap(tap.pad, tap.audio.astype(np.float32), tap.available) for tap in taps]
    stroke = rng.normal(size=2), rng.uniform(size=2)
    heads = []
    for taught in (taps, [taps[k] for k in order]):
        learned = kit
        for tap in taught:
            learned = learned.with_tap(tap)
        heads.append(learn_kit(learned, LevelClassifier()).ranking(Stage.FINAL, *stroke))
    assert heads[0] == heads[1]


def test_no_taps_and_nonsense_are_said():
    with pytest.raises(KitError, match="no taps yet"):
        PadHead(np.zeros((0, 3)), [])
    with pytest.raises(KitError, match="not finite"):
        PadHead(np.full((2, 3), np.nan), [0, 0])


def test_only_the_direction_of_an_embedding_counts():
    embeddings, probabilities = np.random.default_rng(0).normal(size=(3, 8)), np.zeros((3, 2))
    assert points(7.0 * embeddings, probabilities) == pytest.approx(points(embeddings, probabilities))


@pytest.fixture(scope="module")
def taught() -> Kit:
    """A kit taught through the transcriber: two pads in turn, five times each."""
    classifier = LevelClassifier()
    rate = classifier.sample_rate
    strokes = [(16000 * k + 4000, kick_stroke(rate) if k % 2 else noise_stroke(rate, seed=k)) for k in range(10)]
    transcriber = Transcriber(classifier)
    transcriber.keep_excerpts = True
    audio = place(strokes, 170000)
    hits = transcriber.process(audio) + transcriber.flush()
    assert len(hits) == 10
    kit = Kit("two", classifier.name, rate, classifier.samples_before, classifier.samples_after)
    kit = kit.with_pad("hiss", note=40).with_pad("kick", note=99)
    for k, hit in enumerate(hits):
        assert hit.excerpt is not None
        kit = kit.with_tap(Tap(k % 2, *hit.excerpt))
    return kit


@pytest.mark.parametrize("early_ms", [None, 20.0])
def test_a_transcriber_with_a_kit_plays_its_pads_early_and_finally(taught, early_ms):
    classifier = LevelClassifier()
    rate = classifier.sample_rate
    settings = TranscriberSettings(early_ms=early_ms)
    final, early = settings.known_lengths(rate, classifier.samples_after)
    kit = learn_kit(taught, classifier, final=final, early=early)
    transcriber = Transcriber(classifier, settings=settings, kit=kit)
    audio = place([(5000, noise_stroke(rate, seed=77)), (20000, kick_stroke(rate))], 50000)
    hits = transcriber.process(audio[:20600])
    assert ("kick", 99) in [(hit.label, hit.note) for hit in transcriber.open_hits()]
    hits += transcriber.process(audio[20600:]) + transcriber.flush()
    for stage in [Stage.FINAL] if early is None else [Stage.EARLY, Stage.FINAL]:
        # the pad called like a drum plays its own note and not that drum's
        assert [(hit.label, hit.note) for hit in hits if hit.stage is stage] == [("hiss", 40), ("kick", 99)]
    transcriber.use_kit(None)
    transcriber.reset()
    plain = Transcriber(classifier, settings=settings)
    assert transcriber.process(audio) + transcriber.flush() == plain.process(audio) + plain.flush()


def test_a_kit_learned_for_final_answers_cannot_give_early_ones(taught):
    with pytest.raises(KitError, match="not learned for early answers"):
        Transcriber(
            LevelClassifier(), settings=TranscriberSettings(early_ms=20.0), kit=learn_kit(taught, LevelClassifier())
        )


def test_taps_of_another_model_are_not_learned_as_if_they_were_its_own(taught):
    with pytest.raises(KitError, match="were not cut for the model"):
        learn_kit(taught, LevelClassifier(sample_rate=22050))
