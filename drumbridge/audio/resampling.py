"""Changing the rate of mono audio, as a stream (live and files) or at once (one-shots).

Conventions: mono float32; rates in Hz. The work is soxr's (libsoxr, "HQ": 20 bit, linear phase), so
nothing above the lower Nyquist frequency folds back, and the output lines up with the input: output
sample k belongs to input time k / target_rate.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

_QUALITY = "HQ"
_LAG = 1150  # samples at the lower rate; the most seen over 8..192 kHz is 1093


class StreamResampler:
    """Resamples a stream; how the input is cut does not change the output.

    Output comes late and in portions (libsoxr works in blocks of its own); `latency` bounds by how
    much. The sum of all outputs has round(n * target_rate / source_rate) samples, give or take one.

    Parameters
    ----------
    source_rate, target_rate : int
        Hz.
    """

    def __init__(self, source_rate: int, target_rate: int) -> None:
        import soxr

        self.source_rate = source_rate
        self.target_rate = target_rate
        self._stream: Any = soxr.ResampleStream(source_rate, target_rate, 1, dtype="float32", quality=_QUALITY)

    def process(self, block: np.ndarray) -> np.ndarray:
        """Take input, return what is ready.

        Parameters
        ----------
        block : ndarray, float32, shape (n,)

        Returns
        -------
        ndarray, float32, shape (m,)
            Often empty, then several at once.
        """
        if len(block) == 0:
            return np.zeros(0, dtype=np.float32)
        return self._stream.resample_chunk(np.ascontiguousarray(block, dtype=np.float32))  # type: ignore[no-any-return]

    def flush(self) -> np.ndarray:
        """Return what is left, float32 of shape (m,), and start anew."""
        rest = self._stream.resample_chunk(np.zeros(0, dtype=np.float32), last=True)
        self._stream.clear()
        return rest  # type: ignore[no-any-return]

    def reset(self) -> None:
        """Forget all input so far."""
        self._stream.clear()

    def latency(self) -> int:
        """Return the most input samples that may have gone in without showing in the output yet.

        About 20 ms at the usual rates; libsoxr's filter and block, measured, with a margin.
        """
        return math.ceil(_LAG * max(1.0, self.source_rate / self.target_rate))


def resample(audio: np.ndarray, source_rate: int, target_rate: int) -> np.ndarray:
    """Resample a whole mono signal at once.

    Parameters
    ----------
    audio : ndarray, float32, shape (n,)
    source_rate, target_rate : int
        Hz.

    Returns
    -------
    ndarray, float32, shape (about n * target_rate / source_rate,)
    """
    if source_rate == target_rate:
        return audio
    import soxr

    return soxr.resample(audio, source_rate, target_rate, quality=_QUALITY)  # type: ignore[no-any-return]


def resampler_between(source_rate: int, target_rate: int) -> StreamResampler | None:
    """Return what a `Transcriber` needs between two rates, Hz: None where they are equal."""
    return None if source_rate == target_rate else StreamResampler(source_rate, target_rate)
