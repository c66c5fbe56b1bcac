"""From verdicts to hits: presence, noise gate, labels, retrigger masks, velocity.

Conventions: positions are samples of the source. Each stage has rules of its own, for what was played so
far is another thing when it is known 10 ms after the attack than when it is known 400 ms after it.
"""

from __future__ import annotations

from ..errors import KitError
from .decision import AGAIN_S, DecisionRule
from .events import Hit, LabelConfidence, Stage
from .hit_head import HitHead
from .learned_kit import KNOWN_FROM, LearnedKit
from .retrigger import RetriggerMasks
from .scoring import Verdict
from .transcriber_settings import TranscriberSettings
from .velocity import VelocityScale


class HitRules:
    """The rules of one stage of one stream, and what they remember of it.

    Parameters
    ----------
    stage : Stage
        EARLY or FINAL.
    rule : DecisionRule
    source_rate : int
        Hz.
    settings : TranscriberSettings
    head : HitHead, optional
        Names hits where no kit is used.
    """

    def __init__(
        self,
        stage: Stage,
        rule: DecisionRule,
        source_rate: int,
        settings: TranscriberSettings,
        head: HitHead | None = None,
    ) -> None:
        self.stage = stage
        self._rule = rule
        self._head = head
        self._kit: LearnedKit | None = None
        self._gate_db = settings.noise_gate_db
        self._again = round(AGAIN_S * source_rate)
        self._masks = RetriggerMasks(source_rate, settings.retrigger_ms)
        self._velocities = VelocityScale(source_rate, settings.velocity)
        self.reset()

    def change(self, settings: TranscriberSettings) -> None:
        """Use other settings from here on; what was played is not forgotten."""
        self._gate_db = settings.noise_gate_db
        self._masks.change(settings.retrigger_ms)
        self._velocities.change(settings.velocity)

    def use_kit(self, kit: LearnedKit | None) -> None:
        """Name hits by the pads of a kit from here on, or by the model's labels.

        Raises
        ------
        KitError
            ``kit.model``: it was not learned for this stage.
        """
        if kit is not None and self.stage not in kit.heads:
            raise KitError(
                "kit.model", f"The kit {kit.kit.name} was not learned for {self.stage.name.lower()} answers."
            )
        self._kit = kit

    def reset(self) -> None:
        """Forget what was played."""
        self._masks.reset()
        self._velocities.reset()
        self._last: int | None = None  # where the last onset was that the model took for a hit

    def hit(
        self, verdict: Verdict, position: int, *, strength: float, certain: bool, confirmed: bool, index: int
    ) -> Hit | None:
        """Return the hit that a verdict makes, or None.

        Parameters
        ----------
        verdict : Verdict
        position : int
            Sample of the source; calls come about in order of position.
        strength : float
            Of the onset, dB.
        certain : bool
            See `DecisionRule.is_hit`.
        confirmed : bool
            The onset detector has heard it, so the strength is the height of its curve.
        index : int
            What the hit gets.
        """
        soon = confirmed and self._last is not None and 0 <= position - self._last < self._again
        again = strength if soon else None
        if verdict.presence is not None and not self._rule.is_hit(verdict.presence, certain=certain, again=again):
            return None
        self._last = position
        if self._gate_db is not None and verdict.level_db < self._gate_db:
            return None
        labels, guess, confidence = self._name(verdict)
        free = self._masks.play(labels, position)
        if free is None:
            return None
        return Hit(
            index=index,
            position=position,
            velocity=self._velocities.velocity(verdict.level_db, position),
            level_db=verdict.level_db,
            labels=free,
            confidence=free[0].confidence if free else confidence,
            strength=strength,
            stage=self.stage,
            scores=tuple(verdict.probabilities.tolist()),
            guess=guess,
        )

    def _name(self, verdict: Verdict) -> tuple[tuple[LabelConfidence, ...], LabelConfidence | None, float]:
        """Return the labels of a hit, the best guess (None: no pad of the kit), and the confidence of the strongest."""
        probabilities = verdict.probabilities
        if self._kit is None:
            judged = None if self._head is None else self._head.hear(verdict.embedding, probabilities)
            if judged is not None:
                return judged
            best = int(probabilities.argmax())
            guess = self._rule.called(self._rule.labels[best], float(probabilities[best]))
            return self._rule.hit_labels(probabilities), guess, guess.confidence
        (pad, *_), known = self._kit.ranking(self.stage, verdict.embedding, probabilities)
        return ((pad,), pad, pad.confidence) if known >= KNOWN_FROM else ((), None, pad.confidence)
