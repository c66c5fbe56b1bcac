"""What the core asks of a resampler; the implementation (soxr) lives in `drumbridge.audio`.

Conventions: mono float32; rates in Hz. Sample k of the output belongs to the time k / rate of the output,
so it lines up with the input; how the input is cut does not change the output.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np


class Resampler(Protocol):
    """A stream from one rate to another."""

    def process(self, block: np.ndarray) -> np.ndarray:
        """Take in samples, shape (n,); return those that are ready, shape (m,)."""
        ...

    def flush(self) -> np.ndarray:
        """End the stream: return the rest, so that n samples have become round(n * ratio)."""
        ...

    def reset(self) -> None:
        """Start a new stream."""
        ...

    def latency(self) -> int:
        """Return the most samples that may have gone in without showing in the output yet."""
        ...
