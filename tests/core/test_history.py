"""History is the array it was fed, minus what was forgotten, whatever the order of appends and forgettings."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from drumbridge.core.history import History

STEPS = st.lists(st.tuples(st.integers(0, 30000), st.integers(0, 90000)), min_size=1, max_size=12)


@given(steps=STEPS, start=st.integers(-1000, 10**14))
def test_it_reads_as_the_audio_where_held_and_as_zero_elsewhere(steps: list[tuple[int, int]], start: int) -> None:
    history = History()
    history.restart(start)
    everything = np.zeros(0, dtype=np.float32)
    forgotten = 0
    for length, forget in steps:
        block = np.arange(len(everything) + 1, len(everything) + 1 + length, dtype=np.float32)
        history.append(block)
        everything = np.concatenate([everything, block])
        forgotten = max(forgotten, min(forget, len(everything)))
        history.forget(start + forget)
        expected = everything.copy()
        expected[:forgotten] = 0
        read = history.read(start - 5, start + len(everything) + 5)
        assert np.array_equal(read, np.pad(expected, 5))
        assert (history.start, history.end) == (start + forgotten, start + len(everything))


def test_memory_stays_bounded_when_the_past_is_forgotten() -> None:
    history = History()
    for _ in range(3000):
        history.append(np.ones(1000, dtype=np.float32))
        history.forget(history.end - 5000)
    assert history._buffer.nbytes < 200_000
