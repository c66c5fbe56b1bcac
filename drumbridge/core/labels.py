"""The one table of labels: text name, group, General MIDI note and colour of every drum.

Conventions: ``LABELS`` is ordered as shown to users. ``group`` is the finest partition that
accuracy is reported in ("eleven"); the coarser ones are derived from the label by the tables
below. Notes are General MIDI percussion notes (GM level 1, level 2 for the snap and the rest that
level 1 lacks); a colour is 0xRRGGBB, one family of hue per group.
"""

from __future__ import annotations

from typing import NamedTuple


class Label(NamedTuple):
    """One row of the table."""

    name: str
    group: str
    gm_note: int
    colour: int


LABELS: tuple[Label, ...] = (
    Label("kick", "kick", 36, 0xE5484D),
    Label("snare", "snare", 38, 0x3E7BFA),
    Label("rim", "rim", 37, 0x6FA3FF),
    Label("clap", "clap", 39, 0xB15CFF),
    Label("snap", "clap", 26, 0xC98BFF),
    Label("closed_hat", "closed_hat", 42, 0xFFC53D),
    Label("pedal_hat", "closed_hat", 44, 0xFFD978),
    Label("open_hat", "open_hat", 46, 0xFF9F1A),
    Label("tom_low", "tom", 41, 0x1F9D61),
    Label("tom_mid", "tom", 47, 0x30C27C),
    Label("tom_high", "tom", 50, 0x6FE0A8),
    Label("tom", "tom", 45, 0x4FCF90),
    Label("crash", "crash", 49, 0x00B5D8),
    Label("splash", "crash", 55, 0x4CCFE6),
    Label("china", "crash", 52, 0x2AA3B8),
    Label("cymbal", "crash", 57, 0x7FDDF0),
    Label("ride", "ride", 51, 0x5B8C9E),
    Label("ride_bell", "ride", 53, 0x86AFBE),
    Label("cowbell", "percussion", 56, 0xB8793E),
    Label("conga", "percussion", 63, 0xC98A4B),
    Label("bongo", "percussion", 60, 0xD79B5C),
    Label("timbale", "percussion", 65, 0xA66A33),
    Label("tambourine", "percussion", 54, 0xE0B07A),
    Label("shaker", "percussion", 82, 0xE8C49A),
    Label("clave", "percussion", 75, 0x9B6A3A),
    Label("triangle", "percussion", 81, 0xD9C2A0),
    Label("percussion", "percussion", 76, 0xC08A5A),
    Label("other", "other", 27, 0x8A8F98),
)

BY_NAME: dict[str, Label] = {label.name: label for label in LABELS}
GROUPS: tuple[str, ...] = tuple(dict.fromkeys(label.group for label in LABELS))

UNSURE = "unsure"
UNSURE_COLOUR = 0x5A5F66
SEVERAL = "drums"  # what a clip or an item is called in which several drums play
SEVERAL_COLOUR = 0xE6E6E6
UNSURE_INDEX = len(LABELS)  # where "unsure" stands behind the table; the pads of a kit follow it by their numbers
INDEX: dict[str, int] = {label.name: index for index, label in enumerate(LABELS)} | {UNSURE: UNSURE_INDEX}

# A group that has a name of its own among the labels: what to call a sound of which only the group is known.
GENERIC: dict[str, str] = {"tom": "tom", "crash": "cymbal", "percussion": "percussion"}

_FIVE = {"kick": "kick", "snare": "snare", "rim": "snare", "closed_hat": "hat", "open_hat": "hat", "other": "other"}
_TRANSCRIPTION_FIVE = {
    "kick": "kick", "snare": "snare", "rim": "snare", "closed_hat": "hihat", "open_hat": "hihat",
    "tom": "tom", "crash": "cymbal", "ride": "cymbal",
}  # fmt: skip

_FAMILY = {"rim": "snare", "closed_hat": "hat", "open_hat": "hat", "crash": "cymbal", "ride": "cymbal"}


def pad_index(number: int) -> int:
    """Return the index by which clients know the pad of a kit with that number."""
    return UNSURE_INDEX + 1 + number


def to_family(label: str) -> str:
    """Return the family of `label`: the drums that stand in for each other in a hit (all hats, all cymbals, ...)."""
    return _FAMILY.get(BY_NAME[label].group, BY_NAME[label].group)


def to_eleven(label: str) -> str:
    """Return the group of `label` in the finest scored partition (eleven groups)."""
    return BY_NAME[label].group


def to_five(label: str) -> str:
    """Return the group of `label` among kick, snare, hat, percussion, other (Sobot's five)."""
    return _FIVE.get(BY_NAME[label].group, "percussion")


def to_transcription_five(label: str) -> str | None:
    """Return kick, snare, hihat, tom or cymbal, or None for a label that transcriptions are not scored on."""
    return _TRANSCRIPTION_FIVE.get(BY_NAME[label].group)
