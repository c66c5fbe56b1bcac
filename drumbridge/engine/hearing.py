"""A transcriber for audio that comes from outside: what is no audio is silence, what is missing is bridged.

Conventions: blocks are float32 (n,) or (n, channels); positions are samples of the stream. No thread, no clock.
"""

from __future__ import annotations

from typing import Final
from weakref import WeakKeyDictionary

import numpy as np

from drumbridge.audio.files import MAX_MAGNITUDE
from drumbridge.audio.resampling import resampler_between
from drumbridge.core.classifier import Classifier
from drumbridge.core.concealment import REACH, fill_hole
from drumbridge.core.events import Hit
from drumbridge.core.learned_kit import LearnedKit
from drumbridge.core.mixing import mix_to_mono
from drumbridge.core.transcriber import Transcriber
from drumbridge.core.transcriber_settings import TranscriberSettings

_BRIDGED_S = 0.015  # a longer gap ends what was heard before it; what a lost packet or two leave is shorter
_FOUND: Final[WeakKeyDictionary[Classifier, dict[int, int]]] = WeakKeyDictionary()  # see `Transcriber`'s `ahead`
AFTER: Final = REACH // 2  # samples to wait for behind a gap that is bridged


class Hearing:
    """Hears one stream.

    Parameters
    ----------
    classifier : Classifier
    sample_rate : int
        Of the stream, Hz.
    settings : TranscriberSettings, optional

    Attributes
    ----------
    position : int
        Samples heard, gaps included.
    unusable : int
        Samples that were NaN, infinite or above +120 dBFS.
    """

    def __init__(self, classifier: Classifier, sample_rate: int, settings: TranscriberSettings | None) -> None:
        self.position = self.unusable = 0
        self._transcriber = Transcriber(
            classifier,
            source_rate=sample_rate,
            resampler=resampler_between(sample_rate, classifier.sample_rate),
            settings=settings,
            ahead=_FOUND.setdefault(classifier, {}),
        )
        self._longest_bridge = round(_BRIDGED_S * sample_rate)
        self._before = np.zeros(0, dtype=np.float32)

    @property
    def latency(self) -> int:
        """The most samples from an attack until its final hit is told."""
        return self._transcriber.latency()

    def hear(self, block: np.ndarray) -> list[Hit]:
        """Take in audio and return the hits that it completes."""
        mono = self._clean(block)
        self._before = mono[-REACH:] if len(mono) >= REACH else np.concatenate([self._before, mono])[-REACH:]
        self.position += len(mono)
        return self._transcriber.process(mono)

    @property
    def until_next(self) -> int:
        """How many samples are missing until anything new can be heard; see `Transcriber.until_next`."""
        return self._transcriber.until_next

    @property
    def until_judgement(self) -> int | None:
        """How many samples are missing until a stroke will be judged; see `Transcriber.until_judgement`."""
        return self._transcriber.until_judgement

    def prepare(self) -> bool:
        """Ask the model ahead of time, if that can be done of a stroke; see `Transcriber.prepare`."""
        return self._transcriber.prepare()

    def rehearse(self) -> None:
        """Judge what is there for nothing; see `Transcriber.rehearse`."""
        self._transcriber.rehearse()

    def bridges(self, length: int) -> bool:
        """Whether a gap of that length is bridged once what comes after it is known."""
        return 0 < length <= self._longest_bridge and len(self._before) > 0

    def miss(self, length: int, after: np.ndarray) -> list[Hit]:
        """Pass over a gap; bridge it when it is short and some of what comes `after` it is known."""
        if self.bridges(length) and len(after):
            return self.hear(fill_hole(self._before, length, self._clean(after, count=False)))
        self.position += length
        self._before = self._before[:0]
        return self._transcriber.skip(length)

    def change(self, settings: TranscriberSettings) -> None:
        """Hear by other settings from here on; see `Transcriber.change`."""
        self._transcriber.change(settings)

    def use_kit(self, kit: LearnedKit | None) -> None:
        """Name hits by a kit from here on; see `Transcriber.use_kit`."""
        self._transcriber.use_kit(kit)

    def keep_excerpts(self, on: bool) -> None:
        """Let final hits carry what was heard of them, or no longer."""
        self._transcriber.keep_excerpts = on

    def open_hits(self) -> list[Hit]:
        """Return what `end` would, and go on; see `Transcriber.open_hits`."""
        return self._transcriber.open_hits()

    def end(self) -> list[Hit]:
        """Decide what is still open."""
        return self._transcriber.flush()

    def _clean(self, block: np.ndarray, *, count: bool = True) -> np.ndarray:
        """Return a block as mono audio; `count` what was none."""
        if block.ndim == 1 or block.shape[1] == 1:
            block = mix_to_mono(block)
        else:
            with np.errstate(all="ignore"):
                block = mix_to_mono(block)
        if len(block) and not np.abs(block).max() <= MAX_MAGNITUDE:  # nor does NaN
            usable = np.abs(block) <= MAX_MAGNITUDE
            self.unusable += count * (len(block) - int(np.count_nonzero(usable)))
            block = np.where(usable, block, np.float32(0))
        return block
