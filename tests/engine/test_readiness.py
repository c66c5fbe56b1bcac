"""Standing ready: it rehearses where there is time, until the audio is there or due, and only one does it."""

import itertools
import threading
from collections.abc import Callable

from drumbridge.engine.readiness import stand_ready


def rehearsals(is_there: Callable[[], bool], tries: int = 100) -> int:
    """Return how often it was rehearsed, when this process was not held up for too long to do so."""
    rehearsed: list[int] = []
    for _ in range(tries):
        stand_ready(0.004, lambda: rehearsed.append(1), is_there)
        if rehearsed:
            break
    return len(rehearsed)


def test_it_rehearses_while_the_audio_is_not_there() -> None:
    asked = itertools.count()
    assert rehearsals(lambda: next(asked) % 5 == 4) in range(1, 5)


def test_a_stroke_that_is_all_but_there_is_not_rehearsed() -> None:
    rehearsed: list[int] = []
    stand_ready(0.0005, lambda: rehearsed.append(1), lambda: False)
    assert rehearsed == []


def test_without_a_stroke_near_nothing_is_done() -> None:
    done: list[int] = []
    for missing_s in (None, 0.4):
        stand_ready(missing_s, lambda: done.append(1), lambda: bool(done.append(2)))
    assert done == []


def test_audio_that_does_not_come_is_not_waited_for() -> None:
    ended = threading.Event()

    def wait() -> None:
        stand_ready(0.003, lambda: None, lambda: False)
        ended.set()

    threading.Thread(target=wait, daemon=True).start()
    assert ended.wait(10)


def test_one_at_a_time() -> None:
    inside, go = threading.Event(), threading.Event()
    first = threading.Thread(target=rehearsals, args=(lambda: inside.set() or go.wait(10),))
    first.start()
    assert inside.wait(10)
    assert rehearsals(lambda: False, tries=3) == 0
    go.set()
    first.join(10)
    assert rehearsals(lambda: False) > 0
