"""The front end of a model, inside its graph: band powers of the audio around an onset, cell by cell.

Conventions: an excerpt is SAMPLES_BEFORE + SAMPLES_AFTER samples at SAMPLE_RATE, the onset at index
SAMPLES_BEFORE. A frame is named by its end, in samples after the onset; its window is asymmetric and
reaches back only, so it never needs audio later than its end. A cell is the mean of one to three
frames: fine near the attack, coarser later. Cell k can be known only when `CELL_ENDS[k]` samples are
available. High bands: mel scale, 512-point window. Low bands: log scale, 2048-sample window on the
audio decimated by 8. Transforms are matrix products, so the graph needs no special operator; the DFT is folded (half
a window apart odd bins have opposite phases and even ones the same), which halves its cost, and the decimation is a
product over blocks of a hop.

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
EARLY_CELLS = 11  # cells of one frame each, to 20 ms; whoever knows less than `EARLY_LIMIT` samples needs no others
EARLY_LIMIT = int(CELL_ENDS[EARLY_CELLS])
EARLY_FRAMES = CELL_ENDS[(CELL_ENDS >= 0) & (CELL_ENDS < 0.055 * SAMPLE_RATE)]  # what decides soon after the attack
EARLY_LEAD = 45  # samples, a standard deviation of how exactly an attack is told in training
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


def _block_decimator(offset: int) -> np.ndarray:
    """Return what makes decimated samples of blocks of a hop, shape (HOP_LENGTH, 2 * _LOW_BLOCK).

    The decimated block k starts `offset` decimated samples into block k of the audio: the first half of the columns
    is what that gives to it, the second half what block k + 1 gives.
    """
    taps = np.zeros((2 * HOP_LENGTH, _LOW_BLOCK))
    for j in range(_LOW_BLOCK):
        start = DECIMATION * (j + offset)
        taps[start : start + _FIR_TAPS, j] = _decimator()
    return np.concatenate([taps[:HOP_LENGTH], taps[HOP_LENGTH:]], axis=1)


class FrontEnd(torch.nn.Module):
    """Audio to band powers per cell."""

    def __init__(self) -> None:
        super().__init__()
        bins = np.arange(2, 210)
        mel = mel_weights(len(bins), 2, 150.0, 18000.0)
        for name, chosen in (("even", bins % 2 == 0), ("odd", bins % 2 == 1)):
            phase = 2 * np.pi * np.outer(np.arange(_HIGH_WINDOW // 2), bins[chosen]) / _HIGH_WINDOW
            self._constant(name, np.concatenate([np.cos(phase), np.sin(phase)], axis=1))
            self._constant(f"{name}_mel", np.concatenate([mel[chosen], mel[chosen]]))  # of squares: real, imaginary
        window = asymmetric_window(_HIGH_WINDOW, 96)
        self._constant("high_window", window / window.sum())
        self._constant("low_kernel", _slow_kernel(np.geomspace(30.0, 1200.0, LOW_BANDS), _LOW_WINDOW, 32))
        self._constant("tonal_kernel", _slow_kernel(TONAL_HZ, _TONAL_WINDOW, 128))
        self._constant("pool", _pooling())
        # Frames are gathered as whole blocks of samples: copying single ones would cost more than the transforms.
        ends = (_FRAME_ENDS + SAMPLES_BEFORE + _PADDING) // HOP_LENGTH
        self._constant("high_index", ends[:, None] + np.arange(-_HIGH_WINDOW // HOP_LENGTH, 0))
        # A decimated sample j is made of padded audio up to (and with) DECIMATION * j + _FIR_TAPS - 1.
        slow_ends = (ROW_ENDS + SAMPLES_BEFORE + _PADDING - _FIR_TAPS) // DECIMATION + 1
        offset = int(slow_ends[0] % _LOW_BLOCK)
        self._constant("fir", _block_decimator(offset))
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
        blocks, slow = self._blocks(audio, SAMPLES_BEFORE + SAMPLES_AFTER)
        cells = self._cells(blocks, slow, CELLS, len(_FRAME_ENDS))
        tonal = _powers(slow[:, self.tonal_index].reshape(-1, len(TONAL_ENDS), _TONAL_WINDOW) @ self.tonal_kernel)
        return torch.cat([cells, tonal.reshape(-1, ROWS - CELLS, BANDS)], 1)

    def early(self, audio: torch.Tensor) -> torch.Tensor:
        """Return the first `EARLY_CELLS` rows, which is all that can be known before `EARLY_LIMIT` samples."""
        length = SAMPLES_BEFORE + EARLY_LIMIT
        return self._cells(*self._blocks(audio[:, :length], length), EARLY_CELLS, EARLY_CELLS)

    def _blocks(self, audio: torch.Tensor, length: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the audio of a `length`, and the decimated audio, in blocks: (n, blocks, HOP_LENGTH or _LOW_BLOCK).

        Lengths are plain numbers here, so that nothing of them is computed in the exported graph.
        """
        n = (length + _PADDING) // HOP_LENGTH
        blocks = torch.nn.functional.pad(audio, (_PADDING, 0)).reshape(-1, n, HOP_LENGTH)
        parts = blocks @ self.fir
        return blocks, parts[:, :-1, :_LOW_BLOCK] + parts[:, 1:, _LOW_BLOCK:]

    def _cells(self, blocks: torch.Tensor, slow: torch.Tensor, cells: int, frames: int) -> torch.Tensor:
        """Return the powers of the first cells, which are made of the first frames."""
        windowed = blocks[:, self.high_index[:frames]].reshape(-1, frames, _HIGH_WINDOW) * self.high_window
        first, second = windowed[..., : _HIGH_WINDOW // 2], windowed[..., _HIGH_WINDOW // 2 :]
        even, odd = (first + second) @ self.even, (first - second) @ self.odd
        high = (even * even) @ self.even_mel + (odd * odd) @ self.odd_mel
        if frames > cells:
            high = self.pool[:cells, :frames] @ high
        slow = slow[:, self.low_index[:cells]].reshape(-1, cells, _LOW_WINDOW)
        low = _powers(slow @ self.low_kernel)
        return torch.cat([high, low], 2)


def _slow_kernel(hz: np.ndarray, length: int, fall: int) -> np.ndarray:
    """Return windowed cosines and sines side by side for the decimated audio, shape (length, 2 * len(hz))."""
    window = asymmetric_window(length, fall)
    phase = 2 * np.pi * np.outer(np.arange(length), hz) * DECIMATION / SAMPLE_RATE
    return np.concatenate([np.cos(phase), np.sin(phase)], axis=1) * (window / window.sum())[:, None]


def _powers(spectrum: torch.Tensor) -> torch.Tensor:
    """Return the powers of a spectrum whose last axis holds real parts, then imaginary ones."""
    real, imaginary = torch.chunk(spectrum, 2, dim=-1)
    return real * real + imaginary * imaginary


def _pooling() -> np.ndarray:
    """Return the matrix that averages frames into cells, shape (CELLS, frames)."""
    pool = np.zeros((CELLS, len(_FRAME_ENDS)))
    frame = 0
    for cell, ends in enumerate(_CELLS):
        pool[cell, frame : frame + len(ends)] = 1.0 / len(ends)
        frame += len(ends)
    return pool
