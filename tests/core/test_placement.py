"""The map: the first axis is the longest, and a new sound moves nobody."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from drumbridge.core.placement import find_axes, place


def cloud(seed, n=60):
    rng = np.random.default_rng(seed)
    spread = np.array([5.0, 2.0, 0.5, 0.1])
    return (rng.normal(size=(n, 4)) * spread @ np.linalg.qr(rng.normal(size=(4, 4)))[0]).astype(np.float32)


@given(st.integers(0, 1000))
def test_places_are_centred_and_of_unit_spread(seed):
    embeddings = cloud(seed)
    places = place(embeddings, find_axes([embeddings]))
    assert np.allclose(places.mean(axis=0), 0, atol=1e-3)
    assert np.allclose(places.std(axis=0), 1, atol=1e-3)
    assert abs(np.corrcoef(places.T)[0, 1]) < 1e-3


@given(st.integers(0, 1000), st.permutations(range(60)))
def test_the_order_does_not_matter(seed, order):
    embeddings = cloud(seed)
    axes, other = find_axes([embeddings]), find_axes([embeddings[list(order)]])
    assert np.allclose(place(embeddings, axes), place(embeddings, other), atol=1e-2)


@given(st.integers(0, 1000), st.integers(1, 59))
def test_the_parts_do_not_matter(seed, cut):
    embeddings = cloud(seed) + 1000
    whole, parts = find_axes([embeddings]), find_axes([embeddings[:cut], embeddings[cut:]])
    assert np.allclose(place(embeddings, whole), place(embeddings, parts), atol=1e-2)


def test_few_or_equal_sounds_have_a_place_too():
    for embeddings in (np.ones((1, 4)), np.ones((5, 4)), np.ones((2, 1))):
        assert np.isfinite(place(embeddings, find_axes([embeddings]))).all()
