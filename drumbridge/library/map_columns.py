"""The whole sample map as a few columns: what a front end needs to draw a hundred thousand dots at once.

Conventions: one entry for each file that one model has heard and that has not vanished, in order of its id. One-shots
lie where `sample_map` put them; those that a scan has not placed yet lie where it would put them now (`provisional`),
and those that the model heard in another way (`HeardModel.hearings`) where they lie by the axes of the first. A loop
has no place: x is then its hits in a second and y its duration in seconds.
"""

from __future__ import annotations

import os
from typing import Any, Final, NamedTuple

import numpy as np

from drumbridge.core.events import LOOP
from drumbridge.core.labels import INDEX, UNSURE_INDEX

from .heard_models import HeardModel
from .sample_map import places_now
from .sounds import own_labels
from .store import Library

UNSURE_FLAG: Final = 1
CORRECTED_FLAG: Final = 2
LOOP_FLAG: Final = 4

_ROWS = 20_000
_QUERY = (
    "SELECT id, path, x, y, label, confidence, unsure, corrected, kind, n_hits, duration_s, result_id, hearing_id"
    " FROM sounds"
    " WHERE NOT vanished AND error_code IS NULL AND result_id IS NOT NULL AND hearing_id IN ({hearings}) ORDER BY id"
)


class MapColumns(NamedTuple):
    """The map; all arrays have one entry for each dot."""

    ids: np.ndarray  # uint32, of files
    x: np.ndarray  # float32
    y: np.ndarray  # float32
    confidences: np.ndarray  # float32, 0..1
    labels: np.ndarray  # uint16, as in `core.labels.INDEX`, and from UNSURE_INDEX + 1 on in `own_labels`
    flags: np.ndarray  # uint8, sums of the three above
    folders: np.ndarray  # uint32, into `folder_names`
    folder_names: list[str]
    own_labels: list[str]  # labels of the user's own
    provisional: bool  # some dots may move when the scan ends


def map_columns(library: Library, model: HeardModel | None) -> MapColumns:
    """Return the map of what a model heard; None where nothing was heard yet."""
    hearings = model.hearings if model else ()
    own = own_labels(library)
    numbers = INDEX | {label: UNSURE_INDEX + 1 + k for k, label in enumerate(own)}
    parts: list[list[np.ndarray]] = []
    folders: dict[bytes, int] = {}
    unplaced: list[tuple[int, int]] = []
    provisional = False
    n = 0
    with library.explaining() as connection:
        rows = connection.execute(_QUERY.format(hearings=", ".join("?" * len(hearings))), hearings)
        while part := rows.fetchmany(_ROWS):
            parts.append(_columns(part, folders, numbers))
            for k, row in enumerate(part):
                if row[8] != LOOP and (row[2] is None or row[12] != hearings[0]):
                    unplaced.append((n + k, row[11]))
                    provisional = provisional or row[2] is None
            n += len(part)
    if not parts:
        parts = [_columns([], folders, numbers)]
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    if unplaced:
        places = places_now(library, hearings[0], [result_id for _, result_id in unplaced])
        columns[1][[k for k, _ in unplaced]], columns[2][[k for k, _ in unplaced]] = places.T
    names = [os.fsdecode(folder) for folder in folders]
    ids, x, y, confidences, labels, flags, of_folders = columns
    return MapColumns(ids, x, y, confidences, labels, flags, of_folders, names, own, provisional)


def _columns(rows: list[Any], folders: dict[bytes, int], numbers: dict[str, int]) -> list[np.ndarray]:
    """Return rows of `_QUERY` as the arrays of `MapColumns`; new folders get the next numbers."""
    ids, paths, xs, ys, labels, confidences, unsure, corrected, kinds, hits, seconds = (
        [row[k] for row in rows] for k in range(11)
    )
    loops = np.array([kind == LOOP for kind in kinds], dtype=bool)
    durations = np.array(seconds, dtype=np.float32)
    rates = np.array(hits, dtype=np.float32) / np.maximum(durations, 0.05)
    flags = UNSURE_FLAG * np.array(unsure, np.uint8) + CORRECTED_FLAG * np.array(corrected, np.uint8)
    separator = os.fsencode(os.sep)
    of_folders = [folders.setdefault(path.rpartition(separator)[0], len(folders)) for path in paths]
    return [
        np.array(ids, dtype=np.uint32),
        np.where(loops, rates, np.array([x or 0.0 for x in xs], dtype=np.float32)),
        np.where(loops, durations, np.array([y or 0.0 for y in ys], dtype=np.float32)),
        np.array(confidences, dtype=np.float32),
        np.array([numbers.get(label, UNSURE_INDEX) for label in labels], dtype=np.uint16),
        (flags + LOOP_FLAG * loops).astype(np.uint8),
        np.array(of_folders, dtype=np.uint32),
    ]
