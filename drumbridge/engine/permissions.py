"""What a client may have read and written: one set of rules for OSC, the page and whatever comes.

Conventions: a client may have any audio file heard that this user may read, by an absolute path, since that is what a
DAW does all day. A page in a browser gets less: only what the library knows, and by its number. Nothing is ever written
but the library itself, and in it a client may write corrections, nothing else.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from drumbridge.audio.walk import AUDIO_SUFFIXES
from drumbridge.errors import AudioError, LibraryError
from drumbridge.library.corrections import check_label
from drumbridge.library.sounds import Sound, sounds_of
from drumbridge.library.store import Library

__all__ = ["check_label", "check_may_hear", "playable_file", "sound_with_id"]


def check_may_hear(path: Path) -> Path:
    """Return a path that a client named and that may be heard.

    Raises
    ------
    AudioError
        ``audio.path``: relative to a folder that the client does not know; ``audio.suffix``: no audio file by its name;
        ``audio.not_found``, ``audio.not_a_file``.
    """
    if not path.is_absolute():
        raise AudioError("audio.path", f"{path} is no absolute path: the server does not know your folders.")
    if path.suffix.lower() not in AUDIO_SUFFIXES:
        raise AudioError("audio.suffix", f"{path} is no audio file by its name.")
    try:
        status = os.stat(path)
    except (OSError, ValueError) as error:
        raise AudioError("audio.not_found", f"There is no file {path} that can be read.") from error
    if not stat.S_ISREG(status.st_mode):
        raise AudioError("audio.not_a_file", f"{path} is not a file.")
    return path


def sound_with_id(library: Library, sound_id: int) -> Sound:
    """Return a sound of the library.

    Raises
    ------
    LibraryError
        ``library.unknown``.
    """
    sound = next(sounds_of(library, [sound_id]), None)
    if sound is None:
        raise LibraryError("library.unknown", f"The library has no sound with number {sound_id}.")
    return sound


def playable_file(library: Library, sound_id: int) -> Path:
    """Return the file of a sound of the library, to be played by a page.

    Raises
    ------
    LibraryError
        ``library.unknown``.
    AudioError
        As `check_may_hear`.
    """
    return check_may_hear(Path(sound_with_id(library, sound_id).path))
