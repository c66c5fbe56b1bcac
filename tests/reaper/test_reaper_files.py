"""The files of reaper/: generated parts are current, every message is explained, and nothing undocumented is called."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree

import pytest
from projects import HERE, SCRIPTS

import drumbridge

ROOT = SCRIPTS.parent
PAGE = re.sub(r"\s+", " ", (ROOT / "docs" / "reaper.md").read_text(encoding="utf-8").replace("**", ""))
ACTIONS = sorted(SCRIPTS.glob("drumbridge_*.lua"))


def load(path: Path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def messages(lua) -> dict[str, str]:
    program = 'package.path = arg[1] .. "/lib/?.lua"; print(require("json").encode(require("messages")))'
    out = subprocess.run([lua, "-", str(SCRIPTS)], input=program, text=True, check=True, capture_output=True).stdout
    return json.loads(out)


@pytest.mark.parametrize(
    ("path", "text"), load(SCRIPTS / "build.py").generated().items(), ids=lambda value: str(value)[-20:]
)
def test_generated_files_are_current(path, text):
    assert path.read_text(encoding="utf-8") == text, "run: python reaper/build.py"


def test_the_contract_is_what_the_facts_say(data_dir):
    facts = data_dir.parent / "facts" / "reaper_api.json"
    if not facts.is_file():
        pytest.skip("the facts about REAPER's API are not here")
    made = load(HERE / "make_contract.py").text(json.loads(facts.read_text(encoding="utf-8")))
    assert (HERE / "contract.json").read_text(encoding="utf-8") == made


def test_every_function_that_is_called_has_a_contract():
    contract = json.loads((HERE / "contract.json").read_text(encoding="utf-8"))
    assert load(HERE / "make_contract.py").called() == set(contract["functions"])


def test_the_page_explains_every_message(messages):
    for text in messages.values():
        place = 0
        for part in re.split(r"%s|\n", text):
            words = part.strip(' ."')
            if len(words) > 2:
                place = PAGE.find(words, place)
                assert place >= 0, f"docs/reaper.md lacks {words!r} of {text!r}"
    assert len(messages) > 15


def test_every_message_is_used_and_no_other(messages):
    text = "\n".join(path.read_text(encoding="utf-8") for path in SCRIPTS.rglob("*.lua"))
    used = set(re.findall(r'failure\.(?:text|raise|raise_of_item)\("(\w+)"', text))
    assert used == set(messages)


@pytest.mark.parametrize("path", ACTIONS, ids=lambda path: path.stem)
def test_the_page_names_every_action(path):
    assert path.stem.removeprefix("drumbridge_") in PAGE


@pytest.mark.parametrize("path", sorted(SCRIPTS.rglob("*.lua")), ids=lambda path: path.stem)
def test_every_script_is_lua_of_both_kinds(path, lua):
    listing = "assert(loadfile(arg[1]))"
    subprocess.run([lua, "-", str(path)], input=listing, text=True, check=True, capture_output=True)
    text = path.read_text(encoding="utf-8")
    assert text.startswith("-- ")
    assert len(text.splitlines()) <= 250
    assert max(map(len, text.splitlines())) <= 120


def test_the_labels_in_lua_are_those_in_python(lua):
    from drumbridge.core.labels import LABELS

    program = (
        'package.path = arg[1] .. "/lib/?.lua"; for _, row in ipairs(require("labels").list) do '
        "print(row.name, row.note, row.colour) end"
    )
    out = subprocess.run([lua, "-", str(SCRIPTS)], input=program, text=True, check=True, capture_output=True).stdout
    rows = [line.split("\t") for line in out.splitlines()]
    assert [(name, int(note), int(colour)) for name, note, colour in rows] == [
        (label.name, label.gm_note, label.colour) for label in LABELS
    ]


def test_the_index_is_what_reapack_reads():
    """The structure and the checks of reapack-index, which is a Ruby gem and not installed here."""
    root = ElementTree.parse(SCRIPTS / "index.xml").getroot()
    assert (root.tag, root.attrib) == ("index", {"version": "1", "name": "drumbridge"})
    ((package,),) = (category for category in root)
    assert root[0].attrib == {"name": "reaper"}
    assert (package.tag, package.get("type"), package.get("name")) == ("reapack", "script", "drumbridge.lua")
    (version,) = package
    assert version.get("name") == drumbridge.__version__
    assert all(int(part) <= 65535 for part in re.findall(r"\d+", version.get("name")))
    assert datetime.fromisoformat(version.get("time").replace("Z", "+00:00"))
    assert next(child.tag for child in version) == "changelog"
    sources = version.findall("source")
    files = {source.get("file"): source for source in sources}
    there = {path.relative_to(SCRIPTS).as_posix() for path in SCRIPTS.rglob("*.lua")} - {"drumbridge.lua"}
    assert set(files) == there
    assert {name for name, source in files.items() if source.get("main")} == {path.name for path in ACTIONS}
    for name, source in files.items():
        assert not re.search(r'[*\\:<>?|"\x00-\x1f]', name)
        url = urlsplit(source.text)
        assert (url.scheme, unquote(url.path).endswith(f"/{name}")) == ("https", True)
        assert " " not in source.text


def test_the_header_of_the_package_has_no_gaps():
    """reapack-index reads tags up to the first line that is neither a tag nor indented."""
    lines = (SCRIPTS / "drumbridge.lua").read_text(encoding="utf-8").splitlines()
    block = lines[: lines.index("")]
    assert all(re.match(r"-- @\w+|--   |--$", line) for line in block)
    tags = [line.split()[1] for line in block if line.startswith("-- @")]
    assert tags[:2] == ["@description", "@version"]
    for path in ACTIONS:
        assert path.read_text(encoding="utf-8").startswith("-- @noindex\n")


def test_the_builder_runs_as_a_program(tmp_path):
    before = {path: path.read_bytes() for path in load(SCRIPTS / "build.py").generated()}
    subprocess.run([sys.executable, str(SCRIPTS / "build.py")], check=True, cwd=ROOT, env={"PYTHONPATH": str(ROOT)})
    assert {path: path.read_bytes() for path in before} == before
