"""A user's folder of small files, one for each name: where it is, what is in it, and replacing one as a whole.

Conventions: what goes wrong with a file is left as the OSError that it is; whose files they are says what that means.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO


def user_folder(kind: str) -> Path:
    """Return where the system keeps a user's files of that kind."""
    from platformdirs import user_config_path  # here, so that starting up costs nothing

    return user_config_path("drumbridge", appauthor=False) / kind


def stored_names(folder: Path, suffix: str) -> list[str]:
    """Return the names of the files with a suffix, in order of the alphabet; none where there is no folder."""
    try:
        found = sorted(os.listdir(folder))
    except FileNotFoundError:
        return []
    return [name.removesuffix(suffix) for name in found if name.endswith(suffix) and name[0] != "."]


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """Give a file to write that takes the place of `path` once all is written; else nothing has changed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", suffix=".tmp", delete=False) as file:
        temporary = file.name
        try:
            yield file
            file.close()  # Windows replaces no open file
            os.replace(temporary, path)
        except BaseException:
            file.close()
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise
