"""Kits and models: a new kit, and any kit learned for the model that is to run it.

Conventions: a kit keeps audio and no embeddings, so one that was made with another model is learned anew from it, and
nobody need tap again.
"""

from __future__ import annotations

from dataclasses import replace

from drumbridge.audio.resampling import resample
from drumbridge.core.classifier import Classifier
from drumbridge.core.excerpts import cut_excerpt
from drumbridge.core.kit import Kit, Tap
from drumbridge.core.learned_kit import LearnedKit, learn_kit
from drumbridge.core.transcriber_settings import TranscriberSettings


def new_kit(name: str, classifier: Classifier) -> Kit:
    """Return a kit without pads for a model."""
    return Kit(name, model_id(classifier), classifier.sample_rate, classifier.samples_before, classifier.samples_after)


def model_id(classifier: Classifier) -> str:
    """Return what a kit notes of its model: name, version, and the digest of its file where it has one."""
    return " ".join(filter(None, (classifier.name, getattr(classifier, "digest", "")[:8])))


def fitted_kit(kit: Kit, classifier: Classifier) -> Kit:
    """Return a kit with its taps cut for another model: resampled, and longer or shorter.

    What a longer excerpt would hear beyond the old one's end is unknown, as it is at an early decision time.
    """
    rate, before, after = classifier.sample_rate, classifier.samples_before, classifier.samples_after
    fitted = replace(
        kit, model=model_id(classifier), sample_rate=rate, samples_before=before, samples_after=after, taps=()
    )
    if (rate, before, after) == (kit.sample_rate, kit.samples_before, kit.samples_after):
        return replace(fitted, taps=kit.taps)
    for tap in kit.taps:
        audio = tap.audio[: kit.samples_before + tap.available]
        attack = kit.samples_before
        if rate != kit.sample_rate:
            audio = resample(audio, kit.sample_rate, rate)
            attack = round(attack * rate / kit.sample_rate)
        excerpt, available = cut_excerpt(audio, attack, before, after)
        fitted = fitted.with_tap(Tap(tap.pad, excerpt, max(1, available)))
    return fitted


def learned_kit(kit: Kit, classifier: Classifier, settings: TranscriberSettings | None = None) -> LearnedKit:
    """Learn a kit, made with whatever model, for a transcriber of this one.

    Raises
    ------
    KitError
        As `learn_kit`.
    """
    final, early = (settings or TranscriberSettings()).known_lengths(classifier.sample_rate, classifier.samples_after)
    return learn_kit(fitted_kit(kit, classifier), classifier, final=final, early=early)
