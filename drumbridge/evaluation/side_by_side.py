"""Several models on the same files: who names more of them right, and is the difference more than chance.

Conventions: files of a kit of which any of the models has heard a file in training are left out for all of
them; a model made by a recipe carries the digests of what it was trained on. Answers are compared in the
groups that the folder's classes are, if they all are of the eleven (or of the five), else under their own
names. Intervals are of 95 %, bootstrapped over kits.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from drumbridge.core.events import Classification
from drumbridge.core.labels import BY_NAME, GROUPS, to_eleven, to_five
from drumbridge.engine.engine import Engine
from drumbridge.errors import DrumbridgeError, SettingsError

from .class_folder import DIGEST_CHARS, ClassFolder, digest_of, kit_of, units_to_resample
from .metrics import accuracy, balanced_accuracy, bootstrap, calibration_error, confusion
from .one_shots import Item

TRAINED_ON = "trained_on"  # in a manifest's extra: the digests, joined
_FIVE = ("kick", "snare", "hat", "percussion", "other")
_ROUNDS = 500


def compare(
    engine: Engine, models: Sequence[str | None], folder: ClassFolder, *, say: Callable[[str], None]
) -> dict[str, Any]:
    """Classify the files of a folder with each model and return the report.

    Parameters
    ----------
    engine : Engine
    models : sequence of str or None
        Names or paths; None is the default model.
    folder : ClassFolder
    say : callable
        Told in a few words what is being done.

    Raises
    ------
    SettingsError
        ``settings.data``: nothing is left to measure on.
    ModelError
        A model cannot be used.
    """
    loaded = [engine.load_model(model) for model in models]
    notes = list(folder.notes)
    items, kits = unheard(folder.items, [str(model.manifest.extra.get(TRAINED_ON, "")) for model in loaded])
    if not items:
        raise SettingsError("settings.data", f"Every kit in {folder.name} was trained on: there is nothing to measure.")
    if kits:
        notes.append(
            f"{len(folder.items) - len(items)} files of {kits} kits are left out: a model has heard some in training."
        )
    answers: list[dict[str, Classification]] = []
    seconds: list[float] = []
    failed: dict[str, str] = {}
    for model, classifier in zip(models, loaded, strict=True):
        say(f"{classifier.name}: {len(items)} files")
        start, results = time.perf_counter(), {}
        for path, result in engine.classify_many([item.path for item in items], model=model):
            if isinstance(result, DrumbridgeError):
                failed[path] = result.message
            else:
                results[path] = result
        answers.append(results)
        seconds.append(time.perf_counter() - start)
    items = [item for item in items if str(item.path) not in failed]
    if not items:
        raise SettingsError("settings.data", f"None of the files in {folder.name} can be used.")
    notes += [f"Left out: {why}" for why in failed.values()]
    if any(not kit_of(item) for item in items):
        notes.append("The kits of some files are not known: intervals treat each of these as a kit of its own.")
    name, place = partition(sorted({item.label for item in items}))
    report: dict[str, Any] = {
        "folder": folder.name, "files": len(items), "kits": len({kit_of(item) for item in items} - {""}),
        "partition": name, "notes": notes, "models": [],
    }  # fmt: skip
    chosen = [[results[str(item.path)] for item in items] for results in answers]
    for classifier, given, took_s in zip(loaded, chosen, seconds, strict=True):
        figures = figures_of(items, given, place)
        known = {place(label) for label in (*classifier.rule.labels, *(result.label for result in given))}
        missing = sorted({place(item.label) for item in items} - known)
        report["models"].append({
            "name": classifier.name, "file": classifier.path.name, "seconds": took_s, **figures,
            "unknown_classes": missing,
        })  # fmt: skip
    report["differences"] = _differences(report["models"], items, chosen, place)
    return report


def unheard(items: Sequence[Item], trained_on: Sequence[str]) -> tuple[list[Item], int]:
    """Return the items of kits that no model was trained on, and how many kits were left out.

    Parameters
    ----------
    items : sequence of Item
    trained_on : sequence of str
        Of each model, digests of files joined into one text; "" where it does not tell.
    """
    heard = {text[k : k + DIGEST_CHARS] for text in trained_on for k in range(0, len(text), DIGEST_CHARS)}
    if not heard:
        return list(items), 0
    known = [digest_of(item.path) in heard for item in items]
    kits = {kit_of(item) for item, yes in zip(items, known, strict=True) if yes} - {""}
    kept = [item for item, yes in zip(items, known, strict=True) if not yes and kit_of(item) not in kits]
    return kept, len(kits) or int(any(known))


def partition(classes: Sequence[str]) -> tuple[str, Callable[[str], str]]:
    """Return the name of the partition that answers are compared in, and what maps a label to its place there."""
    groupings: tuple[tuple[str, tuple[str, ...], Callable[[str], str]], ...] = (
        ("eleven", GROUPS, to_eleven), ("five", _FIVE, to_five),
    )  # fmt: skip
    for name, groups, of in groupings:
        if set(classes) <= set(groups):
            return name, lambda label, of=of: of(label) if label in BY_NAME else label  # type: ignore[misc]
    return "label", lambda label: label


def figures_of(items: Sequence[Item], results: Sequence[Classification], place: Callable[[str], str]) -> dict[str, Any]:
    """Return a model's figures: right and balanced with intervals, groups of drums, calibration, confusion."""
    units = units_to_resample(items)
    truth, answer = [place(item.label) for item in items], [place(result.label) for result in results]
    # A confidence is that of the whole group (any tom, any hat), so that is what it has to be right about.
    right = np.array([_group(t) == _group(a) for t, a in zip(truth, answer, strict=True)])
    classes = sorted(set(truth) | set(answer))
    figures: dict[str, Any] = {
        "right": _figure(units, truth, answer, accuracy),
        "balanced": _figure(units, truth, answer, balanced_accuracy),
        "calibration_error": calibration_error(np.array([result.confidence for result in results]), right),
        "classes": classes,
        "confusion": confusion(truth, answer, classes).tolist(),
    }
    labels = [result.label for result in results]
    if all(item.label in BY_NAME for item in items) and all(label in BY_NAME for label in labels):
        for name, group in (("eleven", to_eleven), ("five", to_five)):
            figures[name] = _figure(units, [group(item.label) for item in items], [group(x) for x in labels], accuracy)
    return figures


def _group(label: str) -> str:
    return to_eleven(label) if label in BY_NAME else label


def _figure(
    units: Sequence[str], truth: Sequence[str], answer: Sequence[str],
    measure: Callable[[Sequence[str], Sequence[str]], float],
) -> dict[str, float]:  # fmt: skip
    low, high = bootstrap(units, lambda rows: measure([truth[k] for k in rows], [answer[k] for k in rows]),
                          rounds=_ROUNDS)  # fmt: skip
    return {"value": measure(truth, answer), "low": low, "high": high}


def _differences(
    models: list[dict[str, Any]], items: Sequence[Item], results: Sequence[Sequence[Classification]],
    place: Callable[[str], str],
) -> list[dict[str, Any]]:  # fmt: skip
    """Return by how much the best model is ahead of each other one, in the coarsest figure that all have."""
    figure, group = ("eleven", to_eleven) if all("eleven" in model for model in models) else ("right", place)
    best = max(range(len(models)), key=lambda k: float(models[k][figure]["value"]))
    units = units_to_resample(items)
    right = np.array(
        [[group(item.label) == group(r.label) for item, r in zip(items, row, strict=True)] for row in results], float
    )
    differences = []
    for k, model in enumerate(models):
        if k != best:
            ahead = right[best] - right[k]
            low, high = bootstrap(units, lambda rows, ahead=ahead: float(ahead[rows].mean()), rounds=_ROUNDS)  # type: ignore[misc]
            differences.append({"best": models[best]["name"], "other": model["name"], "figure": figure,
                                "value": float(ahead.mean()), "low": low, "high": high})  # fmt: skip
    return differences
