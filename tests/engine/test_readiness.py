"""Standing ready: it rehearses where there is time, ends with the audio or soon after, and only one does it."""

import itertools
import threading

from drumbridge.engine.readiness import stand_ready


def test_it_rehearses_once_and_waits_until_the_audio_is_there() -> None:
    rehearsed: list[int] = []
    asked = itertools.count()
    stand_ready(0.004, lambda: rehearsed.append(1), lambda: next(asked) >= 5)
    assert rehearsed == [1]
    assert next(asked) >= 6


def test_a_stroke_that_is_all_but_there_is_not_rehearsed() -> None:
    rehearsed: list[int] = []
    stand_ready(0.0005, lambda: rehearsed.append(1), lambda: True)
    assert rehearsed == []


def test_without_a_stroke_near_nothing_is_done() -> None:
    done: list[int] = []
    for missing_s in (None, 0.4):
        stand_ready(missing_s, lambda: done.append(1), lambda: bool(done.append(2)))
    assert done == []


def test_audio_that_does_not_come_is_not_waited_for_for_long() -> None:
    ended = threading.Event()

    def wait() -> None:
        stand_ready(0.003, lambda: None, lambda: False)
        ended.set()

    threading.Thread(target=wait, daemon=True).start()
    assert ended.wait(10)


def test_one_at_a_time() -> None:
    inside, go = threading.Event(), threading.Event()
    first = threading.Thread(target=stand_ready, args=(0.004, lambda: (inside.set(), go.wait(10)), lambda: True))
    first.start()
    assert inside.wait(10)
    rehearsed: list[int] = []
    stand_ready(0.004, lambda: rehearsed.append(1), lambda: True)
    assert rehearsed == []
    go.set()
    first.join(10)
    stand_ready(0.004, lambda: rehearsed.append(1), lambda: True)
    assert rehearsed == [1]
