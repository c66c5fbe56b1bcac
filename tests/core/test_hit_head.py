"""A personal head on hits: a misheard drum is mended, what sounds with it stays, and neither kind harms the other."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drumbridge.core.decision import DecisionRule
from drumbridge.core.events import LOOP, ONE_SHOT
from drumbridge.core.head_trial import Judged, JudgedSounds, learn_head, try_head
from drumbridge.core.hit_head import HitHead, JudgedHits, log_odds, names_of
from drumbridge.core.labels import BY_NAME, to_family
from drumbridge.core.personal_head import PersonalHead, sigmoid

D = 24
LABELS = ("kick", "snare", "closed_hat", "open_hat", "tom_low", "clap", "rim")
RULE = DecisionRule(LABELS)
CONFIDENCES = {ONE_SHOT: 0.8, LOOP: 0.8}
NO_SOUNDS = JudgedSounds(np.zeros((0, 1), np.float32), [], [])
probabilities = st.lists(st.floats(0, 1), min_size=len(LABELS), max_size=len(LABELS)).map(np.array)
directions = st.integers(0, 10_000).map(lambda seed: unit(np.random.default_rng(seed).normal(size=D)))


def unit(vectors):
    return (vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)).astype(np.float32)


def centres(n):
    return np.linalg.qr(np.random.default_rng(0).normal(size=(D, n)))[0].T


def around(centre, n, rng, spread=0.35):
    return unit(centre + spread * rng.normal(size=(n, D)) / np.sqrt(D) * 2)


def odds(**sounding):
    return log_odds(np.array([sounding.get(label, 0.003) for label in LABELS]))


def loops(seed, n_loops=10, corrected=None):
    """Hits of loops: toms that the model calls kicks, each second one under a hat, and kicks and snares heard rightly.

    Of the first five loops the toms are corrected, all others confirmed; `corrected` says what each loop's toms are.
    """
    rng = np.random.default_rng(seed)
    toms, kicks, snares = centres(3)
    vectors, heard, truths, files = [], [], [], []
    for file in range(n_loops):
        vectors += [around(centre, 6, rng) for centre in (toms, kicks, snares)]
        hats = [{"closed_hat": 0.9} if k % 2 else {} for k in range(6)]
        heard += [odds(kick=0.95, **hat) for hat in hats] + [odds(kick=0.95)] * 6 + [odds(snare=0.95)] * 6
        truths += [corrected[file] if corrected else "tom_low"] * 6 + ["kick"] * 6 + ["snare"] * 6
        files += [file] * 18
    return JudgedHits(np.concatenate(vectors), np.stack(heard), truths, files, RULE)


def one_shots(seed, truths):
    """One-shots with the sound of those toms, which the model calls kicks, and snares; `truths` are of the first."""
    rng = np.random.default_rng(seed)
    toms, _, snares = centres(3)
    n = len(truths)
    kick, snare = (("kick", 0.9), ("tom_low", 0.05)), (("snare", 0.9), ("clap", 0.05))
    vectors = np.concatenate([around(toms, n, rng), around(snares, n, rng)])
    return JudgedSounds(vectors, [kick] * n + [snare] * n, [*truths, *["snare"] * n])


@settings(max_examples=50)
@given(probabilities, directions)
def test_a_head_that_shifts_nothing_changes_no_hit(p, vector):
    nothing = PersonalHead(("stick", *LABELS), vector[None], np.zeros((1, 8), np.float32))
    assert HitHead(nothing, RULE).hear(vector, p) is None


@settings(max_examples=50)
@given(st.lists(st.booleans(), min_size=len(LABELS), max_size=len(LABELS)), st.integers(0, 1000))
def test_far_from_what_was_corrected_a_sure_answer_stays(sounding, seed):
    p = np.where(sounding, 0.9, 0.03)
    vector = np.random.default_rng(seed).normal(size=D)
    for centre in centres(3):
        vector -= (vector @ centre) * centre
    answer = HitHead(LEARNED, RULE).hear(vector, p)
    assert answer is None or sorted(names_of(answer.labels)) == sorted(names_of(model_labels(p)))


@settings(max_examples=50)
@given(probabilities, st.integers(0, len(LABELS) - 1), st.floats(0, 8), st.floats(0, 8))
def test_more_shift_never_makes_a_label_less_likely(p, k, one, other):
    """And the other families hear nothing of it."""
    confidences = []
    for shift in sorted((one, other)):
        head = PersonalHead((LABELS[k],), np.eye(1, D, dtype=np.float32), np.array([[shift]], np.float32))
        answer = HitHead(head, RULE).hear(np.eye(1, D)[0], p)
        labels = answer.labels if answer else model_labels(p)
        family = to_family(LABELS[k])
        confidences.append(max((e.confidence for e in labels if to_family(e.label) == family), default=0.0))
        others = {e.label: e.confidence for e in labels if to_family(e.label) != family}
        assert others == pytest.approx({e.label: e.confidence for e in model_labels(p) if to_family(e.label) != family})
    assert confidences[0] <= confidences[1] + 1e-9


def test_a_misheard_drum_is_mended_and_the_hat_over_it_stays():
    hits = loops(7)
    head = HitHead(LEARNED, RULE)
    toms = [head.judge(hits.vectors[k], hits.odds[k]) for k in range(len(hits.truths)) if hits.truths[k] == "tom_low"]
    assert sum(answer is not None and answer.labels[0].label in ("tom_low", "closed_hat") for answer in toms) >= 50
    names = [set(names_of(answer.labels)) for answer in toms if answer is not None]
    assert names.count({"tom_low"}) >= 25
    assert names.count({"tom_low", "closed_hat"}) >= 25
    assert all("kick" not in each for each in names)
    rest = [k for k in range(len(hits.truths)) if hits.truths[k] != "tom_low"]
    assert all(head.judge(hits.vectors[k], hits.odds[k]) is None for k in rest)


def test_an_own_label_sounds_in_hits_too():
    hits = loops(0, corrected=["stick"] * 10)
    head = HitHead(learn_head(Judged(NO_SOUNDS, hits)), RULE)
    answer = head.judge(hits.vectors[0], hits.odds[0])
    assert names_of(answer.labels) == ("stick",)
    assert answer.labels[0].pad.name == "stick"
    assert answer.guess.label == "stick"
    assert "stick" not in BY_NAME


@pytest.mark.parametrize("seed", range(3))
def test_the_trial_finds_what_is_mended_and_kept(seed):
    trial = try_head(Judged(NO_SOUNDS, loops(seed)), CONFIDENCES)[LOOP]
    assert (trial.corrected, trial.confirmed, trial.stand_ins) == (60, 120, False)
    assert trial.mended >= 25  # those without a hat: with one they are called after the hat
    assert trial.kept >= 118
    assert trial.better


@pytest.mark.parametrize("seed", range(3))
def test_hits_of_a_file_do_not_vouch_for_each_other(seed):
    """Each loop's toms are something else: who learns some of a loop knows the others, and that is no merit."""
    rng = np.random.default_rng(seed)
    said = [str(rng.choice(["tom_low", "clap", "rim", "open_hat", "snare"])) for _ in range(10)]
    hits = loops(seed, corrected=said)
    own = np.repeat(np.random.default_rng(1).normal(size=(10, D)), 18, axis=0)  # a loop sounds like itself
    trial = try_head(Judged(NO_SOUNDS, hits._replace(vectors=unit(hits.vectors + 0.15 * own))), CONFIDENCES)[LOOP]
    assert trial.corrected == 60
    assert not trial.better


def test_copies_in_other_files_do_not_vouch_either():
    """Random labels, each on the same sound in three loops."""
    rng = np.random.default_rng(3)
    vectors = np.tile(around(centres(1)[0], 20, rng, spread=2.0), (3, 1))
    said = rng.choice(["tom_low", "clap", "rim"], 20).tolist() * 3
    hits = JudgedHits(vectors, np.stack([odds(kick=0.9)] * 60), said, np.arange(60).tolist(), RULE)
    head = HitHead(learn_head(Judged(NO_SOUNDS, hits)), RULE)
    known = [head.judge(vectors[k], hits.odds[k]) for k in range(60)]
    assert np.mean([answer and names_of(answer.labels)[:1] == (said[k],) for k, answer in enumerate(known)]) > 0.8
    assert not try_head(Judged(NO_SOUNDS, hits), CONFIDENCES)[LOOP].better


def test_one_kind_teaches_the_other_and_each_has_its_own_trial():
    alike = try_head(Judged(one_shots(1, ["tom_low"] * 20), loops(0)), CONFIDENCES)
    assert alike[ONE_SHOT].better
    assert alike[LOOP].better
    # In loops that sound is a tom, alone it is nothing else than the kick that the model hears.
    apart = try_head(Judged(one_shots(1, ["kick"] * 20), loops(0)), CONFIDENCES)
    assert apart[ONE_SHOT].gain <= 0
    assert not apart[ONE_SHOT].better


def test_log_odds_are_probabilities_as_far_as_they_are_kept():
    p = np.array([0.0, 1.0, 0.5, 0.01, 0.999])
    assert sigmoid(log_odds(p).astype(float)) == pytest.approx(p, abs=2e-4)


def model_labels(p):
    return RULE.hit_labels(sigmoid(log_odds(p).astype(np.float64)))


LEARNED = learn_head(Judged(NO_SOUNDS, loops(0)))
