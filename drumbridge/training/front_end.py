"""The front end of a model, inside its graph: band powers of the audio around an onset, cell by cell.

Conventions: an excerpt is SAMPLES_BEFORE + SAMPLES_AFTER samples at SAMPLE_RATE, the onset at index
SAMPLES_BEFORE. A frame is named by its end, in samples after the onset; its window is asymmetric and
reaches back only, so it never needs audio later than its end. A cell is the mean of one to three
frames: fine near the attack, coarser later. Cell k can be known only when `CELL_ENDS[k]` samples are
available. High bands: mel scale, 512-point window. Low bands: log scale, 2048-sample window on the
audio decimated by 8. Transforms are matrix products, so the graph needs no special operator; the DFT
is folded (cosine terms are even, sine terms odd about the middle), which halves its cost.

Five tonal cells hear pitch where the others hear time: 16 Hz apart from 40 Hz up, through a window of 93 ms, so
that the partials of a held note stand apart and those of a drum do not. A row is a cell of BANDS bands or half a tonal
cell: powers are (n, ROWS, BANDS), the cells first, and `ROW_ENDS` says what each needs.
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
_TONAL_WINDOW = 4096 // DECIMATION
_LOW_BLOCK = HOP_LENGTH // DECIMATION
_FIR_TAPS = 64
_PADDING = 4096  # zeros put before the excerpt, so that early frames have a past

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
TONAL_ENDS = np.array([24, 48, 80, 112, 136]) * HOP_LENGTH
TONAL_BANDS = 2 * BANDS
TONAL_HZ = 40.0 + 16.0 * np.arange(TONAL_BANDS)
_ROWS_OF_TONAL = TONAL_BANDS // BANDS
ROW_ENDS = np.concatenate([CELL_ENDS, np.repeat(TONAL_ENDS, _ROWS_OF_TONAL)])
ROWS = len(ROW_ENDS)
EARLY_CELLS = 16  # cells of one frame each; whoever knows less than `EARLY_LIMIT` samples needs no others
EARLY_LIMIT = int(CELL_ENDS[EARLY_CELLS])
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
        self._constant("low_kernel", _slow_kernel(np.geomspace(30.0, 1200.0, LOW_BANDS), _LOW_WINDOW, 32))
        self._constant("tonal_kernel", _slow_kernel(TONAL_HZ, _TONAL_WINDOW, 128))
        self._constant("fir", _decimator()[None, None])
        self._constant("pool", _pooling())
        # Frames are gathered as whole blocks of samples: copying single ones would cost more than the transforms.
        ends = (_FRAME_ENDS + SAMPLES_BEFORE + _PADDING) // HOP_LENGTH
        self._constant("high_index", ends[:, None] + np.arange(-_HIGH_WINDOW // HOP_LENGTH, 0))
        # A decimated sample j is made of padded audio up to (and with) DECIMATION * j + _FIR_TAPS - 1.
        slow_ends = (ROW_ENDS + SAMPLES_BEFORE + _PADDING - _FIR_TAPS) // DECIMATION + 1
        self.slow_offset = int(slow_ends[0] % _LOW_BLOCK)
        blocks = slow_ends[:, None] // _LOW_BLOCK
        self._constant("low_index", blocks[:CELLS] + np.arange(-_LOW_WINDOW // _LOW_BLOCK, 0))
        self._constant("tonal_index", blocks[CELLS::_ROWS_OF_TONAL] + np.arange(-_TONAL_WINDOW // _LOW_BLOCK, 0))
        self._constant("ends", ROW_ENDS.copy())

    def _constant(self, name: str, value: np.ndarray) -> None:
        integer = np.issubdtype(value.dtype, np.integer)
        self.register_buffer(name, torch.as_tensor(value, dtype=torch.int64 if integer else torch.float32), False)

    def known(self, available: torch.Tensor) -> torch.Tensor:
        """Return which rows are known, bool, shape (n, ROWS)."""
        return self.ends[None] <= available[:, None]

    def forward(self, audio: torch.Tensor) -> torch.Tensor:
        """Return powers, float32, shape (n, ROWS, BANDS), in a cell the high bands first.

        Parameters
        ----------
        audio : Tensor, float32, shape (n, SAMPLES_BEFORE + SAMPLES_AFTER)
        """
        slow = self._slow(audio)
        cells = self._cells(audio, slow, CELLS, len(_FRAME_ENDS))
        tonal = _powers(slow[:, self.tonal_index].flatten(2) @ self.tonal_kernel)
        return torch.cat([cells, tonal.reshape(-1, ROWS - CELLS, BANDS)], 1)

    def early(self, audio: torch.Tensor) -> torch.Tensor:
        """Return as `forward` does, but zeros for what needs `EARLY_LIMIT` samples or more: a quarter of the work."""
        audio = audio[:, : SAMPLES_BEFORE + EARLY_LIMIT]
        cells = self._cells(audio, self._slow(audio), EARLY_CELLS, EARLY_CELLS)
        return torch.nn.functional.pad(cells, (0, 0, 0, ROWS - EARLY_CELLS))

    def _cells(self, audio: torch.Tensor, slow: torch.Tensor, cells: int, frames: int) -> torch.Tensor:
        """Return the powers of the first cells, which are made of the first frames."""
        padded = torch.nn.functional.pad(audio, (_PADDING, 0))
        blocks = padded.reshape(-1, padded.shape[1] // HOP_LENGTH, HOP_LENGTH)
        windowed = blocks[:, self.high_index[:frames]].flatten(2) * self.high_window
        half = _HIGH_WINDOW // 2
        first, second = windowed[:, :, :half], torch.flip(windowed[:, :, half:], [2])
        power = ((first + second) @ self.cosine) ** 2 + ((first - second) @ self.sine) ** 2
        high = self.pool[:cells, :frames] @ (power @ self.mel)
        low = _powers(slow[:, self.low_index[:cells]].flatten(2) @ self.low_kernel)
        return torch.cat([high, low], 2)

    def _slow(self, audio: torch.Tensor) -> torch.Tensor:
        """Return the decimated audio in blocks, shape (n, blocks, _LOW_BLOCK)."""
        padded = torch.nn.functional.pad(audio, (_PADDING, 0))
        slow = torch.nn.functional.conv1d(padded[:, None], self.fir, stride=DECIMATION).flatten(1)
        slow = slow[:, self.slow_offset :]
        return slow[:, : slow.shape[1] // _LOW_BLOCK * _LOW_BLOCK].reshape(-1, slow.shape[1] // _LOW_BLOCK, _LOW_BLOCK)


def _slow_kernel(hz: np.ndarray, length: int, fall: int) -> np.ndarray:
    """Return windowed cosines and sines side by side for the decimated audio, shape (length, 2 * len(hz))."""
    window = asymmetric_window(length, fall)
    phase = 2 * np.pi * np.outer(np.arange(length), hz) * DECIMATION / SAMPLE_RATE
    return np.concatenate([np.cos(phase), np.sin(phase)], axis=1) * (window / window.sum())[:, None]


def _powers(spectrum: torch.Tensor) -> torch.Tensor:
    """Return the powers of a spectrum whose last axis holds real parts, then imaginary ones."""
    real, imaginary = torch.chunk(spectrum, 2, dim=-1)
    return real**2 + imaginary**2


def _pooling() -> np.ndarray:
    """Return the matrix that averages frames into cells, shape (CELLS, frames)."""
    pool = np.zeros((CELLS, len(_FRAME_ENDS)))
    frame = 0
    for cell, ends in enumerate(_CELLS):
        pool[cell, frame : frame + len(ends)] = 1.0 / len(ends)
        frame += len(ends)
    return pool
