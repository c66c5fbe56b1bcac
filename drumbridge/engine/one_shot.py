"""From the file of a one-shot to the excerpt that is classified.

Conventions: a one-shot is a file with one sound. Its first 4 s are read; while nothing louder than
-40 dBFS was in them the reading goes on, up to 20 s, so a long lead-in does no harm. Channels are mixed
as in a stream, DC is removed, the attack is found at the file's own rate, and only the excerpt is resampled.
"""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import NamedTuple

import numpy as np

from drumbridge.audio.files import AudioFile, open_audio
from drumbridge.audio.resampling import resample
from drumbridge.core.classifier import ExcerptLayout
from drumbridge.core.excerpts import cut_excerpt, find_attack
from drumbridge.core.mixing import mix_to_mono
from drumbridge.core.velocity import VelocitySettings, level_to_velocity, peak_level_db
from drumbridge.errors import AudioError

_PIECE_S = 4.0
_LONGEST_S = 20.0
_LOUD = 10 ** (-40 / 20)
_SHORTEST_S = 0.001
_OFFSET = 0.001  # DC from which on it is removed: -60 dBFS
_OFFSET_POINTS = 4096
_VELOCITY = VelocitySettings()
_MARGIN_S = 0.01  # what the resampler's filter needs beside the excerpt


class OneShot(NamedTuple):
    """What a classifier is given of a one-shot, and what is known of it without one."""

    excerpt: np.ndarray  # float32 (samples_before + samples_after,)
    available: int
    level_db: float
    velocity: int
    warning: str


class Beginning(NamedTuple):
    """The first seconds of a file, in which a one-shot is looked for."""

    path: Path
    audio: np.ndarray  # mono float32 (n,)
    sample_rate: int
    duration_s: float  # of the whole file, as far as its header says
    whole: bool  # nothing follows what was read
    warning: str


def read_one_shot(path: str | os.PathLike[str], classifier: ExcerptLayout, after_ms: float | None = None) -> OneShot:
    """Read a one-shot as `classifier` wants to hear it.

    Parameters
    ----------
    path : path-like
    classifier : ExcerptLayout
    after_ms : float, optional
        Use only this much of the sound after its attack, ms.

    Raises
    ------
    AudioError
        As `read_beginning` and `one_shot_of` do.
    """
    return one_shot_of(read_beginning(path, classifier), classifier, after_ms)


def read_beginning(path: str | os.PathLike[str], classifier: ExcerptLayout) -> Beginning:
    """Read as much of a file as it takes to hear its first sound.

    Raises
    ------
    AudioError
        As `open_audio` and `AudioFile.blocks` do; ``audio.no_samples``; ``audio.too_short`` under 1 ms.
    """
    with open_audio(path) as file:
        rate = file.sample_rate
        audio = _first_sound(file, math.ceil(classifier.samples_after * rate / classifier.sample_rate))
        if len(audio) == 0:
            raise AudioError("audio.no_samples", f"{file.path} has no audio that can be read.")
        if len(audio) < _SHORTEST_S * rate:
            unit = "sample" if len(audio) == 1 else "samples"
            raise AudioError("audio.too_short", f"{file.path} is {len(audio)} {unit} long: too short to be a drum.")
        n_samples = max(len(audio), file.n_samples or 0)
        return Beginning(file.path, audio, rate, n_samples / rate, file.n_samples == len(audio), file.warning)


def one_shot_of(beginning: Beginning, classifier: ExcerptLayout, after_ms: float | None = None) -> OneShot:
    """Cut the excerpt that `classifier` wants to hear out of the beginning of a file.

    Raises
    ------
    AudioError
        ``audio.silent`` when nothing but DC is louder than -70 dBFS.
    """
    audio, rate = beginning.audio, beginning.sample_rate
    attack = find_attack(audio, rate)
    if attack is None:
        where = "" if beginning.whole else f" of its first {len(audio) / rate:.0f} s"
        raise AudioError("audio.silent", f"{beginning.path} is silent: nothing{where} is louder than -70 dBFS.")
    some = audio[:: max(1, len(audio) // _OFFSET_POINTS)]
    # A median that far off needs half of the samples there; counting costs a tenth of sorting.
    if max(np.count_nonzero(some > _OFFSET), np.count_nonzero(some < -_OFFSET)) >= len(some) // 2:
        offset = np.median(some)
        if abs(offset) > _OFFSET:
            # Where the excerpt begins, DC would be a step, which is half a kick to any model.
            audio = audio - offset
    level_db = peak_level_db(audio[attack : attack + round(_VELOCITY.level_s * rate)])
    if rate != classifier.sample_rate:
        audio, attack = _resampled_around(audio, attack, rate, classifier)
    known = None if after_ms is None else max(1, round(after_ms * classifier.sample_rate / 1000))
    excerpt, available = cut_excerpt(audio, attack, classifier.samples_before, classifier.samples_after, known=known)
    return OneShot(excerpt, available, level_db, level_to_velocity(level_db), beginning.warning)


def _first_sound(file: AudioFile, reach: int) -> np.ndarray:
    """Read the start of a file, up to at least `reach` samples past something loud; mono float32 (n,)."""
    pieces: list[np.ndarray] = []
    n = 0
    wanted = round(_PIECE_S * file.sample_rate)
    heard = False
    block_length = max(1, wanted // file.channels)  # so many channels take no more memory
    for block in file.blocks(block_length, stop=round(_LONGEST_S * file.sample_rate)):
        mono = mix_to_mono(block)
        pieces.append(mono)
        if n + len(mono) == file.n_samples:
            continue  # all of it was read; going on lets the file say so
        if not heard and np.ptp(mono) / 2 > _LOUD:
            heard = True
            wanted = max(wanted, n + int(np.argmax(np.abs(mono - mono.mean()) > _LOUD / 2)) + reach)
        n += len(mono)
        if heard and n >= wanted:
            break
    return pieces[0] if len(pieces) == 1 else np.concatenate([np.zeros(0, dtype=np.float32), *pieces])


def _resampled_around(audio: np.ndarray, attack: int, rate: int, classifier: ExcerptLayout) -> tuple[np.ndarray, int]:
    """Resample what an excerpt can reach; return it and where the attack is in it."""
    ratio = rate / classifier.sample_rate
    margin = round(_MARGIN_S * rate)
    start = max(0, attack - math.ceil(classifier.samples_before * ratio) - margin)
    stop = attack + math.ceil(classifier.samples_after * ratio) + margin
    near = resample(audio[start:stop], rate, classifier.sample_rate)
    return near, min(round((attack - start) / ratio), max(0, len(near) - 1))
