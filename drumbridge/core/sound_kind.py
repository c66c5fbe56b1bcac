"""One-shot or loop: what a file of unknown contents is, by counting its strokes.

Conventions: audio is mono float32, full scale +-1. A file is a loop when a second stroke can be heard in it: a quick
look at the level finds candidates, and the onset detector has to agree. The constants were chosen on 5,992 one-shots
and 2,637 loops and excerpts of 1 to 8 s (`docs/measurements.md`); around them the answer is flat.
"""

from __future__ import annotations

import numpy as np

from .events import LOOP, ONE_SHOT
from .onsets import detect_onsets

_SHORTEST_LOOP_S = 0.8
_STEP_S = 0.01
_RISE_DB = 8.0  # a candidate is so much louder than the quietest step of the last 60 ms
_BACK = 6
_RANGE_DB = 26.0  # and not more than this under the loudest step
_APART = 10  # steps between two candidates
_STRONG = 0.2  # an onset counts from this part of the strongest one's strength
_APART_S = 0.12  # nearer ones are one stroke: a flam, a clap, a drag


def sound_kind(audio: np.ndarray, sample_rate: int) -> str:
    """Return `ONE_SHOT` or `LOOP`.

    Parameters
    ----------
    audio : ndarray, float32, shape (n,)
        The file, or the first seconds of it.
    sample_rate : int
        Hz.
    """
    if len(audio) < _SHORTEST_LOOP_S * sample_rate or not _may_hold_two(audio, sample_rate):
        return ONE_SHOT
    onsets = [onset for onset in detect_onsets(audio, sample_rate) if onset.certain]
    least = _STRONG * max((onset.strength for onset in onsets), default=0.0)
    strokes, last = 0, -len(audio)
    for onset in onsets:
        if onset.strength >= least and onset.position - last >= _APART_S * sample_rate:
            strokes, last = strokes + 1, onset.position
    return LOOP if strokes > 1 else ONE_SHOT


def _may_hold_two(audio: np.ndarray, sample_rate: int) -> bool:
    """Return whether the level rises twice; costs a hundredth of what the onset detector does."""
    step = max(1, round(sample_rate * _STEP_S))
    n = len(audio) // step
    steps = audio[: n * step].reshape(n, step)
    level_db = 20.0 * np.log10(np.maximum(np.maximum(steps.max(axis=1), -steps.min(axis=1)), 1e-6))
    level_db -= level_db.max()
    quietest = np.full(n, np.inf)
    quietest[:_BACK] = -60.0  # before the file there is silence
    for back in range(1, _BACK + 1):
        np.minimum(quietest[back:], level_db[:-back], out=quietest[back:])
    rises = np.flatnonzero((level_db >= -_RANGE_DB) & (level_db - quietest >= _RISE_DB))
    return bool(len(rises)) and bool(rises[-1] - rises[0] >= _APART)
