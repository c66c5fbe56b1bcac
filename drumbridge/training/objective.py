"""What the network is asked for: labels, their groups, and the losses.

Conventions: `MODEL_LABELS` are the outputs, in order. The generic labels (tom, cymbal) are not among
them: a sound that is only known to be a tom trains the sum of the toms. One-shots hold one sound, so
their scores go through a softmax; hits of a loop may hold several, so theirs go through a sigmoid.
"""

from __future__ import annotations

import numpy as np
import torch
from torch.nn.functional import binary_cross_entropy_with_logits, log_softmax, softplus

from drumbridge.core.labels import BY_NAME, GROUPS, LABELS, to_family

_GENERIC_MEMBERS = {
    "tom": ("tom_low", "tom_mid", "tom_high"),
    "cymbal": ("crash", "splash", "china"),
}
MODEL_LABELS: tuple[str, ...] = tuple(label.name for label in LABELS if label.name not in _GENERIC_MEMBERS)
INDEX = {name: k for k, name in enumerate(MODEL_LABELS)}
GROUP_INDEX = np.array([GROUPS.index(BY_NAME[name].group) for name in MODEL_LABELS])
FAMILIES: tuple[list[int], ...] = tuple(
    [k for k, name in enumerate(MODEL_LABELS) if to_family(name) == family]
    for family in dict.fromkeys(to_family(name) for name in MODEL_LABELS)
)


def label_to_targets(label: str) -> np.ndarray:
    """Return which outputs stand for `label`, float32 0/1, shape (MODEL_LABELS,)."""
    targets = np.zeros(len(MODEL_LABELS), np.float32)
    targets[[INDEX[name] for name in _GENERIC_MEMBERS.get(label, (label,))]] = 1.0
    return targets


def best_groups(scores: np.ndarray) -> np.ndarray:
    """Return the index in GROUPS of each row's likeliest group, int, shape (n,)."""
    logs = torch.log_softmax(torch.from_numpy(np.asarray(scores, dtype=np.float64)), 1)
    return groups_of_scores(logs).argmax(1).numpy()


def group_indices(labels: list[str]) -> np.ndarray:
    """Return the index in GROUPS of each label's group, int, shape (n,)."""
    return np.array([GROUPS.index(BY_NAME[label].group) for label in labels])


def groups_of_scores(log_probabilities: torch.Tensor) -> torch.Tensor:
    """Return log probabilities of the groups from those of the labels, shape (n, GROUPS)."""
    columns = [
        torch.logsumexp(log_probabilities[:, np.flatnonzero(g == GROUP_INDEX)], dim=1) for g in range(len(GROUPS))
    ]
    return torch.stack(columns, 1)


def one_shot_loss(scores: torch.Tensor, targets: torch.Tensor, smoothing: float, group_weight: float) -> torch.Tensor:
    """Return the loss of each one-shot, shape (n,): marginal likelihood of the label and of its group.

    Parameters
    ----------
    scores : Tensor, shape (n, labels)
    targets : Tensor, shape (n, labels)
        0/1: the outputs that the sound may be called by. Rows of mixed sounds may hold fractions.
    smoothing : float
        Label smoothing, 0..1.
    group_weight : float
        Share of the group's loss, 0..1.
    """
    logs = log_softmax(scores, 1)
    allowed = torch.log(targets.clamp(min=1e-9))
    fine = -torch.logsumexp(logs + allowed, 1)
    groups = groups_of_scores(logs)
    group_targets = groups_of_scores(allowed).exp().clamp(max=1.0)
    coarse = -torch.logsumexp(groups + torch.log(group_targets.clamp(min=1e-9)), 1)
    fine = (1 - smoothing) * fine - smoothing * logs.mean(1)
    coarse = (1 - smoothing) * coarse - smoothing * groups.mean(1)
    return (1 - group_weight) * fine + group_weight * coarse


def hit_loss(
    scores: torch.Tensor, presence: torch.Tensor, targets: torch.Tensor, present: torch.Tensor
) -> torch.Tensor:
    """Return the loss of each proposed onset of a loop, shape (n,): labels', families' and the presence's.

    Parameters
    ----------
    scores : Tensor, shape (n, labels)
    presence : Tensor, shape (n,)
        Logit.
    targets : Tensor, shape (n, labels)
        1 where the label sounds, 0 where not; negative where it is not known (not scored).
    present : Tensor, shape (n,)
        1 where a sound starts, 0 where the detector was wrong.
    """
    known = (targets >= 0).float()
    labels = (binary_cross_entropy_with_logits(scores, targets.clamp(min=0), reduction="none") * known).sum(1)
    families = torch.zeros_like(presence)
    absent = -softplus(scores)  # log of the probability that a label does not sound
    for members in FAMILIES:
        none = absent[:, members].sum(1).clamp(max=-1e-6)
        some = torch.log(-torch.expm1(none))
        sounds = (targets[:, members] > 0).any(1)
        doubtful = ~sounds & (targets[:, members] < 0).any(1)
        families = families + torch.where(doubtful, torch.zeros_like(none), -torch.where(sounds, some, none))
    return 0.5 * (labels + families) + binary_cross_entropy_with_logits(presence, present, reduction="none")


def taught_loss(
    scores: torch.Tensor, presence: torch.Tensor, teacher_scores: torch.Tensor, teacher_presence: torch.Tensor,
    one_shots: int, hit_weight: float,
) -> torch.Tensor:  # fmt: skip
    """Return how far a batch's answers are from a teacher's: of its first `one_shots` as one-shots, of all as hits."""
    said = teacher_scores[:one_shots].softmax(1)
    single = -(said * log_softmax(scores[:one_shots], 1)).sum(1).mean()
    labels = binary_cross_entropy_with_logits(scores, torch.sigmoid(teacher_scores), reduction="none").sum(1).mean()
    there = binary_cross_entropy_with_logits(presence, torch.sigmoid(teacher_presence))
    return single + hit_weight * (labels + there)
