"""Jobs: queued work with a client and a request number.

Conventions: jobs of one client run in order, of several clients side by side and in turn. Every
job that was accepted ends exactly once, by a call of its `ended` with a result or an exception:
in a worker thread, or in the caller's for a job that never ran. `ended` must not block and not
raise. All methods may be called from any thread.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Final

from drumbridge.errors import DrumbridgeError, JobError

_log = logging.getLogger(__name__)

MAX_PER_CLIENT: Final = 64  # jobs of one client that wait or run
MAX_TOTAL: Final = 512  # jobs of all clients

Ended = Callable[[Any, "Exception | None"], None]


class Job:
    """Work that waits or runs."""

    __slots__ = ("_cancelled", "client_id", "ended", "req", "work")

    def __init__(self, client_id: int, req: int, work: Callable[[Job], Any] | None, ended: Ended) -> None:
        self.client_id = client_id
        self.req = req
        self.work = work  # None: a mark, which ends as soon as all before it has
        self.ended = ended
        self._cancelled = False

    def cancelled(self) -> bool:
        """Whether the work should stop soon."""
        return self._cancelled

    def cancel(self) -> None:
        """Ask the work to stop soon."""
        self._cancelled = True


class _Lane:
    """The jobs of one client."""

    __slots__ = ("running", "waiting")

    def __init__(self) -> None:
        self.waiting: deque[Job] = deque()
        self.running: Job | None = None

    def jobs(self) -> list[Job]:
        return [*([self.running] if self.running else []), *self.waiting]


class JobQueue:
    """Runs jobs on a few threads.

    Parameters
    ----------
    threads : int
        How many jobs run side by side.
    per_client, total : int
        Most jobs of one client, and of all, that wait or run.
    """

    def __init__(self, threads: int = 2, per_client: int = MAX_PER_CLIENT, total: int = MAX_TOTAL) -> None:
        self._threads = threads
        self._per_client = per_client
        self._total = total
        self._lanes: dict[int, _Lane] = {}
        self._ready: deque[_Lane] = deque()  # lanes with a job that may run now, in turn
        self._count = 0
        self._workers: list[threading.Thread] = []
        self._closing = False
        self._changed = threading.Condition()

    def submit(self, client_id: int, req: int, work: Callable[[Job], Any], ended: Ended) -> None:
        """Queue `work(job)`; `ended(result, error)` follows.

        Raises
        ------
        JobError
            ``job.duplicate_req`` or ``job.queue_full``; `ended` is then not called.
        """
        with self._changed:
            self._accept(Job(client_id, req, work, ended))
            if len(self._workers) < self._threads:
                worker = threading.Thread(target=self._run, name=f"jobs-{len(self._workers)}", daemon=True)
                self._workers.append(worker)
                worker.start()
            self._changed.notify()

    def mark(self, client_id: int, req: int, ended: Ended) -> None:
        """Call `ended` once every job that this client queued before has ended, at once when there is none.

        Raises
        ------
        JobError
            As for `submit`: a mark that waits counts as a job.
        """
        with self._changed:
            if client_id in self._lanes:
                self._accept(Job(client_id, req, None, ended))
                return
        _end(ended, None, None)

    def cancel(self, client_id: int, req: int) -> None:
        """End a waiting job, or ask a running one to stop; either ends in ``job.cancelled``.

        Raises
        ------
        JobError
            ``job.not_found``: this client has no such job.
        """
        with self._changed:
            lane = self._lanes.get(client_id)
            job = next((job for job in lane.jobs() if job.req == req), None) if lane else None
            if lane is None or job is None:
                raise JobError("job.not_found", f"No job with req {req} of this client waits or runs.")
            self._cancel(lane, job)

    def drop(self, client_id: int) -> None:
        """Cancel every job of a client that is gone."""
        with self._changed:
            lane = self._lanes.get(client_id)
            for job in lane.jobs() if lane else ():
                self._cancel(lane, job)  # type: ignore[arg-type]

    def is_busy(self, client_id: int) -> bool:
        """Whether a job of the client waits or runs."""
        return client_id in self._lanes

    def counts(self) -> tuple[int, int]:
        """Return how many jobs wait and how many run."""
        with self._changed:
            running = sum(lane.running is not None for lane in self._lanes.values())
            return self._count - running, running

    def close(self, timeout_s: float) -> bool:
        """Cancel everything and wait for the workers; return whether all ended in time."""
        with self._changed:
            self._closing = True
            for client_id in list(self._lanes):
                self.drop(client_id)
            self._changed.notify_all()
            workers = list(self._workers)
        deadline = time.monotonic() + timeout_s
        for worker in workers:
            worker.join(max(0.0, deadline - time.monotonic()))
        return not any(worker.is_alive() for worker in workers)

    def _accept(self, job: Job) -> None:
        if self._closing:
            raise JobError("job.cancelled", "The server is stopping.")
        lane = self._lanes.get(job.client_id)
        mine = lane.jobs() if lane else []
        if any(other.req == job.req for other in mine):
            raise JobError("job.duplicate_req", f"A job with req {job.req} has not ended yet; choose another number.")
        if len(mine) >= self._per_client:
            raise JobError("job.queue_full", f"{len(mine)} jobs of this client wait already.")
        if self._count >= self._total:
            raise JobError("job.queue_full", f"{self._count} jobs of all clients wait already.")
        if lane is None:
            lane = self._lanes[job.client_id] = _Lane()
        if not lane.jobs():
            self._ready.append(lane)
        lane.waiting.append(job)
        self._count += 1

    def _cancel(self, lane: _Lane, job: Job) -> None:
        job.cancel()
        if job is not lane.running:
            # Ended under the lock, so that a mark behind it cannot overtake it.
            lane.waiting.remove(job)
            _end(job.ended, None, _cancelled())
            self._leave(job)

    def _leave(self, job: Job) -> None:
        self._count -= 1
        lane = self._lanes[job.client_id]
        if not lane.jobs():
            del self._lanes[job.client_id]
            if lane in self._ready:
                self._ready.remove(lane)

    def _run(self) -> None:
        while (job := self._next()) is not None:
            result, error = None, None
            if job.work is not None and not job.cancelled():
                try:
                    result = job.work(job)
                except Exception as raised:
                    error = raised
            with self._changed:
                # Decided under the lock: what cancel() accepted ends as cancelled, even if the work won the race.
                if job.cancelled():
                    if error is not None and not isinstance(error, DrumbridgeError):
                        _log.error("a job failed after it was cancelled", exc_info=error)
                    result, error = None, _cancelled()
                _end(job.ended, result, error)
                lane = self._lanes[job.client_id]
                lane.running = None
                while lane.waiting and lane.waiting[0].work is None:
                    mark = lane.waiting.popleft()
                    _end(mark.ended, None, None)
                    self._count -= 1
                self._leave(job)
                if lane.waiting:
                    self._ready.append(lane)
                    self._changed.notify()

    def _next(self) -> Job | None:
        with self._changed:
            while not self._ready:
                if self._closing:
                    return None
                self._changed.wait()
            lane = self._ready.popleft()
            lane.running = lane.waiting.popleft()
            return lane.running


def _cancelled() -> JobError:
    return JobError("job.cancelled", "The job was cancelled.")


def _end(ended: Ended, result: Any, error: Exception | None) -> None:
    try:
        ended(result, error)
    except Exception:
        _log.exception("a job could not be answered")
