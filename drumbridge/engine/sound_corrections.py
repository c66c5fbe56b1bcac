"""Corrections of sounds that the library knows, by their numbers, and what taking them back needs.

Conventions: as `library.corrections`; index -1 is the file as a whole. Whoever has only a path calls `Engine.correct`.
"""

from __future__ import annotations

from typing import NamedTuple

from drumbridge.errors import LibraryError
from drumbridge.library.corrections import WHOLE, correct, correction_of
from drumbridge.library.sounds import Sound, hits_of, sounds_where
from drumbridge.library.store import Library

from .permissions import check_label, sound_with_id


class Corrected(NamedTuple):
    """What holds after a correction.

    Attributes
    ----------
    sound_ids : tuple of int
        Every file with these contents: the correction is theirs too.
    label, confidence, unsure, corrected
        What counts now, for the file or the hit.
    before : str
        The correction that was there, "" for none; writing it takes this one back.
    """

    sound_ids: tuple[int, ...]
    label: str
    confidence: float
    unsure: bool
    corrected: bool
    before: str


def correct_sound(library: Library, sound_id: int, index: int, label: str) -> Corrected:
    """Write down what a person knows better, or take it back with an empty label.

    Raises
    ------
    LibraryError
        ``library.unknown``, ``library.label``, ``library.no_hit``, ``library.not_heard``, or what is wrong with the
        library.
    """
    label = check_label(label)
    sound = sound_with_id(library, sound_id)
    if not sound.result_id:
        raise LibraryError("library.not_heard", f"{sound.path} could not be heard, so there is nothing to correct.")
    position = _position(library, sound, index)
    before = correction_of(library, sound.content_hash, position)
    correct(library, sound.content_hash, position, label)
    now = sound_with_id(library, sound_id)
    ids = tuple(each.id for each in sounds_where(library, "content_hash = ?", [sound.content_hash]))
    if position == WHOLE:
        return Corrected(ids, now.label, now.confidence, now.unsure, now.corrected, before)
    hit = next(hit for hit in hits_of(library, now) if hit.position == position)
    return Corrected(ids, hit.label, hit.confidence, False, hit.corrected, before)


def _position(library: Library, sound: Sound, index: int) -> int:
    if index == WHOLE:
        return WHOLE
    for hit in hits_of(library, sound):
        if hit.index == index:
            return hit.position
    raise LibraryError("library.no_hit", f"There is no hit with index {index} in {sound.path}.")
