"""The labels of a model that was made from a user's own folders: they are played and shown as the pads of a kit are.

Conventions: own labels are numbered in the model's order, from 0; each has a note of its own that no other label of the
model has, and a colour of its own.
"""

from __future__ import annotations

from functools import lru_cache

from .labels import BY_NAME
from .pad import FIRST_NOTE, Pad, hue

_NOTES = 128


@lru_cache(maxsize=16)
def own_pads(labels: tuple[str, ...]) -> dict[str, Pad]:
    """Return the pad of each label that is not in the table of labels; with more than there are notes, notes recur."""
    taken = {BY_NAME[label].gm_note for label in labels if label in BY_NAME}
    free = [note for note in (*range(FIRST_NOTE, _NOTES), *range(FIRST_NOTE)) if note not in taken]
    own = [label for label in labels if label not in BY_NAME]
    return {name: Pad(k, name, free[k % len(free)], hue(k)) for k, name in enumerate(own)}
