"""Writes what the REAPER scripts take from the rest of drumbridge: ``python reaper/build.py``.

Conventions: ``lib/labels.lua`` is the table of labels as Lua, ``index.xml`` the catalogue that ReaPack reads. Both are
committed, and a test says when they are old. Needs the package drumbridge and nothing else.
"""

from __future__ import annotations

from pathlib import Path

from drumbridge.core.labels import LABELS, UNSURE_COLOUR

HERE = Path(__file__).resolve().parent

_LABELS = """\
-- The table of labels: name, General MIDI note and colour (0xRRGGBB), in the order in which people see them.
-- Written by build.py from drumbridge/core/labels.py; do not edit.

local labels = {{ unsure_colour = 0x{unsure:06X}, by_name = {{}} }}

labels.list = {{
{rows}
}}

for index, row in ipairs(labels.list) do
  row.index = index
  labels.by_name[row.name] = row
end

return labels
"""


def labels_lua() -> str:
    """Return the text of ``lib/labels.lua``."""
    rows = (
        f'  {{ name = "{label.name}", note = {label.gm_note}, colour = 0x{label.colour:06X} }},' for label in LABELS
    )
    return _LABELS.format(unsure=UNSURE_COLOUR, rows="\n".join(rows))


def generated() -> dict[Path, str]:
    """Return every generated file with its text."""
    return {HERE / "lib" / "labels.lua": labels_lua()}


def main() -> None:
    """Write the generated files."""
    for path, text in generated().items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
