"""A large scan on the cores of this machine: a process for each, so none waits for another's interpreter lock.

Conventions: as `drumbridge.engine.scan_workers`; each process (`scan_process`) loads the model itself and does one task
at a time, for a thread of ours that waits for it. Hearing is a quarter Python, so threads would use two cores by nine
tenths and more of them hardly at all; and live streams of the same server go on undisturbed.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

from drumbridge.child_process import child_code, start_child
from drumbridge.errors import JobError

from .scan_process import HASH, HEAR, unpacked
from .scan_workers import Hashes, Heard

if TYPE_CHECKING:
    from .scan import Model

_MOST: Final = 8  # each takes some 100 MB
_START: Final = child_code("drumbridge.engine.scan_process")


class ProcessWorkers:
    """Processes as `drumbridge.engine.scan_workers.Workers`; they are there until `close`.

    Parameters
    ----------
    model : Model

    Raises
    ------
    OSError
        The system gives us no processes.
    """

    def __init__(self, model: Model) -> None:
        self.count = max(1, min(os.cpu_count() or 1, _MOST))
        self._pool = ThreadPoolExecutor(self.count, thread_name_prefix="drumbridge-scan")
        self._processes: list[subprocess.Popen[bytes]] = []
        self._idle: queue.SimpleQueue[subprocess.Popen[bytes]] = queue.SimpleQueue()
        try:
            for _ in range(self.count):
                self._processes.append(_start(model))
                self._idle.put(self._processes[-1])
        except OSError:
            self.close()
            raise

    def hash(self, paths: list[bytes]) -> Future[Hashes]:
        """Begin to hash some files."""
        return self._pool.submit(self._ask, HASH, paths)

    def hear(self, paths: list[bytes]) -> Future[Heard]:
        """Begin to hear some files."""
        return self._pool.submit(self._ask, HEAR, paths)

    def close(self) -> None:
        """End the processes, whatever they are at."""
        for process in self._processes:
            process.kill()
        self._pool.shutdown(wait=True, cancel_futures=True)
        for process in self._processes:
            process.wait()
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdout.close()
            with contextlib.suppress(OSError):  # a question that it was not there for any more
                process.stdin.close()

    def _ask(self, what: str, paths: list[bytes]) -> list[Any]:
        process = self._idle.get()
        try:
            said = _answer(process, json.dumps([what, [os.fsdecode(path) for path in paths]]).encode() + b"\n")
        finally:
            self._idle.put(process)
        if isinstance(said, list):
            return [unpacked(entry) for entry in said]
        if "bug" in said:
            raise RuntimeError(said["bug"])
        raise unpacked(said["error"])


def _start(model: Model) -> subprocess.Popen[bytes]:
    asked = json.dumps([model.name, model.hash.hex(), model.kind])
    return start_child(_START, asked, OPENBLAS_NUM_THREADS="1")  # its threads would wait for work by spinning


def _answer(process: subprocess.Popen[bytes], question: bytes) -> Any:
    """Return what a process answers.

    Raises
    ------
    JobError
        ``job.worker``: it has ended.
    """
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(question)
        process.stdin.flush()
        line = process.stdout.readline()
    except (OSError, ValueError):
        line = b""
    if not line.endswith(b"\n"):
        raise JobError(
            "job.worker", "A process that heard files has ended by itself; what was heard is kept: scan again to go on."
        )
    return json.loads(line)
