"""A short hole in audio, filled so that neither its edges nor its silence look like a stroke.

Conventions: mono float32. What lies before and after the hole is continued into it by linear prediction (Burg, 1975:
its predictor is stable, so a continuation decays or rings, but does not grow) and cross-faded, as Kauppinen and Roth do
("Audio signal extrapolation - theory and applications", DAFx 2002). A stroke that began in the hole stays lost.
"""

from __future__ import annotations

from typing import Final

import numpy as np

REACH: Final = 512  # samples that are looked at on each side; fewer will do
_ORDER = 24


def fill_hole(before: np.ndarray, length: int, after: np.ndarray) -> np.ndarray:
    """Return audio for a hole.

    Parameters
    ----------
    before, after : ndarray, float32, shape (n,)
        What was heard on either side, `REACH` samples or fewer.
    length : int
        Of the hole; made for some 10 ms, and the longer the slower.

    Returns
    -------
    ndarray, float32, shape (length,)
    """
    fade = np.linspace(0.0, 1.0, length + 2)[1:-1]
    forward = _continued(before[-REACH:].astype(np.float64), length)
    backward = _continued(after[:REACH][::-1].astype(np.float64), length)[::-1]
    return (forward * (1 - fade) + backward * fade).astype(np.float32)


def _continued(audio: np.ndarray, n: int) -> np.ndarray:
    """Return the n samples that linear prediction expects after `audio`, float64."""
    order = min(_ORDER, len(audio) // 3)
    predictor = _burg(audio, order)[:0:-1]
    order = len(predictor)
    known = np.concatenate([audio[len(audio) - order :], np.zeros(n)])
    for k in range(order, order + n):
        known[k] = -(known[k - order : k] @ predictor)
    return known[order:]


def _burg(audio: np.ndarray, order: int) -> np.ndarray:
    """Return the prediction error filter by Burg's method, float64 of shape (order + 1,) or shorter, 1 first."""
    error_filter = np.ones(1)
    forward, backward = audio[1:], audio[:-1]
    for _ in range(order):
        energy = forward @ forward + backward @ backward
        if energy <= 1e-18:
            break
        reflection = -2.0 * (forward @ backward) / energy
        error_filter = np.append(error_filter, 0.0)
        error_filter = error_filter + reflection * error_filter[::-1]
        forward, backward = (forward + reflection * backward)[1:], (backward + reflection * forward)[:-1]
    return error_filter
