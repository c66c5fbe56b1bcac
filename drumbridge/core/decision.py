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
from .labels import BY_NAME, GENERIC, to_eleven, to_family, to_five
from .own_labels import own_pads

AGAIN_S = 0.060  # an onset so soon after a hit is another stroke, or the echo and the ring of that hit


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
    again_evidence, again_strength : float
        What the height of the curve counts less than `AGAIN_S` after a hit, as a power, and the height that counts
        nothing, dB; see `is_hit`.
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
    again_evidence: float = 0.0
    again_strength: float = 2.0

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

    def is_hit(self, presence: float, *, certain: bool, again: float | None = None) -> bool:
        """Return whether a detected onset is a hit, weighing the model's word with the curve's.

        The curve's evidence is a factor of `onset_evidence` in the odds: a certain onset is dropped only when the
        model is sure that nothing starts there, a merely proposed one needs a sure model. Soon after another hit, where
        a roll and a room look alike to the model, the odds grow with the height of the curve. All is fitted on held-out
        kits.

        Parameters
        ----------
        presence : float
            Probability that a sound starts at the onset, 0..1.
        certain : bool
            The onset detector's balanced settings take the onset too.
        again : float, optional
            Height of the onset curve, dB, of an onset less than `AGAIN_S` after a hit; None for any other.
        """
        evidence = self.onset_evidence if certain else 1.0 / self.onset_evidence
        if again is not None and self.again_evidence:
            evidence *= (again / self.again_strength) ** self.again_evidence
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
        at_most : int, optional
            How many labels are wanted, at least 1.
        """
        p = probabilities.tolist()
        best = [self._answer(p, self._parts)]
        if best[0].label == "other" and len(self._parts) > 1:
            best.append(self._answer(p, {name: groups for name, groups in self._parts.items() if name != "other"}))
        named = {entry.label for entry in best}
        others = [k for k in sorted(range(len(p)), key=lambda k: -p[k]) if self.labels[k] not in named][:at_most]
        return (*best, *(self.called(self.labels[k], p[k]) for k in others))[:at_most]

    def _answer(self, p: list[float], parts: dict[str, dict[str, list[int]]]) -> LabelConfidence:
        """Return what a one-shot is called if it is of one of these parts."""
        mass = {
            name: {group: sum(p[k] for k in members) for group, members in groups.items()}
            for name, groups in parts.items()
        }
        part = max(mass, key=lambda name: sum(mass[name].values()))
        group = max(mass[part], key=mass[part].__getitem__)
        best = max(parts[part][group], key=p.__getitem__)
        generic = group in GENERIC and p[best] < 0.5 * mass[part][group]
        return self.called(GENERIC[group] if generic else self.labels[best], mass[part][group])

    @cached_property
    def _parts(self) -> dict[str, dict[str, list[int]]]:
        """The labels of each group of each of the five; one that is not in the table of labels is a part of its own."""
        parts: dict[str, dict[str, list[int]]] = {}
        for k, name in enumerate(self.labels):
            five, group = (to_five(name), to_eleven(name)) if name in BY_NAME else (name, name)
            parts.setdefault(five, {}).setdefault(group, []).append(k)
        return parts


def _softmax(logits: np.ndarray) -> np.ndarray:
    e = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)
