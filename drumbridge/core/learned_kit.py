"""A kit as one model hears it: a head for each stage, and the pad that a stroke is of.

Conventions: learning is what `learn_kit` does, and nothing else: the model listens to every tap as it will listen to
the strokes, at the early decision time and at the final one, because the two are different answers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import KitError
from .classifier import Classifier
from .events import LabelConfidence, Stage
from .kit import Kit, Tap
from .pad import Pad
from .pad_head import PadHead, points

KNOWN_FROM = 0.5  # probability of being one of the pads from which a stroke is called by the likeliest
_BATCH = 64  # excerpts scored in one call


@dataclass(frozen=True, eq=False)
class LearnedKit:
    """What a transcriber needs of a kit.

    Attributes
    ----------
    kit : Kit
    heads : mapping of Stage to PadHead
        FINAL, and EARLY if that is wanted.
    """

    kit: Kit
    heads: Mapping[Stage, PadHead]

    def ranking(
        self, stage: Stage, embedding: np.ndarray, probabilities: np.ndarray
    ) -> tuple[tuple[LabelConfidence, ...], float]:
        """Return the pads that a stroke may be of, likeliest first, and the probability that it is of any of them.

        Parameters
        ----------
        stage : Stage
        embedding : ndarray, shape (d,)
        probabilities : ndarray, shape (labels,)
            Of each label on its own.
        """
        head = self.heads[stage]
        shares, known = head.judge(points(embedding[None], probabilities[None])[0])
        pads = [(self._pad(head.pads[k]), float(shares[k]) * known) for k in np.argsort(-shares, kind="stable")]
        return tuple(LabelConfidence(pad.name, confidence, pad) for pad, confidence in pads), known

    def _pad(self, number: int) -> Pad:
        return next(pad for pad in self.kit.pads if pad.number == number)


def learn_kit(kit: Kit, classifier: Classifier, *, final: int | None = None, early: int | None = None) -> LearnedKit:
    """Learn a kit for a model.

    Parameters
    ----------
    kit : Kit
        Its taps are excerpts of this model.
    classifier : Classifier
    final : int, optional
        Samples from the attack on that a final answer looks at; all by default.
    early : int, optional
        Samples that an early one looks at; by default there are none.

    Raises
    ------
    KitError
        ``kit.no_taps``; ``kit.model``: the taps are not excerpts of this model, or it answers nonsense.
    """
    taken = (kit.sample_rate, kit.samples_before, kit.samples_after)
    if taken != (classifier.sample_rate, classifier.samples_before, classifier.samples_after):
        raise KitError("kit.model", f"The taps of the kit {kit.name} were not cut for the model {classifier.name}.")
    # In an order that does not depend on when they were taught: neither do sums then.
    taps = sorted(kit.taps, key=lambda tap: (tap.pad, tap.available, tap.audio.tobytes()))
    owners = [tap.pad for tap in taps]
    wanted = {Stage.FINAL: final}
    if early is not None:
        wanted[Stage.EARLY] = classifier.prompt_length(early)  # as a stream will hear them
    return LearnedKit(
        kit, {stage: PadHead(_points(taps, classifier, known), owners) for stage, known in wanted.items()}
    )


def _points(taps: Sequence[Tap], classifier: Classifier, known: int | None) -> np.ndarray:
    before = classifier.samples_before
    rows: list[np.ndarray] = []
    for start in range(0, len(taps), _BATCH):
        some = taps[start : start + _BATCH]
        available = np.array([tap.available if known is None else min(known, tap.available) for tap in some])
        audio = np.stack([tap.audio for tap in some])
        for row, length in zip(audio, available, strict=True):
            row[before + length :] = 0.0
        output = classifier.score(audio, available.astype(np.int64))
        rows.append(points(output.embedding, classifier.rule.hit_probabilities(output.scores)))
    return np.concatenate(rows) if rows else np.zeros((0, 1))
