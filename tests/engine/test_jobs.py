"""The queue of jobs. Jobs wait for events that the tests set; nothing sleeps."""

import queue
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drumbridge.engine.jobs import JobQueue
from drumbridge.errors import DrumbridgeError, JobError

DEADLINE_S = 20.0


class Ends:
    """Collects how jobs end."""

    def __init__(self):
        self.queue = queue.Queue()

    def of(self, req):
        return lambda result, error: self.queue.put((req, error.code if isinstance(error, DrumbridgeError) else result))

    def next(self):
        return self.queue.get(timeout=DEADLINE_S)


@pytest.fixture
def ends():
    return Ends()


@pytest.fixture
def jobs():
    jobs = JobQueue(threads=2, per_client=4, total=6)
    yield jobs
    assert jobs.close(DEADLINE_S)


class Held:
    """Work that says when it runs, and ends when told or cancelled."""

    def __init__(self):
        self.running = threading.Event()
        self.release = threading.Event()

    def __call__(self, job):
        self.running.set()
        while not self.release.wait(0.002):
            if job.cancelled():
                raise JobError("job.cancelled", "Stopped.")
        return "released"


def test_jobs_of_one_client_run_in_order_and_those_of_another_beside_them(jobs, ends):
    held = Held()
    jobs.submit(1, 10, held, ends.of(10))
    jobs.submit(1, 11, lambda job: "later", ends.of(11))
    jobs.submit(2, 10, lambda job: "beside", ends.of("2/10"))
    assert ends.next() == ("2/10", "beside")
    held.release.set()
    assert [ends.next(), ends.next()] == [(10, "released"), (11, "later")]


def test_a_full_queue_and_a_used_number_are_refused_at_once(jobs, ends):
    held = Held()
    for req in range(4):
        jobs.submit(1, req, held, ends.of(req))
    with pytest.raises(JobError, match="of this client wait") as full:
        jobs.submit(1, 4, held, ends.of(4))
    assert full.value.code == "job.queue_full"
    with pytest.raises(JobError, match="choose another number") as twice:
        jobs.submit(1, 3, held, ends.of(3))
    assert twice.value.code == "job.duplicate_req"
    jobs.submit(2, 3, held, ends.of("2/3"))
    jobs.submit(2, 4, held, ends.of("2/4"))
    with pytest.raises(JobError, match="of all clients wait"):
        jobs.submit(3, 1, held, ends.of("3/1"))
    with pytest.raises(JobError, match="of this client wait"):
        jobs.mark(1, 9, ends.of(9))
    waiting, running = jobs.counts()  # asked once: between two questions a job may begin to run
    assert waiting + running == 6


def test_a_running_job_is_cancelled(jobs, ends):
    held = Held()
    jobs.submit(1, 5, held, ends.of(5))
    assert held.running.wait(DEADLINE_S)
    jobs.cancel(1, 5)
    assert ends.next() == (5, "job.cancelled")


def test_a_waiting_job_is_cancelled_at_once_and_its_number_is_free(jobs, ends):
    held = Held()
    jobs.submit(1, 5, held, ends.of(5))
    assert held.running.wait(DEADLINE_S)
    jobs.submit(1, 6, lambda job: "never", ends.of(6))
    jobs.cancel(1, 6)
    assert ends.queue.get_nowait() == (6, "job.cancelled")
    jobs.submit(1, 6, lambda job: "again", ends.of(6))
    held.release.set()
    assert [ends.next(), ends.next()] == [(5, "released"), (6, "again")]


def test_what_cancel_accepted_ends_as_cancelled_even_if_the_work_was_faster(jobs, ends):
    running, cancelled = threading.Event(), threading.Event()

    def work(job):
        running.set()
        assert cancelled.wait(DEADLINE_S)
        return "done all the same"

    jobs.submit(1, 5, work, ends.of(5))
    assert running.wait(DEADLINE_S)
    jobs.cancel(1, 5)
    cancelled.set()
    assert ends.next() == (5, "job.cancelled")


@pytest.mark.parametrize(("client", "req"), [(1, 6), (2, 5)])
def test_only_jobs_of_that_client_can_be_cancelled(jobs, ends, client, req):
    held = Held()
    jobs.submit(1, 5, held, ends.of(5))
    with pytest.raises(JobError, match=f"No job with req {req}") as caught:
        jobs.cancel(client, req)
    assert caught.value.code == "job.not_found"


def test_a_mark_waits_for_what_was_asked_before_and_only_for_that_client(jobs, ends):
    held = Held()
    jobs.mark(1, 1, ends.of("nothing to wait for"))
    assert ends.queue.get_nowait() == ("nothing to wait for", None)
    jobs.submit(1, 5, held, ends.of(5))
    jobs.mark(1, 6, ends.of("mark"))
    jobs.submit(1, 7, lambda job: "after", ends.of(7))
    jobs.mark(2, 6, ends.of("other"))
    assert ends.queue.get_nowait() == ("other", None)
    held.release.set()
    assert [ends.next() for _ in range(3)] == [(5, "released"), ("mark", None), (7, "after")]


def test_an_exception_ends_the_job_and_not_the_thread(jobs, ends):
    def fails(job):
        raise ZeroDivisionError

    def cannot_answer(result, error):
        raise OSError("gone")

    for req in range(3):
        jobs.submit(1, req, fails, cannot_answer)
    jobs.submit(1, 3, lambda job: "alive", ends.of(3))
    assert ends.next() == (3, "alive")


def test_closing_ends_everything(ends):
    jobs = JobQueue(threads=1)
    held = Held()
    jobs.submit(1, 1, held, ends.of(1))
    assert held.running.wait(DEADLINE_S)
    jobs.submit(1, 2, held, ends.of(2))
    jobs.submit(2, 3, held, ends.of(3))
    assert jobs.close(DEADLINE_S)
    assert sorted(ends.queue.get_nowait() for _ in range(3)) == [(req, "job.cancelled") for req in (1, 2, 3)]
    with pytest.raises(JobError, match="stopping"):
        jobs.submit(1, 4, held, ends.of(4))


ACTIONS = st.lists(
    st.tuples(st.sampled_from(["submit", "mark", "cancel", "drop"]), st.integers(1, 3), st.integers(0, 5)), max_size=40
)


@settings(deadline=None)
@given(ACTIONS)
def test_every_accepted_job_ends_exactly_once_whatever_happens(actions):
    jobs = JobQueue(threads=2, per_client=4, total=8)
    accepted, ended = [], []
    for serial, (action, client, req) in enumerate(actions):
        try:
            if action == "submit":
                jobs.submit(client, req, lambda job: None, lambda *_, serial=serial: ended.append(serial))
            elif action == "mark":
                jobs.mark(client, req, lambda *_, serial=serial: ended.append(serial))
            elif action == "cancel":
                jobs.cancel(client, req)
            else:
                jobs.drop(client)
        except JobError:
            continue
        if action in ("submit", "mark"):
            accepted.append(serial)
    assert jobs.close(DEADLINE_S)
    assert sorted(ended) == accepted
    assert jobs.counts() == (0, 0)
