"""From raw scores to labels: activation, calibration, thresholds, ranking.

Conventions: scores are what the model put out, shape (n, labels). In a hit several labels may
sound, so each has a probability of its own; a one-shot holds one sound, so its labels share one.
Calibration follows Platt (1999) for hits and temperature scaling (Guo et al., ICML 2017) for
one-shots; both are fitted on kits that the model was not trained on and travel in its manifest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from .events import LabelConfidence
from .labels import BY_NAME, GENERIC, to_eleven, to_family, to_five
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
        families: dict[str, list[int]] = {}
        for k, name in enumerate(self.labels):
            families.setdefault(to_family(name) if name in BY_NAME else name, []).append(k)
        carried = []
        for members in families.values():
            best = max(members, key=lambda k: float(probabilities[k]))
            any_of_them = 1.0 - float(np.prod(1.0 - probabilities[members]))
            if any_of_them >= self.thresholds[best]:
                carried.append(self.called(self.labels[best], any_of_them))
            carried += [
                self.called(self.labels[k], float(probabilities[k]))
                for k in members
                if k != best and probabilities[k] >= max(0.5, self.thresholds[k])
            ]
        return tuple(sorted(carried, key=lambda entry: -entry.confidence))

    def one_shot_ranking(self, probabilities: np.ndarray) -> tuple[LabelConfidence, ...]:
        """Return the ranking of one one-shot: the answer, then all other labels, strongest first.

        The answer is found from coarse to fine: the likeliest of kick, snare, hat, percussion and other, in it the
        likeliest group (tom, crash, ...), and in that the best label, or the group's generic name when no label
        holds half of the group. So a sound that may be a tom, a conga or a clap is not called a snare because none of
        these alone is as likely. The answer carries the probability of its group. After a sound that is no drum stands
        the drum that it would be, found in the same way.

        Parameters
        ----------
        probabilities : ndarray, shape (labels,)
            One row of `one_shot_probabilities`.
        """
        best = [self._answer(probabilities, range(len(self.labels)))]
        if best[0].label == "other" and len(self.labels) > 1:
            drums = [k for k, name in enumerate(self.labels) if name != "other"]
            best.append(self._answer(probabilities, drums))
        named = {entry.label for entry in best}
        rest = sorted(
            (self.called(label, float(p)) for label, p in zip(self.labels, probabilities, strict=True)
             if label not in named),
            key=lambda entry: -entry.confidence,
        )  # fmt: skip
        return (*best, *rest)

    def _answer(self, probabilities: np.ndarray, among: Iterable[int]) -> LabelConfidence:
        """Return what a one-shot is called if it is one of `among`."""
        _, members = _heaviest(probabilities, among, lambda k: self._part(k, to_five))
        group, members = _heaviest(probabilities, members, lambda k: self._part(k, to_eleven))
        mass = float(probabilities[members].sum())
        best = max(members, key=lambda k: float(probabilities[k]))
        generic = group in GENERIC and float(probabilities[best]) < 0.5 * mass
        return self.called(GENERIC[group] if generic else self.labels[best], mass)

    def _part(self, k: int, partition: Callable[[str], str]) -> str:
        """Return the part that label `k` belongs to; one that is not in the table of labels is a part of its own."""
        return partition(self.labels[k]) if self.labels[k] in BY_NAME else self.labels[k]


def _heaviest(probabilities: np.ndarray, among: Iterable[int], part: Callable[[int], str]) -> tuple[str, list[int]]:
    parts: dict[str, list[int]] = {}
    for k in among:
        parts.setdefault(part(k), []).append(k)
    return max(parts.items(), key=lambda item: float(probabilities[item[1]].sum()))


def _softmax(logits: np.ndarray) -> np.ndarray:
    e = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)
