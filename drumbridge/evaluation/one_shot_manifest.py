"""The table of a folder of one-shots: manifest.csv, with path, label, source, kit and split of every file."""

from __future__ import annotations

import csv
from pathlib import Path

from drumbridge.core.labels import BY_NAME
from drumbridge.errors import SettingsError


def manifest_rows(folder: Path, split: str) -> list[dict[str, str]]:
    """Read the rows of one split whose label is ours.

    Parameters
    ----------
    folder : Path
        The folder that holds `manifest.csv`.
    split : str
        "train" or "check".

    Raises
    ------
    SettingsError
        ``settings.data``: no manifest there, or nothing of that split in it.
    """
    manifest = folder / "manifest.csv"
    if not manifest.is_file():
        raise SettingsError("settings.data", f"There is no manifest.csv in {folder}: is that the folder of one-shots?")
    with manifest.open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == split and row["label"] in BY_NAME]
    if not rows:
        raise SettingsError("settings.data", f"{manifest} lists no one-shots of split {split!r}.")
    return rows
