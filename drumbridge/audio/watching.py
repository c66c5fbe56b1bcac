"""Folders that are watched: which of them have changed.

Conventions: what the system reports is only a hint of where to look; a folder is told of after the writing has paused,
so that a file that is being copied is looked at once.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator

_EVERY_MS = 500  # how often `stop` is asked


def changed_folders(
    folders: Iterable[str | os.PathLike[str]], stop: Callable[[], bool] | None = None
) -> Iterator[list[str]]:
    """Yield the folders in which something changed, each below one of those given or one itself.

    Parameters
    ----------
    folders : iterable of path-like
        They must exist.
    stop : callable, optional
        Ends it once it returns true. Ctrl-C raises KeyboardInterrupt as ever.
    """
    import watchfiles

    roots = [os.path.abspath(folder) for folder in folders]
    for changes in watchfiles.watch(
        *roots, watch_filter=None, rust_timeout=_EVERY_MS, yield_on_timeout=True, raise_interrupt=True
    ):
        if stop is not None and stop():
            return
        if changes:
            yield sorted({_standing(os.path.dirname(path), roots) for _, path in changes})


def _standing(folder: str, roots: list[str]) -> str:
    """Return the nearest folder above that is still there, or the root that it was below."""
    root = max((root for root in roots if folder == root or folder.startswith(root + os.sep)), key=len, default="")
    if not root:  # a root itself came or went
        return roots[0]
    while not os.path.isdir(folder) and len(folder) > len(root):
        folder = os.path.dirname(folder)
    return folder if os.path.isdir(folder) and len(folder) >= len(root) else root
