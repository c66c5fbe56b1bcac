"""Files put in order: a plan that can be read before it is done, done without ever overwriting, and undone.

Conventions: a plan is made first and touches nothing. `perform` writes each step into an undo file before it does it,
so that whatever stops it, what was done can be undone. A name that is taken gets a number; a copy of the same contents
that is there already is left alone. Undoing removes only what is still what was made.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from drumbridge.errors import SettingsError

COPY: Final = "copy"
HARD_LINK: Final = "hardlink"
SYMLINK: Final = "symlink"
MOVE: Final = "move"
WAYS: Final = (COPY, HARD_LINK, SYMLINK, MOVE)


class Step(NamedTuple):
    """One file that gets another place, or a second one."""

    way: str
    source: str
    target: str


def plan(wanted: Iterable[tuple[str, str]], way: str) -> list[Step]:
    """Return the steps that bring files to where they are wanted, without touching anything.

    Parameters
    ----------
    wanted : iterable of (source, target)
    way : str
        One of `WAYS`.
    """
    taken: set[str] = set()
    steps = []
    for source, target in wanted:
        if os.path.abspath(source) == os.path.abspath(target):
            continue
        free = _free(source, target, taken)
        if free is not None:
            taken.add(_same(free))
            steps.append(Step(way, source, free))
    return steps


def perform(steps: Iterable[Step], undo_file: Path, done: Callable[[Step], None] | None = None) -> int:
    """Do the steps; return how many were done.

    Parameters
    ----------
    steps : iterable of Step
    undo_file : Path
        Must not exist; what `undo` needs is written there.
    done : callable, optional
        Called with each step when it is done.

    Raises
    ------
    SettingsError
        ``settings.plan``: a file cannot be brought there; what was done before stays and can be undone.
    """
    n = 0
    with open(undo_file, "x", encoding="ascii") as log:
        for step in steps:
            log.write(json.dumps(step) + "\n")
            log.flush()
            try:
                os.makedirs(os.path.dirname(step.target), exist_ok=True)
                _do(step)
            except OSError as error:
                raise SettingsError(
                    "settings.plan",
                    f"{step.source} cannot be brought to {step.target}: {error.strerror}; {n} files were, "
                    f"--undo {undo_file} takes that back.",
                ) from error
            n += 1
            if done is not None:
                done(step)
    return n


def undo(undo_file: Path, done: Callable[[Step], None] | None = None) -> tuple[int, list[str]]:
    """Take back what `perform` did, the last first; return how many steps, and why the others were left.

    Raises
    ------
    SettingsError
        ``settings.undo``: not an undo file.
    """
    try:
        steps = [Step(*line) for line in _lines(undo_file)]
    except (OSError, ValueError, TypeError) as error:
        raise SettingsError("settings.undo", f"{undo_file} cannot be read as an undo file.") from error
    n, left = 0, []
    for step in reversed(steps):
        try:
            reason = _undo(step)
        except OSError as error:
            reason = f"{step.target}: {error.strerror}"
        if reason is None:
            n += 1
            if done is not None:
                done(step)
        elif reason:
            left.append(reason)
    return n, left


def _do(step: Step) -> None:
    if step.way == SYMLINK:
        os.symlink(os.path.abspath(step.source), step.target)
    elif step.way == HARD_LINK:
        os.link(step.source, step.target)
    elif step.way == COPY:
        copy_new(step.source, step.target)
    else:
        try:
            os.link(step.source, step.target)  # unlike a rename, this never replaces what is there
        except OSError:
            copy_new(step.source, step.target)  # another disk, or one without links
        os.unlink(step.source)


def copy_new(source: str, target: str) -> None:
    """Copy to a file that must not exist; a copy that was not finished does not stay."""
    with open(source, "rb") as reader, open(target, "xb") as writer:
        try:
            shutil.copyfileobj(reader, writer, 1 << 20)
        except BaseException:
            writer.close()
            os.unlink(target)
            raise
    shutil.copystat(source, target)


def _undo(step: Step) -> str | None:
    """Take one step back; return None if it was, "" if there was nothing to take back, else why it was not."""
    if not os.path.lexists(step.target):
        return "" if os.path.lexists(step.source) else f"{step.target} is gone"
    if step.way == MOVE:
        if os.path.lexists(step.source):
            return f"{step.source} is there again; {step.target} stays"
        _do(Step(MOVE, step.target, step.source))
    else:
        if not os.path.lexists(step.source):
            return f"{step.target} stays, for {step.source} is gone"
        if not _is_its_copy(step):
            return f"{step.target} has changed and stays"
        os.unlink(step.target)
    with contextlib.suppress(OSError):
        os.rmdir(os.path.dirname(step.target))  # only if it is empty
    return None


def _is_its_copy(step: Step) -> bool:
    if step.way == SYMLINK:
        return os.path.islink(step.target)
    return _equal(step.source, step.target)


def _free(source: str, target: str, taken: set[str]) -> str | None:
    """Return the target, with a number if its name is taken; None if the same contents are there already."""
    stem, suffix = os.path.splitext(target)
    k = 1
    while _same(target) in taken or os.path.lexists(target):
        if _same(target) not in taken and _equal(source, target):
            return None
        k += 1
        target = f"{stem} ({k}){suffix}"
    return target


def _equal(one: str, other: str) -> bool:
    import filecmp

    try:
        return filecmp.cmp(one, other, shallow=False)
    except OSError:
        return False


def _same(path: str) -> str:
    """Return what two names have in common that some disk takes for one."""
    import unicodedata

    return unicodedata.normalize("NFC", path).casefold()


def _lines(undo_file: Path) -> Iterator[list[str]]:
    with open(undo_file, encoding="ascii") as log:
        for line in log:
            yield json.loads(line)
