"""One-shots of a manifest through the deployed path: which are named right, how soon, and how surely.

Conventions: the groups are eleven, five, and five without `other`, which is left out of the files and
of the answers. Decision times are ms after the attack; None is the whole excerpt.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from drumbridge.core.events import Classification
from drumbridge.core.labels import BY_NAME, GROUPS, to_eleven, to_five
from drumbridge.engine.engine import Engine

from .metrics import accuracy, balanced_accuracy, bootstrap, calibration_error, confusion, reliability, risk_coverage

DECISION_TIMES_MS: tuple[float | None, ...] = (10.0, 20.0, 30.0, 50.0, 100.0, 200.0, None)


@dataclass(frozen=True)
class Item:
    """One file with its truth."""

    path: Path
    label: str
    source: str
    kit: str


@dataclass
class Answers:
    """What a classifier says of the items, at one decision time."""

    group: list[str]  # of the eleven
    confidence: np.ndarray
    five_without_other: list[str]


def answers_of(results: Sequence[Classification]) -> Answers:
    """Reduce classifications to groups; where `other` may not be said, the best of the rest is."""
    without = []
    for result in results:
        best = next((e.label for e in result.ranking if to_five(e.label) != "other"), result.label)
        without.append(to_five(result.label) if to_five(result.label) != "other" else to_five(best))
    return Answers([to_eleven(result.label) for result in results], np.array([r.confidence for r in results]), without)


def classify_items(engine: Engine, items: Sequence[Item], after_ms: float | None) -> Answers:
    """Classify files as a user's would be.

    Raises
    ------
    DrumbridgeError
        Of the first file that cannot be classified.
    """
    results = []
    for _, result in engine.classify_many([item.path for item in items], after_ms=after_ms):
        if not isinstance(result, Classification):
            raise result
        results.append(result)
    return answers_of(results)


def scores_of_answers(items: Sequence[Item], answers: Answers, *, intervals: bool = True) -> dict[str, object]:
    """Return accuracies in all groupings, each as {value, low, high}, and balanced accuracy."""
    kits = [f"{item.source}/{item.kit}" for item in items]
    eleven = [to_eleven(item.label) for item in items]
    five = [to_five(item.label) for item in items]
    five_answer = [_group_to_five(group) for group in answers.group]
    drums = [k for k, group in enumerate(five) if group != "other"]
    figures = {
        "eleven": _figure(kits, eleven, answers.group, accuracy, intervals),
        "eleven_balanced": _figure(kits, eleven, answers.group, balanced_accuracy, intervals),
        "five": _figure(kits, five, five_answer, accuracy, intervals),
        "five_without_other": _figure(
            [kits[k] for k in drums], [five[k] for k in drums], [answers.five_without_other[k] for k in drums],
            accuracy, intervals,
        ),
    }  # fmt: skip
    return {**figures, "files": len(items), "kits": len(set(kits))}


def details_of_answers(items: Sequence[Item], answers: Answers) -> dict[str, object]:
    """Return what is worth knowing at one decision time: confusion, spread over kits, calibration."""
    eleven = [to_eleven(item.label) for item in items]
    right = np.array([t == a for t, a in zip(eleven, answers.group, strict=True)])
    by_kit: dict[str, list[bool]] = {}
    by_source: dict[str, list[bool]] = {}
    for item, ok in zip(items, right, strict=True):
        by_kit.setdefault(f"{item.source}/{item.kit}", []).append(bool(ok))
        by_source.setdefault(item.source, []).append(bool(ok))
    spread = [float(np.mean(v)) for v in by_kit.values() if len(v) >= 5]
    present = [g for g in GROUPS if g in set(eleven) | set(answers.group)]
    return {
        "classes": present,
        "confusion": confusion(eleven, answers.group, present).tolist(),
        "calibration_error": calibration_error(answers.confidence, right),
        "reliability": reliability(answers.confidence, right),
        "risk_coverage": risk_coverage(answers.confidence, right),
        "kits_quartiles": [float(q) for q in np.percentile(spread, [0, 25, 50, 75, 100])] if spread else [],
        "worst_kits": sorted((float(np.mean(v)), k, len(v)) for k, v in by_kit.items() if len(v) >= 5)[:8],
        "sources": {k: [float(np.mean(v)), len(v)] for k, v in sorted(by_source.items())},
    }


def _group_to_five(group: str) -> str:
    return to_five(next(name for name, label in BY_NAME.items() if label.group == group))


def _figure(
    kits: Sequence[str], truth: Sequence[str], answer: Sequence[str],
    measure: Callable[[Sequence[str], Sequence[str]], float], intervals: bool,
) -> dict[str, float]:  # fmt: skip
    value = measure(truth, answer)
    if not intervals:
        return {"value": value}
    low, high = bootstrap(kits, lambda rows: measure([truth[k] for k in rows], [answer[k] for k in rows]), rounds=300)
    return {"value": value, "low": low, "high": high}
