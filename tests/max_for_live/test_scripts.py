"""The js of the devices: ES5, a handler for every message, and no new symbols."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from graph import GRAPHS

from max_for_live.build import DEVICES, ROOT, script
from max_for_live.chain import REPLIES

NODE = Path(__file__).parent / "node"
# Where Debian puts what apt-get installs.
ENVIRONMENT = {**os.environ, "NODE_PATH": os.pathsep.join(["/usr/share/nodejs", os.environ.get("NODE_PATH", "")])}
devices = pytest.mark.parametrize("device", DEVICES, ids=lambda device: device.NAME)


def has_acorn() -> bool:
    if shutil.which("node") is None:
        return False
    return subprocess.run(["node", "-e", "require('acorn')"], env=ENVIRONMENT, capture_output=True).returncode == 0


needs_acorn = pytest.mark.skipif(not has_acorn(), reason="not installed: node and acorn (apt-get install node-acorn)")


def parse(device, tmp_path) -> dict:
    path = tmp_path / device.SCRIPT
    path.write_bytes(script(device))
    command = ["node", str(NODE / "messages.js"), str(path)]
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@needs_acorn
@devices
def test_the_js_is_es5(device, tmp_path):
    found = parse(device, tmp_path)
    assert len(set(found["functions"])) == len(found["functions"]), (
        "a second function of a name would replace the first"
    )
    assert not {"post", "print", "eval", "require", "messnamed"} & set(found["called"])
    assert "outlet.apply" not in found["called"], "that crashed Live"


@needs_acorn
def test_the_parser_refuses_what_is_newer(tmp_path):
    path = tmp_path / "new.js"
    path.write_text("const a = () => 1;")
    assert subprocess.run(
        ["node", str(NODE / "messages.js"), str(path)], env=ENVIRONMENT, capture_output=True
    ).returncode


@needs_acorn
@devices
def test_every_message_that_reaches_js_has_a_handler(device, tmp_path):
    functions = set(parse(device, tmp_path)["functions"])
    graph = GRAPHS[device.NAME]
    (js,) = graph.named("js")
    messages = set()
    for source, _ in graph.into(js):
        assert graph.name(source) in ("prepend", "message"), "js hears nothing that has no name"
        messages.add(graph.text(source).split()[1] if graph.name(source) == "prepend" else graph.text(source))
    assert messages <= functions, messages - functions
    assert set(REPLIES) <= messages


@needs_acorn
@devices
def test_every_word_that_js_sends_to_the_patch_is_routed(device, tmp_path):
    graph = GRAPHS[device.NAME]
    (js,) = graph.named("js")
    ((control, _),) = graph.out_of(js, 1)
    words = graph.text(control).split()[1:]
    sent = {atoms[0] for atoms in parse(device, tmp_path)["outlets"]} - {"ArrayExpression"}
    said = {word for word in sent if not word.startswith("/")} - {"Identifier", "BinaryExpression+"}
    assert said <= set(words), said - set(words)
    for k, word in enumerate(words):
        assert graph.out_of(control, k), f"{word} leads nowhere"
    assert not graph.out_of(control, len(words))


@needs_acorn
@devices
def test_no_symbol_is_made_for_a_message(device, tmp_path):
    """Max keeps every symbol for ever, so no text is put together where something is sent."""
    for atoms in parse(device, tmp_path)["outlets"]:
        _, *values = atoms if atoms[0] != "BinaryExpression+" else ["/", *atoms[1:]]
        assert "BinaryExpression+" not in values, atoms


def test_the_launcher_parses(tmp_path):
    if shutil.which("node") is None:
        pytest.skip("not installed: node")
    subprocess.run(["node", "--check", str(ROOT / "js" / "launch.js")], check=True)
