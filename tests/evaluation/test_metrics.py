"""The metrics obey their definitions."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drumbridge.evaluation import metrics

names = st.sampled_from(["kick", "snare", "hat"])
pairs = st.lists(st.tuples(names, names), min_size=1, max_size=60)
times = st.lists(st.floats(0, 10), max_size=20)


@given(pairs)
def test_accuracy_is_the_diagonal_of_the_confusion(answers: list[tuple[str, str]]) -> None:
    truth, answer = zip(*answers, strict=True)
    table = metrics.confusion(truth, answer, ["kick", "snare", "hat"])
    assert metrics.accuracy(truth, answer) == pytest.approx(np.trace(table) / table.sum())
    recalls = [row[k] / row.sum() for k, row in enumerate(table) if row.sum()]
    assert metrics.balanced_accuracy(truth, answer) == pytest.approx(np.mean(recalls))


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=80))
def test_calibration_error_is_the_weighted_gap_of_the_bins(answers: list[tuple[float, bool]]) -> None:
    confidence, right = (np.array(column) for column in zip(*answers, strict=True))
    bins = metrics.reliability(confidence, right)
    assert sum(n for _, _, n in bins) == len(answers)
    gap = sum(n * abs(c - r) for c, r, n in bins) / len(answers)
    assert metrics.calibration_error(confidence, right) == pytest.approx(gap)


def test_an_honest_confidence_has_no_calibration_error() -> None:
    rng = np.random.default_rng(0)
    confidence = rng.uniform(0, 1, 200_000)
    assert metrics.calibration_error(confidence, rng.uniform(0, 1, 200_000) < confidence) < 0.01
    assert metrics.calibration_error(np.ones(100), np.zeros(100)) == pytest.approx(1.0)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), min_size=1, max_size=60))
def test_a_bootstrap_stays_within_the_units(answers: list[tuple[str, bool]]) -> None:
    units, right = zip(*answers, strict=True)
    values = np.array(right, float)
    low, high = metrics.bootstrap(units, lambda rows: float(values[rows].mean()), rounds=50)
    means = [values[[u == unit for u in units]].mean() for unit in set(units)]
    assert min(means) - 1e-9 <= low <= high <= max(means) + 1e-9


@given(times, times)
def test_matches_are_one_to_one(reference: list[float], estimate: list[float]) -> None:
    pytest.importorskip("mir_eval")
    matches, n_reference, n_estimate = metrics.matched(reference, estimate, 0.05)
    assert (n_reference, n_estimate) == (len(reference), len(estimate))
    assert matches <= min(n_reference, n_estimate)
    assert metrics.matched(reference, reference, 0.05)[0] == len(reference)
    assert 0 <= metrics.f_measure(matches, n_reference, n_estimate) <= 1


@given(times)
def test_merged_onsets_are_apart_and_none_is_lost(onsets: list[float]) -> None:
    kept = metrics.merge_near(onsets, 0.02)
    assert all(b - a >= 0.02 for a, b in itertools.pairwise(kept))
    assert all(any(0 <= t - k < 0.02 for k in kept) for t in onsets)
