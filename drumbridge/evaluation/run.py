"""One evaluation from folders to a report: what `drumbridge evaluate` and the training's model card use.

Conventions: a folder of one-shots holds `manifest.csv` (path, label, source, kit, split); a folder of
recordings holds `<track>.flac` or `.wav` beside `<track>.<annotation>.csv`. A report is a plain dict that
can be written as JSON.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from drumbridge.engine.engine import Engine
from drumbridge.errors import SettingsError

from .one_shot_manifest import manifest_rows
from .one_shots import DECISION_TIMES_MS, Item, classify_items, details_of_answers, scores_of_answers
from .transcription import Estimate, hits_to_estimate, read_reference, score_tracks

# Which annotation is scored within which windows: the class labels of MDB Drums sit some ms late.
ANNOTATIONS: dict[str, tuple[float, ...]] = {"class": (0.050,), "plusplus": (0.050, 0.025)}


def read_items(folder: Path, split: str) -> list[Item]:
    """Read the files of one split of a manifest; raises as `manifest_rows` does."""
    return [Item(folder / row["path"], row["label"], row["source"], row["kit"]) for row in manifest_rows(folder, split)]


def evaluate_one_shots(engine: Engine, items: list[Item], *, say: Callable[[str], None]) -> dict[str, Any]:
    """Classify all items at every decision time and return the section of the report."""
    by_time: dict[str, Any] = {}
    details: dict[str, Any] = {}
    for after_ms in DECISION_TIMES_MS:
        when = "all" if after_ms is None else f"{after_ms:g}"
        say(f"one-shots, {'whole' if after_ms is None else f'{when} ms'}")
        answers = classify_items(engine, items, after_ms)
        by_time[when] = scores_of_answers(items, answers)
        if after_ms is None:
            details = details_of_answers(items, answers)
    return {"by_time": by_time, "details": details}


def evaluate_recordings(
    engine: Engine, folder: Path, *, say: Callable[[str], None]
) -> tuple[dict[str, Any], float, dict[str, Estimate]]:
    """Transcribe all annotated recordings of a folder.

    Returns
    -------
    section : dict
        By "annotation, window".
    times_real_time : float
    estimates : dict
        By track.

    Raises
    ------
    SettingsError
        ``settings.data``: no annotated recordings there.
    """
    tracks = {
        path.stem: path
        for path in sorted([*folder.glob("*.flac"), *folder.glob("*.wav")])
        if any((folder / f"{path.stem}.{name}.csv").is_file() for name in ANNOTATIONS)
        or (folder / f"{path.stem}.csv").is_file()
    }
    if not tracks:
        raise SettingsError("settings.data", f"{folder} holds no recordings with annotations beside them.")
    estimates, heard_s, start = {}, 0.0, time.perf_counter()
    for track, path in tracks.items():
        say(f"recording {track}")
        transcription = engine.transcribe(path)
        heard_s += transcription.duration_s
        estimates[track] = hits_to_estimate(transcription.hits, transcription.sample_rate)
    speed = heard_s / (time.perf_counter() - start)
    section = {}
    for name, windows in {**ANNOTATIONS, "": (0.050, 0.025)}.items():
        suffix = f".{name}.csv" if name else ".csv"
        annotated = [track for track in tracks if (folder / f"{track}{suffix}").is_file()]
        if annotated:
            references = [read_reference(folder / f"{track}{suffix}") for track in annotated]
            for window_s in windows:
                section[f"{name or 'csv'}, {window_s * 1000:.0f} ms"] = score_tracks(
                    references, [estimates[track] for track in annotated], annotated, window_s
                )
    return section, speed, estimates
