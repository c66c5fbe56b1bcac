"""The figures of an evaluation as text tables, JSON and one HTML page with pictures.

Conventions: a report is a plain dict as `evaluate_model` in `drumbridge.evaluation.run` makes it; the
page holds its pictures as base64 PNG, so it is one file.
"""

from __future__ import annotations

import base64
import html
import io
from typing import Any

from .transcription import CLASSES


def figure_text(figure: dict[str, float]) -> str:
    """Return "0.912 (0.88 to 0.94)"."""
    if "low" not in figure:
        return f"{figure['value']:.3f}"
    value = figure.get("value", figure.get("f", float("nan")))
    return f"{value:.3f} ({figure['low']:.2f} to {figure['high']:.2f})"


def one_shot_table(section: dict[str, Any]) -> list[list[str]]:
    """Return rows: decision time, eleven, eleven balanced, five, five without other."""
    rows = [["known after the attack", "eleven", "eleven, balanced", "five", "five without other"]]
    for time, scores in section["by_time"].items():
        when = "all" if time == "all" else f"{time} ms"
        rows.append(
            [when, *(figure_text(scores[k]) for k in ("eleven", "eleven_balanced", "five", "five_without_other"))]
        )
    return rows


def transcription_table(section: dict[str, Any]) -> list[list[str]]:
    """Return rows: annotation and window, onsets, five classes, each class."""
    rows = [["annotation, window", "onsets", "five classes", *CLASSES]]
    for name, scores in section.items():
        rows.append([name, *(figure_text(scores[k]) for k in ("onsets", "five")),
                     *(f"{scores[c]['f']:.2f}" if scores[c]["references"] else "-" for c in CLASSES)])  # fmt: skip
    return rows


def table_text(rows: list[list[str]]) -> str:
    """Return rows as a Markdown table; the first is the heading."""
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([lines[0], "|" + "---|" * len(rows[0]), *lines[1:]])


def report_text(report: dict[str, Any]) -> str:
    """Return all tables as Markdown."""
    parts = []
    if one_shots := report.get("one_shots"):
        details = one_shots["details"]
        parts.append(table_text(one_shot_table(one_shots)))
        quartiles = ", ".join(f"{q:.2f}" for q in details["kits_quartiles"])
        parts.append(f"Calibration error {details['calibration_error']:.3f}. Accuracy of kits, quartiles: {quartiles}.")
        sources = ", ".join(f"{name} {value:.2f} ({n})" for name, (value, n) in details["sources"].items())
        parts.append(f"By source, eleven: {sources}.")
        if baseline := report.get("baseline"):
            heading, row = one_shot_table({"by_time": {"all": baseline}})
            parts.append("Forest on librosa features, the same training split:")
            parts.append(table_text([heading, row]))
    if recordings := report.get("transcription"):
        parts.append(table_text(transcription_table(recordings)))
        parts.append(f"Transcription ran at {report['times_real_time']:.0f} times real time.")
    return "\n\n".join(parts) + "\n"


def side_by_side_table(report: dict[str, Any]) -> list[list[str]]:
    """Return rows of a report of `drumbridge.evaluation.side_by_side`: one for each model."""
    groups = [key for key in ("eleven", "five") if all(key in model for model in report["models"])]
    rows = [["model", "right", "balanced over classes", *groups, "calibration error", "files/s"]]
    for model in report["models"]:
        figures = [figure_text(model[key]) for key in ("right", "balanced", *groups)]
        speed = f"{report['files'] / max(model['seconds'], 1e-9):.0f}"
        rows.append([model["name"], *figures, f"{model['calibration_error']:.3f}", speed])
    return rows


def side_by_side_text(report: dict[str, Any]) -> str:
    """Return a report of `drumbridge.evaluation.side_by_side` as Markdown."""
    classes = {"label": "its classes", "eleven": "eleven groups", "five": "five groups"}[report["partition"]]
    parts = [
        f"{report['files']} files of {report['folder']}, {report['kits']} kits, in {classes}. In brackets: 95 % "
        "intervals over kits."
    ]
    parts.append(table_text(side_by_side_table(report)))
    parts += [
        f"{entry['best']} is right more often than {entry['other']} by {figure_text(entry)}, {entry['figure']}."
        for entry in report["differences"]
    ]
    parts += [
        f"{model['name']} does not know {', '.join(model['unknown_classes'])}."
        for model in report["models"] if model["unknown_classes"]
    ]  # fmt: skip
    return "\n\n".join(parts + report["notes"]) + "\n"


def side_by_side_html(report: dict[str, Any]) -> str:
    """Return the same as a page, with a confusion matrix for each model."""
    text = side_by_side_text(report).split("\n\n")
    body = f"<p>{html.escape(text[0])}</p>" + html_table(side_by_side_table(report))
    body += "".join(f"<p>{html.escape(line)}</p>" for line in text[2:])
    pictures = [confusion_picture(model, f"{model['name']}: share of each class, %") for model in report["models"]]
    return page(f"Models side by side on {report['folder']}", body, pictures)


def report_html(report: dict[str, Any]) -> str:
    """Return the page."""
    pictures = []
    if one_shots := report.get("one_shots"):
        pictures = [confusion_picture(one_shots["details"]), _curves(one_shots), _reliability(one_shots["details"])]
    return page(f"Evaluation of {report['model']}", "".join(html_table(rows) for rows in _tables(report)), pictures)


def page(title: str, body: str, pictures: list[tuple[str, str]]) -> str:
    """Return one HTML file: a heading, a body that is HTML already, and pictures (name, PNG as base64)."""
    images = "".join(
        f'<figure><figcaption>{html.escape(name)}</figcaption><img alt="{html.escape(name)}" '
        f'src="data:image/png;base64,{data}"></figure>'
        for name, data in pictures
    )
    style = (
        "body{font:15px sans-serif;margin:2em;max-width:75em}td,th{padding:.2em .8em;text-align:left}"
        "figure{display:inline-block;margin:1em 1em 0 0;vertical-align:top}figcaption{font-weight:bold}"
        "img{max-width:100%;background:#fff}"
    )
    head = f"<!doctype html><html lang=en><meta charset=utf-8><title>{html.escape(title)}</title><style>{style}</style>"
    return f"{head}<h1>{html.escape(title)}</h1>{body}{images}"


def _tables(report: dict[str, Any]) -> list[list[list[str]]]:
    tables = []
    if "one_shots" in report:
        tables.append(one_shot_table(report["one_shots"]))
    if "transcription" in report:
        tables.append(transcription_table(report["transcription"]))
    return tables


def html_table(rows: list[list[str]]) -> str:
    """Return rows as an HTML table; the first is the heading."""

    def line(row: list[str], tag: str) -> str:
        return "<tr>" + "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in row) + "</tr>"

    return "<table>" + line(rows[0], "th") + "".join(line(row, "td") for row in rows[1:]) + "</table>"


def picture_of(name: str, figure: Any) -> tuple[str, str]:
    """Return a figure's name and its picture, PNG as base64."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=90, bbox_inches="tight")
    return name, base64.b64encode(buffer.getvalue()).decode("ascii")


def confusion_picture(details: dict[str, Any], name: str = "confusion") -> tuple[str, str]:
    """Return the picture of `confusion` and `classes`: shares of each true class, in per cent."""
    import numpy as np
    from matplotlib.figure import Figure

    counts, classes = np.array(details["confusion"], float), details["classes"]
    share = counts / np.maximum(1, counts.sum(1, keepdims=True))
    size = max(5.0, 0.4 * len(classes) + 1.5)
    figure = Figure(figsize=(size + 1, size))
    axes = figure.add_subplot()
    axes.imshow(share, cmap="Blues", vmin=0, vmax=1)
    axes.set_xticks(range(len(classes)), classes, rotation=60, ha="right")
    axes.set_yticks(range(len(classes)), classes)
    axes.set(xlabel="answer", ylabel="truth")
    for y, row in enumerate(share):
        for x, value in enumerate(row):
            if value >= 0.005:
                axes.text(x, y, f"{100 * value:.0f}", ha="center", va="center", color="w" if value > 0.5 else "k")
    return picture_of(name, figure)


def _curves(section: dict[str, Any]) -> tuple[str, str]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 4))
    axes = figure.add_subplot()
    times = [400.0 if t == "all" else float(t) for t in section["by_time"]]
    for key in ("eleven", "five", "five_without_other"):
        axes.semilogx(times, [s[key]["value"] for s in section["by_time"].values()], "o-", label=key.replace("_", " "))
    axes.set(xlabel="ms known after the attack", ylabel="accuracy")
    axes.grid(alpha=0.3)
    axes.legend()
    return picture_of("accuracy over decision time", figure)


def _reliability(details: dict[str, Any]) -> tuple[str, str]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 4))
    left, right = figure.subplots(1, 2)
    left.plot([0, 1], [0, 1], "k:")
    left.plot([c for c, _, _ in details["reliability"]], [r for _, r, _ in details["reliability"]], "o-")
    left.set(xlabel="confidence", ylabel="share right")
    right.plot([c for c, _ in details["risk_coverage"]], [1 - a for _, a in details["risk_coverage"]], "o-")
    right.set(xlabel="share answered, most confident first", ylabel="share wrong")
    return picture_of("reliability and risk", figure)
