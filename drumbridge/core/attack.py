"""Where exactly an attack starts, found in the time domain near a peak of the onset curve.

Conventions: audio is mono float32; the answer is a sample index of the audio given. The curve says
that something started near a place; the start is where the energy of the differentiated signal (so that
a new stroke shows above the low ring of an earlier one) rises most from just before to just after, less
some dB for the distance, so that another stroke nearby does not win by being louder.
"""

from __future__ import annotations

import numpy as np

_STEP_S = 0.0005  # resolution of the energy envelope
_BEFORE_S = 0.004
_AFTER_S = 0.003
_DISTANCE_DB_PER_S = 1000.0
_RISE = 0.2  # of the highest value just after the start, what the first sample of the attack reaches
_FLOOR_DB = -90.0


def refine_attack(audio: np.ndarray, sample_rate: int, near: int) -> int:
    """Find the start of the attack near a peak of the onset curve.

    Parameters
    ----------
    audio : ndarray, float32, shape (n,)
        Some milliseconds before and after the peak.
    sample_rate : int
        Hz.
    near : int
        Index in `audio` at which the curve peaks.

    Returns
    -------
    int
        Index in `audio`, 0..n-1.
    """
    step = max(1, round(_STEP_S * sample_rate))
    before, after = round(_BEFORE_S / _STEP_S), round(_AFTER_S / _STEP_S)
    wide = audio.astype(np.float64)
    difference = np.zeros(len(wide))
    np.abs(wide[1:] - wide[:-1], out=difference[1:])
    steps = len(difference) // step
    if steps <= before + after:
        return int(np.argmax(difference))
    energy = (difference[: steps * step].reshape(steps, step) ** 2).sum(axis=1)
    total = np.concatenate([[0.0], np.cumsum(energy)])
    at = np.arange(before, steps - after + 1)
    floor = step * 10.0 ** (_FLOOR_DB / 10.0)
    new = (total[at + after] - total[at]) / after + floor
    old = (total[at] - total[at - before]) / before + floor
    distance_s = np.abs(at * step - near) / sample_rate
    best = int(at[np.argmax(10.0 * np.log10(new / old) - _DISTANCE_DB_PER_S * distance_s)])
    start = max(0, (best - 1) * step)
    attack = difference[start : (best + after) * step]
    return start + int(np.argmax(attack >= _RISE * attack.max()))
