"""The manifest: one JSON string under the key ``drumbridge`` in the ONNX metadata.

Reading is strict: an unknown version, a missing or wrongly typed field, a label that no screen can show
or a threshold for a label that is not there raises `ModelError` with code ``model.manifest``. Labels need
not be those of the table: a model made from a user's folders has the names of those.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from drumbridge.core.decision import DecisionRule
from drumbridge.core.labels import UNSURE
from drumbridge.errors import ModelError

METADATA_KEY = "drumbridge"
FORMAT_VERSION = 1
ACTIVATIONS = ("sigmoid", "softmax", "none")
SEGMENTATIONS = ("onset", "whole", "fixed")


@dataclass(frozen=True)
class Manifest:
    """What a model says of itself.

    Attributes
    ----------
    name, version : str
        Together unique; the name is what users type.
    labels : tuple of str
        In the order of the scores.
    sample_rate : int
        Hz of the audio input.
    samples_before, samples_after : int
        The excerpt around the onset, samples.
    segmentation : str
        What an excerpt is: "onset" (around an attack, also of a recording), "whole" (around the first attack of a
        file: all of its one sound), "fixed" (a recording of any length in equal pieces, which vote).
    activation : str
        What turns scores into probabilities: "sigmoid", "softmax" or "none".
    thresholds : dict of str to float
        Per label, the confidence from which a hit carries it.
    calibration : dict of str to float
        hit_scale, hit_bias, temperature, unsure_below, presence_threshold, onset_evidence, again_evidence,
        again_strength (see `DecisionRule`).
    training_data : list of dict
        source, attribution, licence of each source: the credits.
    licence : str
        Licence of the weights.
    accuracy : dict
        Measured accuracy by decision time and set, as the training wrote it.
    early_frames : tuple of int
        Where the frames end that the model hears of a stroke's beginning, samples after the onset, ascending; none: it
        hears every sample.
    early_lead : int
        By how many samples an onset may be told too late without harm, which `led` uses.
    """

    name: str
    version: str
    labels: tuple[str, ...]
    sample_rate: int
    samples_before: int
    samples_after: int
    segmentation: str
    activation: str
    thresholds: dict[str, float]
    calibration: dict[str, float]
    training_data: list[dict[str, Any]]
    licence: str
    accuracy: dict[str, Any]
    description: str = ""
    created: str = ""
    format_version: int = FORMAT_VERSION
    extra: dict[str, Any] = field(default_factory=dict)
    early_frames: tuple[int, ...] = ()
    early_lead: int = 0

    def to_json(self) -> str:
        """Return the JSON text that goes into the ONNX metadata."""
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True)

    def rule(self) -> DecisionRule:
        """Return the decision rule that this manifest describes."""
        return DecisionRule(
            labels=self.labels,
            activation=self.activation,
            thresholds=tuple(self.thresholds[label] for label in self.labels),
            **self.calibration,
        )


_TYPES: dict[str, tuple[type, ...]] = {
    "name": (str,), "version": (str,), "labels": (list,), "sample_rate": (int,), "samples_before": (int,),
    "samples_after": (int,), "segmentation": (str,), "activation": (str,), "thresholds": (dict,),
    "calibration": (dict,), "training_data": (list,), "licence": (str,), "accuracy": (dict,),
    "description": (str,), "created": (str,), "format_version": (int,), "extra": (dict,),
    "early_frames": (list,), "early_lead": (int,),
}  # fmt: skip
_OPTIONAL = {"description", "created", "extra", "early_frames", "early_lead"}
_CALIBRATION = {f.name for f in fields(DecisionRule)} - {"labels", "activation", "thresholds"}


def parse_manifest(text: str, *, source: str = "the model") -> Manifest:
    """Read and check a manifest.

    Parameters
    ----------
    text : str
        JSON.
    source : str
        Named in the error message, usually the file's name.

    Raises
    ------
    ModelError
        ``model.manifest``: what is wrong, in one sentence.
    """

    def bad(why: str) -> ModelError:
        return ModelError("model.manifest", f"{source} has a manifest that can't be used: {why}.")

    try:
        raw = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise bad(f"it is not JSON ({error})") from None
    if not isinstance(raw, dict):
        raise bad("it is not a JSON object")
    if raw.get("format_version") != FORMAT_VERSION:
        raise bad(f"format_version is {raw.get('format_version')!r}, this drumbridge reads {FORMAT_VERSION}")
    for key, types in _TYPES.items():
        if key not in raw:
            if key in _OPTIONAL:
                continue
            raise bad(f"{key} is missing")
        if not isinstance(raw[key], types) or isinstance(raw[key], bool):
            raise bad(f"{key} should be {types[0].__name__}, not {type(raw[key]).__name__}")
    if unknown := sorted(set(raw) - set(_TYPES)):
        raise bad(f"unknown field {unknown[0]!r}")
    for key in ("name", "version"):
        if not raw[key].strip():
            raise bad(f"{key} is empty")
    if not all(isinstance(entry, dict) for entry in raw["training_data"]):
        raise bad("training_data should be a list of objects")
    labels = raw["labels"]
    if not labels or not all(isinstance(label, str) and label for label in labels):
        raise bad("labels should be names")
    if strange := [label for label in labels if not is_label(label)]:
        raise bad(f"{strange[0]!r:.80} can't be a label")
    if len(set(labels)) != len(labels):
        raise bad("a label stands twice")
    if raw["activation"] not in ACTIVATIONS:
        raise bad(f"activation is {raw['activation']!r}, not one of {', '.join(ACTIVATIONS)}")
    if raw["segmentation"] not in SEGMENTATIONS:
        raise bad(f"segmentation is {raw['segmentation']!r}, not one of {', '.join(SEGMENTATIONS)}")
    if not 8000 <= raw["sample_rate"] <= 192000:
        raise bad(f"sample_rate {raw['sample_rate']} is outside 8000..192000 Hz")
    longest = 60 * raw["sample_rate"]
    if not 0 <= raw["samples_before"] <= longest or not 0 < raw["samples_after"] <= longest:
        raise bad("the excerpt's length makes no sense")
    if raw["segmentation"] == "fixed" and raw["samples_before"]:
        raise bad("pieces of equal length have nothing before them, so samples_before should be 0")
    if set(raw["thresholds"]) != set(labels):
        raise bad("thresholds and labels do not name the same labels")
    for key in ("thresholds", "calibration"):
        if not all(_is_number(value) for value in raw[key].values()):
            raise bad(f"{key} should hold numbers")
    if not all(0.0 <= v <= 1.0 for v in raw["thresholds"].values()):
        raise bad("a threshold is outside 0..1")
    if unknown := sorted(set(raw["calibration"]) - _CALIBRATION):
        raise bad(f"unknown calibration {unknown[0]!r}")
    if raw["calibration"].get("temperature", 1.0) <= 0:
        raise bad("the temperature is not above 0")
    if raw["calibration"].get("onset_evidence", 1.0) < 1:
        raise bad("the onset evidence is below 1")
    if raw["calibration"].get("again_evidence", 0.0) < 0 or raw["calibration"].get("again_strength", 1.0) <= 0:
        raise bad("what a stroke counts soon after another is below 0")
    frames = raw.get("early_frames", [])
    if not all(type(end) is int and 0 <= end <= raw["samples_after"] for end in frames) or frames != sorted(frames):
        raise bad("early_frames should be numbers of samples, ascending, none beyond the excerpt")
    if not 0 <= raw.get("early_lead", 0) <= raw["samples_before"]:
        raise bad("early_lead is outside what stands before the onset")
    return Manifest(**{**raw, "labels": tuple(labels), "early_frames": tuple(frames)})


def is_label(name: str) -> bool:
    """Tell whether a name can be a label: 1 to 64 characters that print, no blank at its ends, not "unsure"."""
    return 0 < len(name) <= 64 and name.isprintable() and name == name.strip() and name != UNSURE


def _is_number(value: object) -> bool:
    """Tell whether a JSON value is a finite number that fits a float."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return math.isfinite(value) if isinstance(value, float) else abs(value) < 2**1000
