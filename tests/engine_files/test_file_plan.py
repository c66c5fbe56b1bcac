"""Plans of files: what they say is what is done, nothing is ever overwritten, and all of it can be taken back."""

import json
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drumbridge.engine.file_plan import COPY, HARD_LINK, MOVE, SYMLINK, WAYS, perform, plan, undo
from drumbridge.engine.order import check_template
from drumbridge.errors import SettingsError


def tree(folder):
    """Every file below a folder with its contents."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


NAMES = st.sampled_from(["a.wav", "A.wav", "b.wav", "ä.wav", "a\u0308.wav"])


@settings(max_examples=40, deadline=None)
@given(
    st.dictionaries(st.tuples(st.sampled_from(["x", "y", "z"]), NAMES), st.binary(max_size=2), max_size=6),
    st.dictionaries(NAMES, st.binary(max_size=2), max_size=2),
    st.sampled_from(WAYS),
)
def test_nothing_is_overwritten_or_lost_and_all_is_taken_back(tmp_path_factory, sources, there, way):
    folder = tmp_path_factory.mktemp("plan")
    for (below, name), content in sources.items():
        (folder / below).mkdir(exist_ok=True)
        (folder / below / name).write_bytes(content)
    (folder / "out").mkdir()
    for name, content in there.items():
        (folder / "out" / name).write_bytes(content)
    before = tree(folder)
    wanted = [(str(folder / below / name), str(folder / "out" / name)) for below, name in sources]
    steps = plan(wanted, way)
    assert tree(folder) == before, "a plan touches nothing"
    assert len({step.target for step in steps}) == len(steps)
    assert perform(steps, folder / "undo.jsonl") == len(steps)
    after = tree(folder)
    after.pop("undo.jsonl")
    assert before.items() <= after.items() or way == MOVE
    assert sorted(set(after.values())) == sorted(set(before.values()))
    for step in steps:
        target = os.path.relpath(step.target, folder).replace(os.sep, "/")
        assert target not in before
        assert after[target] == before[os.path.relpath(step.source, folder).replace(os.sep, "/")]
    assert undo(folder / "undo.jsonl") == (len(steps), [])
    (folder / "undo.jsonl").unlink()
    assert tree(folder) == before


def test_the_same_again_has_nothing_to_do(tmp_path):
    (tmp_path / "a.wav").write_bytes(b"a")
    wanted = [(str(tmp_path / "a.wav"), str(tmp_path / "kick" / "a.wav"))]
    perform(plan(wanted, COPY), tmp_path / "undo.jsonl")
    assert plan(wanted, COPY) == []


@pytest.mark.parametrize("way", [COPY, HARD_LINK, SYMLINK])
def test_what_has_changed_since_stays(tmp_path, way):
    (tmp_path / "a.wav").write_bytes(b"a")
    target = tmp_path / "kick" / "a.wav"
    perform(plan([(str(tmp_path / "a.wav"), str(target))], way), tmp_path / "undo.jsonl")
    target.unlink()
    target.write_bytes(b"mine")
    n, left = undo(tmp_path / "undo.jsonl")
    assert (n, len(left)) == (0, 1)
    assert "has changed" in left[0]
    assert target.read_bytes() == b"mine"


def test_the_only_copy_is_never_removed(tmp_path):
    (tmp_path / "a.wav").write_bytes(b"a")
    perform(plan([(str(tmp_path / "a.wav"), str(tmp_path / "kick" / "a.wav"))], COPY), tmp_path / "undo.jsonl")
    (tmp_path / "a.wav").unlink()
    n, left = undo(tmp_path / "undo.jsonl")
    assert (n, len(left)) == (0, 1)
    assert (tmp_path / "kick" / "a.wav").read_bytes() == b"a"


def test_what_was_done_before_a_failure_can_be_taken_back(tmp_path):
    for name in "ab":
        (tmp_path / f"{name}.wav").write_bytes(name.encode())
    steps = plan([(str(tmp_path / f"{name}.wav"), str(tmp_path / "out" / f"{name}.wav")) for name in "ab"], MOVE)
    (tmp_path / "b.wav").unlink()
    with pytest.raises(SettingsError, match=r"1 files were, --undo .*undo.jsonl takes that back"):
        perform(steps, tmp_path / "undo.jsonl")
    assert undo(tmp_path / "undo.jsonl")[0] == 1
    assert (tmp_path / "a.wav").read_bytes() == b"a"


def test_an_undo_file_is_read_strictly(tmp_path):
    for text in ("not json", json.dumps(["copy", "a"]), json.dumps(5)):
        (tmp_path / "undo.jsonl").write_text(text + "\n")
        with pytest.raises(SettingsError, match="cannot be read as an undo file"):
            undo(tmp_path / "undo.jsonl")
    with pytest.raises(SettingsError, match="cannot be read as an undo file"):
        undo(tmp_path / "none.jsonl")


@pytest.mark.parametrize("template", ["", "kick", "{nothing}", "{", "{label.x}", "{0}", "{label!z}", "{index:q}", " ."])
def test_templates_that_are_none(template):
    with pytest.raises(SettingsError) as caught:
        check_template(template)
    assert caught.value.code == "settings.template"
