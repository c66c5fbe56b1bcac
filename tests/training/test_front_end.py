"""The front end hears nothing that is not there yet, and levels do not matter."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from drumbridge.training.front_end import (  # noqa: E402
    BANDS,
    CELL_ENDS,
    CELLS,
    ROW_ENDS,
    ROWS,
    SAMPLES_AFTER,
    SAMPLES_BEFORE,
    TONAL_HZ,
    FrontEnd,
    mel_weights,
)
from drumbridge.training.network import HitModel, HitNetwork  # noqa: E402

LENGTH = SAMPLES_BEFORE + SAMPLES_AFTER


@pytest.fixture(scope="module")
def model() -> HitModel:
    torch.manual_seed(0)
    return HitModel(HitNetwork(5, width=4)).eval()


def noise(seed: int, n: int = 1) -> "torch.Tensor":
    return torch.from_numpy(np.random.default_rng(seed).normal(0, 0.1, (n, LENGTH)).astype(np.float32))


@given(st.integers(0, ROWS - 1), st.integers(0, 99))
@settings(max_examples=20, deadline=None)
def test_a_row_needs_nothing_after_its_end(row: int, seed: int) -> None:
    front_end, audio = FrontEnd(), noise(seed)
    changed = audio.clone()
    changed[:, SAMPLES_BEFORE + int(ROW_ENDS[row]) :] = 3.0
    with torch.no_grad():
        before, after = front_end(audio), front_end(changed)
    torch.testing.assert_close(before[:, row], after[:, row], rtol=1e-4, atol=1e-10)


@given(st.integers(0, SAMPLES_AFTER), st.integers(0, 99))
@settings(max_examples=20, deadline=None)
def test_what_is_not_available_has_no_influence(model: HitModel, available: int, seed: int) -> None:
    audio, known = noise(seed), torch.tensor([available])
    garbage = audio.clone()
    garbage[:, SAMPLES_BEFORE + available :] = 50 * noise(seed + 1)[:, SAMPLES_BEFORE + available :]
    with torch.no_grad():
        for clean, dirty in zip(model(audio, known), model(garbage, known), strict=True):
            torch.testing.assert_close(clean, dirty, rtol=1e-4, atol=1e-5)


@given(st.floats(-40, 40), st.integers(0, 99))
@settings(max_examples=20, deadline=None)
def test_level_has_no_influence(model: HitModel, gain_db: float, seed: int) -> None:
    audio, known = noise(seed), torch.tensor([SAMPLES_AFTER])
    with torch.no_grad():
        for quiet, loud in zip(model(audio, known), model(audio * 10 ** (gain_db / 20), known), strict=True):
            torch.testing.assert_close(quiet, loud, rtol=1e-3, atol=1e-3)


def test_high_bands_are_the_mel_powers_of_windowed_frames() -> None:
    front_end, audio = FrontEnd(), noise(3)
    end = SAMPLES_BEFORE + int(CELL_ENDS[8])
    window = front_end.high_window.numpy()
    spectrum = np.abs(np.fft.rfft(audio[0, end - len(window) : end].numpy() * window)) ** 2
    expected = spectrum[2:210] @ mel_weights(208, 2, 150.0, 18000.0)
    powers = front_end(audio)
    assert powers.shape == (1, ROWS, BANDS)
    np.testing.assert_allclose(powers[0, 8, : len(expected)].numpy(), expected, rtol=1e-3)


@pytest.mark.parametrize("hz", [60.0, 200.0, 900.0])
def test_low_bands_peak_where_the_tone_is(hz: float) -> None:
    t = np.arange(LENGTH) / 44100
    powers = FrontEnd()(torch.from_numpy(np.sin(2 * np.pi * hz * t)[None].astype(np.float32)))
    low = powers[0, CELLS - 1, -28:].numpy()
    assert np.geomspace(30.0, 1200.0, 28)[low.argmax()] == pytest.approx(hz, rel=0.12)


@pytest.mark.parametrize("hz", [72.0, 440.0, 1800.0])
def test_tonal_cells_peak_where_the_tone_is(hz: float) -> None:
    t = np.arange(LENGTH) / 44100
    powers = FrontEnd()(torch.from_numpy(np.sin(2 * np.pi * hz * t)[None].astype(np.float32)))
    tonal = powers[0, -2:].flatten().numpy()
    assert abs(TONAL_HZ[int(np.argmax(tonal))] - hz) <= 8.0
    far = np.abs(TONAL_HZ - hz) > 100
    assert tonal[far].max() < 1e-4 * tonal.max()
