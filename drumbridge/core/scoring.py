"""From onsets in the recent past of a stream to what the model says of them.

Conventions: positions and lengths are samples at the model's rate; what is not known yet is zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from .classifier import Classifier
from .events import Excerpt
from .history import History
from .velocity import peak_level_db


class Verdict(NamedTuple):
    """What is known of one onset at one decision time.

    Attributes
    ----------
    probabilities : ndarray, float64, shape (labels,)
        Calibrated, each label on its own.
    presence : float or None
        Probability that a sound starts there, of a model that says so.
    level_db : float
        Peak level just after the attack, dBFS.
    embedding : ndarray, float32, shape (d,)
    excerpt : Excerpt
        What was looked at.
    """

    probabilities: np.ndarray
    presence: float | None
    level_db: float
    embedding: np.ndarray
    excerpt: Excerpt


def score_onsets(
    classifier: Classifier, history: History, positions: Sequence[int], known: Sequence[int], level_length: int,
    final: int,
) -> list[Verdict]:  # fmt: skip
    """Score the excerpts around some onsets in one call.

    Parameters
    ----------
    classifier : Classifier
    history : History
        Holds the excerpts.
    positions : sequence of int
    known : sequence of int
        For each onset, how many samples from it on may be looked at; all of them are in `history`.
    level_length : int
        The level is the peak within at most this many samples.
    final : int
        What a final answer looks at. An answer that looks at less has to be there in time, and leaves out what would
        make it late (`Classifier.prompt_length`).
    """
    before = classifier.samples_before
    excerpts = np.zeros((len(positions), before + classifier.samples_after), dtype=np.float32)
    for row, position, length in zip(excerpts, positions, known, strict=True):
        row[: before + length] = history.read(position - before, position + length)
    looked_at = [length if length >= final else classifier.prompt_length(length) for length in known]
    output = classifier.score(excerpts, np.array(looked_at, dtype=np.int64))
    probabilities = classifier.rule.hit_probabilities(output.scores)
    return [
        Verdict(
            probabilities[k],
            None if output.presence is None else float(output.presence[k]),
            peak_level_db(excerpts[k, before : before + level_length]),
            output.embedding[k],
            Excerpt(excerpts[k], known[k]),
        )
        for k in range(len(positions))
    ]
