"""A personal head mends what is systematically wrong, leaves the rest alone, and is refused where it is no better."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drumbridge.core.decision import DecisionRule
from drumbridge.core.events import LOOP, ONE_SHOT
from drumbridge.core.head_trial import FOLDS, Judged, JudgedSounds, independent_groups
from drumbridge.core.head_trial import learn_head as learn_from
from drumbridge.core.head_trial import try_head as try_both
from drumbridge.core.hit_head import JudgedHits
from drumbridge.core.personal_head import fit_head, one_shot_examples

D = 24
RANKINGS = {
    "kick": (("kick", 0.8), ("tom_low", 0.15), ("snare", 0.02), ("clap", 0.01), ("other", 0.01)),
    "snare": (("snare", 0.85), ("clap", 0.1), ("rim", 0.02), ("kick", 0.01), ("other", 0.01)),
}


NO_HITS = JudgedHits(np.zeros((0, 1), np.float32), np.zeros((0, 1), np.float16), [], [], DecisionRule(("kick",)))


def learn_head(sounds):
    return learn_from(Judged(sounds, NO_HITS))


def try_head(sounds, confidence):
    trials = try_both(Judged(sounds, NO_HITS), {ONE_SHOT: confidence, LOOP: 0.0})
    assert list(trials) == [ONE_SHOT]
    return trials[ONE_SHOT]


def around(centre, n, rng, spread=0.35):
    """Return n unit vectors around a direction, alike but none of them nearly the same."""
    vectors = centre + spread * rng.normal(size=(n, D)) / np.sqrt(D) * 2
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def centres(n, seed=0):
    return np.linalg.qr(np.random.default_rng(seed).normal(size=(D, n)))[0].T


def systematic(seed, judged=40):
    """Toms that the model calls kicks, with confidence, beside kicks and snares that it hears rightly."""
    rng = np.random.default_rng(seed)
    toms, kicks, snares = centres(3)
    vectors = np.concatenate([around(centre, judged, rng) for centre in (toms, kicks, snares)])
    heard = ["kick"] * (2 * judged) + ["snare"] * judged
    truths = ["tom_low"] * judged + heard[judged:]
    return JudgedSounds(vectors, [RANKINGS[label] for label in heard], truths)


@pytest.mark.parametrize("seed", range(3))
def test_what_is_systematically_wrong_is_mended_and_the_rest_is_kept(seed):
    trial = try_head(systematic(seed), 0.8)
    assert (trial.corrected, trial.confirmed, trial.stand_ins) == (40, 80, False)
    assert trial.mended >= 30
    assert trial.kept >= 76
    assert trial.better
    assert trial.low <= trial.gain <= trial.high


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("confirmed", [60, 0])
def test_noise_is_refused(seed, confirmed):
    """Labels that say nothing: with the model's own among them, or, worse, only others."""
    rng = np.random.default_rng(seed)
    vectors = np.concatenate([around(centre, 60, rng) for centre in centres(3)])
    heard = ["kick"] * 60 + ["snare"] * 120
    others = ["tom_low", "clap", "rim", "other", "crash"]
    said = [None] * 180
    for k in rng.permutation(180)[:60]:
        said[k] = str(rng.choice(others))
    for k in rng.permutation([k for k in range(180) if said[k] is None])[:confirmed]:
        said[k] = heard[k]
    trial = try_head(JudgedSounds(vectors, [RANKINGS[label] for label in heard], said), 0.8)
    assert not trial.better
    assert trial.stand_ins == (confirmed == 0)


def test_copies_do_not_vouch_for_each_other():
    """Random labels, each on three copies of a sound: who learns one copy knows the others, and that is no merit."""
    rng = np.random.default_rng(5)
    sounds = around(centres(1)[0], 40, rng, spread=1.5)
    vectors = np.repeat(sounds, 3, axis=0) + 0.0005 * rng.normal(size=(120, D)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    said = np.repeat(rng.choice(["tom_low", "clap", "rim", "other"], 40), 3).tolist()
    groups = independent_groups(vectors)
    assert len(set(groups.tolist())) == 40
    assert all(len(set(groups[k : k + 3].tolist())) == 1 for k in range(0, 120, 3))
    judged = JudgedSounds(vectors, [RANKINGS["kick"]] * 120, said)
    head = learn_head(judged)
    learned = [head.judge(vectors[k], RANKINGS["kick"])[0][0] == said[k] for k in range(120)]
    assert np.mean(learned) > 0.9  # what it has learned it knows
    assert not try_head(judged, 0.5).better


@settings(max_examples=30)
@given(st.integers(0, 1000), st.sampled_from(["kick", "snare"]))
def test_far_from_what_was_corrected_nothing_changes(seed, heard):
    head = learn_head(systematic(0))
    toms, kicks, snares = centres(3)
    vector = np.random.default_rng(seed).normal(size=D)
    for centre in (toms, kicks, snares):
        vector -= (vector @ centre) * centre
    vector /= np.linalg.norm(vector)
    judged = head.judge(vector.astype(np.float32), RANKINGS[heard])
    assert judged[0][0] == heard
    assert judged[0][1] == pytest.approx(RANKINGS[heard][0][1], abs=0.05)
    assert judged[1:] == RANKINGS[heard][1:]


def test_sounds_that_should_stay_make_a_head_that_changes_nothing():
    sounds = systematic(0)
    classes = sorted({label for ranking in sounds.rankings for label, _ in ranking})
    head = fit_head(classes, one_shot_examples(classes, sounds.vectors, sounds.rankings, [None] * 120, np.ones(120)))
    assert np.abs(head.coefficients).max() < 1e-3
    for vector, ranking in zip(sounds.vectors, sounds.rankings, strict=True):
        assert head.judge(vector, ranking) == ranking


def test_an_own_label_is_learned_like_any():
    sounds = systematic(0)
    own = sounds._replace(truths=["stick" if truth == "tom_low" else truth for truth in sounds.truths])
    head = learn_head(own)
    ranking = head.judge(sounds.vectors[0], RANKINGS["kick"])
    assert ranking[0][0] == "stick"
    assert len(ranking) == len(RANKINGS["kick"])
    assert [p for _, p in ranking] == sorted((p for _, p in ranking), reverse=True)


def test_a_trial_is_the_same_twice():
    assert try_head(systematic(1), 0.8) == try_head(systematic(1), 0.8)


@pytest.mark.parametrize("n", [1, 3, FOLDS + 1])
def test_few_sounds_are_no_trouble(n):
    sounds = systematic(0)
    few = JudgedSounds(sounds.vectors[:n], sounds.rankings[:n], sounds.truths[:n])
    assert not try_head(few, 0.8).better
