"""The model card: what a model was made from, how good it is and where it fails, written by the code.

Conventions: Markdown; every figure comes from a report of `drumbridge.evaluation`, with its interval.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from drumbridge.evaluation.report import figure_text, one_shot_table, table_text, transcription_table
from drumbridge.inference.manifest import Manifest

from .credits import CREDITS, PATTERN_CREDITS
from .one_shots import OneShot

LIMITS = """\
- Names the kind of drum, not the instrument: kits that no one would recognise without their names (found sounds,
  stylised lo-fi) are guessed, and the confidence says so.
- Neighbours are mixed up: crash, ride and open hat; closed and open hat; snare, rim and clap; toms and hand drums.
- Low, middle and high tom are relative: without the other toms of the kit only "tom" is sure.
- In recordings only what can be heard is reported: a soft hat under a loud crash is not.
- Music with other instruments was not trained on: voices and guitars bring false hits.
- Early answers (10 ms) are guesses between families; 30 ms is the knee of the curve."""


def training_credits(rows: Sequence[OneShot]) -> list[dict[str, Any]]:
    """Return source, attribution, licence and number of files of everything that was trained on."""
    files = Counter(row.source for row in rows)
    licences: dict[str, set[str]] = {}
    for row in rows:
        licences.setdefault(row.source, set()).add(row.licence)
    entries: list[dict[str, Any]] = [
        {"source": source, "attribution": CREDITS.get(source, source), "licence": ", ".join(sorted(licences[source])),
         "files": n}
        for source, n in sorted(files.items())
    ]  # fmt: skip
    return entries + list(PATTERN_CREDITS)


def model_card(manifest: Manifest, file_name: str, reports: dict[str, dict[str, Any]], facts: dict[str, str]) -> str:
    """Return the card.

    Parameters
    ----------
    manifest : Manifest
    file_name : str
    reports : dict
        Reports of `drumbridge.evaluation` by the name of what was measured.
    facts : dict
        What else to state: training command, time, seed.
    """
    parts = [f"# {file_name}", manifest.description, "Written by `drumbridge train`; not edited by hand."]
    parts.append("## Facts\n\n" + "\n".join(f"- {key}: {value}" for key, value in {
        "version": manifest.version, "licence of the weights": manifest.licence, "made on": manifest.created,
        "labels": ", ".join(manifest.labels),
        "hears": f"{manifest.sample_rate} Hz, {manifest.samples_before} samples before the onset and up to "
                 f"{manifest.samples_after} after it",
        **facts,
    }.items()))  # fmt: skip
    parts.append("## Measured\n\nOn sets that were never trained on. In brackets: 95 % intervals over kits or tracks.")
    for name, report in reports.items():
        if one_shots := report.get("one_shots"):
            details = one_shots["details"]
            parts.append(f"### One-shots: {name}\n\n" + table_text(one_shot_table(one_shots)))
            scores = one_shots["by_time"]["all"]
            parts.append(f"{scores['files']} files of {scores['kits']} kits. Expected calibration error "
                         f"{details['calibration_error']:.3f}.")  # fmt: skip
            rows = [["answered, most confident first", "right"]]
            rows += [[f"{100 * c:.0f} %", f"{a:.3f}"] for c, a in details["risk_coverage"]]
            parts.append("Risk and coverage, eleven groups:\n\n" + table_text(rows))
            worst = ", ".join(f"{kit} {value:.2f} ({n})" for value, kit, n in details["worst_kits"])
            parts.append(f"Weakest kits: {worst}.")
            if baseline := report.get("baseline"):
                figures = ", ".join(f"{k.replace('_', ' ')} {figure_text(baseline[k])}" for k in ("eleven", "five"))
                parts.append(f"A forest of 400 trees on librosa features, the same split: {figures}.")
        if recordings := report.get("transcription"):
            parts.append(f"### Recordings: {name}\n\n" + table_text(transcription_table(recordings)))
    parts.append(f"## Limits\n\n{LIMITS}")
    calibration = ", ".join(f"{k} {v:g}" for k, v in sorted(manifest.calibration.items()))
    thresholds = ", ".join(f"{k} {v:g}" for k, v in manifest.thresholds.items())
    parts.append(f"## Calibration\n\nFitted on held-out kits: {calibration}.\n\nThresholds of a hit: {thresholds}.")
    rows = [["source", "attribution", "licence", "files"]]
    rows += [
        [str(e["source"]), str(e["attribution"]), str(e["licence"]), str(e["files"])] for e in manifest.training_data
    ]
    parts.append("## Trained on\n\n" + table_text(rows))
    return "\n\n".join(parts) + "\n"
