"""What clips of a DAW were before we coloured them: a small JSON file, so that another run of the program can undo it.

Conventions: a run is a list of changes; the newest run is last, and of more than twenty the oldest are forgotten. It is
written before the first clip is touched, without the colours that Live made of ours, and again when those are known.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from drumbridge.errors import SettingsError

from .stored_files import replacing, user_folder

_RUNS = 20
_VERSION = 1
_NAME: Final = "ableton-clips.json"


@dataclass(frozen=True)
class ClipChange:
    """One clip: where it is, its file, its old colour (0xRRGGBB) and name, and its new ones.

    `new_name` is None where the name was left alone, `new_colour` where it is not known what Live made of ours.
    """

    track: int
    slot: int
    path: str
    colour: int
    name: str
    new_colour: int | None = None
    new_name: str | None = None


class ClipUndo:
    """The runs that can be undone.

    Parameters
    ----------
    file : Path, optional
        By default where the system keeps a user's settings.
    """

    def __init__(self, file: Path | None = None) -> None:
        self.file = file if file is not None else user_folder("undo") / _NAME

    def runs(self) -> list[list[ClipChange]]:
        """Return all runs, newest last.

        Raises
        ------
        SettingsError
            ``settings.undo_file``: the file cannot be read or understood.
        """
        try:
            content = json.loads(self.file.read_text(encoding="utf-8"))
            if content["drumbridge_clip_undo"] != _VERSION:
                raise ValueError("another version")
            return [[_change(row) for row in run] for run in content["runs"]]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise SettingsError("settings.undo_file", f"{self.file} cannot be read: {error.strerror}.") from error
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise SettingsError(
                "settings.undo_file",
                f"{self.file} cannot be understood; delete it, and nothing can be undone any more.",
            ) from error

    def store(self, runs: Sequence[Sequence[ClipChange]]) -> None:
        """Replace the file; a run without changes is left out.

        Raises
        ------
        SettingsError
            ``settings.undo_file``: it cannot be written.
        """
        kept = [[asdict(change) for change in run] for run in runs if run][-_RUNS:]
        text = json.dumps({"drumbridge_clip_undo": _VERSION, "runs": kept}, indent=1)
        try:
            with replacing(self.file) as file:
                file.write(text.encode() + b"\n")
        except OSError as error:
            raise SettingsError("settings.undo_file", f"{self.file} cannot be written: {error.strerror}.") from error


def _change(row: dict[str, object]) -> ClipChange:
    change = ClipChange(**row)  # type: ignore[arg-type]
    numbers = (change.track, change.slot, change.colour)
    if not all(type(value) is int for value in numbers) or not isinstance(change.path, str):
        raise ValueError("no clip")
    if not isinstance(change.name, str) or not isinstance(change.new_name, str | None):
        raise ValueError("no name")
    if type(change.new_colour) not in (int, type(None)):
        raise ValueError("no colour")
    return change
