"""Draws docs/images/reaper-*.png: the arrange view of a fake REAPER before and after an action, as it really ran.

Conventions: ``python tests/reaper/draw_pictures.py``, with drumbridge installed as `.[dev]` and lua5.4 with LuaSocket.
The audio is synthesised, the model is the shipped one; nothing in a picture is made up but the font.
"""

from __future__ import annotations

import stat
import sys
import tempfile
from pathlib import Path

import matplotlib
import numpy as np
import soundfile
from projects import Case, item, take, track, wave_source

import drumbridge
from drumbridge.core.synthesis import demo_loop, synthesise

matplotlib.use("Agg")
from matplotlib import pyplot

RATE = 44100
IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"
BACK, LANE, GREY, INK = "#24262b", "#2e3138", "#7b818c", "#e8eaee"
ROW = 1.0
BOX = {"facecolor": "#101216", "edgecolor": "none", "pad": 0.8, "alpha": 0.85}


def rgb(native: int) -> str | None:
    """Return the colour of an item as matplotlib takes it, None where it has none."""
    if not native & 0x1000000:
        return None
    return f"#{(native & 255) << 16 | native & 0xFF00 | native >> 16 & 255:06x}"


def draw_item(axes, row: int, entry: dict, length_s: float) -> None:
    """Draw one item with its waveform or notes, its markers and its name."""
    playing = entry["takes"][entry["active"]]
    colour = rgb(int(playing["colour"])) or rgb(int(entry["colour"])) or GREY
    x, width, y = entry["position"], entry["length"], -row * ROW
    axes.add_patch(pyplot.Rectangle((x, y - 0.86), width, 0.86, facecolor=colour, edgecolor=BACK, linewidth=1.2))
    for start, stop, _, pitch, _ in playing["notes"]:
        at, height = x + start / 1920, (pitch - 30) / 32
        bar = pyplot.Rectangle((at, y - 0.82 + 0.66 * height), (stop - start) / 1920, 0.05, color="#101216")
        axes.add_patch(bar)
    if not playing["notes"] and playing.get("path"):
        audio, _ = soundfile.read(playing["path"])
        first = round(playing["offset"] * RATE)
        part = audio[first : first + round(width * RATE)]
        points = np.array_split(part, max(2, round(width * 90)))
        peaks = np.array([np.max(np.abs(piece), initial=0.0) for piece in points])
        time_s = x + np.linspace(0, min(width, len(part) / RATE), len(peaks))
        axes.fill_between(
            time_s, y - 0.5 - 0.32 * peaks, y - 0.5 + 0.32 * peaks, color="#101216", alpha=0.6, linewidth=0
        )
    for k, marker in enumerate(playing["markers"]):
        at = x + marker["at"] - playing["offset"]
        axes.plot([at, at], [y - 0.86, y], color=rgb(int(marker["colour"])) or INK, linewidth=1.6)
        above = y - 0.13 - 0.15 * (k % 5)
        axes.text(at + length_s / 300, above, marker["name"], fontsize=5.6, color="white", va="center", bbox=BOX)
    if playing["name"] and width > length_s / 24 and not playing["markers"]:
        axes.text(x + length_s / 200, y - 0.09, playing["name"], fontsize=7, color="#101216", va="center", clip_on=True)


def draw(path: Path, panels: list[tuple[str, list[dict]]], length_s: float) -> None:
    """Draw projects below each other."""
    heights = [len(tracks) * ROW + 0.45 for _, tracks in panels]
    figure, all_axes = pyplot.subplots(len(panels), 1, figsize=(9, 0.72 * sum(heights)), height_ratios=heights)
    figure.set_facecolor(BACK)
    for axes, (title, tracks) in zip(np.atleast_1d(all_axes), panels, strict=True):
        axes.set_xlim(-length_s * 0.12, length_s * 1.01)
        axes.set_ylim(-len(tracks) * ROW, 0.42)
        axes.axis("off")
        axes.text(-length_s * 0.12, 0.2, title, fontsize=9, color=INK, va="center", weight="bold")
        for row, entry in enumerate(tracks):
            axes.add_patch(pyplot.Rectangle((0, -row * ROW - 0.93), length_s, 0.93, facecolor=LANE))
            header = rgb(int(entry["colour"])) or "#3a3e47"
            axes.add_patch(
                pyplot.Rectangle((-length_s * 0.12, -row * ROW - 0.93), length_s * 0.115, 0.93, facecolor=header)
            )
            dark = header != "#3a3e47"
            axes.text(-length_s * 0.115, -row * ROW - 0.46, entry["name"], fontsize=8, va="center",
                      color="#101216" if dark else INK)  # fmt: skip
            for placed in entry["items"]:
                draw_item(axes, row, placed, length_s)
    figure.subplots_adjust(left=0.01, right=0.99, top=0.995, bottom=0.01, hspace=0.04)
    figure.savefig(path, dpi=110, facecolor=BACK)
    pyplot.close(figure)


def before(tracks: list[dict]) -> list[dict]:
    """Return a project as it was given, with what a finished one has besides."""
    return [
        {"name": entry["name"], "colour": 0, "items": [_plain(placed) for placed in entry["items"]]} for entry in tracks
    ]


def _plain(placed: dict) -> dict:
    takes = [{"name": one.get("name", ""), "colour": 0, "offset": one.get("offset", 0.0), "markers": [], "notes": [],
              "path": one["source"]["path"]} for one in placed["takes"]]  # fmt: skip
    return {"position": placed["position"], "length": placed["length"], "colour": 0, "takes": takes, "active": 0}


def with_audio(tracks: list[dict], path_of: dict[str, str]) -> list[dict]:
    """Give the takes of a finished project the files that they play, for their waveforms."""
    for entry in tracks:
        for placed in entry["items"]:
            for one in placed["takes"]:
                one["path"] = path_of.get(one["name"], next(iter(path_of.values())) if len(path_of) == 1 else "")
    return tracks


def main() -> None:
    """Run the actions and draw what they did."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        program = folder / "drumbridge"
        home = Path(drumbridge.__file__).parents[1]
        program.write_text(f"#!/bin/sh\ncd '{home}' && exec '{sys.executable}' -m drumbridge \"$@\"\n")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        case = Case("lua5.4", folder, folder / "resources", {"program": str(program)})

        sounds = ("kick", "snare", "closed_hat", "open_hat", "tom_low", "crash", "rim", "clap", "kick", "ride")
        items, path_of, at = [], {}, 0.0
        for k, label in enumerate(sounds):
            path = folder / f"{k + 1:02}.wav"
            soundfile.write(path, synthesise(label, sample_rate=RATE)[: RATE // 2], RATE, subtype="PCM_16")
            source = wave_source(path)
            items.append(item(take(source, name=path.name), position=at, length=source["length"]))
            path_of[path.name] = str(path)
            at += 0.6
        one_shots = track(*items, name="one-shots")
        coloured = case.run("Colour selected items", one_shots).tracks
        draw(IMAGES / "reaper-colour.png", [
            ("before", before([one_shots])),
            ("after “Colour selected items”", with_audio(coloured, path_of)),
        ], at)  # fmt: skip

        audio, _ = demo_loop(RATE)
        loop_path = folder / "loop.wav"
        soundfile.write(loop_path, audio[: round(2.4 * RATE)], RATE, subtype="PCM_16")
        source = wave_source(loop_path)
        loop = track(item(take(source, name="loop.wav"), length=source["length"]), name="loop")
        plays = {"loop.wav": str(loop_path)}
        panels = [("before", before([loop]))]
        for action in ("Take markers at hits", "Explode hits to tracks by drum", "MIDI item from hits"):
            panels.append((f"after “{action}”", with_audio(case.run(action, loop).tracks, plays)))
        draw(IMAGES / "reaper-hits.png", panels, source["length"])


if __name__ == "__main__":
    main()
