"""What must hold of the metrics of samples, labels and runs, whatever they are given."""

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gan_utils.metrics import (
    accuracy,
    class_coverage,
    class_entropy,
    class_histogram,
    closer_to_training,
    inception_score,
    label_modes,
    modes_captured,
    nearest_neighbours,
    over_seeds,
    paired_difference,
    proportion,
)

many = settings(max_examples=80, deadline=None)
numbers = st.floats(-1e3, 1e3).map(lambda x: round(x, 3))
seeds = st.integers(0, 2**32 - 1)


pytestmark = pytest.mark.usefixtures("one_thread")


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
    st.sampled_from([0.01, 0.5, 0.95]),
)
def test_mode_scores_agree_with_each_other(samples, centres, std, level):
    assume(len(np.unique(centres, axis=0)) == len(centres))
    found = modes_captured(samples, centres, std, level)
    k = len(centres)
    assert found.counts.shape == (k,)
    assert float(found.modes) == np.count_nonzero(found.counts)
    assert float(found.high_quality) == pytest.approx(found.counts.sum() / len(samples))
    assert 0 <= found.modes.low <= found.modes.value <= found.modes.high <= k
    divergence = found.reverse_kl
    assert 0 <= divergence.low <= divergence.value <= divergence.high <= math.log(k)
    # Wider modes never lose a sample.
    wider = modes_captured(samples, centres, 2 * std, level)
    assert (wider.counts >= found.counts).all()
    assert wider.reverse_kl == found.reverse_kl
    twice = modes_captured(np.concatenate([samples, samples]), centres, std)
    assert (twice.counts == 2 * found.counts).all()
    assert float(twice.reverse_kl) == pytest.approx(float(divergence), abs=1e-12)


@many
@given(st.lists(st.integers(0, 5), min_size=1, max_size=60), seeds)
def test_class_scores_follow_from_the_most_probable_classes(classes, seed):
    rng = np.random.default_rng(seed)
    # The named class gets more than half of the probability, the others share the rest.
    rest = rng.dirichlet(np.ones(6), size=len(classes))
    probabilities = 0.49 * rest + 0.51 * np.eye(6)[classes]
    counts = class_histogram(probabilities)
    assert counts.tolist() == [classes.count(c) for c in range(6)]
    coverage, entropy = class_coverage(probabilities, minimum=1e-9), class_entropy(probabilities)
    assert 0 <= coverage.low <= coverage.value <= coverage.high <= 6
    assert 0 <= entropy.low <= entropy.value <= entropy.high <= math.log(6)
    assert float(coverage) == len(set(classes))
    # Independent form: log n less the mean logarithm of each image's class size.
    sizes = [classes.count(c) for c in classes]
    expected = math.log(len(classes)) - np.mean(np.log(sizes))
    assert float(entropy) == pytest.approx(expected, abs=1e-12)
    # Modes of labels are the same counts, seen from uniform shares.
    modes = label_modes(classes, 6)
    assert modes.counts.tolist() == counts.tolist()
    assert float(modes.modes) == float(coverage)
    assert float(modes.reverse_kl) == pytest.approx(math.log(6) - expected, abs=1e-12)
    assert 0 <= modes.reverse_kl.low <= modes.reverse_kl.value <= modes.reverse_kl.high
    # Labels that are right for a known part of the images.
    labels = [c if i % 3 else (c + 1) % 6 for i, c in enumerate(classes)]
    right = len(classes) - math.ceil(len(classes) / 3)
    assert accuracy(probabilities, labels) == proportion(right, len(classes))


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


@many
@given(
    st.lists(st.tuples(*[st.floats(0, 1)] * 4).filter(lambda row: sum(row) > 0.1), min_size=6),
    st.integers(2, 6),
    seeds,
)
def test_inception_lies_between_one_and_the_number_of_classes(rows, splits, seed):
    rows = np.array(rows) / np.sum(rows, axis=1, keepdims=True)
    score = inception_score(rows, splits, seed=seed)
    assert 1 - 1e-12 <= score.value <= 4 + 1e-12
    assert score.low <= score.value <= score.high
    # The names of the classes do not matter, and one answer to all images scores 1.
    renamed = inception_score(rows[:, [2, 0, 3, 1]], splits, seed=seed)
    assert renamed.value == pytest.approx(score.value)
    same = inception_score(np.repeat(rows[:1], len(rows), axis=0), splits)
    assert same.value == pytest.approx(1)


@many
@given(
    st.tuples(*[st.lists(st.integers(-9, 9), min_size=2, max_size=15)] * 3),
    st.floats(0.01, 0.99),
    seeds,
)
def test_closer_to_training_turns_round_with_its_sides(lists, level, seed):
    samples, train, heldout = (np.array(values)[:, None] for values in lists)
    score = closer_to_training(samples, train, heldout, level)
    gaps = [np.abs(rows - train.T).min(axis=1) for rows in (samples, heldout)]
    wins = np.sign(gaps[1] - gaps[0][:, None])
    assert score.value == pytest.approx(0.5 + wins.mean() / 2)
    assert 0 <= score.low <= score.value <= score.high <= 1
    rng = np.random.default_rng(seed)
    turned = closer_to_training(heldout, rng.permutation(train), rng.permutation(samples), level)
    assert (turned.value, turned.low, turned.high) == pytest.approx(
        (1 - score.value, 1 - score.high, 1 - score.low)
    )
    assert turned.n == score.n == min(len(samples), len(heldout))


@many
@given(st.integers(1, 10**6), st.floats(0, 1), st.floats(0.01, 0.999))
def test_a_proportion_lies_in_its_interval_and_turns_round_with_what_is_counted(n, part, level):
    successes = round(part * n)
    score, other = proportion(successes, n, level), proportion(n - successes, n, level)
    assert 0 <= score.low <= score.value <= score.high <= 1
    assert (score.value, score.low, score.high) == pytest.approx(
        (1 - other.value, 1 - other.high, 1 - other.low)
    )
    wider = proportion(successes, n, (1 + level) / 2)
    assert wider.low <= score.low and score.high <= wider.high
