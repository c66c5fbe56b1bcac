"""How results look on a terminal: aligned rows, and every label beside a cell of its colour.

Conventions: rich is imported only for a terminal; a pipe gets plain text. Colours are those of
`core.labels`; NO_COLOR and terminals without colour are respected, as rich does.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from drumbridge.core.events import LabelConfidence


def stdout_is_terminal() -> bool:
    """Return whether a person reads stdout."""
    return sys.stdout.isatty()


def stderr_is_terminal() -> bool:
    """Return whether a person reads stderr."""
    return sys.stderr.isatty()


@cache
def stdout_console() -> Console:
    """Return the console that prints on stdout."""
    from rich.console import Console

    return Console(highlight=False, soft_wrap=True, width=None if stdout_is_terminal() else 100)


def label_cell(label: str, text: str, colour: int | None = None) -> Text:
    """Return a text behind a cell in the colour of the label, or in one of its own (0xRRGGBB)."""
    from rich.text import Text

    from drumbridge.core.labels import UNSURE_COLOUR
    from drumbridge.core.own_labels import label_colour

    if colour is None:
        colour = label_colour(label)
    cell = Text()
    if stdout_console().color_system is not None and not stdout_console().no_color:
        cell.append(" ", style=f"on #{colour:06x}").append(" ")
    return cell.append(text, style="dim" if colour == UNSURE_COLOUR else "")


def labels_cell(labels: Iterable[LabelConfidence]) -> Text:
    """Return the labels of one hit, each with its cell and its probability; none is unsure."""
    from rich.text import Text

    from drumbridge.core.labels import UNSURE

    cells = [label_cell(entry.label, f"{entry.label} {entry.confidence:.2f}", entry.colour) for entry in labels]
    return Text("  ").join(cells or [label_cell(UNSURE, UNSURE)])


def heading(text: str) -> Text:
    """Return the line above the rows."""
    from rich.text import Text

    return Text(text, style="bold")


def note(text: str) -> None:
    """Tell the user something that is no result and no error."""
    print(f"drumbridge: note: {' '.join(text.split())}", file=sys.stderr)
