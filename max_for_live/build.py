"""``python -m max_for_live.build``: writes the devices.

Conventions: release devices are frozen and go to ``max_for_live/devices``; ``--development DIR`` writes unfrozen ones
with their scripts beside them, for Max to open. The same sources give the same bytes. A device's js is one file, put
together from its parts, because a frozen device is safest with as few files as can be.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from types import ModuleType
from typing import Final

from drumbridge._version import __version__
from drumbridge.core.labels import LABELS, SEVERAL_COLOUR, UNSURE_COLOUR

from . import bridge, pads
from .container import Dependency, frozen, unfrozen
from .patcher import patcher
from .picture import clips_png, strip_png

ROOT: Final = Path(__file__).resolve().parent
DEVICES: Final = (bridge, pads)
MESSAGES: Final[dict[str, str]] = json.loads((ROOT / "messages.json").read_text(encoding="utf-8"))
_PICTURES = ROOT.parent / "docs" / "images"


def messages_of(device: ModuleType) -> dict[str, str]:
    """Return what a device can say in its strip, by key; # stands for a number."""
    code = "".join(_parts(device))
    return {key: text for key, text in MESSAGES.items() if f'"{key}"' in code}


def script(device: ModuleType) -> bytes:
    """Return the js of a device: the tables, then its parts."""
    labels = [{"name": one.name, "note": one.gm_note, "colour": one.colour} for one in LABELS]
    tables = {
        "VERSION": __version__, "DEVICE_NAME": device.NAME, "SERVER_PORT": bridge.SERVER_PORT, "LABELS": labels,
        "UNSURE_COLOUR": UNSURE_COLOUR, "SEVERAL_COLOUR": SEVERAL_COLOUR, "MESSAGES": messages_of(device),
    }  # fmt: skip
    head = [f"/* {device.NAME}. Made by python -m max_for_live.build from max_for_live/js; do not edit. */"]
    head += [f"var {name} = {json.dumps(value, indent=1)};" for name, value in tables.items()]
    return "\n\n".join(["\n".join(head), *_parts(device)]).encode("utf-8")


def _parts(device: ModuleType) -> list[str]:
    return [(ROOT / "js" / f"{part}.js").read_text(encoding="utf-8") for part in device.PARTS]


def dependencies(device: ModuleType) -> list[Dependency]:
    """Return the files that a device needs beside its patch."""
    found = [Dependency(device.SCRIPT, script(device))]
    if hasattr(device, "LAUNCHER"):
        found.append(Dependency(device.LAUNCHER, (ROOT / "js" / "launch.js").read_bytes(), node=True))
    return found


def release(device: ModuleType) -> bytes:
    """Return the frozen device."""
    made = patcher(device.KIND, device.WIDTH, device.OBJECTS, device.CONTROLS, device.WIRES)
    return frozen(device.KIND, f"{device.NAME}.amxd", made, dependencies(device))


def development(device: ModuleType) -> bytes:
    """Return the unfrozen device."""
    return unfrozen(device.KIND, patcher(device.KIND, device.WIDTH, device.OBJECTS, device.CONTROLS, device.WIRES))


def picture(device: ModuleType) -> bytes:
    """Return a PNG of the device's strip."""
    return strip_png(device.WIDTH, device.CONTROLS)


def main() -> None:
    """Write what was asked for and say what was written."""
    parser = argparse.ArgumentParser(
        prog="python -m max_for_live.build", description="Writes the Max for Live devices."
    )
    parser.add_argument(
        "--development", type=Path, metavar="DIR", help="write unfrozen devices and their scripts to DIR"
    )
    options = parser.parse_args()
    for device in DEVICES:
        if options.development:
            _write(options.development / f"{device.NAME}.amxd", development(device))
            for one in dependencies(device):
                _write(options.development / one.name, one.data)
        else:
            _write(ROOT / "devices" / f"{device.NAME}.amxd", release(device))
            _write(_PICTURES / f"{device.NAME.lower().replace(' ', '-')}.png", picture(device))
    if not options.development:
        _write(_PICTURES / "coloured-clips.png", clips_png())


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    print(f"{path} ({len(data)} bytes)")


if __name__ == "__main__":
    main()
