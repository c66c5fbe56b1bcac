"""The command line as a whole: exit codes, one clear line for every error, quiet ends."""

import os
import re
import subprocess
import sys

import pytest
import soundfile

import drumbridge.cli
from drumbridge.cli import VERBS, main
from drumbridge.core.synthesis import synthesise
from drumbridge.errors import AudioError

ONE_LINE = re.compile(r"drumbridge: [^\n]+ \[[a-z_]+(\.[a-z0-9_]+)+\]\n")


def test_help_tells_every_verb(capsys):
    assert main(["--help"]) == 0
    out = capsys.readouterr().out
    for verb, what in VERBS.items():
        assert re.search(rf"^  {verb} +{re.escape(what)}$", out, re.MULTILINE)


def test_version(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"drumbridge {drumbridge.__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ([], "say what to do: demo, serve"),
        (["clasify", "x.wav"], "no 'clasify'; did you mean 'classify'"),
        (["--frobnicate"], "no '--frobnicate'"),
        (["classify"], r"required: FILE \(see drumbridge classify --help\)"),
        (["classify", "x.wav", "--jsn"], "unrecognized arguments: --jsn"),
        (["classify", "x.wav", "--json", "--csv"], "not allowed with"),
        (["transcribe", "x.wav", "--start", "soon"], "invalid float value: 'soon'"),
        (["transcribe", "x.wav", "y.wav"], "unrecognized arguments: y.wav"),
    ],
)
def test_a_wrong_call_is_one_line_and_exit_code_1(arguments, match, capsys):
    assert main(arguments) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert ONE_LINE.fullmatch(err)
    assert err.endswith("[cli.usage]\n")
    assert re.search(match, err)


@pytest.fixture
def verb_that(monkeypatch):
    """Put in place of `models` a verb that does what the test says."""

    def install(action):
        import drumbridge.cli.models

        monkeypatch.setattr(drumbridge.cli.models, "run", lambda args: action())

    return install


def raises(error):
    def action():
        raise error

    return action


def test_an_error_of_ours_is_one_line(verb_that, capsys):
    verb_that(raises(AudioError("audio.not_found", "There is no file\nx.wav.")))
    assert main(["models"]) == 1
    assert capsys.readouterr().err == "drumbridge: There is no file x.wav. [audio.not_found]\n"


def test_a_bug_asks_to_be_reported_and_shows_its_place_only_on_demand(verb_that, capsys, monkeypatch):
    monkeypatch.delenv("DRUMBRIDGE_DEBUG", raising=False)
    verb_that(raises(KeyError("snare")))
    assert main(["models"]) == 2
    quiet = capsys.readouterr().err
    assert quiet.count("\n") == 1
    assert re.match(r"drumbridge: this is a bug: KeyError: 'snare'. Please report it.*--debug", quiet)
    assert main(["models", "--debug"]) == 2
    assert "Traceback" in capsys.readouterr().err
    monkeypatch.setenv("DRUMBRIDGE_DEBUG", "1")
    assert main(["models"]) == 2
    assert "Traceback" in capsys.readouterr().err


def test_an_interrupt_is_130_and_silent(verb_that, capsys):
    verb_that(raises(KeyboardInterrupt()))
    assert main(["models"]) == 130
    assert capsys.readouterr() == ("", "")


def run_printing(text: str, **how) -> subprocess.CompletedProcess:
    """Run, in a process of its own, a verb that prints a text."""
    code = f"import sys; import drumbridge.cli.models as m; m.run = lambda args: print({text}) or 0; "
    code += "from drumbridge.cli import main; sys.exit(main(['models']))"
    return subprocess.run([sys.executable, "-c", code], stderr=subprocess.PIPE, timeout=60, **how)


@pytest.mark.skipif(sys.platform == "win32", reason="pipes end otherwise there")
@pytest.mark.parametrize("text", ["'x' * 10**6", "'x'"])
def test_a_reader_that_has_seen_enough_is_no_error(text):
    read, write = os.pipe()
    os.close(read)
    ran = run_printing(text, stdout=write)
    os.close(write)
    assert (ran.returncode, ran.stderr) == (0, b"")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full")
@pytest.mark.parametrize("text", ["'x' * 10**6", "'x'"])
def test_a_full_disk_is_told(text):
    with open("/dev/full", "wb") as full:
        ran = run_printing(text, stdout=full)
    assert ran.returncode == 1
    assert re.fullmatch(rb"drumbridge: the output cannot be written: .* \[cli.output\]\n", ran.stderr)


def test_a_name_that_the_console_cannot_show_is_shown_all_the_same():
    env = {**os.environ, "PYTHONIOENCODING": "ascii"}
    ran = run_printing(r"'b\u00e4ng \udcff'", stdout=subprocess.PIPE, env=env)
    assert (ran.returncode, ran.stdout.strip(), ran.stderr) == (0, rb"b\xe4ng \udcff", b"")


@pytest.mark.skipif(sys.platform == "win32", reason="a POSIX shell closes them here")
@pytest.mark.parametrize("verb", ["transcribe", "transcribe --json", "transcribe --csv", "classify --csv"])
def test_streams_that_were_closed_are_no_bug(verb, tmp_path, small_model):
    path = tmp_path / "kick.wav"
    soundfile.write(path, synthesise("kick"), 44100)
    command = f"'{sys.executable}' -m drumbridge {verb} '{path}' --model '{small_model}' >&-"
    ran = subprocess.run(["sh", "-c", command], stderr=subprocess.PIPE, timeout=60)
    assert (ran.returncode, ran.stderr) == (0, b"")
    command = f"'{sys.executable}' -m drumbridge classify nowhere.wav 2>&-"
    missing = subprocess.run(["sh", "-c", command], stdout=subprocess.PIPE, timeout=60)
    assert (missing.returncode, missing.stdout) == (1, b"")
