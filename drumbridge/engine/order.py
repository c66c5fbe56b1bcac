"""What a library's sounds are to become: folders by label, names by a template, drum kits.

Conventions: nothing here touches a file; the plans go to `drumbridge.engine.file_plan`.
"""

from __future__ import annotations

import os
import string
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from drumbridge.core.events import LOOP
from drumbridge.core.labels import BY_NAME, UNSURE
from drumbridge.core.own_labels import own_pads
from drumbridge.errors import SettingsError
from drumbridge.library.sounds import Sound
from drumbridge.library.store import Library

# What a template may hold; the examples are for the help.
FIELDS: Final[dict[str, str]] = {
    "label": "snare",
    "group": "snare",
    "name": "the old name without its suffix",
    "folder": "the folder it is in",
    "index": "counts each label from 1; {index:03} is 001",
    "confidence": "percent, 97",
    "velocity": "1..127",
    "note": "General MIDI note, 38",
}
_FORBIDDEN = '<>:"/\\|?*'  # in names on some system


def name_of_sound(sound: Sound) -> str:
    """Return the name of the folder that a sound belongs into: its label, "unsure", or "loops"."""
    if sound.kind == LOOP:
        return "loops"
    return UNSURE if sound.unsure else sound.label


def into_folders(sounds: Iterable[Sound], folder: Path) -> Iterator[tuple[str, str]]:
    """Yield (source, target) of sounds that are sorted into folders by label."""
    for sound in sounds:
        yield sound.path, os.path.join(folder, name_of_sound(sound), os.path.basename(sound.path))


def renamed(sounds: Iterable[Sound], template: str) -> Iterator[tuple[str, str]]:
    """Yield (source, target) of sounds that are renamed where they are; the suffix stays.

    Raises
    ------
    SettingsError
        ``settings.template``: an unknown field, or what comes out is no name.
    """
    check_template(template)
    counted: dict[str, int] = {}
    for sound in sounds:
        folder, base = os.path.split(sound.path)
        stem, suffix = os.path.splitext(base)
        label = name_of_sound(sound)
        counted[label] = counted.get(label, 0) + 1
        row = BY_NAME.get(label)
        name = template.format(
            label=label,
            group=row.group if row else label,
            name=stem,
            folder=os.path.basename(folder),
            index=counted[label],
            confidence=round(100 * sound.confidence),
            velocity=sound.velocity,
            note=row.gm_note if row else 0,
        )
        yield sound.path, os.path.join(folder, _clean(name) + suffix)


def check_template(template: str) -> None:
    """Check the template of `renamed`.

    Raises
    ------
    SettingsError
        ``settings.template``.
    """
    try:
        used = [field for _, field, _, _ in string.Formatter().parse(template) if field is not None]
        unknown = [field for field in used if field not in FIELDS]
        if not unknown:
            samples = {field: 1 if field in ("index", "confidence", "velocity", "note") else "x" for field in FIELDS}
            if not _clean(template.format(**samples)):
                raise ValueError
    except (ValueError, IndexError, KeyError, AttributeError, TypeError) as error:
        raise SettingsError("settings.template", f"{template!r} is no template for a name.") from error
    if unknown:
        raise SettingsError(
            "settings.template",
            f"There is no {{{unknown[0]}}}; a template may hold {', '.join(f'{{{f}}}' for f in FIELDS)}.",
        )
    if not used:
        raise SettingsError(
            "settings.template", f"{template!r} would give every file the same name; put {{name}} in it."
        )


def kit_pads(library: Library, sounds: Iterable[Sound], per_pad: int) -> list[tuple[str, int, list[Sound]]]:
    """Choose the best and most different sounds for each pad.

    Parameters
    ----------
    library : Library
    sounds : iterable of Sound
        Unsure ones, loops and those without an embedding are left out.
    per_pad : int
        At most so many sounds for each.

    Returns
    -------
    list of (label, note, sounds)
        In the order of the table of labels, then a user's own by name.
    """
    import numpy as np

    from drumbridge.core.kit_selection import choose_different
    from drumbridge.library.embeddings import vectors_of

    by_label: dict[str, list[Sound]] = {}
    seen: set[bytes] = set()
    for sound in sounds:
        if sound.kind != LOOP and not sound.unsure and sound.label != "other" and sound.content_hash not in seen:
            seen.add(sound.content_hash)
            by_label.setdefault(sound.label, []).append(sound)
    pads = []
    own = own_pads((*BY_NAME, *sorted(set(by_label) - set(BY_NAME))))  # their notes are none of a drum's
    for label in (*BY_NAME, *own):
        of_label = by_label.get(label, [])
        vectors = vectors_of(library, of_label)
        confidences = np.array([sound.confidence for sound in of_label])
        chosen = [of_label[k] for k in choose_different(confidences, vectors, per_pad)]
        if chosen:
            pads.append((label, own[label].note if label in own else BY_NAME[label].gm_note, chosen))
    return pads


def _clean(name: str) -> str:
    """Return a name that every system takes."""
    cleaned = "".join("_" if character in _FORBIDDEN or ord(character) < 32 else character for character in name)
    return cleaned.strip(" .")
