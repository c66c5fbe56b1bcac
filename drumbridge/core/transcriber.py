"""From audio to hits: the one object that files and live input are both fed through.

Conventions: positions are samples of the source, Python ints, from 0; audio is float32, full scale +-1.
Offline is a stream that ends: any way of cutting the input gives the same hits. Detection proposes and
the model decides: every onset waits for its excerpt (or for `after_ms` of it) and is then scored. With
`early_ms` a stroke is scored before that too, as soon as a trigger tells of it; what is said early is
confirmed, changed or withdrawn under the same index, and the final hits are those of a file.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace

import numpy as np

from ..errors import AudioError, SettingsError
from .ahead import VerdictsAhead
from .classifier import Classifier
from .events import Hit, Stage
from .history import History
from .hit_head import HitHead
from .hit_rules import HitRules
from .learned_kit import LearnedKit
from .mixing import mix_to_mono
from .onsets import OnsetDetector, OnsetSettings
from .resampler import Resampler
from .scoring import score_onsets
from .stroke_plan import Judgement, StrokePlan
from .strokes import REACH_S, Stroke
from .transcriber_settings import TranscriberSettings
from .trigger import TriggerDetector

__all__ = ["Transcriber", "TranscriberSettings"]

_PIECE = 65536  # samples taken at once from a longer block: keeps memory bounded
_BATCH = 64  # excerpts scored in one call


class Transcriber:
    """Streaming transcription of one source.

    Parameters
    ----------
    classifier : Classifier
    source_rate : int, optional
        Rate of the audio that comes in, Hz; the model's own by default.
    resampler : Resampler, optional
        From `source_rate` to the model's rate; needed when they differ.
    settings : TranscriberSettings, optional
    kit : LearnedKit, optional
        Hits are named by its pads instead of the model's labels.
    head : HitHead, optional
        A personal head for the model, which names final hits where no kit does; early ones it does not know.
    ahead : dict of int to int, optional
        Given where `prepare` will be called: live, where answers may be computed while audio is waited for. It holds
        what was found out of the classifier before, see `VerdictsAhead`; empty at first.

    Attributes
    ----------
    keep_excerpts, keep_embeddings : bool
        Whether final hits carry what was heard of them, and what the model made of it, False to begin with.

    Raises
    ------
    SettingsError
        The rates differ and there is no resampler, or `after_ms` is not positive.
    """

    def __init__(
        self,
        classifier: Classifier,
        *,
        source_rate: int | None = None,
        resampler: Resampler | None = None,
        settings: TranscriberSettings | None = None,
        kit: LearnedKit | None = None,
        head: HitHead | None = None,
        ahead: dict[int, int] | None = None,
    ) -> None:
        self.settings = settings = settings or TranscriberSettings()
        self.keep_excerpts = self.keep_embeddings = False
        self.source_rate = source_rate or classifier.sample_rate
        if self.source_rate != classifier.sample_rate and resampler is None:
            raise SettingsError(
                "settings.source_rate",
                f"The source has {self.source_rate} Hz but the model hears {classifier.sample_rate} Hz:"
                " a resampler is needed.",
            )
        self._classifier = classifier
        self._resampler = resampler if self.source_rate != classifier.sample_rate else None
        onsets = settings.onsets
        if onsets is None:
            onsets = OnsetSettings.proposals() if classifier.has_presence else OnsetSettings()
        rate = classifier.sample_rate
        self._detector = OnsetDetector(rate, onsets)
        self._detector.set_sensitivity(settings.sensitivity)
        self._needed, self._early = settings.known_lengths(rate, classifier.samples_after)
        self._level_length = min(self._needed, round(settings.velocity.level_s * rate))
        self._rules = {
            stage: HitRules(stage, classifier.rule, self.source_rate, settings, head if stage is Stage.FINAL else None)
            for stage in (Stage.EARLY, Stage.FINAL)
        }
        self._trigger: TriggerDetector | None = None
        if self._early is not None:
            self._trigger = TriggerDetector(rate, settings.sensitivity)
            if self._early >= self._needed:
                raise SettingsError(
                    "settings.early_ms",
                    f"An early answer after {settings.early_ms:g} ms comes no earlier than the final one.",
                )
        self._reach = round(REACH_S * rate)
        self._plan = StrokePlan(
            self._needed, self._early, onset_latency=self._detector.latency(), reach=self._reach, lately=rate
        )
        self._history = History()
        self._ahead: VerdictsAhead | None = None
        if ahead is not None:
            lengths = {self._needed} if self._early is None else {self._needed, self._early}
            self._ahead = VerdictsAhead(classifier, self._level_length, lengths, self._needed, ahead)
        self.use_kit(kit)
        self.reset()

    def reset(self) -> None:
        """Start a new source at position 0."""
        self._detector.reset()
        if self._trigger is not None:
            self._trigger.restart(0)
        for rules in self._rules.values():
            rules.reset()
        self._plan.reset()
        if self._ahead is not None:
            self._ahead.reset()
        self._history.restart(0)
        if self._resampler is not None:
            self._resampler.reset()
        self._received = 0  # samples of the source, gaps included
        self._segment = (0, 0)  # where the audio since the last gap starts: sample of the source, of the model's stream
        self._next_index = 0
        self._ended = False

    def change(self, settings: TranscriberSettings) -> None:
        """Take sensitivity, noise gate, retrigger masks and velocity from other settings, from here on.

        Nothing that was heard is forgotten, and no hit is lost or told twice: what is decided from now on is decided by
        the new settings. What decides when a hit is told (`early_ms`, `after_ms`, `onsets`) stays as it is.
        """
        self.settings = replace(
            self.settings,
            sensitivity=settings.sensitivity,
            noise_gate_db=settings.noise_gate_db,
            retrigger_ms=settings.retrigger_ms,
            velocity=replace(settings.velocity, level_s=self.settings.velocity.level_s),
        )
        self._detector.set_sensitivity(settings.sensitivity)
        if self._trigger is not None:
            self._trigger.set_sensitivity(settings.sensitivity)
        for rules in self._rules.values():
            rules.change(self.settings)

    def use_kit(self, kit: LearnedKit | None) -> None:
        """Name what is decided from here on by the pads of a kit, learned for this model and settings, or by labels.

        Raises
        ------
        KitError
            ``kit.model``: it was learned without the early answers that are wanted here.
        """
        for rules in self._rules.values():
            rules.use_kit(kit if self._early is not None or rules.stage is Stage.FINAL else None)

    def latency(self, stage: Stage = Stage.FINAL) -> int:
        """Return the most samples of the source from an attack until the block that announces its hit.

        A stroke that only the onset detector heard is announced early when that is done, so the latency of
        Stage.EARLY is more than `early_ms`; that of Stage.WITHDRAWN is the final one.

        Raises
        ------
        SettingsError
            The stage is not one that this transcriber announces.
        """
        longest = max(self._detector.latency(), self._needed)
        if stage is not Stage.FINAL and self._early is None:
            raise SettingsError(
                "settings.stage",
                f"The transcriber announces final hits only, not {stage.name.lower()} ones: set early_ms.",
            )
        if stage is Stage.EARLY and self._early is not None:
            longest = max(self._detector.latency(), self._early)
        elif stage is Stage.WITHDRAWN:
            longest += self._reach
        resampling = self._resampler.latency() if self._resampler is not None else 0
        return resampling - (-longest * self.source_rate // self._classifier.sample_rate)

    def process(self, block: np.ndarray) -> list[Hit]:
        """Take in audio and return the hits that it completes.

        Parameters
        ----------
        block : ndarray, float32, shape (n,) or (n, channels)
            Any number of samples; channels are mixed by `mix_to_mono`.

        Raises
        ------
        AudioError
            A sample is not finite, the block has more than two dimensions, or the source has ended.
        """
        if self._ended:
            raise AudioError("audio.ended", "The source has ended (flush was called): reset before sending more audio.")
        block = np.asarray(block, dtype=np.float32)
        if block.ndim not in (1, 2) or block.shape[1:] == (0,):
            raise AudioError("audio.shape", f"Audio must have shape (n,) or (n, channels), not {block.shape}.")
        if not np.isfinite(block).all():
            bad = int(np.argmin(np.isfinite(block.reshape(len(block), -1)).all(axis=1)))
            raise AudioError(
                "audio.not_finite",
                f"Sample {self._received + bad} is NaN or infinite: the file or what made it is faulty.",
            )
        hits: list[Hit] = []
        for start in range(0, len(block), _PIECE):
            piece = block[start : start + _PIECE]
            self._received += len(piece)
            mono = mix_to_mono(piece)
            hits += self._hear(mono if self._resampler is None else self._resampler.process(mono))
        return hits

    @property
    def until_next(self) -> int:
        """How many samples of the source are missing until anything new can be heard, at least 1.

        Whoever is paid by the call may let so many pass before the next one, and no hit comes later for it.
        """
        missing = self._detector.until_next
        if self._trigger is not None:
            missing = min(missing, self._trigger.until_next)
        step = self._plan.next_step()
        if step is not None:
            missing = min(missing, step - self._history.end)
        if self._ahead is not None and (asked := self._next_asked()) is not None:
            missing = min(missing, asked[0] - self._history.end)
        # What a resampler has taken in and not shown yet may come out with the next sample.
        held = self._resampler.latency() if self._resampler is not None else 0
        return max(1, (missing - 1) * self.source_rate // self._classifier.sample_rate + 1 - held)

    @property
    def until_judgement(self) -> int | None:
        """How many samples of the source are missing until the model is asked of a stroke, as far as is known.

        With `prepare` that is when its verdict can be prepared; None: no stroke is known of.
        """
        asked = self._next_asked()
        return (
            None if asked is None else (asked[0] - self._history.end) * self.source_rate // self._classifier.sample_rate
        )

    def prepare(self) -> bool:
        """Ask the model of a stroke whose audio is there as far as it makes a difference; it is told when it is due.

        Returns
        -------
        bool
            Whether there was one.
        """
        asked = self._next_asked()
        if self._ahead is None or asked is None or asked[0] > self._history.end:
            return False
        self._ahead.prepare(self._history, asked[1].position, asked[1].known)
        return True

    def rehearse(self) -> None:
        """Judge what is there as the next stroke will be, and forget it: after a pause the first time is slow."""
        asked = self._next_asked()
        if asked is not None:
            known = asked[1].known
            position = self._history.end - known
            verdicts = score_onsets(
                self._classifier, self._history, [position], [known], self._level_length, self._needed
            )
            self._classifier.rule.hit_labels(verdicts[0].probabilities)

    def _next_asked(self) -> tuple[int, Judgement] | None:
        """Return how long the stream is when the model is asked next, as far as is known, and of what."""
        ahead = self._ahead
        if ahead is None:
            return min(((coming.due, coming) for coming in self._plan.judgements()), default=None)
        asked = [
            (min(coming.due, coming.position + ahead.heard(coming.known)), coming)
            for coming in self._plan.judgements()
            if not ahead.has(coming.position, coming.known)
        ]
        return min(asked, default=None)

    def flush(self) -> list[Hit]:
        """End the source: decide everything with what is there, and leave nothing early undecided."""
        if self._ended:
            return []
        hits = self._end_segment(last=True)
        self._ended = True
        return hits

    def open_hits(self) -> list[Hit]:
        """Return what `flush` would, and go on as if it had not been asked.

        What a resampler has taken in and not shown yet (see its latency) is not heard.
        """
        # A copy ends instead. A model is shared with others and never changed; a resampler cannot be copied.
        shared = {id(self._classifier): self._classifier, id(self._resampler): None}
        return deepcopy(self, shared).flush()

    def skip(self, n: int) -> list[Hit]:
        """Pass over a gap of n lost samples of the source.

        Onsets before the gap are decided with what is there; positions behind it stay exact.
        """
        if n < 0:
            raise SettingsError("settings.skip", f"A gap cannot be {n} samples long.")
        if self._ended:
            raise AudioError("audio.ended", "The source has ended (flush was called): reset before sending more audio.")
        hits = self._end_segment(last=False)
        self._received += n
        model_position = self._history.end
        if self._trigger is not None:
            self._trigger.restart(model_position, after_gap=True)
        self._history.restart(model_position)
        self._segment = (self._received, model_position)
        if self._resampler is not None:
            self._resampler.reset()
        return hits

    def _end_segment(self, *, last: bool) -> list[Hit]:
        hits = self._hear(self._resampler.flush()) if self._resampler is not None else []
        for onset in self._detector.flush() if last else self._detector.skip(0):
            self._plan.add_onset(onset, self._detector.known_at(onset))
        hits += self._decide(at_end=True)
        self._plan.reset()
        return hits

    def _hear(self, audio: np.ndarray) -> list[Hit]:
        self._history.append(audio)
        for onset in self._detector.process(audio):
            self._plan.add_onset(onset, self._detector.known_at(onset))
        if self._trigger is not None:
            for trigger in self._trigger.process(audio):
                self._plan.add_trigger(trigger)
        hits = self._decide(at_end=False)
        if self._ahead is not None:
            self._ahead.forget(self._history.end)
        # An onset may still be announced this far back; its excerpt starts before it.
        oldest = self._plan.oldest(self._history.end - self._detector.latency())
        self._history.forget(oldest - self._classifier.samples_before)
        return hits

    def _decide(self, *, at_end: bool) -> list[Hit]:
        hits: list[Hit] = []
        finals: list[Stroke] = []
        for stroke, stage, known in self._plan.due(self._history.end, at_end=at_end):
            if stage is Stage.FINAL:
                finals.append(stroke)
                if len(finals) < _BATCH:
                    continue
            hits += self._judge(finals, self._needed, Stage.FINAL)
            finals = []
            if stage is Stage.EARLY:
                hits += self._judge([stroke], known, stage)
            elif stage is Stage.WITHDRAWN and stroke.early is not None:
                hits.append(replace(stroke.early, stage=Stage.WITHDRAWN))
        return hits + self._judge(finals, self._needed, Stage.FINAL)

    def _judge(self, strokes: list[Stroke], known: int, stage: Stage) -> list[Hit]:
        if not strokes:
            return []
        positions = [stroke.position for stroke in strokes]
        lengths = [min(known, self._history.end - position) for position in positions]
        if self._ahead is None:
            verdicts = score_onsets(
                self._classifier, self._history, positions, lengths, self._level_length, self._needed
            )
        else:
            verdicts = self._ahead.verdicts(self._history, positions, lengths)
        hits: list[Hit] = []
        for stroke, verdict in zip(strokes, verdicts, strict=True):
            hit = self._rules[stage].hit(
                verdict,
                self._source_position(stroke.position),
                strength=stroke.strength,
                certain=stroke.certain,
                confirmed=stroke.confirmed,
                index=self._next_index if stroke.early is None else stroke.early.index,
            )
            if hit is not None:
                self._next_index += stroke.early is None
                if self.keep_excerpts and stage is Stage.FINAL:
                    hit = replace(hit, excerpt=verdict.excerpt)
                if self.keep_embeddings and stage is Stage.FINAL:
                    hit = replace(hit, embedding=verdict.embedding)
                hits.append(hit)
                if stage is Stage.EARLY:
                    stroke.early = hit
            elif stroke.early is not None:
                hits.append(replace(stroke.early, stage=Stage.WITHDRAWN))
        return hits

    def _source_position(self, position: int) -> int:
        source_start, model_start = self._segment
        source, model = self.source_rate, self._classifier.sample_rate
        nearest = source_start + (2 * (position - model_start) * source + model) // (2 * model)
        return min(nearest, max(source_start, self._received - 1))
