"""From raw scores to labels: activation, calibration, thresholds, ranking.

Conventions: scores are what the model put out, shape (n, labels). In a hit several labels may
sound, so each has a probability of its own; a one-shot holds one sound, so its labels share one.
Calibration follows Platt (1999) for hits and temperature scaling (Guo et al., ICML 2017) for
one-shots; both are fitted on kits that the model was not trained on and travel in its manifest.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .events import LabelConfidence
from .labels import BY_NAME, GENERIC, to_family
from .own_labels import own_pads


@dataclass(frozen=True)
class DecisionRule:
    """All that is needed to turn scores into labels; made from a model's manifest.

    Attributes
    ----------
    labels : tuple of str
        The model's labels, in the order of its scores.
    activation : str
        "sigmoid" or "softmax" when the scores are logits, "none" when they are probabilities.
    thresholds : tuple of float
        Per label, the confidence of its family from which a hit carries it.
    hit_scale, hit_bias : float
        Platt calibration of a hit's logits: sigmoid(scale * logit + bias).
    temperature : float
        Divides the logits of a one-shot before the softmax.
    unsure_below : float
        A one-shot whose best confidence is lower is reported as unsure.
    presence_threshold : float
        Probability from which a detected onset is a hit where the onset curve is undecided (models with
        a presence output); see `is_hit`.
    onset_evidence : float
        What the onset curve's word counts, as a factor of the odds; see `is_hit`.
    """

    labels: tuple[str, ...]
    activation: str = "sigmoid"
    thresholds: tuple[float, ...] = ()
    hit_scale: float = 1.0
    hit_bias: float = 0.0
    temperature: float = 1.0
    unsure_below: float = 0.5
    presence_threshold: float = 0.5
    onset_evidence: float = 9.0

    def __post_init__(self) -> None:
        if not self.thresholds:
            object.__setattr__(self, "thresholds", (0.5,) * len(self.labels))

    def hit_probabilities(self, scores: np.ndarray) -> np.ndarray:
        """Return calibrated probabilities of each label on its own, shape (n, labels), 0..1."""
        scores = np.asarray(scores, dtype=np.float64)
        if self.activation == "none":
            return np.clip(scores, 0.0, 1.0)
        if self.activation == "softmax":
            return _softmax(scores / self.temperature)
        return 1.0 / (1.0 + np.exp(-np.clip(self.hit_scale * scores + self.hit_bias, -60.0, 60.0)))

    def one_shot_probabilities(self, scores: np.ndarray) -> np.ndarray:
        """Return calibrated probabilities that sum to 1 over the labels, shape (n, labels)."""
        scores = np.asarray(scores, dtype=np.float64)
        if self.activation == "none":
            return scores / np.maximum(scores.sum(axis=-1, keepdims=True), 1e-12)
        return _softmax(scores / self.temperature)

    def called(self, label: str, confidence: float) -> LabelConfidence:
        """Return a label with its probability; one that is not in the table of labels comes with its pad."""
        return LabelConfidence(label, confidence, None if label in BY_NAME else own_pads(self.labels).get(label))

    def is_hit(self, presence: float, *, certain: bool) -> bool:
        """Return whether a detected onset is a hit, weighing the model's word with the curve's.

        The curve's evidence is a factor of `onset_evidence` in the odds: a certain onset is dropped only when the
        model is sure that nothing starts there, a merely proposed one needs a sure model. Both are fitted together
        on held-out kits.

        Parameters
        ----------
        presence : float
            Probability that a sound starts at the onset, 0..1.
        certain : bool
            The onset detector's balanced settings take the onset too.
        """
        evidence = self.onset_evidence if certain else 1.0 / self.onset_evidence
        return presence * evidence * (1.0 - self.presence_threshold) >= self.presence_threshold * (1.0 - presence)

    def hit_labels(self, probabilities: np.ndarray) -> tuple[LabelConfidence, ...]:
        """Return the labels of one hit, strongest first.

        A family (the hats, the toms, the cymbals, ...) that reaches the threshold of its best label is
        carried by that label, with the probability that any of the family sounds: whether a hat is open or
        closed may be in doubt while the hat is not. Further labels of a family need half a probability of
        their own and their threshold.

        Parameters
        ----------
        probabilities : ndarray, shape (labels,)
            One row of `hit_probabilities`.
        """
        families, order, starts = self._families
        none_of_them = np.multiply.reduceat(1.0 - probabilities[order], starts).tolist()
        single = probabilities.tolist()
        carried = []
        for members, none in zip(families, none_of_them, strict=True):
            best = max(members, key=single.__getitem__)
            if 1.0 - none >= self.thresholds[best]:
                carried.append(self.called(self.labels[best], 1.0 - none))
            carried += [
                self.called(self.labels[k], single[k])
                for k in members
                if k != best and single[k] >= max(0.5, self.thresholds[k])
            ]
        return tuple(sorted(carried, key=lambda entry: -entry.confidence))

    @cached_property
    def _families(self) -> tuple[list[list[int]], np.ndarray, np.ndarray]:
        """The labels of each family, by number; all of them one family after the other, and where each starts."""
        families: dict[str, list[int]] = {}
        for k, name in enumerate(self.labels):
            families.setdefault(to_family(name) if name in BY_NAME else name, []).append(k)
        members = list(families.values())
        return members, np.concatenate(members), np.cumsum([0, *(len(part) for part in members[:-1])])

    def one_shot_ranking(self, probabilities: np.ndarray, at_most: int | None = None) -> tuple[LabelConfidence, ...]:
        """Return the ranking of one one-shot, strongest first.

        Where a group (tom, crash, percussion) as a whole is likelier than any single label outside
        it, the sound is called by the best label of that group, or by the group's generic name when
        no label holds half of the group; the first entry then carries the probability of the group.

        Parameters
        ----------
        probabilities : ndarray, shape (labels,)
            One row of `one_shot_probabilities`.
        at_most : int, optional
            How many labels are wanted, at least 1.
        """
        p = probabilities.tolist()
        mass = {group: sum(p[k] for k in members) for group, members in self._groups.items()}
        best_group = max(mass, key=lambda group: mass[group])
        best = max(self._groups[best_group], key=lambda k: p[k])
        name = self.labels[best]
        if best_group in GENERIC and p[best] < 0.5 * mass[best_group]:
            name = GENERIC[best_group]
        rest = sorted(range(len(p)), key=lambda k: -p[k])
        others = [k for k in rest if self.labels[k] != name][: None if at_most is None else at_most - 1]
        return (self.called(name, mass[best_group]), *(self.called(self.labels[k], p[k]) for k in others))

    @cached_property
    def _groups(self) -> dict[str, list[int]]:
        """The indices of the labels of each group; a label of a user's own is a group of its own."""
        groups: dict[str, list[int]] = {}
        for k, name in enumerate(self.labels):
            groups.setdefault(BY_NAME[name].group if name in BY_NAME else name, []).append(k)
        return groups


def _softmax(logits: np.ndarray) -> np.ndarray:
    e = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)
