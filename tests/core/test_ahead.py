"""Verdicts prepared ahead: the same hits, no model when a stroke is due, and how it is found what matters."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strokes import CUTS, LevelClassifier, cut
from test_transcriber import RATE, EverySecond, assert_same, music, transcribe

from drumbridge.core.ahead import heard_of
from drumbridge.core.classifier import ModelOutput
from drumbridge.core.events import Stage
from drumbridge.core.transcriber import Transcriber, TranscriberSettings

CELL = 70


class InCells(LevelClassifier):
    """Hears whole cells only, as a model does whose frames end at certain samples."""

    def score(self, audio: np.ndarray, available: np.ndarray) -> ModelOutput:
        """Score excerpts."""
        heard = audio.copy()
        for row, known in zip(heard, available, strict=True):
            row[self.samples_before + known // CELL * CELL :] = 0
        return super().score(heard, available)


class Dice(LevelClassifier):
    """Never says the same twice."""

    def score(self, audio: np.ndarray, available: np.ndarray) -> ModelOutput:
        """Score excerpts."""
        scores = np.full((len(available), 2), len(self.calls), np.float32)
        self.calls.append(available)
        return ModelOutput(scores, scores)


def transcriber(kind: type[LevelClassifier], *, ahead: bool, halved: bool = False, early_ms: float | None = 10.0):
    source = {"source_rate": 2 * RATE, "resampler": EverySecond()} if halved else {}
    classifier = kind(sample_rate=RATE, has_presence=True)
    return Transcriber(
        classifier, settings=TranscriberSettings(early_ms=early_ms), ahead={} if ahead else None, **source
    )


@settings(deadline=None, max_examples=40)
@given(
    seed=st.integers(0, 1000), sizes=CUTS, early_ms=st.sampled_from([None, 6.0, 10.0]), halved=st.booleans(),
    prepared=st.lists(st.integers(0, 3), min_size=1, max_size=8),
)  # fmt: skip
def test_whenever_verdicts_are_prepared_the_hits_are_the_same(seed, sizes, early_ms, halved, prepared):
    audio = music(seed, rate=2 * RATE if halved else RATE)
    expected = transcribe(transcriber(InCells, ahead=False, halved=halved, early_ms=early_ms), audio, sizes)
    preparing = transcriber(InCells, ahead=True, halved=halved, early_ms=early_ms)
    preparing.keep_excerpts = True
    hits = []
    for k, block in enumerate(cut(audio, sizes)):
        hits += preparing.process(block)
        for _ in range(prepared[k % len(prepared)]):
            preparing.prepare()
    hits += preparing.flush()
    assert_same(hits, expected)
    for hit in hits:  # what is kept of a stroke is all of it, not what was there when its verdict was prepared
        if hit.excerpt is not None:
            peak = np.abs(hit.excerpt.audio[300 : 300 + round(0.03 * RATE)]).max()
            assert 20 * np.log10(peak) == pytest.approx(hit.level_db, abs=1e-4)


def test_what_was_prepared_needs_no_model_when_it_is_due():
    audio = music(5)
    preparing = transcriber(InCells, ahead=True)
    calls, position, told, asked = preparing._classifier.calls, 0, {stage: 0 for stage in Stage}, 0
    while position < len(audio):
        step = preparing.until_next  # as a stream does: whatever may happen next is not passed over
        before = len(calls)
        hits = preparing.process(audio[position : position + step])
        asked += len(calls) - before
        position += step
        for hit in hits:
            told[hit.stage] += 1
        while preparing.prepare():
            pass
    assert min(told[Stage.EARLY], told[Stage.FINAL]) >= 5
    assert asked <= 2  # what only an onset told of is late already when it is known


@pytest.mark.parametrize("known", [CELL - 1, CELL, 3 * CELL + 5, 3000])
def test_what_a_model_hears_is_found_by_trying(known):
    assert heard_of(InCells(has_presence=True), known) == known // CELL * CELL


def test_a_model_that_hears_everything_is_never_asked_ahead():
    assert heard_of(LevelClassifier(has_presence=True), 160) == 160


def test_a_model_that_never_says_the_same_is_never_asked_ahead():
    assert heard_of(Dice(), 160) == 160
