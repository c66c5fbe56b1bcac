"""Where the library is when nobody says: one file in the folder that the system has for such things."""

from __future__ import annotations

import os
from pathlib import Path


def library_path(chosen: str | os.PathLike[str] | None = None) -> Path:
    """Return the file that was chosen, else that of ``DRUMBRIDGE_LIBRARY``, else the user's own, whose folder is made.

    The user's own is ``drumbridge/library.sqlite`` in ``~/.local/share`` (Linux), ``~/Library/Application
    Support`` (macOS) or ``%LOCALAPPDATA%`` (Windows).
    """
    named = chosen or os.environ.get("DRUMBRIDGE_LIBRARY")
    if named:
        return Path(named).expanduser().absolute()
    import platformdirs

    folder = Path(platformdirs.user_data_dir("drumbridge", appauthor=False))
    folder.mkdir(parents=True, exist_ok=True)
    return folder / "library.sqlite"
