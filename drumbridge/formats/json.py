"""Results as JSON Lines: one object per hit or per file, each on a line of its own.

Conventions: labels and scores are objects from label to probability, strongest first; probabilities have
4 digits, seconds 6. Text is pure ASCII (the rest escaped), so it survives any console.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from drumbridge.core.events import Classification, Hit, LabelConfidence


def hit_to_object(hit: Hit, sample_rate: int) -> dict[str, Any]:
    """Return a hit as ``index, position`` (samples), ``position_s, velocity, labels``."""
    return {
        "index": hit.index,
        "position": hit.position,
        "position_s": round(hit.position / sample_rate, 6),
        "velocity": hit.velocity,
        "labels": _probabilities(hit.labels),
    }


def classification_to_object(path: str, classification: Classification) -> dict[str, Any]:
    """Return a classified file as ``path, label, confidence, unsure, scores``."""
    return {
        "path": path,
        "label": classification.label,
        "confidence": round(classification.confidence, 4),
        "unsure": classification.unsure,
        "scores": _probabilities(classification.ranking),
    }


def to_line(value: dict[str, Any]) -> str:
    """Return one object as a line, without its line break."""
    return json.dumps(value, allow_nan=False)


def _probabilities(labels: Iterable[LabelConfidence]) -> dict[str, float]:
    return {entry.label: round(entry.confidence, 4) for entry in labels}
