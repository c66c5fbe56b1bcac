"""Names that people give and that become names of files: profiles, kits.

Conventions: a name is text without regard to case, of letters, digits, spaces, ``-`` and ``_``, so that it is a file on
every system and never a path.
"""

from __future__ import annotations

import unicodedata
from typing import Final

LONGEST_NAME: Final = 40
_DEVICES = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))}  # of Windows


def plain_name(text: str) -> str | None:
    """Return a name as it is kept, or None where no file could safely have it."""
    name = unicodedata.normalize("NFC", text.strip().casefold())
    if (
        not 0 < len(name) <= LONGEST_NAME
        or not all(sign.isalnum() or sign in " -_" for sign in name)
        or not name[0].isalnum()
        or name in _DEVICES
    ):
        return None
    return name
