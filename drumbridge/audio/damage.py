"""What is wrong with a file: why it cannot be opened or read as audio, and whether its end is missing.

Conventions: each function that explains returns the `AudioError` to raise; headers are read here byte by
byte only where libsndfile does not say what a person wants to know.
"""

from __future__ import annotations

import errno
import struct
from pathlib import Path

from drumbridge.errors import AudioError

MIN_RATE_HZ = 8_000
MAX_RATE_HZ = 192_000

_MARKS = (b"RIFF", b"RIFX", b"RF64", b"riff", b"FORM", b"fLaC", b"OggS", b"caff", b".snd")


def unreachable(path: Path, error: Exception) -> AudioError:
    """Say why the system does not let us at a file."""
    number = getattr(error, "errno", None)
    if number in (errno.EACCES, errno.EPERM):
        return AudioError("audio.permission", f"{path} may not be read: check its permissions.")
    if number == errno.ENAMETOOLONG:
        return AudioError(
            "audio.not_found", f"There is no such file: its name is too long ({len(str(path))} characters)."
        )
    if number == errno.ELOOP:
        return AudioError("audio.not_found", f"{path} is a link that leads back to itself.")
    if isinstance(error, ValueError):
        return AudioError("audio.path", f"{str(path)!r} cannot be a path: it holds characters no file name has.")
    return AudioError("audio.not_found", f"There is no file {path}.")


def refusal(path: Path, error: Exception) -> AudioError:
    """Say why libsndfile did not open a file that is there."""
    try:
        with open(path, "rb") as file:
            head = file.read(65_536)
    except OSError as unread:
        return unreachable(path, unread)
    rate = _rate_in_header(head)
    if rate is not None and not MIN_RATE_HZ <= rate <= MAX_RATE_HZ:
        return bad_rate(path, rate)
    if head[:4] in _MARKS or head[:3] == b"ID3":
        reason = str(getattr(error, "error_string", error)).rstrip(". ").lower()
        return AudioError("audio.not_audio", f"{path} begins like audio but cannot be read: {reason}.")
    kind = "a text" if head.isascii() and b"\0" not in head else "not audio"
    return AudioError("audio.not_audio", f"{path} is {kind}, or of a kind that can't be read, whatever its name says.")


def bad_rate(path: Path, rate: int) -> AudioError:
    """Say that a file's sample rate, Hz, is none that can be read."""
    return AudioError(
        "audio.rate", f"{path} claims a sample rate of {rate} Hz; from {MIN_RATE_HZ} to {MAX_RATE_HZ} Hz can be read."
    )


def end_is_missing(path: Path) -> bool:
    """Tell whether a WAV, AIFF, W64, RF64 or AU file claims to be longer than it is, by more than a pad byte.

    libsndfile's log also complains of sizes that are merely untidy; a recorder that was never stopped
    properly leaves 0 or 0xFFFFFFFF there, and its audio is all there.
    """
    with open(path, "rb") as file:
        claimed = _claimed_length(file.read(28))
    return claimed is not None and claimed > path.stat().st_size + 1


def _claimed_length(head: bytes) -> int | None:
    """Return the length of a whole file in bytes by its header, None where that does not tell."""
    if len(head) < 28:
        return None
    if head[:4] == b"riff":  # W64
        return int(struct.unpack_from("<Q", head, 16)[0])
    if head[:4] == b"RF64":
        return 8 + int(struct.unpack_from("<Q", head, 20)[0]) if head[12:16] == b"ds64" else None
    if head[:4] == b".snd":
        start, size = struct.unpack_from(">II", head, 4)
    elif head[:4] in (b"RIFF", b"FORM"):
        start, size = 8, struct.unpack_from("<I" if head[:4] == b"RIFF" else ">I", head, 4)[0]
    else:
        return None
    return start + size if 0 < size < 0xFFFFFF00 else None


def _rate_in_header(head: bytes) -> int | None:
    """Return the rate in a WAV header, also one that libsndfile refuses."""
    at = head.find(b"fmt ")
    if head[:4] not in (b"RIFF", b"RF64") or at < 0 or len(head) < at + 16:
        return None
    return int(struct.unpack_from("<I", head, at + 12)[0])
