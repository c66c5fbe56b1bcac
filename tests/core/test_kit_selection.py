"""Choosing different sounds and finding equal ones, as laws."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from drumbridge.core.kit_selection import choose_different, near_groups


def vectors(seed, n, d=5):
    values = np.random.default_rng(seed).normal(size=(n, d)).astype(np.float32)
    return values / np.linalg.norm(values, axis=1, keepdims=True)


SEEDS = st.integers(0, 10_000)


@given(SEEDS, st.integers(0, 20), st.integers(1, 25))
def test_as_many_as_there_are_each_once_the_surest_first(seed, m, n):
    confidences = np.random.default_rng(seed).random(m)
    chosen = choose_different(confidences, vectors(seed, m), n)
    assert len(chosen) == len(set(chosen)) == min(n, m)
    if chosen:
        assert confidences[chosen[0]] == confidences.max()


def test_different_ones_are_chosen_before_copies():
    two = vectors(1, 2)
    chosen = choose_different(np.array([0.9, 0.99, 0.5, 0.95]), two[[0, 0, 1, 0]], 2)
    assert chosen == [1, 2]


@settings(max_examples=30)
@given(SEEDS, st.integers(1, 40), st.floats(0.3, 0.99))
def test_groups_are_what_is_connected(seed, n, least):
    found = near_groups(vectors(seed, n, d=3), least)
    similar = vectors(seed, n, d=3) @ vectors(seed, n, d=3).T >= least
    reached = np.linalg.matrix_power(similar.astype(float) + np.eye(n), n) > 0
    expected = {tuple(np.flatnonzero(row)) for row in reached if row.sum() > 1}
    assert {tuple(group) for group in found} == expected
