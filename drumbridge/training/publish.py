"""From a trained model to what ships: measured through the deployed path, exported, its card beside it.

Conventions: the model is first written without figures and measured as a user's would be; then it is
written again with the figures in its manifest, which changes its hash but not its answers.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from drumbridge.engine.engine import Engine
from drumbridge.evaluation.run import evaluate_one_shots, evaluate_recordings, read_items
from drumbridge.inference.manifest import Manifest

from .electronic import SOURCE
from .export import write_model
from .fit import Recipe
from .front_end import EARLY_FRAMES, EARLY_LEAD, SAMPLE_RATE, SAMPLES_AFTER, SAMPLES_BEFORE
from .hit_export import hit_model_to_onnx
from .model_card import model_card, training_credits
from .objective import MODEL_LABELS
from .pipeline import Plan, Trained
from .soundfonts import FONTS

DESCRIPTION = "Names drum hits in recordings and one-shots, at any time after the attack."
LICENCE = "CC BY-SA 4.0"  # the strictest of the open licences among the training sounds that ask for it


def publish(
    trained: Trained, plan: Plan, data: Path, out: Path, *, name: str, version: str, date: str, command: str,
    say: Callable[[str], None],
) -> Path:  # fmt: skip
    """Measure and write a model and its card, which gives `command` as what made it; return the model's path."""

    given = [row for row in trained.rows if row.source != SOURCE]
    played = sum(row.source in {font.source for font in FONTS.values()} for row in given)

    def manifest(accuracy: dict[str, Any]) -> Manifest:
        return Manifest(
            name=name, version=version, labels=MODEL_LABELS, sample_rate=SAMPLE_RATE, samples_before=SAMPLES_BEFORE,
            samples_after=SAMPLES_AFTER, segmentation="onset", activation="sigmoid", thresholds=trained.thresholds,
            calibration=trained.calibration, training_data=training_credits(given), licence=LICENCE,
            accuracy=accuracy, description=DESCRIPTION, created=date, early_frames=tuple(EARLY_FRAMES.tolist()),
            early_lead=EARLY_LEAD,
        )  # fmt: skip

    with TemporaryDirectory() as folder:
        draft = write_model(hit_model_to_onnx(trained.model, manifest({})), Path(folder), f"{name}-{version}")
        reports = measure(draft, data, say)
    final = manifest({what: summary(report) for what, report in reports.items()})
    path = write_model(hit_model_to_onnx(trained.model, final), out, f"{name}-{version}")
    facts = {
        "training command": f"`{command}`",
        "networks": networks_text(plan),
        "one-shots": f"{len(given) - played} recorded, {played} notes of soundfonts, {len(trained.rows) - len(given)} "
        "generated; each network is held off another fold of recorded kits, which calibrates it",
    }
    path.with_suffix(".md").write_text(model_card(final, path.name, reports, facts), encoding="utf-8")
    return path


def networks_text(plan: Plan) -> str:
    """Return what is trained, for the card."""

    def these(recipes: tuple[Recipe, ...]) -> str:
        return ", ".join(f"seed {r.seed} for {r.steps} steps" for r in recipes)

    batch = f"of {plan.shipped[0].one_shots} one-shots and {plan.shipped[0].hits} onsets of rendered loops"
    taught = f", taught by {len(plan.teachers)} others ({these(plan.teachers)})" if plan.students else ""
    return f"{len(plan.shipped)} ({these(plan.shipped)}) {batch}{taught}"


def measure(model: Path, data: Path, say: Callable[[str], None]) -> dict[str, dict[str, Any]]:
    """Measure a model file on all that the data folder holds for measuring."""
    engine = Engine(model=str(model))
    items = read_items(data / "oneshots", "check")
    reports: dict[str, dict[str, Any]] = {"check": {"one_shots": evaluate_one_shots(engine, items, say=say)}}
    for folder in sorted(path for path in (data / "recordings").glob("*") if path.is_dir()):
        section, _, _ = evaluate_recordings(engine, folder, say=say)
        reports[folder.name] = {"transcription": section}
    return reports


def summary(report: dict[str, Any]) -> dict[str, Any]:
    """Return the few figures of a report that travel in the manifest."""
    short: dict[str, Any] = {}
    if one_shots := report.get("one_shots"):
        for when, scores in one_shots["by_time"].items():
            keys = ("eleven", "five", "five_without_other")
            short[when] = {key: round(scores[key]["value"], 4) for key in keys}
    for window, scores in report.get("transcription", {}).items():
        short[window] = {key: round(scores[key]["f"], 4) for key in ("onsets", "five")}
    return short
