"""A folder of classes: one folder for each class, and in it a folder for each kit.

Conventions: ``FOLDER/<class>/<kit>/.../<file>``. A class is called as its folder is, or as the table of
labels calls it ("Closed Hat" is closed_hat). Folders of the same name below several classes are one kit. Files that lie
directly in a class's folder have no kit (""): nobody can know which of them belong together. A folder with
a `manifest.csv` is read by that instead, one split of it.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from drumbridge.audio.walk import audio_files_below
from drumbridge.core.labels import BY_NAME
from drumbridge.errors import SettingsError
from drumbridge.inference.manifest import is_label

from .one_shot_manifest import manifest_rows
from .one_shots import Item

DIGEST_CHARS = 12  # of a file's SHA-256: one in 10**14 is mistaken for another


@dataclass(frozen=True)
class ClassFolder:
    """What was found in a folder of classes.

    Attributes
    ----------
    name : str
        Of the folder, without the path to it.
    items : list of Item
        In order of path.
    notes : list of str
        What was left out and why, a sentence each.
    """

    name: str
    items: list[Item]
    notes: list[str]

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes in alphabetical order."""
        return tuple(sorted({item.label for item in self.items}))


def read_class_folder(folder: Path, split: str) -> ClassFolder:
    """List the files of a folder of classes; `split` says which of a manifest.csv, if there is one.

    Raises
    ------
    SettingsError
        ``settings.data``: no such folder, no class in it, or a class whose name no label can have.
    """
    folder = folder.resolve()
    if not folder.is_dir():
        raise SettingsError("settings.data", f"There is no folder {folder}.")
    if (folder / "manifest.csv").is_file():
        rows = manifest_rows(folder, split)
        items = [Item(folder / row["path"], row["label"], row["source"], row["kit"]) for row in rows]
        return ClassFolder(folder.name, items, [])
    items, notes = [], []
    for class_folder in sorted(path for path in folder.iterdir() if path.is_dir()):
        if class_folder.name.startswith(".") or class_folder.name == "__MACOSX":
            continue
        label = class_name(class_folder.name)
        found = [
            Item(path, label, "", path.parent.relative_to(class_folder).as_posix().removeprefix("."))
            for path in _files_below(class_folder)
        ]
        if not found:
            notes.append(f"The folder {class_folder.name} holds no audio files and is no class.")
        elif not is_label(label):
            raise SettingsError("settings.data", f"{label!r:.80} can't be the name of a class: rename that folder.")
        items += found
    if not items:
        raise SettingsError(
            "settings.data",
            f"There are no classes in {folder}: make a folder in it for each class, and put its sounds there.",
        )
    if beside := sum(1 for path in _files_below(folder) if path.parent == folder):
        notes.append(f"{beside} audio files lie beside the folders of the classes and are left out.")
    return ClassFolder(folder.name, items, notes)


def _files_below(folder: Path) -> list[Path]:
    return sorted(Path(os.fsdecode(entry.path)) for entry in audio_files_below(folder))


def class_name(folder_name: str) -> str:
    """Return what the class of a folder is called: the table's name for it if it has one."""
    plain = re.sub(r"[\s\-]+", "_", folder_name.strip().lower())
    return plain if plain in BY_NAME else folder_name


def kit_of(item: Item) -> str:
    """Return the kit of an item, or "" where nobody knows it."""
    return f"{item.source}/{item.kit}" if item.kit else ""


def units_to_resample(items: Sequence[Item]) -> list[str]:
    """Return what each item is drawn with in a bootstrap: its kit, or alone where the kits are not known."""
    return [kit_of(item) or f"{item.label}/{item.path.name}" for item in items]


def digest_of(path: Path) -> str:
    """Return what tells a file's content from any other."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:DIGEST_CHARS]


def counts_text(items: Sequence[Item]) -> str:
    """Return "snare 12, kick 10"."""
    return ", ".join(f"{label} {n}" for label, n in Counter(item.label for item in items).most_common())
