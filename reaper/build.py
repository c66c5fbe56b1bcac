"""Writes what the REAPER scripts take from the rest of drumbridge: ``python reaper/build.py [--url URL]``.

Conventions: ``lib/labels.lua`` is the table of labels as Lua, ``index.xml`` the catalogue that ReaPack reads, made from
the header of ``drumbridge.lua`` as reapack-index would. Both are committed, and a test says when they are old. URL is
where the folder ``reaper`` of this version can be downloaded from; ReaPack wants a whole address for each file, and the
committed index has one that must be replaced before it is published. Needs the package drumbridge and nothing else.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from urllib.parse import quote
from xml.sax.saxutils import escape, quoteattr

from drumbridge.core.labels import LABELS, SEVERAL_COLOUR, UNSURE_COLOUR

HERE = Path(__file__).resolve().parent
PACKAGE = HERE / "drumbridge.lua"
URL = "https://drumbridge.invalid/reaper"  # a name that can never exist: RFC 2606
RELEASED = "2026-11-21T00:00:00Z"  # the version in the header
CATEGORY = "reaper"  # for ReaPack, the folder of the package

_LABELS = """\
-- The table of labels: name, General MIDI note and colour (0xRRGGBB), in the order in which people see them.
-- Written by build.py from drumbridge/core/labels.py; do not edit.

local labels = {{ unsure_colour = 0x{unsure:06X}, several_colour = 0x{several:06X}, by_name = {{}} }}

labels.list = {{
{rows}
}}

for index, row in ipairs(labels.list) do
  row.index = index
  labels.by_name[row.name] = row
end

return labels
"""


_INDEX = """\
<?xml version="1.0" encoding="utf-8"?>
<index version="1" name="drumbridge">
  <category name="{category}">
    <reapack name="{package}" type="script" desc={description}>
      <version name="{version}" author={author} time="{time}">
        <changelog><![CDATA[{changelog}]]></changelog>
{sources}
      </version>
    </reapack>
  </category>
</index>
"""


def labels_lua() -> str:
    """Return the text of ``lib/labels.lua``."""
    rows = (
        f'  {{ name = "{label.name}", note = {label.gm_note}, colour = 0x{label.colour:06X} }},' for label in LABELS
    )
    return _LABELS.format(unsure=UNSURE_COLOUR, several=SEVERAL_COLOUR, rows="\n".join(rows))


def header(name: str) -> str:
    """Return the value of a one-line tag in the header of the package."""
    found = re.search(rf"^-- @{name} (.+)$", PACKAGE.read_text(encoding="utf-8"), re.MULTILINE)
    if found is None:
        raise ValueError(f"{PACKAGE.name} has no @{name}")
    return found[1]


def provided() -> list[tuple[Path, bool]]:
    """Return the files that the header's ``@provides`` names, and whether each is an action."""
    block = re.search(r"^-- @provides\n((?:--   .+\n)+)", PACKAGE.read_text(encoding="utf-8"), re.MULTILINE)
    files = []
    for flag, pattern in re.findall(r"\[(main|nomain)\] (.+)", block[1] if block else ""):
        files += [(path, flag == "main") for path in sorted(HERE.glob(pattern))]
    return files


def index_xml(url: str = URL) -> str:
    """Return the text of ``index.xml``; `url` is where this folder can be downloaded from."""
    rows = []
    for path, main in provided():
        kind = ' main="main"' if main else ""
        rows.append(f"        <source{kind} file={quoteattr(_name(path))}>{escape(_link(url, path))}</source>")
    return _INDEX.format(
        category=CATEGORY, package=PACKAGE.name, description=quoteattr(header("description")),
        version=header("version"), author=quoteattr(header("author")), time=RELEASED,
        changelog=header("changelog"), sources="\n".join(rows),
    )  # fmt: skip


def _name(path: Path) -> str:
    return path.relative_to(HERE).as_posix()


def _link(url: str, path: Path) -> str:
    return f"{url.rstrip('/')}/{quote(_name(path))}"


def generated(url: str = URL) -> dict[Path, str]:
    """Return every generated file with its text."""
    return {HERE / "lib" / "labels.lua": labels_lua(), HERE / "index.xml": index_xml(url)}


def main() -> None:
    """Write the generated files."""
    parser = argparse.ArgumentParser(description="Write what the REAPER scripts take from the rest of drumbridge.")
    parser.add_argument("--url", default=URL, help="where the folder reaper can be downloaded from (%(default)s)")
    for path, text in generated(parser.parse_args().url).items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
