"""Recordings of any length in equal pieces, and the vote of the pieces.

Conventions: a piece is `samples_after` samples of mono audio at the model's rate, cut one after another from
the start of the file; the last one is filled with zeros. Silent pieces have no vote, and any other votes with
its probabilities, weighted by how much of it is audio: so the answer does not hang from a short rest.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from itertools import islice
from typing import NamedTuple

import numpy as np

from drumbridge.audio.files import AudioFile, open_audio
from drumbridge.audio.resampling import resampler_between
from drumbridge.core.classifier import ExcerptLayout
from drumbridge.core.events import Classification
from drumbridge.core.mixing import mix_to_mono
from drumbridge.core.velocity import level_to_velocity, peak_level_db
from drumbridge.errors import AudioError
from drumbridge.inference.classifier import OnnxClassifier

from .cancellation import check_cancelled

_SILENT_DB = -70.0  # as for one-shots
_AT_ONCE = 4  # pieces scored in one run


class Piece(NamedTuple):
    """One piece of a recording."""

    audio: np.ndarray  # float32 (samples_after,)
    available: int  # samples of it that are audio
    level_db: float  # of its peak


def pieces(file: AudioFile, layout: ExcerptLayout) -> Iterator[Piece]:
    """Cut an open file into pieces and yield those that are not silent.

    Raises
    ------
    AudioError
        As `AudioFile.blocks` does.
    """
    length = layout.samples_after
    waiting, n = [np.zeros(0, np.float32)], 0
    for audio in _resampled(file, layout.sample_rate):
        waiting.append(audio)
        n += len(audio)
        if n >= length:
            joined = np.concatenate(waiting)
            for start in range(0, n - length + 1, length):
                yield from _piece(joined[start : start + length], length)
            waiting, n = [joined[n - n % length :]], n % length
    if n:
        yield from _piece(np.concatenate(waiting), length)


def classify_recording(
    path: str | os.PathLike[str], classifier: OnnxClassifier, cancelled: Callable[[], bool] | None = None
) -> Classification:
    """Classify a recording by the vote of its pieces, in bounded memory.

    Raises
    ------
    AudioError
        As `open_audio` and `AudioFile.blocks` do; ``audio.silent`` when no piece is louder than -70 dBFS.
    """
    rule = classifier.rule
    votes = np.zeros(len(rule.labels))
    embedding: np.ndarray | float = 0.0
    weight, level_db = 0, -np.inf
    with open_audio(path) as file:
        source = pieces(file, classifier)
        while batch := list(islice(source, _AT_ONCE)):
            check_cancelled(cancelled)
            available = np.array([piece.available for piece in batch], dtype=np.int64)
            output = classifier.score(np.stack([piece.audio for piece in batch]), available)
            votes += available @ rule.one_shot_probabilities(output.scores)
            embedding = embedding + available @ output.embedding.astype(np.float64)
            weight += int(available.sum())
            level_db = max(level_db, *(piece.level_db for piece in batch))
        if not weight:
            raise AudioError("audio.silent", f"{file.path} is silent: nothing of it is louder than -70 dBFS.")
        warning = file.warning
    ranking = rule.one_shot_ranking(votes / weight)
    return Classification(
        ranking=ranking,
        unsure=ranking[0].confidence < rule.unsure_below,
        velocity=level_to_velocity(level_db),
        level_db=float(level_db),
        embedding=tuple(np.float32(np.asarray(embedding) / weight).tolist()),
        model=classifier.name,
        warning=warning,
    )


def _resampled(file: AudioFile, sample_rate: int) -> Iterator[np.ndarray]:
    resampler = resampler_between(file.sample_rate, sample_rate)
    for block in file.blocks():
        mono = mix_to_mono(block)
        yield mono if resampler is None else resampler.process(mono)
    if resampler is not None:
        yield resampler.flush()


def _piece(audio: np.ndarray, length: int) -> Iterator[Piece]:
    level_db = peak_level_db(audio)
    if level_db > _SILENT_DB:
        yield Piece(np.pad(audio, (0, length - len(audio))), len(audio), level_db)
