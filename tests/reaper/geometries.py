"""Items that play the test loop in every way REAPER has, and when its hits are heard in each.

Conventions: an item that is exported starts where nothing rings, since a sound that is cut there is a hit. `times`
maps a file time to the item times at which it is heard, in seconds, from the definition of the geometry alone.
`render` plays the item with numpy, for those that drumbridge gets as REAPER plays them.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile
from projects import item, section, take, wave_source

LOOP_S = 4.0
POSITION_S = 10.0


@dataclass(frozen=True)
class Geometry:
    """One way to play the loop."""

    name: str
    build: Callable[[Path], dict]
    length: float
    times: Callable[[float], list[float]]
    exported: bool = False
    reversed_: bool = False
    source_at: Callable[[float], float] = field(default=lambda at: at)  # item time to source time

    def __str__(self) -> str:
        return self.name

    def heard(self, file_s: float) -> list[float]:
        """Return when a file time is heard, from the start of the item."""
        return [at for at in self.times(file_s) if 0 <= at <= self.length]


def _item(length: float, source: Callable[[Path], dict], **more: object) -> Callable[[Path], dict]:
    keys = ("offset", "rate", "stretch", "chanmode")
    of_take = {key: more[key] for key in keys if key in more}
    of_item = {key: value for key, value in more.items() if key not in keys}

    def build(folder: Path) -> dict:
        return item(take(source(folder), **of_take), position=POSITION_S, length=length, **of_item)

    return build


def _loop(folder: Path) -> dict:
    return wave_source(folder / "loop.wav")


def _other_take(folder: Path) -> dict:
    return item(
        take(wave_source(folder / "kick.wav")),
        take(_loop(folder), offset=1.0),
        take({"type": "MIDI", "length": 4.0}),
        position=POSITION_S, length=2.0, active=1,
    )  # fmt: skip


def _subproject(folder: Path) -> dict:
    (folder / "drums.rpp").touch()
    render = str(folder / "loop.wav")
    source = {"type": "RPP_PROJECT", "path": str(folder / "drums.rpp"), "render": render, "length": LOOP_S}
    return item(take(source, offset=0.92), position=POSITION_S, length=2.5)


# pos in the item (times the rate), position in the source, slope: faster, then slower, then a bend
STRETCH = [[0.0, 0.0], [1.0, 1.5, 0.2], [3.0, 3.0], [4.0, 4.0]]


def _stretched_source(at: float) -> float:
    for before, after in itertools.pairwise(STRETCH):
        if at <= after[0]:
            part = (at - before[0]) / (after[0] - before[0])
            slope = before[2] if len(before) > 2 else 0.0
            return before[1] + (after[1] - before[1]) * part * (1 - slope + slope * part)
    return STRETCH[-1][1]


_GRID = np.linspace(0, LOOP_S, 40001)
_STRETCHED = np.array([_stretched_source(at) for at in _GRID])


def _stretched_times(file_s: float) -> list[float]:
    return [float(np.interp(file_s, _STRETCHED, _GRID))]


GEOMETRIES = [
    Geometry("plain", _item(4.0, _loop), 4.0, lambda t: [t]),
    Geometry("offset", _item(2.0, _loop, offset=0.7), 2.0, lambda t: [t - 0.7], source_at=lambda at: at + 0.7),
    Geometry("late", _item(3.0, _loop, offset=-0.5), 3.0, lambda t: [t + 0.5], source_at=lambda at: at - 0.5),
    Geometry(
        "rate", _item(1.7, _loop, offset=0.5, rate=1.5), 1.7, lambda t: [(t - 0.5) / 1.5],
        source_at=lambda at: 0.5 + 1.5 * at,
    ),
    Geometry(
        "section", _item(1.5, lambda f: section(_loop(f), 0.6, 2.0), offset=0.25), 1.5, lambda t: [t - 0.85],
        source_at=lambda at: at + 0.25,
    ),
    Geometry(
        "section of a section",
        _item(1.2, lambda f: section(section(_loop(f), 0.5, 3.0), 0.4, 2.0), rate=0.8), 1.2,
        lambda t: [(t - 0.9) / 0.8],
        source_at=lambda at: 0.8 * at,
    ),
    Geometry(
        "looped section", _item(5.0, lambda f: section(_loop(f), 0.8, 1.6), offset=0.3, loop=True), 5.0,
        lambda t: [t - 0.8 - 0.3 + 1.6 * k for k in range(5)] if 0.8 <= t < 2.4 else [],
        source_at=lambda at: (at + 0.3) % 1.6,
    ),
    Geometry(
        "reversed", _item(4.0, lambda f: section(_loop(f), 0.0, LOOP_S, reversed_=True)), 4.0, lambda t: [4.0 - t],
        exported=True, reversed_=True,
    ),
    Geometry(
        "reversed section at a rate",
        _item(1.76, lambda f: section(_loop(f), 0.92, 2.6, reversed_=True), offset=0.4, rate=1.25), 1.76,
        lambda t: [(3.52 - t - 0.4) / 1.25], exported=True, reversed_=True, source_at=lambda at: 0.4 + 1.25 * at,
    ),
    Geometry(
        "stretched", _item(4.0, _loop, stretch=STRETCH), 4.0, _stretched_times, exported=True,
        source_at=_stretched_source,
    ),
    Geometry("subproject", _subproject, 2.5, lambda t: [t - 0.92], exported=True, source_at=lambda at: at + 0.92),
    Geometry("mp3", _item(3.0, lambda f: {**_loop(f), "type": "MP3"}), 3.0, lambda t: [t], exported=True),
    Geometry("second of three takes", _other_take, 2.0, lambda t: [t - 1.0], source_at=lambda at: at + 1.0),
]  # fmt: skip


def render(geometry: Geometry, folder: Path, path: Path) -> None:
    """Write what an exported item plays, forwards if it is reversed, by inverting `times` on a fine grid."""
    audio, rate = soundfile.read(folder / "loop.wav")
    file_s = np.linspace(0, LOOP_S, 40001)
    item_s = np.array([geometry.times(at)[0] for at in file_s])
    order = np.argsort(item_s)
    at = np.arange(round(geometry.length * rate)) / rate
    at = geometry.length - at if geometry.reversed_ else at
    source = np.interp(at, item_s[order], file_s[order])
    played = np.interp(source * rate, np.arange(len(audio)), audio, right=0.0)
    soundfile.write(path, played.astype(np.float32), rate, subtype="FLOAT")
