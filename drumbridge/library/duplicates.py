"""The same sound under several paths, and sounds that are nearly the same.

Conventions: the same are files with the same contents. Nearly the same are one-shots whose embeddings are near each
other, or files with the same contents; they are looked for label by label, since sounds with different labels are not.
"""

from __future__ import annotations

from collections.abc import Iterable

from .sounds import Sound
from .store import Library


def same_sounds(sounds: Iterable[Sound]) -> list[list[str]]:
    """Return groups of paths of the same contents, each and all of them in order."""
    groups: dict[bytes, list[str]] = {}
    for sound in sounds:
        groups.setdefault(sound.content_hash, []).append(sound.path)
    return sorted(sorted(group) for group in groups.values() if len(group) > 1)


def similar_sounds(library: Library, sounds: Iterable[Sound], least: float) -> list[list[str]]:
    """Return groups of paths of sounds of which each is as similar to another one as `least`, or the same.

    Parameters
    ----------
    library : Library
    sounds : iterable of Sound
    least : float
        Cosine between embeddings, 0..1.
    """
    from drumbridge.core.kit_selection import near_groups

    from .embeddings import vectors_of

    paths: dict[bytes, list[str]] = {}
    by_label: dict[str, dict[bytes, Sound]] = {}
    for sound in sounds:
        paths.setdefault(sound.content_hash, []).append(sound.path)
        by_label.setdefault(sound.label, {}).setdefault(sound.content_hash, sound)
    groups: list[list[str]] = []
    alone = set(paths)
    for of_label in by_label.values():
        one_shots = [sound for sound in of_label.values() if sound.place is not None]
        for group in near_groups(vectors_of(library, one_shots), least):
            hashes = [one_shots[k].content_hash for k in group]
            alone.difference_update(hashes)
            groups.append(sorted(path for content_hash in hashes for path in paths[content_hash]))
    groups += [sorted(paths[content_hash]) for content_hash in alone if len(paths[content_hash]) > 1]
    return sorted(groups)
