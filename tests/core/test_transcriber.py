"""Laws of the transcriber: cuts, gaps, ends, rates, decision times and bad input."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strokes import CUTS, LevelClassifier, cut, kick_stroke, noise_stroke, place

from drumbridge.core.classifier import ModelOutput
from drumbridge.core.decision import DecisionRule
from drumbridge.core.events import Hit, Stage
from drumbridge.core.onsets import OnsetSettings
from drumbridge.core.transcriber import Transcriber, TranscriberSettings
from drumbridge.errors import AudioError, SettingsError

RATE = 16000


class EverySecond:
    """Halves the rate by leaving out every second sample."""

    def __init__(self) -> None:
        self.reset()

    def process(self, block: np.ndarray) -> np.ndarray:
        """Resample."""
        out = block[self._odd :: 2]
        self._odd = (self._odd + len(block)) % 2
        return out

    def flush(self) -> np.ndarray:
        """Return nothing: nothing is held back."""
        return np.zeros(0, dtype=np.float32)

    def reset(self) -> None:
        """Start anew."""
        self._odd = 0

    def latency(self) -> int:
        """Return the delay."""
        return 1


def music(seed: int, *, rate: int = RATE, length_s: float = 2.5) -> np.ndarray:
    """Return kicks and hats at random places."""
    rng = np.random.default_rng(seed)
    length = round(length_s * rate)
    strokes = [
        (
            int(position),
            np.float32(rng.uniform(0.03, 0.5)) * (kick_stroke(rate) if k % 2 else noise_stroke(rate, seed=k)),
        )
        for k, position in enumerate(rng.integers(0, length, 10))
    ]
    return place(strokes, length)


def transcribe(transcriber: Transcriber, audio: np.ndarray, sizes: list[int]) -> list[Hit]:
    """Return all hits of some audio fed in blocks of these sizes."""
    return [hit for block in cut(audio, sizes) for hit in transcriber.process(block)] + transcriber.flush()


def assert_same(hits: list[Hit], expected: list[Hit]) -> None:
    """Assert that the hits are equal; scores may differ by what the size of a batch does to their rounding."""
    exact = [(h.index, h.position, h.velocity, h.level_db, h.label, h.strength, h.stage) for h in hits]
    assert exact == [(h.index, h.position, h.velocity, h.level_db, h.label, h.strength, h.stage) for h in expected]
    for hit, other in zip(hits, expected, strict=True):
        assert hit.scores == pytest.approx(other.scores, abs=1e-6)


AFTER_MS = st.sampled_from([None, 3.0, 30.0, 100.0])


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 1000), sizes=CUTS, after_ms=AFTER_MS, presence=st.booleans(), halved=st.booleans())
def test_any_cutting_gives_the_same_hits(
    seed: int, sizes: list[int], after_ms: float | None, presence: bool, halved: bool
) -> None:
    def fresh() -> Transcriber:
        source = {"source_rate": 2 * RATE, "resampler": EverySecond()} if halved else {}
        classifier = LevelClassifier(sample_rate=RATE, has_presence=presence)
        return Transcriber(classifier, settings=TranscriberSettings(after_ms=after_ms), **source)

    audio = music(seed, rate=2 * RATE if halved else RATE)
    whole = transcribe(fresh(), audio, [len(audio)])
    assert_same(transcribe(fresh(), audio, sizes), whole)
    assert len(whole) >= 2
    assert [hit.index for hit in whole] == list(range(len(whole)))


@settings(deadline=None, max_examples=25)
@given(
    seed=st.integers(0, 1000), early_ms=st.sampled_from([None, 10.0]), halved=st.booleans(), size=st.integers(1, 300)
)
def test_nothing_is_heard_before_it_is_said_to_be_possible(
    seed: int, early_ms: float | None, halved: bool, size: int
) -> None:
    rate = 2 * RATE if halved else RATE
    source = {"source_rate": rate, "resampler": EverySecond()} if halved else {}
    classifier = LevelClassifier(sample_rate=RATE, has_presence=True)
    transcriber = Transcriber(classifier, settings=TranscriberSettings(early_ms=early_ms), **source)
    heard, calls, position = 0, 0, 0
    audio = music(seed, rate=rate)
    while position < len(audio):
        left = transcriber.until_next
        assert left >= 1
        quiet = audio[position : position + min(size, left - 1)]
        assert transcriber.process(quiet) == []
        position += len(quiet)
        rest = audio[position : position + max(1, left - len(quiet))]
        heard += len(transcriber.process(rest))
        position += len(rest)
        calls += 1
    assert heard >= 2
    assert halved or calls < len(audio) / 20  # it is worth waiting for


class HalfSure(LevelClassifier):
    """Is sure of loud strokes and of none else."""

    rule = DecisionRule(
        ("kick", "closed_hat"),
        activation="none",
        presence_threshold=0.8,
        onset_evidence=1.0,
        again_evidence=3.0,
        again_strength=1.0,
    )

    def score(self, audio: np.ndarray, available: np.ndarray) -> ModelOutput:
        """Score excerpts."""
        output = super().score(audio, available)
        loud = np.abs(audio[:, self.samples_before : self.samples_before + 30]).max(axis=1) > 0.25
        return ModelOutput(output.scores, output.embedding, np.where(loud, np.float32(0.95), np.float32(0.6)))


@pytest.mark.parametrize(("apart_ms", "heard"), [(30, 2), (40, 2), (100, 1)])
def test_a_model_that_is_not_sure_believes_the_curve_soon_after_a_stroke(apart_ms: int, heard: int) -> None:
    second = RATE // 2 + round(apart_ms / 1000 * RATE)
    stroke = noise_stroke(RATE, decay_s=0.004)
    audio = place([(RATE // 2, stroke), (second, 0.25 * stroke)], RATE)
    hits = transcribe(Transcriber(HalfSure(sample_rate=RATE, has_presence=True)), audio, [64])
    assert len(hits) == heard


@given(seed=st.integers(0, 1000), sizes=CUTS)
@settings(deadline=None, max_examples=20)
def test_what_was_heard_before_is_the_same_for_any_cut_and_behind_early_answers(seed: int, sizes: list[int]) -> None:
    audio = music(seed)
    expected = transcribe(Transcriber(HalfSure(sample_rate=RATE, has_presence=True)), audio, [len(audio)])
    early = Transcriber(HalfSure(sample_rate=RATE, has_presence=True), settings=TranscriberSettings(early_ms=10.0))
    hits = transcribe(early, audio, sizes)
    finals = [replace(hit, index=0) for hit in hits if hit.stage is Stage.FINAL]
    assert_same(finals, [replace(hit, index=0) for hit in expected])


def test_a_rehearsal_changes_nothing() -> None:
    audio = music(5)
    settings = TranscriberSettings(early_ms=10.0)
    classifier = LevelClassifier(sample_rate=RATE, has_presence=True)
    plain, rehearsing = (Transcriber(classifier, settings=settings) for _ in range(2))
    expected, hits, judged = [], [], []
    for start in range(0, len(audio), 100):
        block = audio[start : start + 100]
        expected += plain.process(block)
        missing = rehearsing.until_judgement
        judged.append(missing)
        rehearsing.rehearse()
        new = rehearsing.process(block)
        if missing is not None and missing > len(block):
            assert new == [] or any(hit.stage is Stage.EARLY for hit in new)
        hits += new
    assert_same(hits, expected)
    assert any(missing is not None for missing in judged)


@settings(deadline=None, max_examples=30)
@given(
    seed=st.integers(0, 99),
    at=st.integers(0, round(2.5 * RATE)),
    sizes=CUTS,
    early_ms=st.sampled_from([None, 10.0]),
    ahead=st.booleans(),
)
def test_open_hits_are_those_of_an_end_and_to_ask_for_them_changes_nothing(
    seed: int, at: int, sizes: list[int], early_ms: float | None, ahead: bool
) -> None:
    audio = music(seed)
    classifier = LevelClassifier(sample_rate=RATE)
    how = TranscriberSettings(early_ms=early_ms)
    asked, ended, plain = (Transcriber(classifier, settings=how, ahead={} if ahead else None) for _ in range(3))
    before = [hit for block in cut(audio[:at], sizes) for hit in asked.process(block)]
    for block in cut(audio[:at], sizes):
        ended.process(block)
    assert_same(asked.open_hits(), ended.flush())
    assert_same(before + transcribe(asked, audio[at:], sizes), transcribe(plain, audio, [len(audio)]))


def test_sample_by_sample_gives_the_same_hits() -> None:
    audio = music(3, rate=8000, length_s=1.5)
    whole = transcribe(Transcriber(LevelClassifier(sample_rate=8000)), audio, [len(audio)])
    assert_same(transcribe(Transcriber(LevelClassifier(sample_rate=8000)), audio, [1]), whole)


@settings(deadline=None, max_examples=30)
@given(before=st.integers(0, 12000), gap=st.integers(0, 10**13), sizes=CUTS, halved=st.booleans())
def test_positions_stay_exact_behind_a_gap_and_what_was_before_it_is_told_at_once(
    before: int, gap: int, sizes: list[int], halved: bool
) -> None:
    factor = 2 if halved else 1
    source = {"source_rate": 2 * RATE, "resampler": EverySecond()} if halved else {}
    transcriber = Transcriber(LevelClassifier(sample_rate=RATE), **source)
    positions = [2000 * factor, 6000 * factor, 10000 * factor]
    audio = place([(p, noise_stroke(RATE * factor, seed=p)) for p in positions], 14000 * factor)
    first = [hit for block in cut(audio[:before], sizes) for hit in transcriber.process(block)] + transcriber.skip(gap)
    second = transcribe(transcriber, audio, sizes)
    clear = before - round(0.04 * RATE * factor)
    told = [hit.position for hit in first]
    assert [p for p in told if p < clear] == pytest.approx(
        [p for p in positions if p < clear], abs=0.001 * RATE * factor
    )
    assert all(p < before for p in told)
    found = [hit.position - before - gap for hit in second]
    assert found == pytest.approx(positions, abs=0.001 * RATE * factor)
    assert [hit.index for hit in first + second] == list(range(len(first + second)))


@pytest.mark.parametrize("after_ms", [None, 5.0, 50.0])
def test_a_decision_sees_what_there_is_and_no_more(after_ms: float | None) -> None:
    classifier = LevelClassifier(sample_rate=RATE)
    audio = place([(1000, noise_stroke(RATE)), (8000, noise_stroke(RATE)), (15000, noise_stroke(RATE))], 16000)
    seen: list[np.ndarray] = []
    score = classifier.score
    classifier.score = lambda excerpts, available: seen.extend(excerpts.copy()) or score(excerpts, available)
    hits = transcribe(Transcriber(classifier, settings=TranscriberSettings(after_ms=after_ms)), audio, [100])
    needed = classifier.samples_after if after_ms is None else round(after_ms * RATE / 1000)
    available = np.concatenate(classifier.calls)
    assert available.tolist() == [min(needed, 16000 - hit.position) for hit in hits]
    for excerpt, hit, known in zip(seen, hits, available.tolist(), strict=True):
        padded = np.pad(audio, (classifier.samples_before, 0))[hit.position :]
        expected = np.zeros(len(excerpt), dtype=np.float32)
        expected[: classifier.samples_before + known] = padded[: classifier.samples_before + known]
        assert np.array_equal(excerpt, expected)


@pytest.mark.parametrize("after_ms", [None, 5.0, 50.0])
def test_hits_come_no_later_than_the_latency(after_ms: float | None) -> None:
    transcriber = Transcriber(LevelClassifier(sample_rate=RATE), settings=TranscriberSettings(after_ms=after_ms))
    heard, n_hits = 0, 0
    for block in cut(music(5), [64]):
        heard += len(block)
        for hit in transcriber.process(block):
            assert heard - hit.position < transcriber.latency() + 64
            n_hits += 1
    assert n_hits > 3


def test_a_model_with_presence_gets_more_proposals_and_rejects_some_of_them() -> None:
    rng = np.random.default_rng(0)
    hiss = rng.normal(0, 0.01, 5 * RATE).astype(np.float32)
    audio = hiss + place([(20000, 0.5 * noise_stroke(RATE)), (40000, 0.5 * noise_stroke(RATE))], len(hiss))
    believing, rejecting = LevelClassifier(), LevelClassifier(has_presence=True)
    transcribe(Transcriber(believing), audio, [4096])
    hits = transcribe(Transcriber(rejecting), audio, [4096])
    assert sum(map(len, rejecting.calls)) > sum(map(len, believing.calls))
    assert [hit.position for hit in hits] == pytest.approx([20000, 40000], abs=16)
    assert [hit.index for hit in hits] == [0, 1]
    balanced = LevelClassifier(has_presence=True)
    transcribe(Transcriber(balanced, settings=TranscriberSettings(onsets=OnsetSettings())), audio, [4096])
    assert sum(map(len, balanced.calls)) == sum(map(len, believing.calls))


def test_onsets_are_scored_in_bounded_batches() -> None:
    classifier = LevelClassifier(samples_after=200_000)
    audio = place([(k * 2000, noise_stroke(RATE, decay_s=0.005)) for k in range(90)], 190_000)
    hits = transcribe(Transcriber(classifier), audio, [len(audio)])
    assert len(hits) >= 89
    assert max(map(len, classifier.calls)) == 64


def test_labels_levels_and_velocities() -> None:
    kick, hat = kick_stroke(RATE), noise_stroke(RATE)
    audio = place([(4000, 0.5 * kick), (16000, 0.05 * hat), (28000, 0.5 * hat)], 40000)
    hits = transcribe(Transcriber(LevelClassifier()), audio, [1000])
    assert [hit.label for hit in hits] == ["kick", "closed_hat", "closed_hat"]
    assert [hit.level_db for hit in hits] == pytest.approx([-6, -26, -6], abs=1)
    assert [hit.velocity for hit in hits] == pytest.approx([127, 41, 127], abs=4)
    assert all(hit.confidence == hit.labels[0].confidence and hit.stage is Stage.FINAL for hit in hits)


@settings(deadline=None, max_examples=20)
@given(channels=st.integers(1, 5), seed=st.integers(0, 50))
def test_channels_are_mixed_into_one(channels: int, seed: int) -> None:
    mono = music(seed)
    expected = transcribe(Transcriber(LevelClassifier()), mono, [3000])
    same = np.repeat(mono[:, None], channels, axis=1)
    assert [h.position for h in transcribe(Transcriber(LevelClassifier()), same, [3000])] == pytest.approx(
        [h.position for h in expected], abs=2
    )
    # Also where a plain mean is silence; 1/256 steps, so that what is left is exact.
    mono = np.round(mono * 256) / 256
    opposite = np.stack([mono, -mono], axis=1)
    assert transcribe(Transcriber(LevelClassifier()), opposite, [3000]) == transcribe(
        Transcriber(LevelClassifier()), mono / 8, [3000]
    )


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_sample_that_is_not_finite_is_named(bad: float) -> None:
    transcriber = Transcriber(LevelClassifier())
    transcriber.process(np.zeros(1000, dtype=np.float32))
    transcriber.skip(500)
    block = np.zeros((100, 2), dtype=np.float32)
    block[70, 1] = bad
    with pytest.raises(AudioError, match="Sample 1570 is NaN or infinite") as error:
        transcriber.process(block)
    assert error.value.code == "audio.not_finite"


def test_after_the_end_only_reset_goes_on() -> None:
    transcriber = Transcriber(LevelClassifier())
    audio = music(1)
    first = transcribe(transcriber, audio, [777])
    assert transcriber.flush() == []
    with pytest.raises(AudioError, match="reset"):
        transcriber.process(audio)
    with pytest.raises(AudioError, match="reset"):
        transcriber.skip(1)
    transcriber.reset()
    assert transcribe(transcriber, audio, [777]) == first


def test_settings_that_cannot_work_are_refused() -> None:
    with pytest.raises(SettingsError, match="resampler"):
        Transcriber(LevelClassifier(), source_rate=44100)
    with pytest.raises(SettingsError, match="above 0 ms"):
        Transcriber(LevelClassifier(), settings=TranscriberSettings(after_ms=0.0))
    with pytest.raises(SettingsError, match="final hits only"):
        Transcriber(LevelClassifier()).latency(Stage.EARLY)
    with pytest.raises(SettingsError, match="-1 samples"):
        Transcriber(LevelClassifier()).skip(-1)
    with pytest.raises(AudioError, match="shape"):
        Transcriber(LevelClassifier()).process(np.zeros((2, 2, 2)))


@pytest.mark.parametrize("n", [0, 1, 2, 50, 400])
def test_the_shortest_sources_are_no_trouble(n: int) -> None:
    transcriber = Transcriber(LevelClassifier())
    hits = transcribe(transcriber, np.ones(n, dtype=np.float32), [7])
    assert len(hits) <= 1
    assert transcribe(Transcriber(LevelClassifier()), np.zeros(n, dtype=np.float32), [7]) == []


def test_memory_stays_bounded_when_nothing_or_everything_is_a_hit() -> None:
    for audio in (np.zeros(20000, dtype=np.float32), music(2)):
        transcriber = Transcriber(LevelClassifier())
        for _ in range(200):
            transcriber.process(audio)
        assert transcriber._history._buffer.nbytes < 1_000_000
        assert len(transcriber._plan) < 20
