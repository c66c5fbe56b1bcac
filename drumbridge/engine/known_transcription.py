"""A transcription out of the library: the hits that are known of a sound, with what a person has corrected.

Conventions: a corrected hit has its correction as its only label, with a probability of 1; a one-shot is one hit, at
its attack, with index `WHOLE`. Nothing is heard for it.
"""

from __future__ import annotations

from pathlib import Path

from drumbridge.audio.files import open_audio
from drumbridge.core.events import LOOP, Hit, LabelConfidence, Transcription
from drumbridge.core.excerpts import find_attack
from drumbridge.core.labels import BY_NAME, UNSURE
from drumbridge.core.mixing import mix_to_mono
from drumbridge.core.own_labels import own_pads
from drumbridge.errors import LibraryError
from drumbridge.library.corrections import WHOLE
from drumbridge.library.sounds import Sound, hits_of, own_labels
from drumbridge.library.store import Library

_ATTACK_WITHIN_S = 20.0


def known_transcription(library: Library, sound: Sound) -> Transcription:
    """Return what the library knows of the hits of a sound.

    Raises
    ------
    LibraryError
        ``library.not_heard``: it could not be heard.
    AudioError
        Of a one-shot, whose attack is looked for: as `open_audio`.
    """
    if not sound.result_id:
        raise LibraryError("library.not_heard", f"{sound.path} could not be heard, so it has no hits.")
    pads = own_pads((*BY_NAME, *own_labels(library)))

    def called(label: str, confidence: float) -> LabelConfidence:
        return LabelConfidence(label, confidence, pads.get(label))

    n_samples = round(sound.duration_s * sound.sample_rate)
    if sound.kind != LOOP:
        first = called(sound.label, sound.confidence)
        labels = () if sound.unsure else (first,)
        position = attack_of(Path(sound.path))
        whole = Hit(WHOLE, position, sound.velocity, sound.level_db, labels, sound.confidence, guess=first)
        return Transcription((whole,), sound.sample_rate, n_samples, "", sound.warning)
    hits = []
    for known in hits_of(library, sound):
        ranking = ((known.label, 1.0),) if known.corrected else known.labels
        hits.append(
            Hit(
                known.index, known.position, known.velocity, known.level_db, tuple(called(*each) for each in ranking),
                known.confidence, guess=called("other" if known.label == UNSURE else known.label, known.confidence),
            )
        )  # fmt: skip
    return Transcription(tuple(hits), sound.sample_rate, n_samples, "", sound.warning)


def attack_of(path: Path) -> int:
    """Return the sample at which the first sound of a file starts, 0 where nothing does.

    Raises
    ------
    AudioError
        As `open_audio`.
    """
    import numpy as np

    with open_audio(path) as file:
        blocks = [mix_to_mono(block) for block in file.blocks(stop=round(_ATTACK_WITHIN_S * file.sample_rate))]
        audio = np.concatenate([np.zeros(0, np.float32), *blocks])
        return find_attack(audio, file.sample_rate) or 0
