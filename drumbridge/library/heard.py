"""What was heard in one file, as the library remembers it: plain values that also travel between machines.

Conventions: a one-shot has one answer and an embedding, a loop has hits; positions are samples of the file.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import Any, Final

from drumbridge.core.events import LOOP, ONE_SHOT, Classification, Hit, LabelConfidence, Transcription
from drumbridge.core.labels import UNSURE

KEPT_LABELS: Final = 5  # of a ranking


@dataclass(frozen=True, slots=True)
class HeardSound:
    """One file's answer.

    Attributes
    ----------
    kind : str
        "one_shot" or "loop".
    duration_s : float
    sample_rate : int
        Hz, of the file.
    label, confidence, unsure
        Of a one-shot as in its `Classification`; of a loop the commonest label and its hits' mean confidence.
    velocity : int
        1..127; of a loop the highest.
    level_db : float
        dBFS; of a loop the highest.
    ranking : str
        JSON, ``[[label, probability], ...]``, the best ones; of a loop ``[[label, share of its hits], ...]``.
    warning : str
    hits : tuple
        Of a loop, rows as in the table of hits, without the result's id.
    embedding : bytes
        Of a one-shot, float16; of a loop nothing.
    """

    kind: str
    duration_s: float
    sample_rate: int
    label: str
    confidence: float
    unsure: bool
    velocity: int
    level_db: float
    ranking: str
    warning: str
    hits: tuple[tuple[Any, ...], ...] = ()
    embedding: bytes = b""


def heard_one_shot(classification: Classification, duration_s: float, sample_rate: int) -> HeardSound:
    """Return what is remembered of a one-shot."""
    import numpy as np

    return HeardSound(
        kind=ONE_SHOT,
        duration_s=round(duration_s, 6),
        sample_rate=sample_rate,
        label=classification.label,
        confidence=round(classification.confidence, 6),
        unsure=classification.unsure,
        velocity=classification.velocity,
        level_db=round(float(classification.level_db), 3),
        ranking=_listed(classification.ranking[:KEPT_LABELS]),
        warning=classification.warning,
        embedding=np.clip(np.array(classification.embedding), -65000, 65000).astype("<f2").tobytes(),
    )


def heard_loop(transcription: Transcription) -> HeardSound:
    """Return what is remembered of a loop."""
    hits = transcription.hits
    counted = Counter(entry.label for hit in hits for entry in hit.labels)
    # Of labels that are equally frequent the first by name: the answer must not depend on anything else.
    common = sorted(counted, key=lambda label: (-counted[label], label))
    confidences = [entry.confidence for hit in hits for entry in hit.labels if common and entry.label == common[0]]
    return HeardSound(
        kind=LOOP,
        duration_s=round(transcription.duration_s, 6),
        sample_rate=transcription.sample_rate,
        label=common[0] if common else UNSURE,
        confidence=round(sum(confidences) / len(confidences), 6) if confidences else 0.0,
        unsure=not common,
        velocity=max((hit.velocity for hit in hits), default=1),
        level_db=round(max((float(hit.level_db) for hit in hits), default=-120.0), 3),
        ranking=json.dumps([[label, round(counted[label] / len(hits), 4)] for label in common]),
        warning=transcription.warning,
        hits=tuple(_row(hit) for hit in hits),
    )


def _row(hit: Hit) -> tuple[Any, ...]:
    confidence = round(float(hit.confidence), 6)
    return (
        hit.index, hit.position, hit.velocity, round(float(hit.level_db), 3), hit.label, confidence, _listed(hit.labels)
    )  # fmt: skip


def _listed(labels: tuple[LabelConfidence, ...]) -> str:
    return json.dumps([[entry.label, round(float(entry.confidence), 4)] for entry in labels])
