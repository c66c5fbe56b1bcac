"""Synthetic REAPER projects, and the running of an action on one in a fake REAPER.

Conventions: times are seconds. `Case.run` returns what the project, the boxes and the rest were when the action had
ended; it has failed already if the action broke REAPER's rules.
"""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import soundfile

import drumbridge

HERE = Path(__file__).resolve().parent
SCRIPTS = HERE.parents[1] / "reaper"


def wave_source(path: Path, **more: Any) -> dict:
    """Return a source that is an audio file."""
    with soundfile.SoundFile(path) as file:
        length, rate, channels = len(file) / file.samplerate, file.samplerate, file.channels
    return {"type": "WAVE", "path": str(path), "length": length, "rate": rate, "channels": channels, **more}


def section(parent: dict, offset: float, length: float, *, reversed_: bool = False) -> dict:
    """Return a source that plays a part of another, from its end if reversed."""
    return {"type": "SECTION", "parent": parent, "offset": offset, "length": length, "reversed": reversed_}


def take(source: dict, **more: Any) -> dict:
    """Return a take: offset, rate, stretch, name, colour, chanmode."""
    return {"source": source, **more}


def item(*takes: dict, position: float = 0.0, length: float = 1.0, selected: bool = True, **more: Any) -> dict:
    """Return an item: also loop, active."""
    return {"takes": list(takes), "position": position, "length": length, "selected": selected, **more}


def track(*items: dict, name: str = "drums") -> dict:
    """Return a track."""
    return {"name": name, "items": list(items)}


@dataclass
class Result:
    """What was found after an action."""

    facts: dict[str, Any]
    leftovers: list[str] = field(default_factory=list)

    def __getattr__(self, name: str) -> Any:
        return self.facts[name]

    @property
    def items(self) -> list[dict]:
        """All items, track by track."""
        return [item for track in self.facts["tracks"] for item in track["items"]]

    @property
    def said(self) -> str:
        """The text of all boxes."""
        return "\n".join(box["text"] for box in self.facts["boxes"])


@dataclass
class Case:
    """A fake REAPER: which Lua, where its temporary files go, and how drumbridge is reached."""

    lua: str
    folder: Path
    resource_path: Path
    settings: dict[str, str]
    makes_folder: bool = True
    scripts: Path = SCRIPTS

    def run(
        self, action: str, *tracks: dict, events: tuple[dict, ...] = (), breaks: bool = False, **more: Any
    ) -> Result:
        """Run an action on a project; `breaks` says that a violation is expected."""
        temporary = self.folder / "temporary"
        if self.makes_folder:
            temporary.mkdir(exist_ok=True)
        scenario = {
            "action": str(self.scripts / f"drumbridge_{action}.lua"),
            "project": {"tracks": list(tracks), "bpm": more.pop("bpm", 120)},
            "events": list(events),
            "settings": self.settings | more.pop("settings", {}),
            "resource_path": str(self.resource_path),
            "log": str(self.folder / "program.log"),
            **more,
        }
        (self.folder / "scenario.json").write_text(json.dumps(scenario), encoding="utf-8")
        files = ["contract.json", self.folder / "scenario.json", self.folder / "result.json"]
        environment = {"PATH": "/usr/bin:/bin", "HOME": str(self.folder), "TMPDIR": str(temporary)}
        environment["PYTHONPATH"] = str(Path(drumbridge.__file__).parents[1])  # where a checkout is what is tested
        ran = subprocess.run(
            [self.lua, "run_action.lua", *files], cwd=HERE, env=environment, capture_output=True, text=True, timeout=90
        )
        assert ran.returncode == 0, ran.stderr + ran.stdout
        result = Result(json.loads((self.folder / "result.json").read_text(encoding="utf-8")))
        result.leftovers = sorted(path.name for path in temporary.iterdir()) if self.makes_folder else []
        if not breaks:
            assert result.violations == [], result.violations
        return result
