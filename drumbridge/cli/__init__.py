"""The command line: `main` finds the verb, runs it and turns what happens into an exit code.

Conventions: each verb is a module of this package with `add_arguments(parser)` and `run(args) -> int`, and is
imported only when it runs; what it needs beyond the standard library it imports in `run`, so that every
`--help` is instant. Results go to stdout, everything else to stderr. Exit codes: 0 fine, 1 the user's error
(one line, ``drumbridge: message [code]``), 2 a bug, 130 interrupted.
"""

from __future__ import annotations

import argparse
import errno
import os
import sys
from typing import NoReturn

from drumbridge._version import __version__
from drumbridge.errors import DrumbridgeError

VERBS: dict[str, str] = {
    "demo": "show that it works: a drum loop over OSC, there and back",
    "serve": "answer OSC clients: DAWs, Max, Pure Data, scripts",
    "listen": "hear an audio interface, and show each hit as it comes",
    "devices": "list the audio inputs of this machine",
    "classify": "say what one-shots are",
    "transcribe": "find and name every hit of a recording",
    "learn": "teach pads of your own by a few taps each",
    "kits": "list, show, rename and delete the kits that you taught",
    "batch": "answer a file of questions, for scripts that cannot speak OSC",
    "midi": "list the MIDI outputs that hits can be played on",
    "scan": "hear folders of samples and remember them in the library",
    "find": "find sounds in the library",
    "web": "show the library in a browser: a map to listen to, labels to correct (needs the extra web)",
    "sort": "copy, link or move sounds into folders by label",
    "rename": "rename sounds by a template",
    "export": "write lists and drum kits of sounds for other programs",
    "duplicates": "list sounds that the library holds twice, or nearly",
    "models": "list the models that are installed",
    "doctor": "check this installation and say what is missing",
    "install": "copy the devices to Ableton Live or the scripts to REAPER",
    "abletonosc": "colour the clips of a running Live that has AbletonOSC",
    "train": "train a model (needs the extra train)",
    "evaluate": "measure a model on annotated audio (needs the extra eval)",
}

_CANNOT_WRITE = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EFBIG, errno.EACCES, errno.EPERM, errno.EROFS)


class _Parser(argparse.ArgumentParser):
    """An argparse parser whose complaint is an error like any other: one line, exit code 1."""

    def error(self, message: str) -> NoReturn:
        raise DrumbridgeError("cli.usage", f"{message} (see {self.prog} --help)")


def main(argv: list[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    argv : list of str, optional
        Without the name of the program; by default what the user typed.

    Returns
    -------
    int
        The exit code.
    """
    arguments = sys.argv[1:] if argv is None else argv
    debug = "--debug" in arguments or bool(os.environ.get("DRUMBRIDGE_DEBUG"))
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # whoever started us has closed it
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 (until the process ends)
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")  # a name that the console can't show is no reason to fail
    try:
        code = _run(arguments)
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        _silence_stdout()  # whoever read our output has seen enough
        return 0
    except DrumbridgeError as error:
        complain(error)
        return 1
    except Exception as error:
        if isinstance(error, OSError) and error.errno in _CANNOT_WRITE:
            _silence_stdout()
            where = error.filename or "the output"
            complain(DrumbridgeError("cli.output", f"{where} cannot be written: {error.strerror}."))
            return 1
        if debug:
            import traceback

            traceback.print_exc()
        hint = "Please report it, with what the same command prints with --debug."
        print(f"drumbridge: this is a bug: {type(error).__name__}: {error}. {hint}", file=sys.stderr)
        return 2


def complain(error: DrumbridgeError) -> None:
    """Print the one line that the user gets for an error."""
    print(f"drumbridge: {' '.join(error.message.split())} [{error.code}]", file=sys.stderr)


def _run(arguments: list[str]) -> int:
    if arguments and arguments[0] in VERBS:
        verb = arguments[0]
        from importlib import import_module

        module = import_module(f"drumbridge.cli.{verb}")
        parser = _Parser(prog=f"drumbridge {verb}", description=_sentence(VERBS[verb]), allow_abbrev=False)
        module.add_arguments(parser)
        parser.add_argument("--debug", action="store_true", help="show where a bug happened")
        try:
            args = parser.parse_intermixed_args(arguments[1:])
        except SystemExit as exit_:  # --help has been printed
            return int(exit_.code or 0)
        return int(module.run(args))
    return _without_verb(arguments)


def _without_verb(arguments: list[str]) -> int:
    parser = _Parser(
        prog="drumbridge",
        usage="drumbridge VERB ... | drumbridge VERB --help",
        description="Finds and names every drum hit in files and live audio, and tells a DAW over OSC.",
        epilog="verbs:\n" + "\n".join(f"  {verb:11} {what}" for verb, what in VERBS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"drumbridge {__version__}")
    try:
        _, rest = parser.parse_known_args(arguments)
    except SystemExit as exit_:  # --help or --version has been printed
        return int(exit_.code or 0)
    if not rest:
        parser.error(f"say what to do: {', '.join(VERBS)}")
    parser.error(f"there is no {rest[0]!r}{_did_you_mean(rest[0])}")


def _did_you_mean(word: str) -> str:
    from difflib import get_close_matches

    close = get_close_matches(word, VERBS, n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def _sentence(words: str) -> str:
    return words[0].upper() + words[1:] + "."


def _silence_stdout() -> None:
    """Let nothing more reach stdout, not even what Python flushes at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
