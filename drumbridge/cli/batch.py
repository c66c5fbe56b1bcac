"""`drumbridge batch QUESTIONS`: many files and parts of files in one go, for programs that cannot speak OSC.

Conventions: questions and answers are JSON objects, one a line, in UTF-8; an answer names its question by its line,
from 0, and is written as soon as it is known. The first line is written before anything is loaded. Whoever has asked
and wants no more removes the file of questions: the work then ends with ``job.cancelled``.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from drumbridge._version import __version__
from drumbridge.errors import AudioError, DrumbridgeError, JobError, ServerError, SettingsError
from drumbridge.osc.addresses import DEFAULT_PORT

from .quiet import quiet_libraries

if TYPE_CHECKING:
    from drumbridge.core.events import Hit
    from drumbridge.engine.engine import Engine

_PROGRESS_EVERY_S = 0.2

_Write = Callable[..., None]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes."""
    parser.add_argument("questions", type=Path, metavar="QUESTIONS", help="a file with a JSON object on each line")
    parser.add_argument("--to", type=Path, metavar="ANSWERS", help="write the answers to a new file, not to stdout")
    parser.add_argument(
        "--port", type=int, default=DEFAULT_PORT, help="of the drumbridge serve that OSC questions go to (%(default)s)"
    )
    parser.add_argument("--model", metavar="NAME", help="name of an installed model, or path of an .onnx file")


@quiet_libraries()
def run(args: argparse.Namespace) -> int:
    """Answer all questions; 1 when some could not be answered."""
    questions = _read(args.questions)
    with _opened(args.to) as file:

        def write(**answer: Any) -> None:
            file.write(json.dumps(answer, allow_nan=False) + "\n")
            file.flush()

        write(ready=__version__, questions=len(questions))
        try:
            failed = _answer(questions, args, write, lambda: not args.questions.exists())
        except DrumbridgeError as error:
            write(fail=error.code, message=error.message)
            raise
        write(done=len(questions), failed=failed)
    return 1 if failed else 0


def _read(path: Path) -> list[dict[str, Any]]:
    """Return the questions of a file."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise SettingsError("settings.batch", f"{path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise SettingsError("settings.batch", f"{path} is not UTF-8 text.") from None
    questions = []
    for number, line in enumerate(text.splitlines(), start=1):
        try:
            question = json.loads(line)
        except ValueError:
            question = None
        if not _is_question(question):
            raise SettingsError(
                "settings.batch",
                f"Line {number} of {path} is no question: "
                'write {"classify": "bd.wav"}, {"transcribe": "groove.wav", "start_s": 0, "end_s": 8} '
                'or {"osc": "/drumbridge/ping"}.',
            )
        questions.append(question)
    return questions


def _is_question(question: Any) -> bool:
    if not isinstance(question, dict):
        return False
    if "osc" in question:
        from .osc_question import is_osc_question

        return is_osc_question(question)
    if isinstance(question.get("classify"), str):
        return set(question) == {"classify"}
    bounds = [question.get("start_s", 0), question.get("end_s", 0)]
    return (
        isinstance(question.get("transcribe"), str)
        and set(question) <= {"transcribe", "start_s", "end_s"}
        and all(isinstance(bound, int | float) and not isinstance(bound, bool) for bound in bounds)
    )


@contextmanager
def _opened(target: Path | None) -> Iterator[TextIO]:
    if target is None:
        yield sys.stdout
        return
    try:
        with open(target, "x", encoding="utf-8", newline="\n") as file:
            yield file
    except FileExistsError:
        raise SettingsError("settings.batch", f"{target} exists already: name a new file.") from None


def _answer(
    questions: list[dict[str, Any]], args: argparse.Namespace, write: _Write, cancelled: Callable[[], bool]
) -> int:
    """Answer the questions, those to a server first, then the one-shots; return how many failed."""
    failed = 0
    for k, question in enumerate(questions):
        if "osc" in question:
            failed += not _ask_server(k, question, args.port, write)
    if all("osc" in question for question in questions):
        return failed
    from drumbridge.engine.engine import Engine

    engine = Engine(model=args.model)
    engine.load_model()
    one_shots = [k for k, question in enumerate(questions) if "classify" in question]
    failed += _classify(engine, one_shots, questions, write, cancelled)
    for k, question in enumerate(questions):
        if "transcribe" in question:
            failed += not _transcribe(engine, k, question, write, cancelled)
    return failed


def _ask_server(k: int, question: dict[str, Any], port: int, write: _Write) -> bool:
    from drumbridge.osc.addresses import FAIL

    from .osc_question import ask_server

    try:
        replies, end = ask_server(port, question["osc"], question.get("arguments", []))
    except ServerError as error:
        write(request=k, fail=error.code, message=error.message)
        return False
    for reply in replies:
        write(request=k, reply=reply)
    if end.address == FAIL:
        write(request=k, fail=end.arguments[1], message=end.arguments[2])
        return False
    write(request=k, done=list(end.arguments[1:]))
    return True


def _classify(
    engine: Engine, which: list[int], questions: list[dict[str, Any]], write: _Write, cancelled: Callable[[], bool]
) -> int:
    from drumbridge.audio.paths import path_from_daw
    from drumbridge.formats.json import classification_to_object

    failed = 0
    paths: list[os.PathLike[str]] = []
    readable = []
    for k in which:
        try:
            paths.append(path_from_daw(questions[k]["classify"]))
            readable.append(k)
        except AudioError as error:
            write(request=k, fail=error.code, message=error.message)
            failed += 1
    results = engine.classify_many(paths, cancelled=cancelled)
    for k, (_, result) in zip(readable, results, strict=True):
        if isinstance(result, DrumbridgeError):
            write(request=k, fail=result.code, message=result.message)
            failed += 1
        else:
            warning = {"warning": result.warning} if result.warning else {}
            write(request=k, **classification_to_object(questions[k]["classify"], result), **warning)
    return failed


def _transcribe(engine: Engine, k: int, question: dict[str, Any], write: _Write, cancelled: Callable[[], bool]) -> bool:
    from drumbridge.audio.paths import path_from_daw
    from drumbridge.formats.json import hit_to_object

    n = 0
    next_s = 0.0

    def on_hits(hits: list[Hit], sample_rate: int) -> None:
        nonlocal n
        for hit in hits:
            write(request=k, hit=hit_to_object(hit, sample_rate))
            n += 1

    def on_progress(done: int, total: int) -> None:
        nonlocal next_s
        if total > 0 and time.monotonic() >= next_s:
            write(request=k, progress=round(done / total, 4))
            next_s = time.monotonic() + _PROGRESS_EVERY_S

    try:
        transcription = engine.transcribe(
            path_from_daw(question["transcribe"]),
            start_s=question.get("start_s", 0.0),
            end_s=question.get("end_s"),
            on_hits=on_hits,
            on_progress=on_progress,
            cancelled=cancelled,
        )
    except JobError:
        raise
    except DrumbridgeError as error:
        write(request=k, fail=error.code, message=error.message)
        return False
    warning = {"warning": transcription.warning} if transcription.warning else {}
    write(request=k, done=n, **warning)
    return True
