"""From several channels to the one that is listened to.

Conventions: audio is float32, full scale +-1. The weights of the channels sum to 1, so what is the same in
all of them stays as loud, and they are not all the same: a plain mean is silent where one of two channels has
its polarity turned (a miswired cable, a "wide" effect), here 18 dB less is left. In turn, what is in one
channel alone is 1.0 dB louder in the first and 1.2 dB softer in the second than in a mean. Every sample is
mixed by itself, so no cutting of a stream can matter.
"""

from __future__ import annotations

import numpy as np

_WEIGHTS = (9.0, 7.0)  # of even and of odd channels; exact in float32, so 16-bit audio is mixed without rounding


def mix_to_mono(block: np.ndarray) -> np.ndarray:
    """Mix channels into one.

    Parameters
    ----------
    block : ndarray, float32, shape (n,) or (n, channels)

    Returns
    -------
    ndarray, float32, shape (n,)
        At most as loud as the loudest channel; a view of the block where there is nothing to mix.
    """
    if block.ndim == 1:
        return block
    channels = block.shape[1]
    if channels == 1:
        return block[:, 0]
    total = sum(_WEIGHTS[k % 2] for k in range(channels))
    mono = block[:, 0] * np.float32(_WEIGHTS[0] / total)
    for k in range(1, channels):
        mono += block[:, k] * np.float32(_WEIGHTS[k % 2] / total)
    return mono
