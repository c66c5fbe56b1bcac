"""The queue behind an audio callback: what goes in comes out, and what finds no room is counted."""

import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drumbridge.audio.block_queue import BlockQueue


def block(first: int, n: int, channels: int = 1) -> memoryview:
    return memoryview(np.arange(first, first + n * channels, dtype=np.float32)).cast("B")


@given(st.lists(st.one_of(st.integers(1, 8), st.none()), max_size=60), st.integers(1, 5), st.integers(1, 3))
def test_all_that_is_put_is_taken_or_counted(steps, slots, channels):
    """A step puts a block of so many samples, or takes one."""
    blocks = BlockQueue(slots, 8, channels)
    position = heard = refused = 0

    def take():
        nonlocal heard
        found = blocks.take(0.0)
        if found is not None:
            heard += found.lost
            samples = np.frombuffer(found.audio, np.float32)
            assert list(samples) == list(range(heard * channels, heard * channels + len(samples)))
            assert found.time_s == heard
            heard += len(samples) // channels
        return found

    for n in steps:
        if n is None:
            take()
            continue
        refused = 0 if blocks.put(block(position * channels, n, channels), float(position), 0.0) else refused + n
        position += n
    while take() is not None:
        pass
    assert heard == position - refused


def test_a_full_queue_takes_nothing_and_says_so_with_the_next_block():
    blocks = BlockQueue(2, 4, 1)
    assert [blocks.put(block(k, 4), k, 0.0, k == 3) for k in range(5)] == [True, True, False, False, False]
    assert (blocks.take(0.0).lost, blocks.take(0.0).lost) == (0, 0)
    assert blocks.take(0.0) is None
    assert blocks.put(block(5, 4), 5.0, 0.0)
    found = blocks.take(0.0)
    assert (found.lost, found.overflowed) == (12, True)


def test_what_was_taken_stays_until_the_next_is():
    blocks = BlockQueue(2, 4, 1)
    blocks.put(block(0, 4), 0.0, 0.0)
    kept = blocks.take(0.0)
    for k in range(1, 5):
        blocks.put(block(10 * k, 4), 0.0, 0.0)
    assert list(np.frombuffer(kept.audio, np.float32)) == [0, 1, 2, 3]


def test_who_waits_is_woken():
    blocks = BlockQueue(2, 4, 1)
    found = []
    waiting = threading.Thread(target=lambda: found.append(blocks.take(20.0)))
    waiting.start()
    blocks.put(block(0, 4), 0.0, 0.0)
    waiting.join(20.0)
    assert found[0] is not None


@pytest.mark.parametrize("n", [5, 400])
def test_a_block_longer_than_there_is_room_for_is_lost_and_breaks_nothing(n):
    blocks = BlockQueue(2, 4, 1)
    assert not blocks.put(block(0, n), 0.0, 0.0)
    assert blocks.put(block(0, 4), 0.0, 0.0)
    assert blocks.take(0.0).lost == n
