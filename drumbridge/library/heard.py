"""What was heard in one file, as the library remembers it: plain values that also travel between machines.

Conventions: a one-shot has one answer and an embedding, a loop has hits; positions are samples of the file.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

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
        Float16: of a one-shot its embedding, of a loop one row for each hit, see
        `drumbridge.library.hit_evidence`.
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

    from drumbridge.core.hit_head import storable

    return HeardSound(
        kind=ONE_SHOT,
        duration_s=round(duration_s, 6),
        sample_rate=sample_rate,
        label=classification.label,
        confidence=round(classification.confidence, 6),
        unsure=classification.unsure,
        velocity=classification.velocity,
        level_db=round(float(classification.level_db), 3),
        ranking=stored_labels(classification.ranking[:KEPT_LABELS]),
        warning=classification.warning,
        embedding=storable(np.array(classification.embedding)).astype("<f2").tobytes(),
    )


class LoopLabels(NamedTuple):
    """What is remembered of all hits of a loop together; the fields are those of `HeardSound`."""

    label: str
    confidence: float
    unsure: bool
    ranking: str


def loop_labels(hits: Sequence[Sequence[tuple[str, float]]]) -> LoopLabels:
    """Return what a loop is called whose hits have these labels, each with its confidence."""
    counted = Counter(label for labels in hits for label, _ in labels)
    # Of labels that are equally frequent the first by name: the answer must not depend on anything else.
    common = sorted(counted, key=lambda label: (-counted[label], label))
    confidences = [p for labels in hits for label, p in labels if common and label == common[0]]
    return LoopLabels(
        label=common[0] if common else UNSURE,
        confidence=round(sum(confidences) / len(confidences), 6) if confidences else 0.0,
        unsure=not common,
        ranking=json.dumps([[label, round(counted[label] / len(hits), 4)] for label in common]),
    )


def heard_loop(transcription: Transcription) -> HeardSound:
    """Return what is remembered of a loop; its hits carry their embeddings."""
    hits = transcription.hits
    together = loop_labels([[(entry.label, entry.confidence) for entry in hit.labels] for hit in hits])
    return HeardSound(
        kind=LOOP,
        duration_s=round(transcription.duration_s, 6),
        sample_rate=transcription.sample_rate,
        label=together.label,
        confidence=together.confidence,
        unsure=together.unsure,
        velocity=max((hit.velocity for hit in hits), default=1),
        level_db=round(max((float(hit.level_db) for hit in hits), default=-120.0), 3),
        ranking=together.ranking,
        warning=transcription.warning,
        hits=tuple(_row(hit) for hit in hits),
        embedding=_evidence(hits),
    )


def _evidence(hits: Sequence[Hit]) -> bytes:
    """Return what a personal head judges hits by: for each the log odds of all labels, then the embedding."""
    if not hits:
        return b""
    import numpy as np

    from drumbridge.core.hit_head import log_odds, storable

    rows = [
        np.concatenate([log_odds(np.array(hit.scores)), storable(hit.embedding)])
        for hit in hits
        if hit.embedding is not None
    ]
    return np.stack(rows).astype("<f2").tobytes() if len(rows) == len(hits) else b""


def _row(hit: Hit) -> tuple[Any, ...]:
    confidence = round(float(hit.confidence), 6)
    return (
        hit.index, hit.position, hit.velocity, round(float(hit.level_db), 3), hit.label, confidence,
        stored_labels(hit.labels),
    )  # fmt: skip


def stored_labels(labels: Sequence[LabelConfidence]) -> str:
    """Return labels as a row holds them."""
    return json.dumps([[entry.label, round(float(entry.confidence), 4)] for entry in labels])
