"""Retrigger masks: a label that was just played is not played again for a while.

Conventions: a mask is a time per label, ms; positions are samples of the source, in order. What is masked
is the label and not the hit: a kick under a masked hat is still played. A hit all of whose labels are
masked is none; one that the model could not name has nothing to mask. A kit's pad that is called like no label has the
mask of ``other``.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..errors import SettingsError
from .events import LabelConfidence
from .labels import BY_NAME


def check_masks(retrigger_ms: Mapping[str, float]) -> None:
    """Raise SettingsError (``settings.retrigger_ms``) for a label that does not exist or a time below 0 ms."""
    for label, mask_ms in retrigger_ms.items():
        if label not in BY_NAME:
            raise SettingsError("settings.retrigger_ms", f"there is no label {label!r} to give a retrigger mask.")
        if not 0.0 <= mask_ms < float("inf"):
            raise SettingsError(
                "settings.retrigger_ms", f"the retrigger mask of {label} cannot be {mask_ms:g} ms: 0 ms is none."
            )


class RetriggerMasks:
    """When each label was last played in one stream.

    Parameters
    ----------
    sample_rate : int
        Hz.
    retrigger_ms : mapping of str to float
        Time per label; a label that is not in it has no mask.
    """

    def __init__(self, sample_rate: int, retrigger_ms: Mapping[str, float]) -> None:
        self._sample_rate = sample_rate
        self.change(retrigger_ms)
        self.reset()

    def change(self, retrigger_ms: Mapping[str, float]) -> None:
        """Use other masks from here on; what was played is not forgotten."""
        self._lengths = {label: round(mask_ms * self._sample_rate / 1000) for label, mask_ms in retrigger_ms.items()}

    def reset(self) -> None:
        """Forget what was played."""
        self._last: dict[str, int] = {}

    def masked(self, label: str, position: int) -> bool:
        """Return whether `label` was last played less than its mask before `position`."""
        last = self._last.get(label)
        return last is not None and position - last < self._lengths.get(label, self._lengths.get("other", 0))

    def play(self, labels: tuple[LabelConfidence, ...], position: int) -> tuple[LabelConfidence, ...] | None:
        """Take in the labels of a hit; return those that may be played, or None when all of them are masked."""
        free = tuple(entry for entry in labels if not self.masked(entry.label, position))
        self._last.update((entry.label, position) for entry in free)
        return free if free or not labels else None
