"""Generated one-shots: every label makes sounds that are finite, struck at once, and never the same twice."""

import numpy as np
import pytest

pytest.importorskip("torch")

from drumbridge.core.excerpts import find_attack
from drumbridge.core.labels import BY_NAME
from drumbridge.training.electronic import electronic_rows, synthesise_electronic
from drumbridge.training.front_end import SAMPLE_RATE

LABELS = sorted({row.label for row in electronic_rows()})


@pytest.mark.parametrize("label", LABELS)
def test_sounds_are_finite_struck_at_once_and_different(label: str) -> None:
    assert label in BY_NAME
    rng = np.random.default_rng(1)
    sounds = [synthesise_electronic(label, rng) for _ in range(12)]
    for audio in sounds:
        assert np.isfinite(audio).all()
        assert np.abs(audio).max() == pytest.approx(1, abs=1e-3)
        assert audio[-1] == 0
        # What rises slowly (shakers, swept noise, voices) is heard later than it starts.
        position = find_attack(audio, SAMPLE_RATE)
        assert position is not None
        assert position < (0.7 if label == "other" else 0.06) * SAMPLE_RATE
    assert len({audio[:2000].tobytes() for audio in sounds}) == len(sounds)


@pytest.mark.parametrize("label", LABELS)
def test_a_seed_is_a_sound(label: str) -> None:
    first, second = (synthesise_electronic(label, np.random.default_rng(7)) for _ in range(2))
    np.testing.assert_array_equal(first, second)
