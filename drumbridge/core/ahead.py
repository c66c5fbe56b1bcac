"""Verdicts that are prepared before all of the audio is there that a stroke is judged by.

Conventions: positions and lengths are samples at the model's rate. A model whose cells end at certain samples after
the onset says the same whatever comes behind the last cell that is known. So it can be asked as soon as that cell is
there, and what it says is only fetched when the stroke is due. From where on audio makes no difference is found by
trying: no manifest has to promise anything, and a model to which all of it matters is never asked ahead.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from .classifier import Classifier, ModelOutput
from .history import History
from .scoring import Verdict, score_onsets
from .velocity import peak_level_db

_LOUD, _SOFTER = 30.0, (0.0, 0.1)  # level of what must make no difference; what comes before it has 0.1
_TONE_HZ = 100.0
_DECAY_S = 0.2


class VerdictsAhead:
    """The verdicts on one stream's strokes, and those of them that are prepared.

    Parameters
    ----------
    classifier : Classifier
    level_length : int
        As for `score_onsets`.
    lengths : collection of int
        How much the verdicts look at that can be prepared, samples from the onset on.
    final : int
        As for `score_onsets`.
    found : dict of int to int
        What `heard_of` said of this classifier before, by length; what is missing is found, which takes some 50 ms, and
        put there.
    """

    def __init__(
        self, classifier: Classifier, level_length: int, lengths: Collection[int], final: int, found: dict[int, int]
    ) -> None:  # fmt: skip
        self._classifier = classifier
        self._level_length, self._final = level_length, final
        self._heard: dict[int, int] = {}
        for known in lengths:
            looked_at = known if known >= final else classifier.prompt_length(known)
            if looked_at not in found:
                found[looked_at] = heard_of(classifier, looked_at)
            self._heard[known] = found[looked_at]
        self.reset()

    def reset(self) -> None:
        """Forget what is prepared."""
        self._prepared: dict[tuple[int, int], Verdict] = {}  # by position and how much is known from there on

    def heard(self, known: int) -> int:
        """Return how many samples from the onset on must be there for a verdict that looks at `known`."""
        return self._heard.get(known, known)

    def has(self, position: int, known: int) -> bool:
        """Whether that verdict is prepared."""
        return (position, known) in self._prepared

    def prepare(self, history: History, position: int, known: int) -> None:
        """Prepare a verdict; all that makes a difference to it is in the history."""
        (self._prepared[position, known],) = self._score(history, [position], [known])

    def verdicts(self, history: History, positions: Sequence[int], known: Sequence[int]) -> list[Verdict]:
        """Return what `score_onsets` does."""
        keys = list(zip(positions, known, strict=True))
        rest = [key for key in keys if key not in self._prepared]
        scored = dict(zip(rest, self._score(history, *zip(*rest, strict=True)), strict=True)) if rest else {}
        return [scored[key] if key in scored else self._take(history, *key) for key in keys]

    def forget(self, end: int) -> None:
        """Drop what was due when the stream was `end` samples long, or earlier."""
        if self._prepared:
            self._prepared = {key: verdict for key, verdict in self._prepared.items() if sum(key) > end}

    def _score(self, history: History, positions: Sequence[int], known: Sequence[int]) -> list[Verdict]:
        return score_onsets(self._classifier, history, positions, known, self._level_length, self._final)

    def _take(self, history: History, position: int, known: int) -> Verdict:
        """Return a prepared verdict with the audio that came since."""
        verdict = self._prepared.pop((position, known))
        before, heard = self._classifier.samples_before, self.heard(known)
        audio = verdict.excerpt.audio
        audio[before + heard : before + known] = history.read(position + heard, position + known)
        return verdict._replace(level_db=peak_level_db(audio[before : before + self._level_length]))


def heard_of(classifier: Classifier, known: int) -> int:
    """Return how many samples from the onset on make a difference to an answer that looks at `known`, found by trying.

    What comes after them is replaced by silence and by noise, soft and very loud, after a low tone that dies away and
    after noise: a model may be so sure of one of the two that nothing else matters. No bit of the answer may change.
    """
    random = np.random.default_rng(0)
    length, before = classifier.samples_before + known, classifier.samples_before
    time_s = np.arange(length) / classifier.sample_rate
    tone = np.exp(-time_s / _DECAY_S) * np.sin(2 * np.pi * _TONE_HZ * time_s)
    sounds = [0.1 * (tone + 0.01 * random.standard_normal(length)), 0.1 * random.standard_normal(length)]

    def answer(sound: np.ndarray) -> ModelOutput:
        excerpt = np.zeros((1, before + classifier.samples_after), dtype=np.float32)
        excerpt[0, :length] = sound
        return classifier.score(excerpt, np.array([known], dtype=np.int64))

    expected = [answer(sound) for sound in sounds]

    def matters(first: int, *loudnesses: float) -> bool:
        for sound, usual in zip(sounds, expected, strict=True):
            for loudness in loudnesses:
                other = sound.copy()
                other[before + first :] = loudness * random.standard_normal(known - first)
                if not _equal(answer(other), usual):
                    return True
        return False

    low, high = 0, known  # what begins at `high` makes no difference
    while low < high:
        middle = (low + high) // 2
        if matters(middle, _LOUD):
            low = middle + 1
        else:
            high = middle
    return high if high == known or not matters(high, *_SOFTER) else known


def _equal(one: ModelOutput, other: ModelOutput) -> bool:
    return all(
        a is b or (a is not None and b is not None and np.array_equal(a, b)) for a, b in zip(one, other, strict=True)
    )
