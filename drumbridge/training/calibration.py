"""From a trained network to a decision rule: temperature, Platt scaling and thresholds.

Conventions: fitted only on kits that were held out of training, one-shots and rendered loops. The
temperature (Guo et al., ICML 2017) makes the probability of a one-shot's group honest, hit scale and
bias (Platt, 1999) that of each label of a hit. Thresholds maximise each family's F1 on the
rendered loops; a family with few strokes takes over the common threshold in proportion.
"""

from __future__ import annotations

from dataclasses import fields, replace
from itertools import product

import numpy as np
import torch

from drumbridge.core.decision import AGAIN_S, DecisionRule

from .front_end import SAMPLE_RATE
from .loop_cache import LoopCache
from .objective import FAMILIES, MODEL_LABELS, group_indices, groups_of_scores

_GRID = np.round(np.arange(0.1, 0.91, 0.02), 2)
_EVIDENCE = (1.0, 1.5, 2.0, 3.0, 5.0, 9.0)
_AGAIN_EVIDENCE = (0.0, 1.0, 2.0, 3.0, 4.0, 5.0)
_AGAIN_STRENGTH = (1.5, 2.0, 2.5, 3.0, 4.0)  # dB
_SOON = round(AGAIN_S * SAMPLE_RATE)
_TRUST = 60.0  # strokes with which a label's own threshold counts as much as the common one


def fit_temperature(scores: np.ndarray, labels: list[str]) -> float:
    """Return the temperature with the best likelihood of the true groups, 0.3..5."""
    truth = torch.from_numpy(group_indices(labels))
    logits = torch.from_numpy(np.asarray(scores, dtype=np.float64))
    best, best_loss = 1.0, np.inf
    for temperature in np.geomspace(0.3, 5.0, 60):
        logs = groups_of_scores(torch.log_softmax(logits / temperature, 1))
        loss = float(-logs[torch.arange(len(truth)), truth].mean())
        if loss < best_loss:
            best, best_loss = float(temperature), loss
    return best


def fit_platt(scores: np.ndarray, targets: np.ndarray) -> tuple[float, float]:
    """Return scale and bias of the best logistic fit of 0/1 targets, shape like the scores; -1 is left out."""
    known = targets >= 0
    x = torch.from_numpy(scores[known].astype(np.float64))
    y = torch.from_numpy(targets[known].astype(np.float64))
    parameters = torch.tensor([1.0, 0.0], dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([parameters], max_iter=60)

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        logits = parameters[0] * x + parameters[1]
        loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, y)
        loss.backward()
        return loss

    optimizer.step(closure)
    return float(parameters[0]), float(parameters[1])


def best_threshold(confidence: np.ndarray, truth: np.ndarray) -> float:
    """Return the threshold with the best F1."""
    scores = []
    for threshold in _GRID:
        estimate = confidence >= threshold
        scores.append(2 * np.sum(estimate & truth) / max(1, estimate.sum() + truth.sum()))
    near = _GRID[np.array(scores) >= max(scores) - 0.002]  # the middle of the plateau, not its edge
    return float(np.median(near))


def fit_thresholds(confidence: np.ndarray, hits: LoopCache) -> dict[str, float]:
    """Return the threshold of each label, the same within a family, from calibrated confidences (n, MODEL_LABELS)."""
    thresholds: dict[str, float] = {}
    families = []
    for members in FAMILIES:
        sounds = np.any(hits.targets[:, members] > 0, axis=1)
        known = np.logical_or(sounds, np.all(hits.targets[:, members] == 0, axis=1))
        families.append((1 - np.prod(1 - confidence[known][:, members], axis=1), sounds[known]))
    common = best_threshold(np.concatenate([c for c, _ in families]), np.concatenate([s for _, s in families]))
    for members, (family_confidence, sounds) in zip(FAMILIES, families, strict=True):
        strokes = int(sounds.sum())
        own = best_threshold(family_confidence, sounds) if strokes >= 20 else common
        share = strokes / (strokes + _TRUST)
        thresholds |= {MODEL_LABELS[k]: round(share * own + (1 - share) * common, 3) for k in members}
    return thresholds


def fit_presence(presence: np.ndarray, certain: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """Return the threshold and the curve's evidence with which `DecisionRule.is_hit` does best, all shapes (n,).

    Best is the highest F with precision counting twice as much as recall: a drummer forgives a whisper that was missed
    sooner than a hit that nobody played, and renders hold more whispers than anybody annotates in a recording.
    """
    odds = np.log(np.clip(presence, 1e-9, 1.0)) - np.log(np.clip(1.0 - presence, 1e-9, 1.0))
    best, best_score = {"presence_threshold": 0.5, "onset_evidence": 1.0}, -1.0
    for evidence in _EVIDENCE:
        weighed = odds + np.where(certain, 1.0, -1.0) * np.log(evidence)
        for threshold in _GRID:
            estimate = weighed >= np.log(threshold / (1 - threshold))
            hits = np.sum(estimate & truth)
            score = 1.25 * hits / max(1.0, estimate.sum() + 0.25 * truth.sum())
            if score > best_score:
                best, best_score = {"presence_threshold": float(threshold), "onset_evidence": float(evidence)}, score
    return best


def fit_again(presence: np.ndarray, hits: LoopCache, fitted: dict[str, float]) -> dict[str, float]:
    """Return `fitted` with what the curve counts soon after a hit; presence, shape (n,), is of the n proposals.

    Best is the highest F of all that the detector proposed, since of a roll a missed stroke is as bad as one that
    nobody played; of what is as good (within 0.001), what has the highest F where precision counts twice.
    """
    heard = hits.strength > 0
    columns = (presence, hits.certain, hits.strength, np.cumsum(hits.since, dtype=np.int64), hits.present)
    rows = list(zip(*(column[heard].tolist() for column in columns), strict=True))
    there = sum(present == 1 for *_, present in rows)
    usual = DecisionRule(
        MODEL_LABELS, presence_threshold=fitted["presence_threshold"], onset_evidence=fitted["onset_evidence"]
    )
    found: list[tuple[float, float, dict[str, float]]] = []
    for evidence, height in product(_AGAIN_EVIDENCE, _AGAIN_STRENGTH):
        rule, last = replace(usual, again_evidence=evidence, again_strength=height), -_SOON
        taken = right = 0
        for probability, certain, strength, position, present in rows:
            again = strength if position - last < _SOON else None
            if rule.is_hit(probability, certain=certain, again=again):
                last = position
                taken += present >= 0
                right += present == 1
        changes = {"again_evidence": evidence, "again_strength": height}
        found.append((2 * right / max(1, taken + there), 1.25 * right / max(1.0, taken + 0.25 * there), changes))
    least = max(even for even, _, _ in found) - 0.001
    _, _, best = max((entry for entry in found if entry[0] >= least), key=lambda entry: entry[1])
    return {**fitted, **best}


def calibrate(
    one_shot_scores: np.ndarray, one_shot_labels: list[str], hit_scores: np.ndarray, presence: np.ndarray,
    hits: LoopCache,
) -> tuple[dict[str, float], dict[str, float]]:  # fmt: skip
    """Return the manifest's calibration and thresholds.

    Parameters
    ----------
    one_shot_scores : ndarray, shape (n, labels)
    one_shot_labels : list of str
    hit_scores : ndarray, shape (m, labels)
    presence : ndarray, shape (m,)
    hits : LoopCache
        The m proposals that the latter two are of.
    """
    scale, bias = fit_platt(hit_scores, hits.targets)
    confidence = 1 / (1 + np.exp(-(scale * hit_scores + bias)))
    known = hits.present >= 0
    presence_rule = fit_presence(presence[known], hits.certain[known], hits.present[known] == 1)
    calibration = {
        "temperature": round(fit_temperature(one_shot_scores, one_shot_labels), 4),
        "hit_scale": round(scale, 4), "hit_bias": round(bias, 4), "unsure_below": 0.5,
        **fit_again(presence, hits, presence_rule),
    }  # fmt: skip
    return calibration, fit_thresholds(confidence[hits.present == 1], _only(hits, hits.present == 1))


def _only(hits: LoopCache, rows: np.ndarray) -> LoopCache:
    return LoopCache(*(getattr(hits, f.name)[rows] for f in fields(LoopCache)))
