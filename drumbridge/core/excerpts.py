"""The audio around one onset that is classified, and where a one-shot's attack starts.

Conventions: audio is mono float32, full scale +-1. An excerpt has the onset at index
`samples_before`; what lies outside the audio, or is not there yet, is zero.
"""

from __future__ import annotations

import math

import numpy as np

from ..errors import SettingsError

_STEP_S = 0.001  # resolution of find_attack
_FLOOR_DB = -70.0  # below this peak level there is nothing to find
_PIECE = 4096  # samples looked at at once: most attacks are in the first ones of a file


def cut_excerpt(
    audio: np.ndarray, position: int, samples_before: int, samples_after: int, *, known: int | None = None
) -> tuple[np.ndarray, int]:
    """Cut the excerpt around an onset.

    Parameters
    ----------
    audio : ndarray, float32, shape (n,)
    position : int
        Sample of `audio` at which the attack starts; may be 0.
    samples_before, samples_after : int
        Length of the excerpt on both sides, samples.
    known : int, optional
        Pretend that only this many samples after the onset are there (any decision time).

    Returns
    -------
    excerpt : ndarray, float32, shape (samples_before + samples_after,)
    available : int
        Real samples from the onset on, 0..samples_after.
    """
    excerpt = np.zeros(samples_before + samples_after, dtype=np.float32)
    available = min(samples_after, max(0, len(audio) - position))
    if known is not None:
        available = min(available, max(0, known))
    start = max(0, position - samples_before)
    stop = min(len(audio), position + available)
    if stop > start:
        offset = start - (position - samples_before)
        excerpt[offset : offset + stop - start] = audio[start:stop]
    return excerpt, available


def led(
    excerpts: np.ndarray, available: np.ndarray, frame_ends: np.ndarray, most: int
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Lay early excerpts a little earlier, so that the last frame that a model hears of them ends where they do.

    A model that looks at sound in frames leaves out what follows the last one, and 10 ms after an attack every
    millisecond counts. Where less than the last of `frame_ends` is known, the excerpt is moved by what would be left
    out, but never by more than `most`.

    Parameters
    ----------
    excerpts : ndarray, float32, shape (n, length)
        Not changed.
    available : ndarray, int64, shape (n,)
        Real samples from the onset on.
    frame_ends : ndarray, int64, shape (frames,)
        Where frames end, samples after the onset, ascending.
    most : int
        Samples; an onset is told less exactly than that anyway.

    Returns
    -------
    excerpts : ndarray, float32, shape (n, length)
    available : ndarray, int64, shape (n,)
        Real samples from where the onset is said to be now.
    """
    frame = np.searchsorted(frame_ends, available, side="right") - 1
    early = (frame >= 0) & (frame < len(frame_ends) - 1)
    lead = np.where(early, np.minimum(available - frame_ends[frame], most), 0)
    if not lead.any():
        return excerpts, available
    moved = excerpts.copy()
    for k in np.flatnonzero(lead):
        moved[k, : -lead[k]] = excerpts[k, lead[k] :]
        moved[k, -lead[k] :] = 0
    return moved, available - lead


def prompt_length(known: int, frame_ends: np.ndarray, most: int, spare: int) -> int:
    """Return how many of `known` samples to look at for an answer that shall leave as soon as they are there.

    All of them, where what `led` makes the model hear of them is there `spare` samples before; else to the last frame.

    Parameters
    ----------
    known : int
    frame_ends : ndarray, int64, shape (frames,)
    most : int
        Both as for `led`.
    spare : int
        Samples: the time that an answer takes.
    """
    frame = int(np.searchsorted(frame_ends, known, side="right")) - 1
    if not 0 <= frame < len(frame_ends) - 1:
        return known
    end = int(frame_ends[frame])
    return known if min(known, end + most) <= known - spare else end


def check_after_ms(after_ms: float | None) -> None:
    """Check a decision time: how much of a sound is used from its attack on, None for all that a model hears.

    Raises
    ------
    SettingsError
        ``settings.after_ms``: not a time above 0.
    """
    if after_ms is not None and not 0 < after_ms < math.inf:
        raise SettingsError("settings.after_ms", f"The decision time must be above 0 ms, not {after_ms:g}.")


def find_attack(audio: np.ndarray, sample_rate: int, *, range_db: float = 30.0) -> int | None:
    """Find where the sound of a one-shot starts, also when its attack is soft or at sample 0.

    The start is the first millisecond whose level is within `range_db` of the loudest one, taken
    back to the last sample before it that is still quiet (`range_db` + 20 dB under the peak).

    Parameters
    ----------
    audio : ndarray, float32, shape (n,)
    sample_rate : int
        Hz.
    range_db : float
        How far under its loudest millisecond the sound counts as started, dB.

    Returns
    -------
    int or None
        Sample of the attack; None when nothing is louder than -70 dBFS once DC is removed.
    """
    n = len(audio)
    if n == 0:
        return None
    mean = np.float32(np.mean(audio, dtype=np.float64))
    step = max(1, round(sample_rate * _STEP_S))
    peak = float(max(audio.max() - mean, mean - audio.min()))
    if peak <= 10 ** (_FLOOR_DB / 20):
        return None
    loud = _first_from(audio, mean, peak * 10 ** (-range_db / 20)) // step
    quiet = peak * 10 ** (-(range_db + 20) / 20)
    start = max(0, (loud - 2) * step)
    above = np.flatnonzero(np.abs(audio[start : (loud + 1) * step] - mean) >= quiet)
    return start + int(above[0]) if len(above) else loud * step


def _first_from(audio: np.ndarray, mean: np.float32, least: float) -> int:
    """Return the first sample that is `least` or more away from the mean; there is one."""
    for start in range(0, len(audio), _PIECE):
        reached = np.abs(audio[start : start + _PIECE] - mean) >= least
        first = int(np.argmax(reached))
        if reached[first]:
            return start + first
    raise ValueError("no sample is that loud")
