"""Laws of early answers: cuts, gaps, ends, one last word per stroke, and finals that are those of a file."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strokes import CUTS, LevelClassifier, cut, kick_stroke, noise_stroke, place
from test_transcriber import RATE, EverySecond, assert_same, music, transcribe

from drumbridge.core.classifier import ModelOutput
from drumbridge.core.events import Hit, Stage
from drumbridge.core.synthesis import demo_loop, synthesise
from drumbridge.core.transcriber import Transcriber, TranscriberSettings
from drumbridge.errors import SettingsError


class SlowToDoubt(LevelClassifier):
    """Believes in everything at first and rejects what is soft once 50 ms of it are known."""

    def score(self, audio: np.ndarray, available: np.ndarray) -> ModelOutput:
        """Score excerpts."""
        scores, embedding, presence = super().score(audio, available)
        assert presence is not None
        return ModelOutput(scores, embedding, np.where(available < 0.05 * self.sample_rate, np.float32(1), presence))


EARLY_MS = st.sampled_from([2.0, 6.0, 10.0, 30.0, 80.0])
AFTER_MS = st.sampled_from([None, 100.0])


def early(early_ms: float | None, *, halved: bool = False, after_ms: float | None = None, **chosen) -> Transcriber:
    """Return a transcriber whose model takes back some of what it said."""
    source = {"source_rate": 2 * RATE, "resampler": EverySecond()} if halved else {}
    classifier = SlowToDoubt(sample_rate=RATE, has_presence=True)
    return Transcriber(
        classifier, settings=TranscriberSettings(early_ms=early_ms, after_ms=after_ms, **chosen), **source
    )


def of_stage(hits: list[Hit], stage: Stage) -> list[Hit]:
    """Return the hits of one stage."""
    return [hit for hit in hits if hit.stage is stage]


def assert_one_last_word(hits: list[Hit]) -> None:
    """Assert that every early hit is followed by one final or withdrawn one, and that indices are unique otherwise."""
    open_indices: set[int] = set()
    told: set[int] = set()
    for hit in hits:
        if hit.stage is Stage.EARLY:
            assert hit.index not in told
            open_indices.add(hit.index)
        elif hit.stage is Stage.WITHDRAWN:
            open_indices.remove(hit.index)
        else:
            assert hit.index in open_indices or hit.index not in told
            open_indices.discard(hit.index)
        told.add(hit.index)
    assert not open_indices
    assert told == set(range(len(told)))


def noisy(seed: int, *, rate: int = RATE) -> np.ndarray:
    """Return strokes in hiss, so that some triggers are false."""
    audio = music(seed, rate=rate)
    hiss = np.random.default_rng(seed).normal(0, 0.01, len(audio))
    hiss[: len(hiss) // 3] *= 8
    return (audio + hiss).astype(np.float32)


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 1000), sizes=CUTS, early_ms=EARLY_MS, after_ms=AFTER_MS, halved=st.booleans())
def test_any_cutting_gives_the_same_hits_of_all_stages_in_the_same_order(
    seed: int, sizes: list[int], early_ms: float, after_ms: float | None, halved: bool
) -> None:
    audio = noisy(seed, rate=2 * RATE if halved else RATE)
    whole = transcribe(early(early_ms, halved=halved, after_ms=after_ms), audio, [len(audio)])
    assert_same(transcribe(early(early_ms, halved=halved, after_ms=after_ms), audio, sizes), whole)
    assert_one_last_word(whole)
    assert of_stage(whole, Stage.EARLY)


def test_what_the_model_takes_back_is_withdrawn_as_it_was_said() -> None:
    hits = transcribe(early(10.0), noisy(1), [64])
    said = {hit.index: hit for hit in of_stage(hits, Stage.EARLY)}
    taken_back = of_stage(hits, Stage.WITHDRAWN)
    assert 0 < len(taken_back) < len(said)
    assert all(replace(hit, stage=Stage.EARLY) == said[hit.index] for hit in taken_back)


def test_sample_by_sample_gives_the_same_hits() -> None:
    audio = noisy(3)[:20000]
    assert_same(transcribe(early(10.0), audio, [1]), transcribe(early(10.0), audio, [len(audio)]))


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 1000), early_ms=EARLY_MS, after_ms=AFTER_MS, gap=st.integers(0, 20000), halved=st.booleans())
def test_the_final_hits_are_those_without_early_answers(
    seed: int, early_ms: float, after_ms: float | None, gap: int, halved: bool
) -> None:
    audio = noisy(seed, rate=2 * RATE if halved else RATE)

    def hear(transcriber: Transcriber) -> list[Hit]:
        hits = [hit for block in cut(audio[:gap], [64]) for hit in transcriber.process(block)]
        return hits + transcriber.skip(gap) + transcribe(transcriber, audio[gap:], [64])

    plain = hear(early(None, halved=halved, after_ms=after_ms, retrigger_ms={"kick": 150.0}))
    hits = hear(early(early_ms, halved=halved, after_ms=after_ms, retrigger_ms={"kick": 150.0}))
    assert_one_last_word(hits)
    finals = of_stage(hits, Stage.FINAL)
    assert [(h.position, h.labels, h.velocity, h.level_db, h.strength) for h in finals] == [
        (h.position, h.labels, h.velocity, h.level_db, h.strength) for h in plain
    ]
    assert [h.index for h in plain] == list(range(len(plain)))


@settings(deadline=None, max_examples=30)
@given(before=st.integers(0, 12000), gap=st.integers(0, 10**13), sizes=CUTS, halved=st.booleans())
def test_positions_stay_exact_behind_a_gap_and_nothing_is_left_open_before_it(
    before: int, gap: int, sizes: list[int], halved: bool
) -> None:
    factor = 2 if halved else 1
    transcriber = early(10.0, halved=halved)
    positions = [2000 * factor, 6000 * factor, 10000 * factor]
    audio = place([(p, noise_stroke(RATE * factor, seed=p)) for p in positions], 14000 * factor)
    first = [hit for block in cut(audio[:before], sizes) for hit in transcriber.process(block)] + transcriber.skip(gap)
    assert_one_last_word(first)
    assert all(hit.position < before for hit in first)
    second = transcribe(transcriber, audio, sizes)
    assert_one_last_word(first + second)
    for stage in (Stage.EARLY, Stage.FINAL):
        found = [hit.position - before - gap for hit in of_stage(second, stage)]
        assert found == pytest.approx(positions, abs=0.001 * RATE * factor)


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 1000), early_ms=EARLY_MS, halved=st.booleans())
def test_hits_of_every_stage_come_no_later_than_their_latency(seed: int, early_ms: float, halved: bool) -> None:
    transcriber = early(early_ms, halved=halved)
    heard = 0
    for block in cut(noisy(seed, rate=2 * RATE if halved else RATE), [64]):
        heard += len(block)
        for hit in transcriber.process(block):
            assert heard - hit.position < transcriber.latency(hit.stage) + 64


@pytest.mark.parametrize("early_ms", [6.0, 10.0, 25.0])
def test_an_early_answer_is_made_of_so_many_samples_and_comes_with_the_last_of_them(early_ms: float) -> None:
    needed = round(early_ms * RATE / 1000)
    positions = [5000, 15000, 25000]
    audio = place([(p, noise_stroke(RATE, seed=p)) for p in positions], 30000)
    classifier = LevelClassifier(sample_rate=RATE, has_presence=True)
    transcriber = Transcriber(classifier, settings=TranscriberSettings(early_ms=early_ms))
    told = []
    for end, sample in enumerate(cut(audio, [1]), start=1):
        told += [(hit.position, end) for hit in transcriber.process(sample) if hit.stage is Stage.EARLY]
    assert told == [(p, p + needed) for p in positions]
    assert np.concatenate(classifier.calls).tolist().count(needed) == len(positions)


@pytest.mark.parametrize("drum", ["noise", "snare", "closed_hat", "kick"])
def test_strikes_25_ms_apart_are_answered_as_two(drum: str) -> None:
    rate = 44100

    def stroke(seed: int) -> np.ndarray:
        return noise_stroke(rate, seed=seed) if drum == "noise" else synthesise(drum, sample_rate=rate, seed=seed)

    firsts = [rate // 2 + k * rate for k in range(10)]
    positions = sorted(firsts + [p + round(0.025 * rate) for p in firsts])
    audio = place([(p, 0.4 * stroke(k)) for k, p in enumerate(positions)], 11 * rate)
    transcriber = Transcriber(LevelClassifier(sample_rate=rate), settings=TranscriberSettings(early_ms=10.0))
    answers = of_stage(transcribe(transcriber, audio, [64]), Stage.EARLY)
    assert len(answers) == len(positions)
    assert sum(abs(hit.position - p) < 0.002 * rate for hit, p in zip(answers, positions, strict=True)) >= 18


def test_what_rings_or_hums_says_nothing_after_its_start() -> None:
    rate = 44100
    t = np.arange(10 * rate) / rate
    hum = (0.1 * np.sin(2 * np.pi * 50 * t) + 0.03 * np.sin(2 * np.pi * 150 * t)).astype(np.float32)
    beating = (0.1 * np.sin(2 * np.pi * 300 * t) + 0.1 * np.sin(2 * np.pi * 307 * t)).astype(np.float32)
    crash = np.pad(synthesise("crash", sample_rate=rate), (rate, rate))
    for audio in (hum, beating, crash):
        transcriber = Transcriber(LevelClassifier(sample_rate=rate), settings=TranscriberSettings(early_ms=10.0))
        stages = Counter(hit.stage for hit in transcribe(transcriber, audio, [64]))
        assert stages == {Stage.EARLY: 1, Stage.FINAL: 1}


def test_the_peaks_of_a_mains_hum_are_not_believed_for_long_and_strokes_in_it_are_answered() -> None:
    rate = 44100
    t = np.arange(8 * rate) / rate
    buzz = sum(np.sin(2 * np.pi * 50 * k * t) / k for k in range(1, 40)) * np.minimum(1, t)
    strokes = [rate * second for second in (4, 5, 6)]
    audio = place([(p, 0.9 * noise_stroke(rate)) for p in strokes], len(t)) + 0.04 * buzz.astype(np.float32)
    transcriber = Transcriber(LevelClassifier(sample_rate=rate), settings=TranscriberSettings(early_ms=10.0))
    hits = transcribe(transcriber, audio, [64])
    stages = Counter(hit.stage for hit in hits)
    finals = [hit.position for hit in of_stage(hits, Stage.FINAL) if hit.position > rate]
    assert [any(abs(p - at) < 100 for at in finals) for p in strokes] == [True] * 3
    assert stages[Stage.WITHDRAWN] < 10
    answered = {hit.index for hit in of_stage(hits, Stage.EARLY)}
    assert {hit.index for hit in of_stage(hits, Stage.FINAL)} <= answered


def test_the_demo_loop_is_played_early_and_right() -> None:
    audio, truth = demo_loop(RATE)
    transcriber = Transcriber(LevelClassifier(sample_rate=RATE), settings=TranscriberSettings(early_ms=10.0))
    hits = transcribe(transcriber, audio, [64])
    finals = {hit.index: hit for hit in of_stage(hits, Stage.FINAL)}
    early_positions = {hit.index: hit.position for hit in of_stage(hits, Stage.EARLY)}
    assert len(set(early_positions) & set(finals)) >= 0.9 * len({position for position, _ in truth})
    near = [abs(early_positions[k] - finals[k].position) < 0.002 * RATE for k in set(early_positions) & set(finals)]
    assert np.mean(near) > 0.9


def test_early_velocities_follow_the_level() -> None:
    audio = place([(4000, 0.5 * kick_stroke(RATE)), (28000, 0.05 * kick_stroke(RATE))], 44000)
    answers = of_stage(
        transcribe(Transcriber(LevelClassifier(), settings=TranscriberSettings(early_ms=10.0)), audio, [64]),
        Stage.EARLY,
    )
    assert [hit.velocity for hit in answers] == pytest.approx([127, 41], abs=4)


def test_memory_stays_bounded() -> None:
    transcriber = early(10.0)
    for _ in range(100):
        transcriber.process(noisy(2))
    assert transcriber._history._buffer.nbytes < 1_000_000
    assert len(transcriber._plan) < 100
    transcriber.flush()
    assert len(transcriber._plan) == 0


def test_settings_that_cannot_work_are_refused() -> None:
    with pytest.raises(SettingsError, match="above 0 ms"):
        TranscriberSettings(early_ms=0.0)
    with pytest.raises(SettingsError, match="no earlier than the final one"):
        early(30.0, after_ms=30.0)
    with pytest.raises(SettingsError, match="set early_ms"):
        early(None).latency(Stage.WITHDRAWN)
