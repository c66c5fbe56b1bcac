"""Evaluation through the deployed path: truth in, figures out."""

from pathlib import Path

import pytest

from drumbridge.core.events import Classification, LabelConfidence
from drumbridge.errors import SettingsError
from drumbridge.evaluation.one_shots import Item, answers_of, details_of_answers, scores_of_answers
from drumbridge.evaluation.transcription import (
    Estimate,
    Reference,
    class_counts,
    label_to_class,
    onset_counts,
    read_reference,
    score_tracks,
)

pytest.importorskip("mir_eval")


def classification(*ranking: tuple[str, float]) -> Classification:
    return Classification(tuple(LabelConfidence(*entry) for entry in ranking), False, 100, -3.0, (), "tiny")


ITEMS = [
    Item(Path(f"{k}.wav"), label, "s", kit)
    for k, (label, kit) in enumerate([("kick", "a"), ("open_hat", "a"), ("other", "b"), ("tom_low", "b")])
]
ANSWERS = answers_of(
    [
        classification(("kick", 0.9), ("snare", 0.1)),
        classification(("closed_hat", 0.6), ("open_hat", 0.4)),
        classification(("other", 0.8), ("kick", 0.2)),
        classification(("other", 0.5), ("conga", 0.3), ("kick", 0.2)),
    ]
)


def test_groups_are_scored_as_they_are_defined() -> None:
    scores = scores_of_answers(ITEMS, ANSWERS, intervals=False)
    assert scores["eleven"] == {"value": pytest.approx(0.5)}  # an open hat is no closed one, a tom is not other
    assert scores["five"] == {"value": pytest.approx(0.75)}
    assert scores["five_without_other"] == {"value": pytest.approx(1.0)}  # where other may not be said, conga is


def test_details_name_every_class_that_occurs() -> None:
    details = details_of_answers(ITEMS, ANSWERS)
    assert sum(map(sum, details["confusion"])) == len(ITEMS)
    assert details["risk_coverage"][-1] == (1.0, 0.5)


REFERENCE = Reference((0.1, 0.1, 0.5, 0.9), ("kick", "hihat", "snare", None))


def test_a_perfect_answer_scores_one_and_unscored_classes_count_as_onsets() -> None:
    estimate = Estimate((0.1, 0.5, 0.9), (frozenset({"kick", "hihat"}), frozenset({"snare"}), frozenset()))
    assert onset_counts(REFERENCE, estimate, 0.05) == (3, 3, 3)
    assert class_counts(REFERENCE, estimate, 0.05)["kick"] == (1, 1, 1)
    scores = score_tracks([REFERENCE], [estimate], ["t"], 0.05)
    assert scores["five"]["f"] == scores["onsets"]["f"] == 1.0


def test_a_late_answer_fails_the_narrow_window_only() -> None:
    estimate = Estimate((0.54,), (frozenset({"snare"}),))
    assert class_counts(REFERENCE, estimate, 0.05)["snare"][0] == 1
    assert class_counts(REFERENCE, estimate, 0.025)["snare"][0] == 0


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("hihat_pedal", "hihat"),
        ("ride_bell", "cymbal"),
        ("sidestick", None),
        ("snare_ghost", "snare"),
        ("tom_low", "tom"),
    ],
)
def test_foreign_labels_are_understood(label: str, name: str | None) -> None:
    assert label_to_class(label) == name


def test_something_else_is_no_annotation(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("time,what\n1,kick\n")
    with pytest.raises(SettingsError, match="onset_s"):
        read_reference(path)
