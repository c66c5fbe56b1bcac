"""Peaks against their definition, and the same for any cutting of the curve."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from drumbridge.core.peaks import Peak, PeakPicker, PeakSettings, pick_peaks

CURVES = st.lists(st.floats(0, 10), max_size=80).map(lambda values: np.array(values, dtype=float))
SETTINGS = st.builds(
    PeakSettings,
    threshold=st.floats(0, 3),
    mean_factor=st.floats(0, 2),
    mean_length=st.integers(1, 40),
    cap=st.floats(0, 5),
    behind=st.integers(1, 4),
    ahead=st.integers(1, 4),
)


@given(curve=CURVES, settings=SETTINGS)
def test_a_peak_is_the_first_maximum_of_its_neighbourhood_above_the_threshold(
    curve: np.ndarray, settings: PeakSettings
) -> None:
    expected, mean = [], 0.0
    for k, value in enumerate(curve):
        before, after = curve[max(0, k - settings.behind) : k], curve[k + 1 : k + 1 + settings.ahead]
        threshold = settings.threshold + settings.mean_factor * mean
        if value >= threshold and all(before < value) and all(after <= value):
            expected.append(Peak(k, value, mean))
        mean += (min(value, threshold + settings.cap) - mean) / settings.mean_length
    assert pick_peaks(curve, settings) == expected


@given(curve=CURVES, settings=SETTINGS, at=st.integers(0, 80))
def test_any_cutting_gives_the_same_peaks_and_none_is_announced_late(
    curve: np.ndarray, settings: PeakSettings, at: int
) -> None:
    picker = PeakPicker(settings)
    first = picker.process(curve[:at])
    picked = [*first, *picker.process(curve[at:]), *picker.flush()]
    assert picked == pick_peaks(curve, settings)
    assert [p for p in picked if p.frame + settings.ahead < min(at, len(curve))] == first
