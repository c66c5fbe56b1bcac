"""Results as CSV: a header, then one row per hit or per file.

Conventions: RFC 4180 with ``\\n`` line ends; seconds with 6 digits, probabilities with 4. A hit's
further labels stand in its last column as ``label:probability``, separated by spaces.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from typing import TextIO

from drumbridge.core.events import Classification, Hit, LabelConfidence

HIT_COLUMNS = ("index", "position", "position_s", "velocity", "label", "confidence", "labels")
CLASSIFICATION_COLUMNS = ("path", "label", "confidence", "unsure", "scores")


def write_hits(file: TextIO, hits: Iterable[Hit], sample_rate: int) -> None:
    """Write hits with their header to a text file opened with ``newline=""``.

    Parameters
    ----------
    file : text file
    hits : iterable of Hit
    sample_rate : int
        Hz of their positions.
    """
    rows = csv.writer(file, lineterminator="\n")
    rows.writerow(HIT_COLUMNS)
    for hit in hits:
        position_s = f"{hit.position / sample_rate:.6f}"
        confidence = f"{hit.confidence:.4f}"
        rows.writerow((hit.index, hit.position, position_s, hit.velocity, hit.label, confidence, _listed(hit.labels)))


def write_classifications(file: TextIO, classified: Iterable[tuple[str, Classification]]) -> None:
    """Write classified files with their header to a text file opened with ``newline=""``.

    Parameters
    ----------
    file : text file
    classified : iterable of (path, Classification)
    """
    rows = csv.writer(file, lineterminator="\n")
    rows.writerow(CLASSIFICATION_COLUMNS)
    for path, result in classified:
        rows.writerow(
            (path, result.label, f"{result.confidence:.4f}", str(result.unsure).lower(), _listed(result.ranking))
        )


def _listed(labels: Sequence[LabelConfidence]) -> str:
    return " ".join(f"{entry.label}:{entry.confidence:.4f}" for entry in labels)
