"""Sensitivity, noise gate, retrigger masks and velocity curves, as a transcription shows them."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strokes import LevelClassifier, kick_stroke, noise_stroke, place
from test_transcriber import RATE, transcribe

from drumbridge.core.events import Hit, LabelConfidence, Stage
from drumbridge.core.retrigger import RetriggerMasks
from drumbridge.core.transcriber import Transcriber, TranscriberSettings
from drumbridge.core.velocity import VelocitySettings
from drumbridge.errors import SettingsError


def heard(audio: np.ndarray, **chosen) -> list[Hit]:
    """Return the hits of some audio under these settings."""
    return transcribe(Transcriber(LevelClassifier(), settings=TranscriberSettings(**chosen)), audio, [64])


HATS = place(
    [(p, gain * noise_stroke(RATE, seed=p)) for p, gain in ((4000, 0.5), (5600, 0.5), (12000, 0.05), (20000, 0.5))],
    30000,
)


@pytest.mark.parametrize("early_ms", [None, 10.0])
def test_the_noise_gate_drops_what_is_below_it(early_ms: float | None) -> None:
    every = [hit.position for hit in heard(HATS)]
    assert len(every) == 4
    loud = heard(HATS, noise_gate_db=-20.0, early_ms=early_ms)
    assert {hit.position for hit in loud} == set(every) - {every[2]}
    assert heard(HATS, noise_gate_db=6.0, early_ms=early_ms) == []


@pytest.mark.parametrize("early_ms", [None, 10.0])
def test_a_mask_drops_the_same_label_and_no_other(early_ms: float | None) -> None:
    every = [hit.position for hit in heard(HATS)]
    masked = heard(HATS, retrigger_ms={"closed_hat": 150.0}, early_ms=early_ms)
    assert {hit.position for hit in masked} == {every[0], every[2], every[3]}
    assert {hit.position for hit in heard(HATS, retrigger_ms={"kick": 150.0}, early_ms=early_ms)} == set(every)
    assert {h.position for h in heard(HATS, retrigger_ms={"closed_hat": 99.0}, early_ms=early_ms)} == set(every)


@given(
    mask_ms=st.floats(0, 500),
    strokes=st.lists(st.tuples(st.integers(0, 400), st.sampled_from(["kick", "snare"])), max_size=20),
)
def test_no_label_is_played_twice_within_its_mask(mask_ms: float, strokes: list[tuple[int, str]]) -> None:
    masks = RetriggerMasks(1000, {"kick": mask_ms})
    position, played = 0, []
    for step, label in strokes:
        position += step
        both = (LabelConfidence(label, 0.9), LabelConfidence("crash", 0.5))
        free = masks.play(both, position)
        assert free is not None
        assert free[-1].label == "crash"
        played += [(entry.label, position) for entry in free]
    kicks = [position for label, position in played if label == "kick"]
    assert all(b - a >= round(mask_ms) for a, b in pairwise(kicks))
    assert sum(label == "snare" for label, _ in played) == sum(label == "snare" for _, label in strokes)
    assert masks.play((), position) == ()


def test_sensitivity_hears_softer_strokes() -> None:
    rng = np.random.default_rng(0)
    audio = rng.normal(0, 0.01, 5 * RATE).astype(np.float32)
    audio += place([(k * 8000, 0.08 * kick_stroke(RATE)) for k in range(1, 9)], len(audio))
    counts = [len(heard(audio, sensitivity=sensitivity)) for sensitivity in (0.2, 1.0, 3.0)]
    assert counts[0] < counts[1] < counts[2]


@pytest.mark.parametrize("curve", ["soft", "linear", "hard", "fixed"])
def test_curves_bend_the_velocity_and_nothing_else(curve: str) -> None:
    audio = place([(4000, 0.5 * kick_stroke(RATE)), (28000, 0.125 * kick_stroke(RATE))], 44000)
    expected = {"soft": [127, 90], "linear": [127, 64], "hard": [127, 32], "fixed": [96, 96]}[curve]
    chosen = heard(audio, velocity=VelocitySettings(curve=curve, fixed_velocity=96))
    assert [hit.velocity for hit in chosen] == pytest.approx(expected, abs=4)  # the reference falls a little between
    plain = heard(audio)
    assert [(h.position, h.labels, h.level_db) for h in chosen] == [(h.position, h.labels, h.level_db) for h in plain]
    assert all(hit.stage is Stage.FINAL for hit in chosen)


@pytest.mark.parametrize("early_ms", [None, 10.0])
def test_with_a_level_of_full_force_a_stroke_is_as_loud_as_it_is_alone(early_ms: float | None) -> None:
    stroke = kick_stroke(RATE)
    gains = [0.8, 0.05, 0.2, 0.4]

    def velocities(gains: list[float], **chosen) -> list[tuple[Stage, int]]:
        audio = place([(8000 + 24000 * k, gain * stroke) for k, gain in enumerate(gains)], 24000 * len(gains) + 8000)
        hits = heard(audio, early_ms=early_ms, velocity=VelocitySettings(**chosen))
        return [(hit.stage, hit.velocity) for hit in hits]

    alone = [velocities([gain], full_db=-3.0) for gain in gains]
    assert velocities(gains, full_db=-3.0) == [hit for hits in alone for hit in hits]
    assert alone[1] < alone[2] < alone[3] < alone[0]
    assert {velocity for gain in gains for _, velocity in velocities([gain])} == {127}


def test_settings_that_cannot_work_are_refused() -> None:
    with pytest.raises(SettingsError, match=r"0\.1 to 10"):
        TranscriberSettings(sensitivity=0.0)
    with pytest.raises(SettingsError, match="noise gate"):
        TranscriberSettings(noise_gate_db=float("nan"))
    with pytest.raises(SettingsError, match="no label 'bell'"):
        TranscriberSettings(retrigger_ms={"bell": 10.0})
    with pytest.raises(SettingsError, match="mask of kick cannot be -1 ms"):
        TranscriberSettings(retrigger_ms={"kick": -1.0})
    with pytest.raises(SettingsError, match="velocity_curve must be one of soft, linear, hard, fixed, not 'steep'"):
        VelocitySettings(curve="steep")
    with pytest.raises(SettingsError, match="1 to 127"):
        VelocitySettings(fixed_velocity=0)
    with pytest.raises(SettingsError, match="velocity_full_db must be -120 to 0 dBFS, not 3"):
        VelocitySettings(full_db=3.0)
