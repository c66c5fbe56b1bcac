"""The report of a recipe's training: an HTML page with its pictures in it, and the same numbers as JSON.

Conventions: both stand beside the model and are called as it is. No path of this machine is in them.
"""

from __future__ import annotations

import html
import json
from pathlib import Path
from typing import Any

from drumbridge.evaluation.report import confusion_picture, figure_text, html_table, page

from .recipe import Fitted


def write_report(
    model: Path, what: str, facts: dict[str, str], notes: list[str], fitted: Fitted, measured: dict[str, Any] | None
) -> None:
    """Write `<model>.html` and `<model>.json`.

    Parameters
    ----------
    model : Path
    what : str
        One sentence on the recipe.
    facts : dict of str to str
    notes : list of str
        What the reader has to know: files left out, nothing measured.
    fitted : Fitted
    measured : dict or None
        A report of `drumbridge.evaluation.side_by_side` on what was held out, with this one model.
    """
    pictures = list(fitted.pictures)
    body = f"<p>{html.escape(what)}</p>" + html_table([["", ""], *([key, value] for key, value in facts.items())])
    figures: dict[str, Any] = {}
    if measured is not None:
        figures = {key: value for key, value in measured["models"][0].items() if key not in ("file", "seconds", "name")}
        rows = [["on kits that were held out", ""]]
        rows += [[key.replace("_", " "), figure_text(value)] for key, value in figures.items()
                 if isinstance(value, dict)]  # fmt: skip
        rows.append(["calibration error", f"{figures['calibration_error']:.3f}"])
        body += f"<h2>Measured</h2><p>{measured['files']} files of {measured['kits']} kits; in brackets 95 % intervals "
        body += f"over kits.</p>{html_table(rows)}"
        pictures.insert(0, confusion_picture(figures, "Confusion on held-out kits: share of each class, %"))
    body += "".join(f"<p>{html.escape(note)}</p>" for note in notes)
    body += f"<p>Use it: <code>drumbridge classify --model {html.escape(model.name)} FILE...</code></p>"
    model.with_suffix(".html").write_text(page(model.stem, body, pictures), encoding="utf-8")
    numbers = {
        "model": model.name, "facts": facts, "notes": notes, "curve": fitted.curve, "measured": figures,
        "files": measured["files"] if measured else 0, "kits": measured["kits"] if measured else 0,
    }  # fmt: skip
    model.with_suffix(".json").write_text(json.dumps(numbers, indent=1), encoding="utf-8")
