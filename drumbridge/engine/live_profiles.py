"""The settings of live streams: a profile from disk, and over it what this process was started with.

Conventions: all methods may be called from one thread at a time. A profile is read from disk whenever it is asked for,
so that what another process or a person wrote there holds too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from drumbridge.core.settings_table import Value, check_setting, default_values, find_setting
from drumbridge.errors import SettingsError
from drumbridge.formats.profiles import DEFAULT, ProfileStore, profile_name

if TYPE_CHECKING:
    from drumbridge.core.transcriber_settings import TranscriberSettings


class LiveProfiles:
    """The profiles of a store, as one process sees them.

    Parameters
    ----------
    store : ProfileStore
    default : str
        The profile of whoever names none.
    overrides : mapping of str to float, int or str
        Settings that hold in every profile until they are set there, and are never stored: those of a command line.

    Raises
    ------
    SettingsError
        A name or a value cannot be.
    """

    def __init__(
        self, store: ProfileStore | None = None, *, default: str = "", overrides: Mapping[str, Value] | None = None
    ) -> None:
        self.store = store or ProfileStore()
        self.default = profile_name(default)
        self._overrides = {name: check_setting(name, value) for name, value in (overrides or {}).items()}

    def name(self, text: str) -> str:
        """Return the name of a profile as it is kept; "" is the default of this process.

        Raises
        ------
        SettingsError
            ``settings.profile``.
        """
        return profile_name(text) if text.strip() else self.default

    def values(self, profile: str, *, is_stored: bool = True) -> dict[str, Value]:
        """Return all settings of a profile; those of one label only where it was chosen.

        Parameters
        ----------
        profile : str
        is_stored : bool
            Whether it must be; only the default one need not.

        Raises
        ------
        SettingsError
            ``settings.no_profile``, or as `ProfileStore.load`.
        """
        name = self.name(profile)
        chosen = self.store.load(name)
        if chosen is None and is_stored and name != DEFAULT:
            known = ", ".join(self.store.names()) or "none"
            raise SettingsError(
                "settings.no_profile", f"There is no profile {name!r} in {self.store.folder}; there are: {known}."
            )
        return default_values() | (chosen or {}) | self._overrides

    def settings(self, profile: str, *, early_ms: float | None = None, is_stored: bool = True) -> TranscriberSettings:
        """Return the settings of a profile for a transcriber.

        Parameters
        ----------
        profile, is_stored
            As for `values`.
        early_ms : float, optional
            Instead of the profile's.

        Raises
        ------
        SettingsError
            As `values`, or `early_ms` is out of its range.
        """
        from drumbridge.core.transcriber_settings import TranscriberSettings  # numpy: not before a server is ready

        values = self.values(profile, is_stored=is_stored)
        return TranscriberSettings.of(values if early_ms is None else values | {"early_ms": early_ms})

    def set(self, profile: str, name: str, value: object) -> None:
        """Choose and store a setting of a profile; from now on it holds there, whatever this process was started with.

        Raises
        ------
        SettingsError
            As `check_setting`, `ProfileStore.load` and `ProfileStore.save`; nothing has changed then.
        """
        checked = check_setting(name, value)
        self._store(profile, (self.store.load(self.name(profile)) or {}) | {name: checked})
        self._overrides.pop(name, None)

    def reset(self, profile: str, name: str = "") -> None:
        """Take a setting of a profile back to its default, or with "" all of them.

        Raises
        ------
        SettingsError
            As `set`.
        """
        chosen = self.store.load(self.name(profile)) or {}
        if name:
            find_setting(name)
            self._store(profile, {known: value for known, value in chosen.items() if known != name})
            self._overrides.pop(name, None)
        else:
            self._store(profile, {})
            self._overrides.clear()

    def _store(self, profile: str, chosen: Mapping[str, Value]) -> None:
        if chosen:
            self.store.save(self.name(profile), chosen)
        else:
            self.store.delete(self.name(profile))
