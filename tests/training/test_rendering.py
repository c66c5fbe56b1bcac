"""Rendered loops: the same seed gives the same loop, and the truth is what can be heard."""

import numpy as np
import pytest

pytest.importorskip("torch")

from hypothesis import given
from hypothesis import strategies as st

from drumbridge.core.synthesis import synthesise
from drumbridge.training.loop_cache import label_proposals, merged_onsets
from drumbridge.training.objective import INDEX, MODEL_LABELS
from drumbridge.training.patterns import Stroke, ornamented, play_pattern, take_part
from drumbridge.training.rendering import Heard, Piece, make_piece, render

STROKES = [Stroke(0.1, "kick", 110), Stroke(0.1, "closed_hat", 90), Stroke(0.5, "snare", 100), Stroke(0.8, "kick", 100)]


def kit(seed: int) -> dict[str, Piece]:
    rng = np.random.default_rng(seed)
    return {label: make_piece([synthesise(label)], label, rng) for label in ("kick", "snare", "closed_hat")}


def test_a_seed_is_a_loop() -> None:
    first, second = (render(STROKES, kit(4), np.random.default_rng(4)) for _ in range(2))
    np.testing.assert_array_equal(first[0], second[0])
    assert first[1] == second[1]
    assert np.abs(first[0]).max() <= 1.0


def test_strokes_sound_where_they_are_said_to() -> None:
    audio, heard = render(STROKES, kit(1), np.random.default_rng(1))
    assert [h.label for h in heard] == [s.label for s in STROKES]
    assert all(h.audible for h in heard)
    for h in heard:
        before, after = audio[h.position - 400 : h.position - 20], audio[h.position : h.position + 400]
        assert np.square(after).mean() > np.square(before).mean()


def test_a_stroke_under_a_far_louder_one_of_its_kind_is_not_heard() -> None:
    pieces = {
        "kick": Piece([synthesise("kick")], 1.0, 2.0, 0.0),
        "tom_low": Piece([synthesise("kick")], 1e-3, 2.0, 0.0),
    }
    _, heard = render([Stroke(0.1, "kick", 120), Stroke(0.1, "tom_low", 60)], pieces, np.random.default_rng(0))
    assert {h.label: h.audible for h in heard} == {"kick": True, "tom_low": False}


positions = st.lists(st.integers(0, 40000), min_size=1, max_size=12, unique=True)
strokes = st.lists(
    st.builds(Heard, st.integers(0, 40000), st.sampled_from(["kick", "snare", "ride"]), st.just(90), st.booleans()),
    max_size=12,
)


@given(positions, strokes)
def test_every_onset_belongs_to_at_most_one_proposal(proposed: list[int], heard: list[Heard]) -> None:
    ordered = np.array(sorted(proposed))
    targets, present = label_proposals(ordered, heard)
    assert targets.shape == (len(ordered), len(MODEL_LABELS))
    assert (present == 1).sum() <= len(merged_onsets(heard))
    assert not (targets[present != 1] == 1).any()
    for position, row, there in zip(ordered, targets, present, strict=True):
        if there == 1:
            near = {h.label for h in heard if h.audible and abs(h.position - position) <= 1102}
            assert {MODEL_LABELS[k] for k in np.flatnonzero(row == 1)} == near


def test_what_cannot_be_heard_is_not_known() -> None:
    targets, present = label_proposals(
        np.array([1000]), [Heard(1000, "kick", 90, True), Heard(1010, "ride", 20, False)]
    )
    assert present.tolist() == [1]
    assert targets[0, INDEX["kick"]] == 1
    assert targets[0, INDEX["ride"]] == -1
    assert targets[0, INDEX["snare"]] == 0


@given(st.integers(0, 1000), st.floats(1.0, 8.0))
def test_parts_stay_within_their_time(seed: int, duration_s: float) -> None:
    rng = np.random.default_rng(seed)
    tracks = {"kick": ["Note", "Rest"] * 8, "snare": ["Rest"] * 15 + ["Flam"]}
    part = play_pattern(tracks, rng, duration_s)
    assert part == sorted(part)
    assert all(0 <= s.time_s < duration_s for s in part)
    assert all(0 <= s.time_s < 2.0 for s in take_part(part, rng, 2.0))


@given(st.integers(0, 1000))
def test_ornaments_are_played_beside_what_was_there_20_to_60_ms_apart(seed: int) -> None:
    rng = np.random.default_rng(seed)
    part = [Stroke(0.5 * k, label, 90) for k, label in enumerate(["kick", "snare", "crash", "tom_low"] * 4)]
    played = ornamented(part, rng, 8.0)
    assert played == sorted(played)
    assert set(part) <= set(played)
    added = [s for s in played if s not in part]
    assert all(0 <= s.time_s < 8.0 and 8 <= s.velocity <= 127 and s.label != "crash" for s in added)
    for stroke in added:
        others = [s.time_s for s in played if s.label == stroke.label and s is not stroke]
        assert 0.015 < min(abs(stroke.time_s - time_s) for time_s in others) < 0.07


def test_some_parts_have_few_ornaments_and_some_have_many() -> None:
    part = [Stroke(0.5 * k, "snare", 90) for k in range(20)]
    added = [len(ornamented(part, np.random.default_rng(seed), 10.0)) - 20 for seed in range(50)]
    assert min(added) < 3
    assert max(added) > 10


def test_a_drum_of_one_voice_cuts_off_its_last_stroke_and_others_ring_on(monkeypatch: pytest.MonkeyPatch) -> None:
    strokes = [Stroke(0.1, "kick", 127), Stroke(0.2, "kick", 127)]
    pieces = {"kick": Piece([np.ones(20000, np.float32)], 1.0, 0.0, 0.0)}
    monkeypatch.setattr("drumbridge.training.rendering._record", lambda dry, rng: dry)
    for one_voice, voices in ((True, 1), (False, 2)):
        dry, heard = render(strokes, pieces, np.random.default_rng(0), one_voice=one_voice)
        first, second = (h.position for h in heard)
        assert round(float(dry[second + 4000] / dry[first + 100])) == voices
