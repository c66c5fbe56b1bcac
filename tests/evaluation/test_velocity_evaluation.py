"""Velocities are compared by their order, and only where one stroke can be told from others."""

from pathlib import Path

import pytest

pytest.importorskip("mir_eval")

from drumbridge.evaluation.transcription import Estimate, Reference
from drumbridge.evaluation.velocity import evaluate_velocity, rank_correlation, velocity_pairs

SNARES = tuple(float(k) for k in range(10))
SOFT_TO_LOUD = tuple(range(10, 110, 10))


def estimate(velocities: tuple[int, ...]) -> Estimate:
    return Estimate(tuple(t + 0.004 for t in SNARES), (frozenset({"snare"}),) * len(SNARES), velocities)


def test_strokes_that_sound_together_are_left_out() -> None:
    reference = Reference((0.0, 0.01, 1.0, 2.0), ("kick", "hihat", "snare", "snare"), (90, 40, 100, 50))
    pairs = velocity_pairs(reference, estimate(SOFT_TO_LOUD))
    assert pairs["kick"] == pairs["hihat"] == []
    assert pairs["snare"] == [(100, 20), (50, 30)]


def test_any_curve_that_keeps_the_order_is_perfect_and_the_reverse_is_as_bad_as_can_be() -> None:
    curved = [(v, round(v**2 / 127) + 1) for v in SOFT_TO_LOUD]
    assert rank_correlation(curved) == pytest.approx(1.0)
    assert rank_correlation([(v, 127 - v) for v in SOFT_TO_LOUD]) == pytest.approx(-1.0)


def test_a_track_is_reported_with_its_annotation(tmp_path: Path) -> None:
    lines = [f"{t:.3f},snare,38,{v}" for t, v in zip(SNARES, SOFT_TO_LOUD, strict=True)]
    (tmp_path / "a.plusplus.csv").write_text("\n".join(["onset_s,label,midi,velocity", *lines]) + "\n")
    (row,) = evaluate_velocity(tmp_path, {"a": estimate(SOFT_TO_LOUD), "b": estimate(SOFT_TO_LOUD)})
    assert (row["track"], row["class"], row["strokes"]) == ("a", "snare", 10)
    assert row["correlation"] == pytest.approx(1.0)
    assert evaluate_velocity(tmp_path, {"a": estimate((64,) * 10)}) == []
