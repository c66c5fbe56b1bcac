"""From scores to labels: probabilities are probabilities, and the ranking follows the group."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from drumbridge.core.decision import DecisionRule
from drumbridge.core.labels import to_family

LABELS = ("kick", "snare", "tom_low", "tom_mid", "tom_high", "conga", "shaker")
logits = arrays(np.float64, (3, len(LABELS)), elements=st.floats(-50, 50))


@given(logits, st.sampled_from(["sigmoid", "softmax"]), st.floats(0.2, 5.0))
def test_one_shot_probabilities_share_one(scores, activation, temperature) -> None:
    rule = DecisionRule(LABELS, activation=activation, temperature=temperature)
    p = rule.one_shot_probabilities(scores)
    np.testing.assert_allclose(p.sum(axis=1), 1.0)
    assert (p >= 0).all()


@given(logits)
def test_ranking_holds_every_label_and_after_the_answer_is_strongest_first(scores) -> None:
    rule = DecisionRule(LABELS)
    for p in rule.one_shot_probabilities(scores):
        ranking = rule.one_shot_ranking(p)
        assert {entry.label for entry in ranking} >= set(LABELS)
        confidences = [entry.confidence for entry in ranking]
        assert confidences[1:] == sorted(confidences[1:], reverse=True)
        assert confidences[0] <= 1.0 + 1e-9
        assert rule.one_shot_ranking(p, 3) == ranking[:3]


def test_what_may_be_any_percussion_is_not_called_a_snare() -> None:
    p = np.array([0.0, 0.4, 0.3, 0.02, 0.0, 0.18, 0.1])
    best = DecisionRule(LABELS).one_shot_ranking(p)[0]
    assert best.label == "tom_low"
    assert best.confidence == pytest.approx(0.32)


def test_after_what_is_no_drum_stands_the_drum_that_it_would_be() -> None:
    p = np.array([0.0, 0.2, 0.08, 0.08, 0.09, 0.0, 0.55])
    ranking = DecisionRule((*LABELS[:-1], "other")).one_shot_ranking(p)
    assert [entry.label for entry in ranking[:3]] == ["other", "tom", "snare"]
    assert ranking[1].confidence == pytest.approx(0.25)


def test_a_group_outvotes_a_label_outside_it() -> None:
    p = np.array([0.0, 0.4, 0.2, 0.2, 0.2, 0.0, 0.0])
    best = DecisionRule(LABELS).one_shot_ranking(p)[0]
    assert best.label == "tom"
    assert best.confidence == pytest.approx(0.6)


def test_a_clear_member_gives_its_group_its_name() -> None:
    p = np.array([0.1, 0.1, 0.5, 0.1, 0.1, 0.1, 0.0])
    assert DecisionRule(LABELS).one_shot_ranking(p)[0].label == "tom_low"


@given(arrays(np.float64, (len(LABELS),), elements=st.floats(0, 1)), st.floats(0.05, 0.95))
def test_a_hit_carries_the_families_above_their_thresholds(p, threshold) -> None:
    rule = DecisionRule(LABELS, thresholds=(threshold,) * len(LABELS))
    carried = rule.hit_labels(p)
    families = {"kick": p[:1], "snare": p[1:2], "tom": p[2:5], "percussion": p[5:]}
    expected = {name for name, members in families.items() if 1 - np.prod(1 - members) >= threshold}
    assert {to_family(entry.label) for entry in carried} == expected
    assert [e.confidence for e in carried] == sorted((e.confidence for e in carried), reverse=True)
    assert len({entry.label for entry in carried}) == len(carried)


def test_a_hit_in_doubt_within_its_family_is_no_doubt_about_the_family() -> None:
    p = np.array([0.1, 0.0, 0.4, 0.4, 0.1, 0.0, 0.0])
    (entry,) = DecisionRule(LABELS).hit_labels(p)
    assert entry.label == "tom_low"
    assert entry.confidence == pytest.approx(1 - 0.6 * 0.6 * 0.9)


def test_two_toms_at_once_are_two_labels() -> None:
    p = np.array([0.0, 0.0, 0.9, 0.0, 0.7, 0.0, 0.0])
    assert [entry.label for entry in DecisionRule(LABELS).hit_labels(p)] == ["tom_low", "tom_high"]


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0.01, 0.99), st.booleans())
def test_more_presence_and_a_certain_onset_never_speak_against_a_hit(a, b, threshold, certain) -> None:
    rule = DecisionRule(LABELS, presence_threshold=threshold)
    low, high = sorted((a, b))
    assert rule.is_hit(low, certain=certain) <= rule.is_hit(high, certain=certain)
    assert rule.is_hit(a, certain=False) <= (a >= threshold) <= rule.is_hit(a, certain=True)
    assert rule.is_hit(1.0, certain=False)
    assert not rule.is_hit(0.0, certain=True)


def test_the_curve_counts_as_odds() -> None:
    rule = DecisionRule(LABELS, presence_threshold=0.5, onset_evidence=9.0)
    assert [rule.is_hit(p, certain=True) for p in (0.09, 0.11)] == [False, True]
    assert [rule.is_hit(p, certain=False) for p in (0.89, 0.91)] == [False, True]


@given(st.floats(0.01, 0.99), st.floats(0.1, 20), st.floats(0.1, 20), st.booleans(), st.floats(0, 5))
def test_a_higher_curve_never_speaks_against_a_hit_soon_after_another(presence, a, b, certain, evidence) -> None:
    rule = DecisionRule(LABELS, presence_threshold=0.8, onset_evidence=2.0, again_evidence=evidence)
    low, high = sorted((a, b))
    low_again, high_again = (rule.is_hit(presence, certain=certain, again=s) for s in (low, high))
    assert low_again <= high_again
    usual = rule.is_hit(presence, certain=certain)
    assert rule.is_hit(presence, certain=certain, again=rule.again_strength) == usual
    assert usual == DecisionRule(LABELS, presence_threshold=0.8, onset_evidence=2.0).is_hit(
        presence, certain=certain, again=high
    )


def test_soon_after_a_hit_the_height_of_the_curve_counts_as_odds() -> None:
    rule = DecisionRule(LABELS, onset_evidence=1.0, again_evidence=2.0, again_strength=2.0)
    assert [rule.is_hit(p, certain=True, again=4.0) for p in (0.19, 0.21)] == [False, True]
    assert [rule.is_hit(p, certain=True, again=1.0) for p in (0.79, 0.81)] == [False, True]
