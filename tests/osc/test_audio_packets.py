"""Numbered packets of audio: whatever the network does, every sample comes out at its place or not at all."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drumbridge.errors import ProtocolError
from drumbridge.osc.audio_packets import BEHIND, FAR, RUN, WINDOW, AudioPackets, Gap, audio_block

LENGTH = 3
STARTS = st.sampled_from([0, 1, 1000, (1 << 31) - 5, -(1 << 31), (1 << 32) - 5, -3])


def packet(k: int) -> np.ndarray:
    """Return the k-th packet, whose samples say where in the stream they belong."""
    return np.arange(k * LENGTH, (k + 1) * LENGTH, dtype=np.float32).reshape(-1, 1)


def timeline(pieces) -> dict[int, float]:
    """Return what is heard at each position."""
    heard, position = {}, 0
    for piece in pieces:
        if not isinstance(piece, Gap):
            heard.update(enumerate(piece[:, 0].tolist(), position))
        position += piece.length if isinstance(piece, Gap) else len(piece)
    return heard


def run(start: int, order: list[int]):
    packets = AudioPackets()
    pieces = [piece for k in order for piece in packets.take(start + k, packet(k))]
    return pieces + packets.flush(), packets.counts


@given(STARTS, st.lists(st.integers(1, 60), unique=True), st.integers(1, 80), st.data())
def test_every_sample_is_at_its_place_whatever_is_lost_doubled_or_swapped(start, lost, n, data):
    order = [0, *(k for k in range(1, n) if k not in lost)]
    for k in data.draw(st.lists(st.integers(0, len(order) - 1), max_size=5)):
        order.insert(k, order[k])  # doubled
    for k in data.draw(st.lists(st.integers(1, max(1, len(order) - 2)), max_size=5)):
        order[k : k + 2] = reversed(order[k : k + 2])  # swapped, but not the first
    pieces, counts = run(start, order)
    heard = timeline(pieces)
    assert all(position == sample for position, sample in heard.items())
    assert counts.received == len(order)
    assert counts.doubled + counts.late + len(heard) // LENGTH == len(order)
    assert counts.lost == max(order) + 1 - len(heard) // LENGTH - counts.late


@given(STARTS, st.integers(1, 60), st.data())
def test_what_is_overtaken_by_less_than_the_window_is_all_there(start, n, data):
    # Sorting by number plus a delay below the window is any reordering in which none is overtaken by as many.
    delays = data.draw(st.lists(st.integers(0, WINDOW - 1), min_size=n, max_size=n))
    delays[0] = 0
    order = sorted(range(n), key=lambda k: (k + delays[k], k))
    pieces, counts = run(start, order)
    assert np.concatenate(pieces)[:, 0].tolist() == list(range(n * LENGTH))
    assert (counts.lost, counts.late, counts.doubled, counts.stray) == (0, 0, 0, 0)


@given(STARTS, st.integers(1, FAR - WINDOW))
def test_a_hole_is_a_gap_of_its_length_however_long(start, n):
    order = [0, *range(n + 1, n + 1 + WINDOW)]
    pieces, counts = run(start, order)
    assert [piece for piece in pieces if isinstance(piece, Gap)] == [Gap(n * LENGTH)]
    assert counts.lost == n


def test_a_short_packet_before_a_hole_does_not_change_what_a_lost_one_has_had():
    packets = AudioPackets()
    pieces = [p for k in range(5) for p in packets.take(k, np.zeros((64, 1), np.float32))]
    pieces += packets.take(5, np.zeros((10, 1), np.float32))
    pieces += packets.take(7, np.zeros((64, 1), np.float32))
    assert [p for p in pieces + packets.flush() if isinstance(p, Gap)] == [Gap(64)]


def test_late_and_doubled_are_told_apart():
    packets = AudioPackets()
    for k in range(WINDOW + 2):
        if k != 1:
            packets.take(k, packet(k))
    assert packets.counts.lost == 1
    packets.take(1, packet(1))
    assert (packets.counts.lost, packets.counts.late, packets.counts.doubled) == (0, 1, 0)
    packets.take(1, packet(1))
    assert (packets.counts.lost, packets.counts.late, packets.counts.doubled) == (0, 1, 1)


def test_one_number_far_off_is_not_believed():
    pieces, counts = run(0, [0, 1, 2, 10**6, 3, 4])
    assert np.concatenate(pieces)[:, 0].tolist() == list(range(5 * LENGTH))
    assert counts.stray == 1


def test_a_jump_that_goes_on_is_a_long_hole():
    jump = 10 * FAR
    pieces, counts = run(0, [0, *range(jump, jump + RUN)])
    heard = timeline(pieces)
    assert all(position == sample for position, sample in heard.items())
    assert len(heard) == (RUN + 1) * LENGTH
    assert counts.lost == jump - 1


@given(
    STARTS,
    st.integers(0, 3 * BEHIND) | st.integers(FAR - 2 * BEHIND, FAR - WINDOW),
    st.integers(RUN, 3 * RUN),
    st.data(),
)
def test_a_client_that_counts_anew_is_heard_from_there_and_says_so(start, hole, n, data):
    packets = AudioPackets()
    for k in [0, *range(hole + 1, hole + 1 + BEHIND + RUN)]:
        packets.take(start + k, packet(k))
    counts = replace(packets.counts)
    first = start + data.draw(st.integers(0, hole))
    pieces = [piece for k in range(n) for piece in packets.take(first + k, packet(k))]
    assert pieces[0] == Gap(0, restarted=True)
    assert np.concatenate(pieces[1:])[:, 0].tolist() == list(range(n * LENGTH))
    assert packets.counts == replace(counts, received=counts.received + n)


@given(STARTS, st.lists(st.tuples(st.integers(0, 2 * BEHIND), st.integers(0, RUN - 1), st.integers(1, 9)), max_size=9))
def test_old_packets_that_come_again_are_no_new_numbering_unless_many_go_on_from_each_other(start, bursts):
    order = list(range(3 * BEHIND))
    for first, again, more in bursts:
        order += [*range(first, first + again), *range(order[-1] + 1, order[-1] + 1 + more)]
    pieces, counts = run(start, order)
    assert np.concatenate(pieces)[:, 0].tolist() == list(range((max(order) + 1) * LENGTH))
    assert (counts.doubled, counts.late, counts.lost) == (sum(again for _, again, _ in bursts), 0, 0)


@given(STARTS, st.integers(1, BEHIND))
def test_what_lately_came_may_come_again_at_any_length(start, n):
    order = [*range(2 * BEHIND), *range(2 * BEHIND - n, 2 * BEHIND + 1)]
    pieces, counts = run(start, order)
    assert np.concatenate(pieces)[:, 0].tolist() == list(range((2 * BEHIND + 1) * LENGTH))
    assert (counts.doubled, counts.stray) == (n, 0)


SAMPLES = st.lists(st.floats(width=32, allow_nan=False), min_size=1, max_size=12)


@given(SAMPLES, st.integers(1, 4))
def test_a_blob_and_floats_are_the_same_audio(samples, channels):
    samples = samples * channels
    blob = np.array(samples, dtype="<f4").tobytes()
    from_blob, from_floats = audio_block((blob,), channels), audio_block(tuple(samples), channels)
    assert from_blob.shape == (len(samples) // channels, channels)
    assert from_blob.dtype == from_floats.dtype == np.float32
    assert np.array_equal(from_blob, from_floats)
    assert from_blob.ravel().tolist() == samples


@pytest.mark.parametrize(
    "arguments", [(b"",), (b"12345",), (), (b"1234", b"1234"), ("1",), (True,), (0.0,) * 1001, (0.0,) * 3, (b"1234",)]
)
def test_what_is_no_audio_is_refused(arguments):
    with pytest.raises(ProtocolError) as caught:
        audio_block(arguments, 2)
    assert caught.value.code == "osc.arguments"
