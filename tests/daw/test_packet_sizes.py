"""What can be said of lost audio by the sizes of packets alone."""

from hypothesis import assume, given
from hypothesis import strategies as st

from drumbridge.daw.packet_sizes import SURE_AFTER, PacketSizes


def cut(block: int, most: int) -> list[int]:
    return [min(most, block - start) for start in range(0, block, most)]


def holes(sizes) -> list[int]:
    watching = PacketSizes()
    return [watching.arrived(n) for n in sizes]


@given(block=st.integers(1, 4096), most=st.sampled_from([4, 18, 150, 300]), offset=st.integers(0, 500))
def test_where_nothing_is_lost_nothing_is_missing(block, most, offset):
    sizes = cut(block, most) * (SURE_AFTER + 20)
    assert not any(holes(sizes[offset % len(sizes) :]))  # heard from anywhere on


@given(
    block=st.integers(150, 2048),
    most=st.sampled_from([150, 300]),
    lost=st.dictionaries(st.integers(SURE_AFTER + 1, 40), st.integers(0, 13), max_size=20),
)
def test_what_is_lost_of_a_block_is_told_to_the_sample_with_the_next_packet_or_the_rest(block, most, lost):
    """Of each block one packet at most, and never next to a packet that another block lost: some of each arrives."""
    sizes = cut(block, most)
    assume(len(sizes) > 1 and sizes[-1] < most)
    assume(not any(k + 1 in lost for k in lost))
    watching, sent, told = PacketSizes(), 0, 0
    for k in range(45):
        for j, n in enumerate(sizes):
            sent += n
            if k in lost and lost[k] % len(sizes) == j:
                continue
            told += n + watching.arrived(n)
        if k not in lost or lost[k] % len(sizes) != len(sizes) - 1:
            assert told == sent  # at the end of each block whose rest has come
    assert told == sent


@given(blocks=st.lists(st.integers(1, 600), min_size=30, max_size=200))
def test_blocks_of_any_length_are_not_taken_for_losses(blocks):
    """Only where blocks happen to be alike for long, and then are what a rest was, could anybody be misled."""
    alike = any(len(set(blocks[k : k + SURE_AFTER])) == 1 for k in range(len(blocks) - SURE_AFTER))
    assume(not alike)
    assert not any(holes([n for block in blocks for n in cut(block, 300)]))


def test_a_host_that_goes_over_to_other_blocks_is_learned_anew():
    before, after = cut(512, 300) * 20, cut(480, 300) * 20
    assert not any(holes(before + after))
    told = holes(before + after + [180] + after)
    assert [(k, hole) for k, hole in enumerate(told) if hole] == [(80, 300)]
