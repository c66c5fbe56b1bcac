"""From verdicts to hits: presence, noise gate, labels, retrigger masks, velocity.

Conventions: positions are samples of the source. Each stage has rules of its own, for what was played so
far is another thing when it is known 10 ms after the attack than when it is known 400 ms after it.
"""

from __future__ import annotations

from .decision import DecisionRule
from .events import Hit, Stage
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
    """

    def __init__(self, stage: Stage, rule: DecisionRule, source_rate: int, settings: TranscriberSettings) -> None:
        self._stage = stage
        self._rule = rule
        self._gate_db = settings.noise_gate_db
        self._masks = RetriggerMasks(source_rate, settings.retrigger_ms)
        self._velocities = VelocityScale(source_rate, settings.velocity)

    def change(self, settings: TranscriberSettings) -> None:
        """Use other settings from here on; what was played is not forgotten."""
        self._gate_db = settings.noise_gate_db
        self._masks.change(settings.retrigger_ms)
        self._velocities.change(settings.velocity)

    def reset(self) -> None:
        """Forget what was played."""
        self._masks.reset()
        self._velocities.reset()

    def hit(self, verdict: Verdict, position: int, *, strength: float, certain: bool, index: int) -> Hit | None:
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
        index : int
            What the hit gets.
        """
        if verdict.presence is not None and not self._rule.is_hit(verdict.presence, certain=certain):
            return None
        if self._gate_db is not None and verdict.level_db < self._gate_db:
            return None
        labels = self._masks.play(self._rule.hit_labels(verdict.probabilities), position)
        if labels is None:
            return None
        return Hit(
            index=index,
            position=position,
            velocity=self._velocities.velocity(verdict.level_db, position),
            level_db=verdict.level_db,
            labels=labels,
            confidence=labels[0].confidence if labels else float(verdict.probabilities.max()),
            strength=strength,
            stage=self._stage,
            scores=tuple(verdict.probabilities.tolist()),
        )
