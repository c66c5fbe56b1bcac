"""README.md: its two commands stand where the checks look for them, and its links lead somewhere."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"


def command(name: str) -> str:
    found = re.findall(rf"<!-- command: {name} -->\n```sh\n(.*?)\n```\n", README.read_text(encoding="utf-8"), re.DOTALL)
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize("name", ["demo", "test"])
def test_a_command_is_one_line_with_tested_versions(name):
    assert "\n" not in command(name)
    assert "pip install -c constraints.txt" in command(name)
    assert "; " not in command(name)  # each part runs only when the one before it went well


@pytest.mark.skipif(sys.platform == "win32" or not shutil.which("sed"), reason="the check is a script for Unix")
def test_the_check_takes_the_second_command_as_it_stands():
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    extract = re.search(r"^second_command=\$\((.*)\)$", script, re.MULTILINE)[1]
    ran = subprocess.run(["bash", "-c", extract], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout.rstrip("\n") == command("test")


PAGES = ["README.md", "examples/README.md", *(f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.md")))]


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page):
    path = ROOT / page
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", path.read_text(encoding="utf-8"))
    missing = [link for link in links if not (path.parent / link).exists()]
    assert missing == []
