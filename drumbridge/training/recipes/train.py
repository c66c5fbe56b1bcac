"""From a folder of classes to a model file and its report, by any recipe.

Conventions: what is written into the output folder is `<name>-<version>-<hash>.onnx` and the report beside it
(`.html`, `.json`), nothing else. The model is first written without figures into a temporary folder and
measured there as a user's would be, on the kits that it was not trained on. Two runs with one seed on one machine give
the same file.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch

from drumbridge.engine.engine import Engine
from drumbridge.errors import SettingsError
from drumbridge.evaluation.class_folder import ClassFolder, counts_text, digest_of, read_class_folder
from drumbridge.evaluation.one_shots import Item
from drumbridge.evaluation.side_by_side import TRAINED_ON, compare
from drumbridge.inference.manifest import Manifest

from ..export import write_model
from .recipe import Fitted, Options, Recipe, Say, Sounds
from .report import write_report
from .split import held_out, units_of

_THREADS = 1  # sums depend on how work is divided, so it never is; other recipes can be trained on other cores
_TEMPERATURES = np.geomspace(0.3, 5.0, 60)


def train_by_recipe(
    recipe: Recipe, data: Path, out: Path, options: Options, *, name: str, version: str, date: str, licence: str,
    split: str, say: Say,
) -> Path:  # fmt: skip
    """Train, calibrate, measure and write; return the model's path.

    Parameters
    ----------
    recipe : Recipe
    data : Path
        A folder of classes, see `drumbridge.evaluation.class_folder`.
    out : Path
        Folder to write to; made if it is missing.
    options : Options
    name, version, date, licence : str
        For the manifest.
    split : str
        Which rows of a manifest.csv, if the folder has one.
    say : callable
        Told in a few words what is being done.

    Raises
    ------
    SettingsError
        ``settings.data``: the folder cannot be learned from; ``settings.hold_out``.
    ModelError
        As `Engine.load_model`.
    """
    if not 0 <= options.hold_out <= 0.5:
        raise SettingsError("settings.hold_out", f"The share held out must be 0 to 0.5, not {options.hold_out:g}.")
    folder = read_class_folder(data, split)
    classes = folder.classes
    if len(classes) < 2:
        raise SettingsError(
            "settings.data",
            f"{folder.name} holds the one class {classes[0]}: a model tells classes apart, so it needs at least two.",
        )
    layout = recipe.layout
    units = units_of(folder.items, data, split, recordings=layout.segmentation == "fixed")
    out_of_it = held_out([item.label for item in folder.items], units, options.hold_out, options.seed)
    known = [item for item, out_ in zip(folder.items, out_of_it, strict=True) if not out_]
    unknown = [item for item, out_ in zip(folder.items, out_of_it, strict=True) if out_]
    notes = [*folder.notes, *_notes(folder.items, unknown, options)]
    say(f"{len(known)} files of {len(classes)} classes to train on, {len(unknown)} held out")
    threads = torch.get_num_threads()
    torch.set_num_threads(_THREADS)
    torch.use_deterministic_algorithms(True)
    try:
        fitted = recipe.fit(_sounds(known, classes), _sounds(unknown, classes), classes, options, say)
    finally:
        torch.use_deterministic_algorithms(False)
        torch.set_num_threads(threads)
    notes += [f"Left out: {why}" for why in fitted.failed.values()]
    unknown = [item for item in unknown if str(item.path) not in fitted.failed]
    known = [item for item in known if str(item.path) not in fitted.failed]

    def manifest(accuracy: dict[str, Any]) -> Manifest:
        source = {"source": folder.name, "attribution": "", "licence": licence, "files": len(known)}
        return Manifest(
            name=name, version=version, labels=classes, sample_rate=layout.sample_rate,
            samples_before=layout.samples_before, samples_after=layout.samples_after, segmentation=layout.segmentation,
            activation=recipe.activation, thresholds=dict.fromkeys(classes, 0.5),
            calibration=_calibration(fitted), training_data=[*fitted.manifest.get("training_data", []), source],
            licence=fitted.manifest.get("licence", licence), accuracy=accuracy, description=recipe.what, created=date,
            extra={"recipe": recipe.name, "seed": options.seed, **fitted.manifest.get("extra", {}),
                   TRAINED_ON: "".join(sorted(digest_of(item.path) for item in known))},
            early_frames=fitted.manifest.get("early_frames", ()), early_lead=fitted.manifest.get("early_lead", 0),
        )  # fmt: skip

    measured: dict[str, Any] | None = None
    if unknown:
        with TemporaryDirectory() as temporary:
            draft = write_model(recipe.to_onnx(fitted, manifest({})), Path(temporary), "draft")
            measured = compare(Engine(), [str(draft)], ClassFolder(f"{folder.name}, held out", unknown, []), say=say)
    content = recipe.to_onnx(fitted, manifest({"held out kits": _short(measured)} if measured else {}))
    path = write_model(content, out, f"{name}-{version}")
    facts = {
        "recipe": recipe.name, "folder": folder.name,
        "trained on": f"{len(known)} files: {counts_text(known)}",
        "held out": f"{len(unknown)} files: {counts_text(unknown)}" if unknown else "nothing",
        "hears": f"{layout.sample_rate} Hz, {layout.length / layout.sample_rate:.2f} s, {layout.segmentation}",
        **fitted.facts, "seed": str(options.seed), "size": f"{path.stat().st_size / 1e6:.1f} MB",
    }  # fmt: skip
    write_report(path, recipe.what, facts, notes, fitted, measured)
    for note in notes:
        say(note)
    return path


def _notes(items: list[Item], unknown: list[Item], options: Options) -> list[str]:
    notes = []
    if options.hold_out and not unknown:
        notes.append(
            "Nothing is held out, so nobody knows how good the model is on other sounds: only whole kits are, and none "
            "can be spared here. Give every kit a folder of its own below its class (kick/909/...)."
        )
    elif missing := sorted({item.label for item in items} - {item.label for item in unknown}) if unknown else []:
        notes.append(f"Not measured, for no kit of theirs can be spared: {', '.join(missing)}.")
    if lonely := sorted(label for label, n in Counter(item.label for item in items).items() if n == 1):
        notes.append(f"With one file a class is hardly learned: {', '.join(lonely)}.")
    return notes


def _sounds(items: list[Item], classes: tuple[str, ...]) -> Sounds:
    index = {name: k for k, name in enumerate(classes)}
    return Sounds([str(item.path) for item in items], np.array([index[item.label] for item in items], np.int64))


def _calibration(fitted: Fitted) -> dict[str, float]:
    """Return the temperature with the best likelihood of what was held out, and what the recipe adds."""
    temperature = 1.0
    if len(fitted.held_out_scores):
        logits = torch.from_numpy(fitted.held_out_scores.astype(np.float64))
        truth = torch.from_numpy(fitted.held_out_labels)
        losses = [float(torch.nn.functional.cross_entropy(logits / t, truth)) for t in _TEMPERATURES]
        temperature = float(_TEMPERATURES[int(np.argmin(losses))])
    return {"temperature": round(temperature, 4), "unsure_below": 0.5, **fitted.manifest.get("calibration", {})}


def _short(measured: dict[str, Any]) -> dict[str, float]:
    (model,) = measured["models"]
    keys = [key for key in ("right", "balanced", "eleven", "five") if key in model]
    return {"files": measured["files"], **{key: round(model[key]["value"], 4) for key in keys}}
