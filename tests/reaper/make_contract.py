"""Writes contract.json: what REAPER documents of the functions that the scripts call.

Conventions: ``python tests/reaper/make_contract.py reaper_api.json``, where that file holds for every function its
parameters as [name, type] and its returns as [type, name], and the parameter names that Get/Set...Info take. Only
what the scripts use is kept.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
SCRIPTS = HERE.parents[1] / "reaper"


def called() -> set[str]:
    """Return every function of REAPER that the scripts name."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in sorted(SCRIPTS.rglob("*.lua")))
    names = set(re.findall(r"(?<![/\w])reaper\.(\w+)", text))
    return names | {f"gfx.{name}" for name in re.findall(r"\bgfx\.(\w+)\(", text)}


def contract(api: dict) -> dict:
    """Return the part of REAPER's API that the scripts use."""
    functions = {name: api["functions"][name] for name in sorted(called())}
    kinds = {kind for entry in functions.values() for _, kind in entry["params"]}
    names = {kind: api["parameter_names"][kind] for kind in sorted(kinds & api["parameter_names"].keys())}
    for kind, known in names.items():
        names[kind] = [name for name in known if not name.startswith("P_EXT:") or name == "P_EXT:xyz"]
    return {"functions": functions, "parameter_names": names}


def text(api: dict) -> str:
    """Return contract.json, a function a line."""
    whole = contract(api)
    parts = []
    for key, rows in whole.items():
        lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(row)}" for name, row in rows.items())
        parts.append(f" {json.dumps(key)}: {{\n{lines}\n }}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


if __name__ == "__main__":
    api = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    (HERE / "contract.json").write_text(text(api), encoding="utf-8")
