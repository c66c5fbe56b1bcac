"""What the server does with settings and profiles.

Conventions: handlers are called from the server's thread. They read and write one small file and wait for no disk.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from drumbridge.core.settings_table import SETTINGS, find_setting
from drumbridge.core.transcriber_settings import TranscriberSettings
from drumbridge.engine.live_profiles import LiveProfiles
from drumbridge.engine.session import Session
from drumbridge.engine.streams import Streams
from drumbridge.osc.replies import replies, reply
from drumbridge.osc.rows import Handler
from drumbridge.osc.settings_addresses import (
    SETTINGS_GET,
    SETTINGS_LIST,
    SETTINGS_PROFILE,
    SETTINGS_PROFILES,
    SETTINGS_RESET,
    SETTINGS_ROW,
    SETTINGS_SET,
    SETTINGS_USE,
    SETTINGS_VALUE,
)
from drumbridge.osc.wire import encode

if TYPE_CHECKING:
    from drumbridge.osc.handlers import Bridge


class SettingsRequests:
    """The settings of a server's streams.

    Parameters
    ----------
    profiles : LiveProfiles
    streams : Streams
        What changes when a profile does.
    """

    def __init__(self, profiles: LiveProfiles, streams: Streams) -> None:
        self._profiles = profiles
        self._streams = streams
        self._used: dict[int, str] = {}  # by client

    def for_stream(
        self, session: Session, profile: str = "", early_ms: float | None = None
    ) -> tuple[TranscriberSettings, str]:
        """Return settings, and the profile that they are of, for a stream that a client opens.

        Parameters
        ----------
        session : Session
        profile : str
            "" is the one that the client uses.
        early_ms : float, optional
            Instead of the profile's.

        Raises
        ------
        SettingsError
            As `LiveProfiles.settings`.
        """
        return self.of_profile(profile.strip() or self._used.get(session.client_id, ""), early_ms)

    def of_profile(self, profile: str, early_ms: float | None = None) -> tuple[TranscriberSettings, str]:
        """Return settings, and the name of the profile that they are of, for a stream that no client opens.

        Parameters
        ----------
        profile : str
            "" is the server's own.
        early_ms : float, optional
            Instead of the profile's.

        Raises
        ------
        SettingsError
            As `LiveProfiles.settings`.
        """
        name = self._profiles.name(profile)
        return self._profiles.settings(name, early_ms=early_ms), name

    def list(self, session: Session, req: int) -> Sequence[Any]:
        """Tell which settings there are."""
        for row in SETTINGS:
            values = (row.name, row.type, row.default, row.range, row.text)
            session.route.send(encode(reply(SETTINGS_ROW, req, *values)))
        return (len(SETTINGS),)

    def set(self, session: Session, req: int, profile: str, name: str, value: float | str) -> Sequence[Any]:
        """Choose a setting, and change the streams of the profile."""
        self._profiles.set(profile, name, value)
        self._change(profile)
        return ()

    def get(self, session: Session, req: int, profile: str, name: str = "") -> Sequence[Any]:
        """Tell the value of a setting, or of all."""
        values = self._profiles.values(profile)
        if name:
            base = find_setting(name).name.partition(".")[0]
            values = {name: values[name] if name in values else values[base]}
        for message in replies(SETTINGS_VALUE, req, values.items()):
            session.route.send(encode(message))
        return ()

    def reset(self, session: Session, req: int, profile: str, name: str = "") -> Sequence[Any]:
        """Take a setting, or all, back to the default, and change the streams of the profile."""
        self._profiles.reset(profile, name)
        self._change(profile)
        return ()

    def use(self, session: Session, req: int, profile: str) -> Sequence[Any]:
        """Give a client's streams the settings of a profile."""
        settings, name = self._profiles.settings(profile), self._profiles.name(profile)
        self._used[session.client_id] = name
        for stream in self._streams.of_client(session.client_id):
            stream.profile = name
            stream.change(settings)
        return ()

    def profiles(self, session: Session, req: int) -> Sequence[Any]:
        """Tell which profiles are stored."""
        for message in replies(SETTINGS_PROFILE, req, ((name,) for name in self._profiles.store.names())):
            session.route.send(encode(message))
        return ()

    def drop(self, client_id: int) -> None:
        """Forget a client that is gone."""
        self._used.pop(client_id, None)

    def _change(self, profile: str) -> None:
        name = self._profiles.name(profile)
        streams = [stream for stream in self._streams if stream.profile == name]
        if streams:
            settings = self._profiles.settings(name, is_stored=False)  # it may have been reset and be gone
            for stream in streams:
                stream.change(settings)


def handlers(bridge: Bridge) -> dict[str, Handler]:
    """Return what answers the requests of this module, by address."""
    settings = bridge.live.settings
    return {
        SETTINGS_LIST: settings.list,
        SETTINGS_SET: settings.set,
        SETTINGS_GET: settings.get,
        SETTINGS_RESET: settings.reset,
        SETTINGS_USE: settings.use,
        SETTINGS_PROFILES: settings.profiles,
    }
