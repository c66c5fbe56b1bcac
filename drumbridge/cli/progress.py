"""A progress bar for work that lasts longer than a second, where a person sees stderr.

Conventions: `done` and `total` count samples or files; a total of 0 is not known yet.
"""

from __future__ import annotations

import time
from types import TracebackType
from typing import TYPE_CHECKING

from .terminal import stderr_is_terminal, stdout_console, stdout_is_terminal

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

_AFTER_S = 1.0


class Progress:
    """Use as a context, and call `update` as often as you like.

    Parameters
    ----------
    what : str
        Stands before the bar.
    unit : str
        What is counted, if how many a second is worth a column.
    """

    def __init__(self, what: str, unit: str = "") -> None:
        self._what = what
        self._unit = unit
        self._shown = stderr_is_terminal()
        self._bar: Bar | None = None
        self._task: TaskID | None = None
        self._since_s = time.monotonic()

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, tb: TracebackType | None) -> None:
        if self._bar is not None:
            self._bar.stop()

    def update(self, done: int, total: int) -> None:
        """Say how far the work is."""
        if not self._shown:
            return
        if self._bar is None:
            if time.monotonic() - self._since_s < _AFTER_S:
                return
            self._start(total)
        if self._bar is not None and self._task is not None:
            rate = done / max(1e-3, time.monotonic() - self._since_s)
            self._bar.update(self._task, completed=done, total=total or None, rate=f"{rate:,.0f} {self._unit}/s")

    def _start(self, total: int) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        # Where rows go to the same screen, its console has to know of the bar: it prints them above it.
        console = stdout_console() if stdout_is_terminal() else Console(stderr=True)
        counted = (MofNCompleteColumn(), TextColumn("{task.fields[rate]}")) if self._unit else ()
        columns = (
            TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), *counted, TimeRemainingColumn()
        )  # fmt: skip
        self._bar = Bar(*columns, console=console, transient=True, redirect_stdout=False, redirect_stderr=False)
        self._task = self._bar.add_task(self._what, total=total or None, rate="")
        self._bar.start()
