"""Kits on disk: each a zip file ``NAME.npz`` of ``kit.json`` (a person can read it) and ``taps.npy`` (audio).

Conventions: ``taps.npy`` is float32, shape (taps, samples_before + samples_after); ``kit.json`` says which row is of
which pad. A file is replaced as a whole or not at all. Reading is strict, nothing is unpickled, and a file that cannot
be understood is an error that names it and is left as it is.
"""

from __future__ import annotations

import io
import json
import os
import zipfile
import zlib
from pathlib import Path
from typing import Any, Final

import numpy as np

from drumbridge.core.kit import MOST_PADS, MOST_TAPS, Kit, Pad, Tap
from drumbridge.errors import KitError

from .names import LONGEST_NAME, plain_name
from .stored_files import replacing, stored_names, user_folder

_VERSION = 1
_SUFFIX = ".npz"
_TABLE, _AUDIO = "kit.json", "taps.npy"
_LARGEST: Final = {_TABLE: 1 << 20, _AUDIO: 1 << 29}  # bytes when unpacked: what may be taken into memory
_RATES = range(1000, 1_000_001)
_LONGEST = 1 << 22  # samples of an excerpt


def kit_name(text: str) -> str:
    """Return the name of a kit as it is kept.

    Raises
    ------
    KitError
        ``kit.name``: no file could safely have that name.
    """
    name = plain_name(text)
    if name is None:
        raise KitError(
            "kit.name",
            f"A kit cannot be called {text!r:.60}: its name has 1 to {LONGEST_NAME} letters, digits, spaces, - and _.",
        )
    return name


class KitStore:
    """A folder of kits.

    Parameters
    ----------
    folder : Path, optional
        Made when the first kit is stored; by default beside the user's profiles.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder

    @property
    def folder(self) -> Path:
        """Where the kits are."""
        if self._folder is None:
            self._folder = user_folder("kits")
        return self._folder

    def names(self) -> list[str]:
        """Return the kits that are stored, in order of the alphabet.

        Raises
        ------
        KitError
            ``kit.file``: the folder cannot be read.
        """
        try:
            return stored_names(self.folder, _SUFFIX)
        except OSError as error:
            raise _unusable(self.folder, error.strerror or str(error)) from error

    def has(self, name: str) -> bool:
        """Return whether a kit of that name is stored."""
        return self._path(name).exists()

    def load(self, name: str) -> Kit:
        """Return a kit.

        Raises
        ------
        KitError
            ``kit.name``; ``kit.not_found``; ``kit.file``: it cannot be understood or read.
        """
        path = self._path(name)
        try:
            with zipfile.ZipFile(path) as file:
                table = _unpacked(file, _TABLE)
                audio = _unpacked(file, _AUDIO)
            return _kit(kit_name(name), json.loads(table), _array(audio))
        except FileNotFoundError:
            there = ", ".join(self.names()) or "none yet"
            raise KitError("kit.not_found", f"There is no kit {kit_name(name)!r}; there are: {there}.") from None
        except OSError as error:
            raise _unusable(path, error.strerror or str(error)) from error
        except (ValueError, KeyError, TypeError, RecursionError, EOFError, NotImplementedError, RuntimeError,
                zipfile.BadZipFile, zlib.error) as error:  # fmt: skip
            why = error.message if isinstance(error, KitError) else str(error)
            raise _unusable(path, f"it is damaged or no kit ({why.strip(' .')[:120]})") from error

    def save(self, kit: Kit) -> None:
        """Store a kit in place of the one of its name.

        Raises
        ------
        KitError
            ``kit.name``, or ``kit.file``: it cannot be written.
        """
        path = self._path(kit.name)
        length = kit.samples_before + kit.samples_after
        audio = np.stack([tap.audio for tap in kit.taps]) if kit.taps else np.zeros((0, length), dtype=np.float32)
        array = io.BytesIO()
        np.lib.format.write_array(array, audio.astype(np.float32, copy=False), allow_pickle=False)
        try:
            with replacing(path) as target, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
                file.writestr(_TABLE, json.dumps(_table(kit), indent=2) + "\n")
                file.writestr(_AUDIO, array.getvalue())
        except OSError as error:
            raise _unusable(path, error.strerror or str(error)) from error

    def delete(self, name: str) -> None:
        """Delete a kit.

        Raises
        ------
        KitError
            ``kit.name``, ``kit.not_found``, or ``kit.file``: it cannot be deleted.
        """
        path = self._path(name)
        try:
            path.unlink()
        except FileNotFoundError:
            raise KitError("kit.not_found", f"There is no kit {kit_name(name)!r}.") from None
        except OSError as error:
            raise _unusable(path, error.strerror or str(error)) from error

    def rename(self, name: str, new_name: str) -> None:
        """Give a kit another name.

        Raises
        ------
        KitError
            ``kit.name``, ``kit.not_found``, ``kit.exists``, or ``kit.file``: it cannot be renamed.
        """
        path, target = self._path(name), self._path(new_name)
        if target.exists() and path != target:
            raise KitError(
                "kit.exists", f"There is a kit {kit_name(new_name)!r} already: delete it, or use another name."
            )
        try:
            os.replace(path, target)
        except FileNotFoundError:
            raise KitError("kit.not_found", f"There is no kit {kit_name(name)!r}.") from None
        except OSError as error:
            raise _unusable(path, error.strerror or str(error)) from error

    def _path(self, name: str) -> Path:
        return self.folder / (kit_name(name) + _SUFFIX)


def _table(kit: Kit) -> dict[str, Any]:
    return {
        "drumbridge_kit": _VERSION,
        "model": kit.model,
        "sample_rate": kit.sample_rate,
        "samples_before": kit.samples_before,
        "samples_after": kit.samples_after,
        "pads": [
            {"number": pad.number, "name": pad.name, "note": pad.note, "colour": f"#{pad.colour:06x}"}
            for pad in kit.pads
        ],
        "taps": [{"pad": tap.pad, "available": tap.available} for tap in kit.taps],
    }


def _unpacked(file: zipfile.ZipFile, member: str) -> bytes:
    entry = file.getinfo(member)  # KeyError says which is missing
    if entry.file_size > _LARGEST[member]:
        raise ValueError(f"its {member} is far too large")
    with file.open(entry) as unpacked:
        return unpacked.read(_LARGEST[member])


def _array(content: bytes) -> np.ndarray:
    array = np.lib.format.read_array(io.BytesIO(content), allow_pickle=False)
    if array.dtype != np.float32 or array.ndim != 2 or not np.isfinite(array).all():
        raise ValueError("its taps are no audio")
    return array


def _kit(name: str, table: Any, audio: np.ndarray) -> Kit:
    if not isinstance(table, dict) or table.get("drumbridge_kit") != _VERSION:
        raise ValueError(f'it has no "drumbridge_kit": {_VERSION}')
    rate, before, after = (_whole(table[key]) for key in ("sample_rate", "samples_before", "samples_after"))
    pads, taps = table["pads"], table["taps"]
    if rate not in _RATES or not (0 <= before < _LONGEST and 0 < after < _LONGEST):
        raise ValueError("its taps cannot be so long")
    if len(pads) > MOST_PADS or len(taps) > MOST_PADS * MOST_TAPS or len(taps) != len(audio):
        raise ValueError(f"it speaks of {len(pads)} pads and {len(taps)} taps but holds {len(audio)}")
    kit = Kit(name, str(table["model"]), rate, before, after)
    rows: list[Pad] = []
    for row in pads:
        kit = kit.with_pad(row["name"], _whole(row["note"]), int(row["colour"].removeprefix("#"), 16))
        rows.append(Pad(_whole(row["number"]), kit.pads[-1].name, kit.pads[-1].note, kit.pads[-1].colour))
    if len({row.number for row in rows}) != len(rows) or len(kit.pads) != len(rows):
        raise ValueError("two of its pads are the same")
    if not all(0 <= row.number < 1 << 20 for row in rows):
        raise ValueError("a pad has an impossible number")
    kit = Kit(name, kit.model, rate, before, after, tuple(rows))
    for tap, samples in zip(taps, audio, strict=True):
        kit = kit.with_tap(Tap(_whole(tap["pad"]), samples.copy(), _whole(tap["available"])))
    return kit


def _whole(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError(f"{value!r:.20} is no whole number")
    return value


def _unusable(path: Path, why: str) -> KitError:
    return KitError("kit.file", f"The kit {path} cannot be used: {why}. It was left as it is.")
