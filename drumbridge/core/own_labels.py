"""Labels that are not in the table: those of a model made from a user's own folders, and those a user corrects to.

Conventions: the own labels of a model are numbered in its order, from 0, and are played and shown as the pads of a kit
are; each has a note of its own that no other label of the model has. A label that a user
corrects a sound to is written like those of the table: small letters, and `_` where a blank was.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from functools import lru_cache
from zlib import crc32

from .labels import BY_NAME, UNSURE, UNSURE_COLOUR
from .pad import FIRST_NOTE, Pad, hue

LONGEST_LABEL = 40
_NOTES = 128
_MISSPELT = 0.8  # so like a drum's name that it is taken for one that was misspelt


@lru_cache(maxsize=16)
def own_pads(labels: tuple[str, ...]) -> dict[str, Pad]:
    """Return the pad of each label that is not in the table of labels; with more than there are notes, notes recur."""
    taken = {BY_NAME[label].gm_note for label in labels if label in BY_NAME}
    free = [note for note in (*range(FIRST_NOTE, _NOTES), *range(FIRST_NOTE)) if note not in taken]
    own = [label for label in labels if label not in BY_NAME]
    return {name: Pad(k, name, free[k % len(free)], label_colour(name)) for k, name in enumerate(own)}


def label_colour(label: str) -> int:
    """Return the colour of a label, or of "unsure", by its name alone, 0xRRGGBB: it is the same everywhere."""
    if label in BY_NAME:
        return BY_NAME[label].colour
    return UNSURE_COLOUR if label == UNSURE else hue(crc32(label.encode(errors="surrogatepass")))


def label_key(name: str) -> str:
    """Return a label as it is compared: case and the kind of blank do not matter."""
    return "_".join(name.casefold().split())


def check_label_name(name: str, known: Iterable[str] = ()) -> str:
    """Return a name as a label: one of the table, one of `known` labels, or a user's own.

    Raises
    ------
    ValueError
        What is wrong, in a few words: it is a misspelt drum, too long, or holds what a query could not be asked.
    """
    key = label_key(name)
    for label in (*BY_NAME, *known):
        if key == label_key(label):
            return label
    if key == UNSURE:
        raise ValueError(f"{UNSURE!r} is what a sound without a label is called")
    own = "_".join(name.lower().split())
    if not 0 < len(own) <= LONGEST_LABEL or not own[0].isalnum() or not all(c.isalnum() or c in "_-" for c in own):
        raise ValueError(
            f"a label is up to {LONGEST_LABEL} letters, digits, - and _, and begins with a letter or digit"
        )
    if close := get_close_matches(key, BY_NAME, n=1, cutoff=_MISSPELT):
        raise ValueError(f"did you mean {close[0]}? A label of your own must be less like a drum's name")
    return own
