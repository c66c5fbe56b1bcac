"""Recordings through the deployed Transcriber: which hits are found, and which are named right.

Conventions: a reference file is CSV with the columns onset_s and label; labels are this project's, or
those of MDB Drums and MDBDrums++ (Southall et al., ISMIR 2017; X. Riley), mapped below onto the five
classes that transcriptions are scored in. A label that is not in the map (side stick, tambourine) is not
scored as a class, but its onset counts among the onsets.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from drumbridge.core.events import Hit
from drumbridge.core.labels import BY_NAME, to_transcription_five
from drumbridge.errors import SettingsError

from .metrics import bootstrap, f_measure, matched, merge_near

CLASSES = ("kick", "snare", "hihat", "tom", "cymbal")
_FOREIGN = {
    "hihat": "hihat", "hihat_closed": "hihat", "hihat_open": "hihat", "hihat_pedal": "hihat", "cymbal": "cymbal",
    "snare_ghost": "snare", "snare_nosnare": "snare", "snare_flam": "snare", "snare_drag": "snare",
    "snare_roll": "snare", "tom_floor": "tom",
}  # fmt: skip
_NOT_SCORED = {"other", "sidestick", "tambourine"}


@dataclass(frozen=True)
class Reference:
    """The annotation of one recording."""

    onsets_s: tuple[float, ...]
    classes: tuple[str | None, ...]  # of each onset; None is not scored as a class
    velocities: tuple[int, ...] = ()  # of each onset, 1..127; empty where the annotation has none


@dataclass(frozen=True)
class Estimate:
    """Our answer for one recording."""

    onsets_s: tuple[float, ...]
    classes: tuple[frozenset[str], ...]
    velocities: tuple[int, ...] = ()


def label_to_class(label: str) -> str | None:
    """Return the class of an annotation's label, or None for one that is not scored."""
    if label in _FOREIGN:
        return _FOREIGN[label]
    if label in _NOT_SCORED:
        return None
    if label in BY_NAME:
        return to_transcription_five(label)
    for prefix, name in (("kick", "kick"), ("snare", "snare"), ("tom", "tom"), ("ride", "cymbal"), ("crash", "cymbal"),
                         ("china", "cymbal"), ("splash", "cymbal"), ("hihat", "hihat")):  # fmt: skip
        if label.startswith(prefix):
            return name
    return None


def read_reference(path: Path) -> Reference:
    """Read an annotation.

    Raises
    ------
    SettingsError
        ``settings.reference``: it lacks the columns.
    """
    with path.open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        if not reader.fieldnames or "onset_s" not in reader.fieldnames:
            raise SettingsError("settings.reference", f"{path} has no column onset_s: is it an annotation?")
        name = "label" if "label" in reader.fieldnames else reader.fieldnames[1]
        rows = sorted((float(row["onset_s"]), row[name], row.get("velocity")) for row in reader)
    velocities = tuple(int(velocity) for _, _, velocity in rows if velocity)
    return Reference(
        tuple(t for t, _, _ in rows),
        tuple(label_to_class(label) for _, label, _ in rows),
        velocities if len(velocities) == len(rows) else (),
    )


def hits_to_estimate(hits: Sequence[Hit], sample_rate: int) -> Estimate:
    """Reduce hits to onsets and classes."""
    return Estimate(
        tuple(hit.position / sample_rate for hit in hits),
        tuple(frozenset(c for entry in hit.labels if (c := to_transcription_five(entry.label))) for hit in hits),
        tuple(hit.velocity for hit in hits),
    )


def onset_counts(reference: Reference, estimate: Estimate, window_s: float) -> tuple[int, int, int]:
    """Return the counts of all onsets, those nearer than 20 ms merged on both sides."""
    return matched(merge_near(reference.onsets_s), merge_near(estimate.onsets_s), window_s)


def class_counts(reference: Reference, estimate: Estimate, window_s: float) -> dict[str, tuple[int, int, int]]:
    """Return the counts of each class."""
    counts = {}
    for name in CLASSES:
        truth = [t for t, c in zip(reference.onsets_s, reference.classes, strict=True) if c == name]
        answer = [t for t, c in zip(estimate.onsets_s, estimate.classes, strict=True) if name in c]
        counts[name] = matched(truth, answer, window_s)
    return counts


def score_tracks(
    references: Sequence[Reference], estimates: Sequence[Estimate], tracks: Sequence[str], window_s: float
) -> dict[str, object]:
    """Return micro F over all tracks: onsets, the five classes together and each, with intervals over tracks."""
    onsets = [onset_counts(r, e, window_s) for r, e in zip(references, estimates, strict=True)]
    classes = [class_counts(r, e, window_s) for r, e in zip(references, estimates, strict=True)]

    def micro(counts: Callable[[int], list[tuple[int, int, int]]]) -> dict[str, float]:
        def figure(rows: Sequence[int]) -> float:
            total = [sum(c) for c in zip(*(triple for k in rows for triple in counts(int(k))), strict=True)]
            return f_measure(*total)

        low, high = bootstrap(tracks, figure, rounds=500)  # type: ignore[arg-type]
        every = range(len(tracks))
        matches, n_reference, n_estimate = (
            sum(c) for c in zip(*(triple for k in every for triple in counts(k)), strict=True)
        )
        return {
            "f": figure(every), "low": low, "high": high, "precision": matches / max(1, n_estimate),
            "recall": matches / max(1, n_reference), "references": n_reference,
        }  # fmt: skip

    result: dict[str, object] = {
        "onsets": micro(lambda k: [onsets[k]]),
        "five": micro(lambda k: list(classes[k].values())),
        "tracks": {
            track: [f_measure(*onsets[k]), f_measure(*(sum(c) for c in zip(*classes[k].values(), strict=True)))]
            for k, track in enumerate(tracks)
        },
    }
    for name in CLASSES:
        result[name] = micro(lambda k, name=name: [classes[k][name]])  # type: ignore[misc]
    return result
