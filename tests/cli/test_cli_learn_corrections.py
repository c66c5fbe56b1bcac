"""`drumbridge learn --from-corrections`, as somebody types it."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "engine_files"))
from test_head_learning import fill, teach

from drumbridge.cli import main
from drumbridge.inference.registry import load_model
from drumbridge.library.store import Library


@pytest.fixture
def learn(tmp_path, small_model):
    """Return a function that runs the verb on a library, and returns its exit code."""
    with Library(tmp_path / "library.sqlite") as library:
        fill(library, load_model(small_model), ["kick", "kick", "snare"])

    def run(*arguments):
        library = tmp_path / "library.sqlite"
        return main(["learn", "--from-corrections", "--library", str(library), "--model", str(small_model), *arguments])

    return run


def found(tmp_path, capsys, query):
    capsys.readouterr()
    assert main(["find", query, "--paths", "--library", str(tmp_path / "library.sqlite")]) == 0
    return capsys.readouterr().out.splitlines()


def test_offered_used_and_returned(learn, tmp_path, capsys):
    with Library(tmp_path / "library.sqlite") as library:
        teach(library)
    assert learn() == 0
    out, err = capsys.readouterr()
    assert "30 corrected" in out
    assert "40 confirmed" in out
    assert "the model    your head" in out
    assert "95 % interval +" in out
    assert "--use takes it into use" in err
    assert len(found(tmp_path, capsys, "label:stick")) == 30  # those that were corrected
    assert learn("--use") == 0
    assert "called otherwise" in capsys.readouterr().err
    assert len(found(tmp_path, capsys, "label:stick")) >= 52
    assert learn("--return") == 0
    assert "the model's own answers count again" in capsys.readouterr().err
    assert len(found(tmp_path, capsys, "label:stick")) == 30
    assert learn("--return") == 0
    assert "no personal head was in use" in capsys.readouterr().err


def test_one_line_where_nothing_is_to_be_had(learn, tmp_path, capsys):
    assert learn() == 1
    assert capsys.readouterr().err.startswith("drumbridge: 0 corrected one-shots unlike each other")
    with Library(tmp_path / "library.sqlite") as library:
        teach(library, "clap")
        for k in range(30):  # the same kind of sound is called four things
            library.connection.execute(
                "UPDATE corrections SET label = ? WHERE content_hash = ?",
                (("clap", "rim", "crash", "tom_low")[k % 4], bytes([0, k]) * 8),
            )
    assert learn("--use") == 1
    out, err = capsys.readouterr()
    assert "your head against the model" in out
    assert "[library.head_not_better]" in err


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--from-corrections", "name"], "teaches no kit"),
        (["--from-corrections", "--use", "--return"], "contradict"),
        (["name", "--from", ".", "--use"], "go with --from-corrections"),
        (["--from", "."], "name the kit"),
        (["--from-corrections", "--library", "/nowhere/library.sqlite"], "no library"),
    ],
)
def test_wrong_usage_is_one_line(arguments, why, capsys):
    assert main(["learn", *arguments]) == 1
    err = capsys.readouterr().err
    assert why in err
    assert err.count("\n") == 1
