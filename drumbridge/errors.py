"""Every error that a user can meet, each with a stable code.

Conventions: a message is one sentence that names the thing and its likely cause; ``code`` is
``area.reason`` and never changes once released (OSC clients match on it). Children that have a
built-in relative are also catchable as that one.
"""

from __future__ import annotations


class DrumbridgeError(Exception):
    """Root of all errors raised on purpose; anything else that escapes is a bug.

    Parameters
    ----------
    code : str
        Stable identifier, ``area.reason``.
    message : str
        One sentence for a musician.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    def __reduce__(self) -> tuple[type, tuple[str, str]]:
        return type(self), (self.code, self.message)


class AudioError(DrumbridgeError, ValueError):
    """A file or a stream of audio cannot be used (codes ``audio.*``)."""


class ModelError(DrumbridgeError, ValueError):
    """A model file cannot be used (codes ``model.*``)."""


class ProtocolError(DrumbridgeError, ValueError):
    """A message breaks OSC or our table of addresses (codes ``osc.*``), or another protocol (its name first)."""


class JobError(DrumbridgeError, RuntimeError):
    """Queued work could not be done (codes ``job.*``)."""


class KitError(DrumbridgeError, ValueError):
    """A kit, one of its pads or its file cannot be used (codes ``kit.*``)."""


class StreamError(DrumbridgeError, RuntimeError):
    """A live stream cannot be opened or found, or not be recorded (codes ``stream.*`` and ``take.*``)."""


class ServerError(DrumbridgeError, OSError):
    """A port or a device cannot be opened (codes ``server.*`` and ``device.*``)."""

    def __str__(self) -> str:
        return self.message


class SettingsError(DrumbridgeError, ValueError):
    """An argument or a setting is out of its range (codes ``settings.*``)."""


class LibraryError(DrumbridgeError, RuntimeError):
    """The sample library cannot be opened, read or written (codes ``library.*``)."""
