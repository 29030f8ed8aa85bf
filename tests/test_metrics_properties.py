"""What must hold of the metrics whatever they are given."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gan_utils.metrics import (
    class_coverage,
    class_entropy,
    class_histogram,
    frechet_distance,
    modes_captured,
    nearest_neighbours,
    over_seeds,
    paired_difference,
)

many = settings(max_examples=80, deadline=None)
numbers = st.floats(-1e3, 1e3).map(lambda x: round(x, 3))
seeds = st.integers(0, 2**32 - 1)


@st.composite
def two_sets(draw):
    """Two sets of one width: free numbers, so constant, repeated and collinear rows all occur."""
    d = draw(st.integers(1, 6))
    sizes = draw(st.tuples(st.integers(2, 9), st.integers(2, 9)))
    return tuple(draw(arrays(np.float64, (n, d), elements=numbers)) for n in sizes)


def distance(x, y):
    return float(frechet_distance(x, y, resamples=0))


def tolerance(*sets):
    """Rounding allowed in a squared distance: a share of the largest square that it sums."""
    return 1e-9 * (1 + sum(np.square(rows).sum() for rows in sets))


@many
@given(two_sets())
def test_frechet_is_symmetric_and_not_negative(sets):
    x, y = sets
    assert distance(x, y) >= 0
    assert distance(x, y) == pytest.approx(distance(y, x), abs=tolerance(x, y))


@many
@given(two_sets(), seeds)
def test_frechet_does_not_see_the_order_of_rows(sets, seed):
    x, y = sets
    shuffled = np.random.default_rng(seed).permutation(x)
    assert distance(shuffled, y) == pytest.approx(distance(x, y), abs=tolerance(x, y))
    assert distance(shuffled, x) <= tolerance(x)


@many
@given(two_sets(), seeds)
def test_frechet_does_not_see_a_shared_rotation(sets, seed):
    x, y = sets
    d = x.shape[1]
    turn = np.linalg.qr(np.random.default_rng(seed).normal(size=(d, d)))[0]
    assert distance(x @ turn, y @ turn) == pytest.approx(distance(x, y), abs=tolerance(x, y))


@many
@given(two_sets(), st.floats(-100, 100))
def test_frechet_grows_with_the_square_of_the_scale(sets, factor):
    x, y = sets
    scaled = distance(factor * x, factor * y)
    assert scaled == pytest.approx(
        factor**2 * distance(x, y), abs=(1 + factor**2) * tolerance(x, y)
    )


@many
@given(two_sets(), st.data())
def test_frechet_of_a_shifted_set_is_the_squared_shift(sets, data):
    x, _ = sets
    shift = data.draw(arrays(np.float64, x.shape[1], elements=numbers))
    assert distance(x + shift, x) == pytest.approx(shift @ shift, abs=tolerance(x, shift))


@many
@given(two_sets(), two_sets())
def test_frechet_root_obeys_the_triangle_inequality(sets, others):
    x, y = sets
    z = np.resize(others[0], (len(others[0]), x.shape[1]))
    slack = math.sqrt(tolerance(x, y, z))
    assert math.sqrt(distance(x, y)) <= (
        math.sqrt(distance(x, z)) + math.sqrt(distance(z, y)) + slack
    )


@many
@given(two_sets(), seeds)
def test_frechet_lies_in_its_interval(sets, seed):
    x, y = sets
    score = frechet_distance(x, y, resamples=40, seed=seed)
    assert 0 <= score.low <= score.value <= score.high < math.inf
    assert score.n == min(len(x), len(y))


@settings(max_examples=25, deadline=None)
@given(seeds, st.integers(1, 8))
def test_frechet_grows_with_noise(seed, d):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(200, d)) * rng.uniform(0.1, 3, size=d)
    noise = rng.normal(size=(200, d))
    # Noise with no correlation to x in this very sample, so that growth is certain.
    centred = x - x.mean(axis=0)
    noise -= noise.mean(axis=0)
    noise -= centred @ np.linalg.lstsq(centred, noise, rcond=None)[0]
    distances = [distance(x, x + strength * noise) for strength in (0, 0.1, 0.3, 1, 3)]
    assert all(before < after for before, after in itertools.pairwise(distances))


@many
@given(st.lists(numbers, min_size=1, max_size=20), numbers)
def test_over_seeds_moves_with_its_values(values, shift):
    score, moved = over_seeds(values), over_seeds(np.array(values) + shift)
    assert float(moved) == pytest.approx(float(score) + shift, abs=1e-9)
    if len(values) > 1:
        assert score.low <= score.value <= score.high
        assert moved.high - moved.low == pytest.approx(score.high - score.low, abs=1e-6)


@many
@given(st.lists(st.tuples(numbers, numbers), min_size=2, max_size=20))
def test_a_paired_difference_turns_round_with_its_sides(pairs):
    a, b = zip(*pairs, strict=True)
    forth, back = paired_difference(a, b), paired_difference(b, a)
    assert (forth.value, forth.low, forth.high) == pytest.approx(
        (-back.value, -back.high, -back.low)
    )
    alike = paired_difference(a, a)
    assert (alike.value, alike.low, alike.high) == (0, 0, 0)


@many
@given(
    arrays(np.float64, st.tuples(st.integers(1, 40), st.just(2)), elements=numbers),
    arrays(np.float64, st.tuples(st.integers(1, 9), st.just(2)), elements=numbers),
    st.floats(0.01, 500),
)
def test_mode_scores_agree_with_each_other(samples, centres, std):
    assume(len(np.unique(centres, axis=0)) == len(centres))
    found = modes_captured(samples, centres, std)
    k = len(centres)
    assert found.counts.shape == (k,)
    assert found.modes == np.count_nonzero(found.counts)
    assert found.high_quality == pytest.approx(found.counts.sum() / len(samples))
    assert 0 <= found.reverse_kl <= math.log(k) + 1e-12
    # Wider modes never lose a sample.
    wider = modes_captured(samples, centres, 2 * std)
    assert (wider.counts >= found.counts).all()
    assert wider.reverse_kl == found.reverse_kl
    twice = modes_captured(np.concatenate([samples, samples]), centres, std)
    assert (twice.counts == 2 * found.counts).all()
    assert twice.reverse_kl == pytest.approx(found.reverse_kl, abs=1e-12)


@many
@given(st.lists(st.integers(0, 5), min_size=1, max_size=60), seeds)
def test_class_scores_follow_from_the_most_probable_classes(classes, seed):
    rng = np.random.default_rng(seed)
    # The named class gets more than half of the probability, the others share the rest.
    rest = rng.dirichlet(np.ones(6), size=len(classes))
    probabilities = 0.49 * rest + 0.51 * np.eye(6)[classes]
    counts = class_histogram(probabilities)
    assert counts.tolist() == [classes.count(c) for c in range(6)]
    entropy = class_entropy(probabilities)
    assert 0 <= entropy <= math.log(class_coverage(probabilities, minimum=1e-9)) + 1e-12
    assert class_coverage(probabilities, minimum=1e-9) == len(set(classes))
    # Independent form: log n less the mean logarithm of each image's class size.
    sizes = [classes.count(c) for c in classes]
    assert entropy == pytest.approx(math.log(len(classes)) - np.mean(np.log(sizes)), abs=1e-12)


@many
@given(
    arrays(np.uint8, st.tuples(st.integers(1, 12), st.just(2), st.just(2))),
    arrays(np.uint8, st.tuples(st.integers(1, 12), st.just(2), st.just(2))),
    st.data(),
)
def test_neighbours_of_bytes_are_those_of_exact_integers(samples, reference, data):
    k = data.draw(st.integers(1, len(reference)))
    distances, found = nearest_neighbours(samples, reference, k)
    gaps = samples[:, None].astype(np.int64) - reference[None].astype(np.int64)
    squares = (gaps**2).sum(axis=(2, 3))
    nearest = np.sort(squares, axis=1)[:, :k]
    assert np.array_equal(np.take_along_axis(squares, found, axis=1), nearest)
    np.testing.assert_allclose(distances, np.sqrt(nearest))
