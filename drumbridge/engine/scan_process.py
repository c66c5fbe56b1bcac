"""A process that hashes and hears files for a scan: what `process_workers` writes to its stdin, it answers on stdout.

Conventions: a question and its answer are one line of JSON each. A question is what to do and the paths, as text; an
answer has one entry for each path, or is an object that says what went wrong with all of them. It ends when its stdin
does, so it outlives nobody for longer than it takes to hear some files.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from dataclasses import fields
from typing import Any, Final

from drumbridge import errors
from drumbridge.errors import DrumbridgeError
from drumbridge.library.heard import HeardSound

from .sound_hearing import hash_files, hear_files_remotely

HASH: Final = "hash"
HEAR: Final = "hear"

_FIELDS: Final = tuple(field.name for field in fields(HeardSound))


def main() -> None:
    """Answer, heard as the last argument says, until nobody asks any more."""
    model, model_hash, kind = json.loads(sys.argv[-1])
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not get between the answers
    for line in sys.stdin.buffer:
        what, names = json.loads(line)
        paths = [os.fsencode(name) for name in names]
        answer: Any
        try:
            if what == HASH:
                answer = [packed(found) for found in hash_files(paths)]
            else:
                answer = [packed(heard) for heard in hear_files_remotely(paths, model, bytes.fromhex(model_hash), kind)]
        except DrumbridgeError as error:
            answer = {"error": packed(error)}
        except Exception:
            answer = {"bug": traceback.format_exc()}
        answers.write(json.dumps(answer).encode() + b"\n")
        answers.flush()


def packed(answer: bytes | HeardSound | DrumbridgeError) -> dict[str, Any] | list[Any] | str:
    """Return an answer as JSON can say it; `unpacked` takes it back."""
    if isinstance(answer, bytes):
        return answer.hex()
    if isinstance(answer, DrumbridgeError):
        return {"error": type(answer).__name__, "code": answer.code, "message": answer.message}
    *plain, embedding = (getattr(answer, name) for name in _FIELDS)
    return [*plain, embedding.hex()]


def unpacked(said: dict[str, Any] | list[Any] | str) -> Any:
    """Return the answer that was `packed`."""
    if isinstance(said, str):
        return bytes.fromhex(said)
    if isinstance(said, dict):
        return getattr(errors, said["error"])(said["code"], said["message"])
    *plain, hits, embedding = said
    return HeardSound(*[*plain, tuple(map(tuple, hits)), bytes.fromhex(embedding)])
