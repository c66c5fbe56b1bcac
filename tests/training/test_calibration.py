"""The decision rule is fitted on what is told in the cache, and no fit is worse than none."""

import numpy as np
import pytest

pytest.importorskip("torch")

from hypothesis import given, settings
from hypothesis import strategies as st

from drumbridge.core.decision import DecisionRule
from drumbridge.training.calibration import fit_again, fit_presence
from drumbridge.training.front_end import SAMPLE_RATE
from drumbridge.training.loop_cache import LoopCache
from drumbridge.training.objective import MODEL_LABELS

USUAL = {"presence_threshold": 0.8, "onset_evidence": 1.0}


def cache(present: np.ndarray, strength: np.ndarray, apart_ms: float | np.ndarray) -> LoopCache:
    n = len(present)
    since = np.broadcast_to(np.rint(np.array(apart_ms) / 1000 * SAMPLE_RATE).astype(np.int32), n)
    empty = np.zeros((n, 0), np.float32)
    return LoopCache(empty, np.zeros(n), empty, present, np.ones(n, bool), strength.astype(np.float32), since)


def f_measure(presence: np.ndarray, hits: LoopCache, fitted: dict[str, float]) -> float:
    """Return F of a rule on proposals that are all soon after each other."""
    rule, taken, last, position = DecisionRule(MODEL_LABELS, **fitted), [], -(10**9), 0
    for p, strength, since in zip(presence, hits.strength, hits.since, strict=True):
        position += int(since)
        again = float(strength) if position - last < 0.06 * SAMPLE_RATE else None
        taken.append(rule.is_hit(float(p), certain=True, again=again))
        last = position if taken[-1] else last
    truth, heard = hits.present == 1, np.array(taken)
    return float(2 * (truth & heard).sum() / max(1, truth.sum() + (heard & (hits.present >= 0)).sum()))


@given(st.integers(0, 1000))
@settings(deadline=None, max_examples=10)
def test_what_is_fitted_is_no_worse_than_what_was(seed: int) -> None:
    random = np.random.default_rng(seed)
    hits = cache(random.integers(-1, 2, 80).astype(np.int8), random.uniform(0.5, 6, 80), random.uniform(20, 90))
    presence = random.random(80)
    fitted = fit_again(presence, hits, USUAL)
    assert fitted.items() >= USUAL.items()
    assert f_measure(presence, hits, fitted) >= f_measure(presence, hits, USUAL) - 0.001


def test_where_the_curve_tells_a_roll_from_an_echo_it_is_believed() -> None:
    present = np.array([1, 1, 1, 0] * 16, np.int8)  # each second one follows 30 ms after a stroke
    hits = cache(present, np.where(present == 1, 5.0, 1.0), np.array([200.0, 30.0] * 32))
    presence = np.array([0.99, 0.6] * 32)
    fitted = fit_again(presence, hits, USUAL)
    assert fitted["again_evidence"] > 0
    assert f_measure(presence, hits, fitted) == 1.0 > f_measure(presence, hits, USUAL)


def test_proposals_far_apart_are_left_to_the_model() -> None:
    present = np.array([1, 0] * 20, np.int8)
    hits = cache(present, np.where(present == 1, 5.0, 1.0), 200.0)
    assert fit_again(np.full(40, 0.6), hits, USUAL)["again_evidence"] == 0


def test_the_presence_threshold_lies_between_what_is_there_and_what_is_not() -> None:
    truth = np.array([True, False] * 30)
    fitted = fit_presence(np.where(truth, 0.9, 0.31), np.ones(60, bool), truth)
    rule = DecisionRule(MODEL_LABELS, **fitted)
    assert rule.is_hit(0.9, certain=True)
    assert not rule.is_hit(0.31, certain=True)
