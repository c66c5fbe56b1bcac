"""Profiles: chosen settings by name, each a small JSON file that a person can read and mend.

Conventions: a profile holds only what was chosen; the table in `core.settings_table` says the rest. Its name is text
without regard to case and becomes the name of its file, so it has letters, digits, spaces, ``-`` and ``_`` only. A file
is replaced as a whole or not at all. One that cannot be understood is an error that names it, and is left as it is.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from drumbridge.core.settings_table import Value, check_setting
from drumbridge.errors import SettingsError

from .names import LONGEST_NAME, plain_name
from .stored_files import replacing, stored_names, user_folder

DEFAULT: Final = "default"  # the profile of whoever names none
_LARGEST = 1 << 16  # bytes; all settings of all labels are 2,000
_VERSION = 1
_SUFFIX = ".json"


def profile_name(text: str) -> str:
    """Return the name of a profile as it is kept; "" is the default one.

    Raises
    ------
    SettingsError
        ``settings.profile``: no file could safely have that name.
    """
    name = plain_name(text) if text.strip() else DEFAULT
    if name is None:
        raise SettingsError(
            "settings.profile",
            f"A profile cannot be called {text!r:.60}: "
            f"its name has up to {LONGEST_NAME} letters, digits, spaces, - and _.",
        )
    return name


class ProfileStore:
    """A folder of profiles.

    Parameters
    ----------
    folder : Path, optional
        Made when the first profile is stored; by default where the system keeps a user's settings.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder

    @property
    def folder(self) -> Path:
        """Where the profiles are."""
        if self._folder is None:
            self._folder = user_folder("profiles")
        return self._folder

    def names(self) -> list[str]:
        """Return the profiles that are stored, in order of the alphabet.

        Raises
        ------
        SettingsError
            ``settings.profile_file``: the folder cannot be read.
        """
        try:
            return stored_names(self.folder, _SUFFIX)
        except OSError as error:
            raise _unusable(self.folder, error.strerror or str(error)) from error

    def load(self, name: str) -> dict[str, Value] | None:
        """Return what was chosen in a profile, checked; None if it is not stored.

        Raises
        ------
        SettingsError
            ``settings.profile``, or ``settings.profile_file``: the file cannot be understood.
        """
        path = self._path(name)
        try:
            with open(path, "rb") as file:
                raw = file.read(_LARGEST + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _unusable(path, error.strerror or str(error)) from error
        if len(raw) > _LARGEST:
            raise _unusable(path, "it is far too large")
        try:
            content = json.loads(raw)
        except (ValueError, RecursionError) as error:  # the former is what bad UTF-8 raises too
            raise _unusable(path, f"it is no JSON ({error})") from error
        if not isinstance(content, dict) or content.get("drumbridge_profile") != _VERSION:
            raise _unusable(path, f'it has no "drumbridge_profile": {_VERSION}')
        chosen = content.get("settings")
        if not isinstance(chosen, dict):
            raise _unusable(path, 'it has no "settings"')
        try:
            return {setting: check_setting(setting, value) for setting, value in chosen.items()}
        except SettingsError as error:
            raise _unusable(path, error.message.rstrip(".")) from error

    def save(self, name: str, chosen: Mapping[str, Value]) -> None:
        """Store a profile in place of the one of that name.

        Raises
        ------
        SettingsError
            ``settings.profile``, or ``settings.profile_file``: it cannot be written.
        """
        path = self._path(name)
        text = json.dumps({"drumbridge_profile": _VERSION, "settings": dict(sorted(chosen.items()))}, indent=2)
        try:
            with replacing(path) as file:
                file.write(f"{text}\n".encode())
        except OSError as error:
            raise _unusable(path, error.strerror or str(error)) from error

    def delete(self, name: str) -> None:
        """Forget a profile, stored or not.

        Raises
        ------
        SettingsError
            ``settings.profile``, or ``settings.profile_file``: it cannot be deleted.
        """
        path = self._path(name)
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise _unusable(path, error.strerror or str(error)) from error

    def _path(self, name: str) -> Path:
        return self.folder / (profile_name(name) + _SUFFIX)


def _unusable(path: Path, why: str) -> SettingsError:
    return SettingsError("settings.profile_file", f"The profile {path} cannot be used: {why}. It was left as it is.")
