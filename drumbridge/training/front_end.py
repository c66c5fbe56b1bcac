"""The front end of a model, inside its graph: band powers of the audio around an onset, cell by cell.

Conventions: an excerpt is SAMPLES_BEFORE + SAMPLES_AFTER samples at SAMPLE_RATE, the onset at index
SAMPLES_BEFORE. A frame is named by its end, in samples after the onset; its window is asymmetric and
reaches back only, so it never needs audio later than its end. A cell is the mean of one to three
frames: fine near the attack, coarser later. Cell k can be known only when `CELL_ENDS[k]` samples are
available. High bands: mel scale, 512-point window. Low bands: log scale, 2048-sample window on the
audio decimated by 8. Transforms are matrix products, so the graph needs no special operator; the DFT
is folded (cosine terms are even, sine terms odd about the middle), which halves its cost.
"""

from __future__ import annotations

import numpy as np
import torch

SAMPLE_RATE = 44100
SAMPLES_BEFORE = 2048
SAMPLES_AFTER = 17664
HOP_LENGTH = 128
HIGH_BANDS = 40
LOW_BANDS = 28
BANDS = HIGH_BANDS + LOW_BANDS
DECIMATION = 8

_HIGH_WINDOW = 512
_LOW_WINDOW = 2048 // DECIMATION
_LOW_BLOCK = HOP_LENGTH // DECIMATION
_FIR_TAPS = 64
_PADDING = 2048  # zeros put before the excerpt, so that early frames have a past

# Frame ends of each cell, in hops after the onset: four before it, one frame a hop to 35 ms, then growing to 395 ms.
_CELLS: tuple[tuple[int, ...], ...] = (
    (-12,), (-6,), (-2,), (0,),
    *((k,) for k in range(1, 13)),
    *((k,) for k in range(14, 26, 2)),
    (26, 28), (30, 32), (34, 36), (38, 40),
    (44, 48), (52, 56), (60, 64),
    (68, 72, 76), (80, 84, 88), (92, 96, 100), (104, 108, 112),
    (116, 120, 124), (128, 132, 136),
)  # fmt: skip
CELLS = len(_CELLS)
CELL_ENDS = np.array([ends[-1] * HOP_LENGTH for ends in _CELLS])
_FRAME_ENDS = np.array([end for ends in _CELLS for end in ends]) * HOP_LENGTH


def asymmetric_window(length: int, fall: int) -> np.ndarray:
    """Return a window that rises as half a Hann window and falls, faster, over its last `fall` samples."""
    rise = length - fall
    up = 0.5 - 0.5 * np.cos(np.pi * (np.arange(rise) + 0.5) / rise)
    down = 0.5 + 0.5 * np.cos(np.pi * (np.arange(fall) + 0.5) / fall)
    return np.concatenate([up, down])


def mel_weights(n_bins: int, first_bin: int, low_hz: float, high_hz: float) -> np.ndarray:
    """Return triangular mel filters (Slaney's area normalisation left out), shape (n_bins, HIGH_BANDS)."""
    edges_mel = np.linspace(1127 * np.log1p(low_hz / 700), 1127 * np.log1p(high_hz / 700), HIGH_BANDS + 2)
    edges_hz = 700 * np.expm1(edges_mel / 1127)
    bins_hz = (np.arange(n_bins) + first_bin) * SAMPLE_RATE / _HIGH_WINDOW
    rising = (bins_hz[:, None] - edges_hz[:-2]) / np.maximum(np.diff(edges_hz)[:-1], SAMPLE_RATE / _HIGH_WINDOW)
    falling = (edges_hz[2:] - bins_hz[:, None]) / np.maximum(np.diff(edges_hz)[1:], SAMPLE_RATE / _HIGH_WINDOW)
    weights = np.maximum(0.0, np.minimum(1.0, np.minimum(rising, falling)))
    weights[np.argmin(np.abs(bins_hz[:, None] - edges_hz[1:-1]), axis=0), np.arange(HIGH_BANDS)] += 1e-3
    return weights


def _decimator() -> np.ndarray:
    """Return a low-pass of 64 taps: flat to 1.2 kHz, under -60 dB from where decimation would fold onto it."""
    t = np.arange(_FIR_TAPS) - (_FIR_TAPS - 1) / 2
    taps = np.sinc(2 * 2400 / SAMPLE_RATE * t) * np.kaiser(_FIR_TAPS, 6.0)
    return taps / taps.sum()


class FrontEnd(torch.nn.Module):
    """Audio to band powers per cell."""

    def __init__(self) -> None:
        super().__init__()
        half = _HIGH_WINDOW // 2
        first_bin, last_bin = 2, 210
        bins = np.arange(first_bin, last_bin)
        phase = 2 * np.pi * np.outer(np.arange(half) - (_HIGH_WINDOW - 1) / 2, bins) / _HIGH_WINDOW
        window = asymmetric_window(_HIGH_WINDOW, 96)
        self._constant("high_window", window / window.sum())
        self._constant("cosine", np.cos(phase))
        self._constant("sine", np.sin(phase))
        self._constant("mel", mel_weights(len(bins), first_bin, 150.0, 18000.0))
        low_hz = np.geomspace(30.0, 1200.0, LOW_BANDS)
        low_rate = SAMPLE_RATE / DECIMATION
        low_window = asymmetric_window(_LOW_WINDOW, 32)
        low_phase = 2 * np.pi * np.outer(np.arange(_LOW_WINDOW), low_hz) / low_rate
        kernel = np.concatenate([np.cos(low_phase), np.sin(low_phase)], axis=1)
        self._constant("low_kernel", kernel * (low_window / low_window.sum())[:, None])
        self._constant("fir", _decimator()[None, None])
        self._constant("pool", _pooling())
        # Frames are gathered as whole blocks of samples: copying single ones would cost more than the transforms.
        ends = (_FRAME_ENDS + SAMPLES_BEFORE + _PADDING) // HOP_LENGTH
        self._constant("high_index", ends[:, None] + np.arange(-_HIGH_WINDOW // HOP_LENGTH, 0))
        # A decimated sample j is made of padded audio up to (and with) DECIMATION * j + _FIR_TAPS - 1.
        low_starts = (CELL_ENDS + SAMPLES_BEFORE + _PADDING - _FIR_TAPS) // DECIMATION + 1 - _LOW_WINDOW
        self.low_offset = int(low_starts[0] % _LOW_BLOCK)
        self._constant("low_index", low_starts[:, None] // _LOW_BLOCK + np.arange(_LOW_WINDOW // _LOW_BLOCK))
        self._constant("ends", CELL_ENDS.copy())

    def _constant(self, name: str, value: np.ndarray) -> None:
        integer = np.issubdtype(value.dtype, np.integer)
        self.register_buffer(name, torch.as_tensor(value, dtype=torch.int64 if integer else torch.float32), False)

    def known(self, available: torch.Tensor) -> torch.Tensor:
        """Return which cells are known, bool, shape (n, CELLS)."""
        return self.ends[None] <= available[:, None]

    def forward(self, audio: torch.Tensor) -> torch.Tensor:
        """Return powers, float32, shape (n, CELLS, BANDS), high bands first.

        Parameters
        ----------
        audio : Tensor, float32, shape (n, SAMPLES_BEFORE + SAMPLES_AFTER)
        """
        padded = torch.nn.functional.pad(audio, (_PADDING, 0))
        blocks = padded.reshape(-1, padded.shape[1] // HOP_LENGTH, HOP_LENGTH)
        frames = blocks[:, self.high_index].flatten(2) * self.high_window
        half = _HIGH_WINDOW // 2
        first, second = frames[:, :, :half], torch.flip(frames[:, :, half:], [2])
        power = ((first + second) @ self.cosine) ** 2 + ((first - second) @ self.sine) ** 2
        high = self.pool @ (power @ self.mel)
        slow = torch.nn.functional.conv1d(padded[:, None], self.fir, stride=DECIMATION).flatten(1)[:, self.low_offset :]
        slow = slow[:, : slow.shape[1] // _LOW_BLOCK * _LOW_BLOCK].reshape(-1, slow.shape[1] // _LOW_BLOCK, _LOW_BLOCK)
        spectrum = slow[:, self.low_index].flatten(2) @ self.low_kernel
        low = spectrum[:, :, :LOW_BANDS] ** 2 + spectrum[:, :, LOW_BANDS:] ** 2
        return torch.cat([high, low], 2)


def _pooling() -> np.ndarray:
    """Return the matrix that averages frames into cells, shape (CELLS, frames)."""
    pool = np.zeros((CELLS, len(_FRAME_ENDS)))
    frame = 0
    for cell, ends in enumerate(_CELLS):
        pool[cell, frame : frame + len(ends)] = 1.0 / len(ends)
        frame += len(ends)
    return pool
