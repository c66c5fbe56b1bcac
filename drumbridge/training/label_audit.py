"""Labels that a network which never heard the kit does not believe, and what was decided about them.

Conventions: doubts are found on held-out kits only, for a network learns the labels that it was trained on, wrong
ones too. A doubt is a question for a person, not an answer: who looked at it writes a row into
`label_corrections.csv` beside this module (path as in the manifest, the label it gets or nothing to drop the file, and
the reason), and every training from then on goes by that.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch

from drumbridge.core.labels import GROUPS, to_eleven

from .objective import groups_of_scores
from .one_shots import OneShot

CORRECTIONS = Path(__file__).with_name("label_corrections.csv")
_BELIEVED_BELOW = 0.02  # probability of the group that the label says
_SURE_OF_ANOTHER = 0.9


def doubts(rows: Sequence[OneShot], scores: np.ndarray, temperature: float) -> list[dict[str, str]]:
    """Return the labels to look at, least believed first.

    Parameters
    ----------
    rows : sequence of OneShot
        From kits that the network was not trained on.
    scores : ndarray, shape (len(rows), labels)
    temperature : float
        Of the calibration.
    """
    logs = groups_of_scores(torch.log_softmax(torch.from_numpy(scores.astype(np.float64)) / temperature, 1))
    probability = logs.exp().numpy()
    found = []
    for row, likely in zip(rows, probability, strict=True):
        believed, best = likely[GROUPS.index(to_eleven(row.label))], int(np.argmax(likely))
        if believed < _BELIEVED_BELOW and likely[best] > _SURE_OF_ANOTHER:
            found.append((believed, row, GROUPS[best], likely[best]))
    found.sort(key=lambda doubt: doubt[0])
    return [
        {
            "path": "/".join(row.path.parts[-4:]), "label": row.label, "believed": f"{believed:.4f}", "heard_as": group,
            "confidence": f"{confidence:.3f}",
        }
        for believed, row, group, confidence in found
    ]  # fmt: skip


def write_doubts(path: Path, found: Sequence[Mapping[str, str]]) -> None:
    """Write what `doubts` found as CSV."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, ["path", "label", "believed", "heard_as", "confidence"])
        writer.writeheader()
        writer.writerows(found)


def corrected(rows: list[OneShot], folder: Path, corrections: Path = CORRECTIONS) -> list[OneShot]:
    """Return the rows with the labels of the corrections, without those that were dropped.

    Parameters
    ----------
    rows : list of OneShot
    folder : Path
        What the corrections' paths are relative to.
    corrections : Path
        CSV: path, label, reason; an empty label drops the file.
    """
    with corrections.open(newline="", encoding="utf-8") as file:
        label_of = {folder / row["path"]: row["label"] for row in csv.DictReader(file)}
    return [
        row if row.path not in label_of else OneShot(**{**vars(row), "label": label_of[row.path]})
        for row in rows
        if label_of.get(row.path, row.label)
    ]
