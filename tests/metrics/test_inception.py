"""The inception score against its extremes and its other form, by entropies."""

from itertools import pairwise

import numpy as np
import pytest
import scipy.special
import scipy.stats

from gan_utils.metrics import inception_score, over_seeds


def softmax(shape, seed, scale=3):
    logits = scale * np.random.default_rng(seed).normal(size=shape)
    return scipy.special.softmax(logits, axis=1)


def by_entropies(rows):
    """The logarithm is the entropy of the mean row less the mean entropy of the rows."""
    whole = scipy.stats.entropy(rows.mean(axis=0))
    return np.exp(whole - np.mean([scipy.stats.entropy(row) for row in rows]))


@pytest.mark.parametrize("row", [[0.25, 0.25, 0.25, 0.25], [0.7, 0.2, 0.1, 0.0], [0, 1, 0, 0]])
def test_one_answer_to_every_image_scores_one(row):
    score = inception_score(np.tile(row, (50, 1)))
    assert (score.value, score.low, score.high) == pytest.approx((1, 1, 1), abs=1e-12)
    assert score.n == 50


def test_sure_and_even_over_the_classes_scores_their_number():
    # Chance deals the classes unevenly to two parts of ten thousand, which costs 10⁻⁴ parts.
    score = inception_score(np.tile(np.eye(10), (2000, 1)), splits=2)
    assert 10 * (1 - 1e-3) < score.value < 10
    halves = inception_score(np.tile(np.eye(10)[:5], (4000, 1)), splits=2)
    assert halves.value == pytest.approx(5, rel=1e-3)


@pytest.mark.parametrize(("n", "splits"), [(40, 10), (43, 4), (7, 7), (5, 2)])
def test_parts_are_those_of_the_shuffle(n, splits):
    rows = softmax((n, 6), seed=n)
    shuffled = rows[np.random.RandomState(3).permutation(n)]
    edges = [i * n // splits for i in range(splits + 1)]
    scores = [by_entropies(shuffled[edges[i] : edges[i + 1]]) for i in range(splits)]
    expected = over_seeds(scores, level=0.9)
    score = inception_score(rows, splits, level=0.9, seed=3)
    assert (score.value, score.low, score.high) == pytest.approx(
        (expected.value, expected.low, expected.high), rel=1e-10
    )
    assert score.n == n


def test_the_interval_is_that_of_student_over_the_parts():
    """Two parts of one row pair each, by hand: e to the divergence is 2 or 1."""
    rows = np.eye(2)[[0, 1, 0, 0]]
    score = inception_score(rows, splits=2)
    # The one row of class 1 meets a row of class 0 in any order.
    assert score.value == pytest.approx(1.5)
    # t(1 degree of freedom, 97.5 %) = 12.7062, standard error ½.
    assert (score.low, score.high) == pytest.approx((1.5 - 6.3531, 1.5 + 6.3531), abs=1e-4)


def test_intervals_hold_the_expected_score_about_as_often_as_they_say():
    scores = [inception_score(softmax((200, 5), seed)) for seed in range(400)]
    expected = np.mean([float(score) for score in scores])
    held = np.mean([score.low <= expected <= score.high for score in scores])
    assert 0.91 < held < 0.98


def test_the_score_follows_the_seed():
    rows = softmax((100, 5), seed=1)
    first, again, other = (inception_score(rows, seed=seed) for seed in (0, 0, 1))
    assert first == again
    assert first.value != other.value


def test_unsure_answers_score_lower_than_sure_ones():
    scores = [inception_score(softmax((1000, 10), seed=2, scale=s)) for s in (0.1, 1, 3, 30)]
    assert all(a.high < b.low for a, b in pairwise(scores))


def test_the_smallest_probabilities_do_not_make_the_score_infinite():
    """Half of the smallest number that float64 has is rounded to 0."""
    rows = np.tile([[1.0, 5e-324], [1.0, 0.0]], (10, 1))
    assert inception_score(rows, splits=2).value == pytest.approx(1)
