"""The kernel distance against plain loops, and against the moments that it compares."""

import itertools
import math

import numpy as np
import pytest
import scipy.stats

from gan_utils.metrics import Score, kernel_distance, over_seeds


def by_loops(x, y):
    """The unbiased estimate of Gretton et al., pair by pair: none of a row with itself."""
    n = len(x)

    def kernel(a, b):
        return (sum(p * q for p, q in zip(a, b, strict=True)) / len(a) + 1) ** 3

    pairs = list(itertools.permutations(range(n), 2))
    within = sum(kernel(x[i], x[j]) + kernel(y[i], y[j]) for i, j in pairs)
    between = sum(kernel(a, b) for a in x for b in y)
    return float(within / (n * (n - 1)) - 2 * between / n**2)


# Of N(0, 1) and N(½, 1) in one dimension: with (xy + 1)³ = Σ binomial(3, j) xʲyʲ, the squared
# discrepancy is Σ binomial(3, j) (E xʲ − E yʲ)², and the moments of N(m, 1) are m, m² + 1, m³ + 3m.
APART = 3 * 0.5**2 + 3 * 0.25**2 + (0.125 + 1.5) ** 2


@pytest.mark.parametrize(("n", "d"), [(2, 1), (3, 4), (9, 2)])
def test_the_estimate_is_that_of_plain_loops(n, d):
    rng = np.random.default_rng(n)
    x, y = rng.normal(size=(n, d)), 2 * rng.normal(size=(n, d)) + 1
    # Draws of all rows differ only in their order.
    score = kernel_distance(x, y, subsets=3, size=n)
    assert (score.value, score.low, score.high) == pytest.approx((by_loops(x, y),) * 3, rel=1e-10)
    assert score.n == n


def test_constant_sets_have_the_kernel_of_their_points():
    x, y = np.full((10, 3), 2.0), np.full((7, 3), 4.0)
    score = kernel_distance(x, y, size=7)
    # 2·2 + 1, 4·4 + 1 and 2·4 + 1, cubed.
    expected = 5**3 + 17**3 - 2 * 9**3
    assert (score.value, score.low, score.high) == pytest.approx((expected,) * 3, rel=1e-12)
    assert score.n == 7


def test_subsets_are_drawn_anew_and_their_quantiles_are_given():
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(12, 2)), rng.normal(size=(9, 2)) + 1
    draws = np.random.RandomState(5)
    estimates = []
    for _ in range(20):
        first = x[draws.choice(12, 4, replace=False)]
        estimates.append(by_loops(first, y[draws.choice(9, 4, replace=False)]))
    score = kernel_distance(x, y, subsets=20, size=4, level=0.8, seed=5)
    low, high = np.quantile(estimates, [0.1, 0.9])
    assert (score.value, score.low, score.high) == pytest.approx((np.mean(estimates), low, high))
    assert score.n == 9


@pytest.mark.parametrize("n", [12, 15])
def test_blocks_share_no_row_and_have_the_interval_of_student(n):
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=(n, 2)), rng.normal(size=(25, 2)) + 1
    score = kernel_distance(x, y, size=4, estimator="blocks", level=0.8, seed=6)
    draws = np.random.RandomState(6)
    first, second = x[draws.permutation(n)], y[draws.permutation(25)]
    # Three blocks of four fit into twelve rows and into fifteen.
    estimates = [by_loops(first[i : i + 4], second[i : i + 4]) for i in (0, 4, 8)]
    mean, error = np.mean(estimates), scipy.stats.sem(estimates)
    low, high = scipy.stats.t.interval(0.8, 2, mean, error)
    assert (score.value, score.low, score.high) == pytest.approx((mean, low, high))
    assert score.n == n


@pytest.mark.parametrize("estimator", ["subsets", "blocks"])
def test_sets_of_one_distribution_score_nothing_on_average(estimator):
    rng = np.random.default_rng(3)
    scores = [
        kernel_distance(*rng.normal(size=(2, 60, 3)), subsets=6, size=10, estimator=estimator)
        for _ in range(400)
    ]
    mean = over_seeds(scores, level=0.9999)
    assert mean.low < 0 < mean.high
    # With the rows' kernel with themselves left in, the mean would be about 2 E k(x, x) / 10.
    assert mean.high < 0.1
    assert min(map(float, scores)) < 0 < max(map(float, scores))


@pytest.mark.parametrize("estimator", ["subsets", "blocks"])
def test_the_mean_does_not_depend_on_the_size_and_is_what_the_moments_give(estimator):
    rng = np.random.default_rng(4)
    for size in (4, 40):
        scores = [
            kernel_distance(
                rng.normal(size=(80, 1)),
                rng.normal(0.5, 1, size=(80, 1)),
                subsets=10,
                size=size,
                estimator=estimator,
            )
            for _ in range(400)
        ]
        mean = over_seeds(scores, level=0.9999)
        assert mean.low < APART < mean.high
        # With the rows' kernel with themselves left in, size 4 would be some 17 above.
        assert mean.high - mean.low < 4


def test_intervals_of_blocks_hold_the_true_distance_about_as_often_as_they_say():
    rng = np.random.default_rng(5)
    sets = [(rng.normal(size=(600, 1)), rng.normal(0.5, 1, (600, 1))) for _ in range(500)]
    scores = [kernel_distance(x, y, size=20, estimator="blocks") for x, y in sets]
    held = np.mean([score.low <= APART <= score.high for score in scores])
    # The estimates are skewed, which costs Student's interval a little of its level.
    assert 0.88 < held < 0.98


def test_blocks_see_the_order_of_rows_only_as_chance():
    """Sorted rows give other values, but of the same distribution, which needs the shuffle."""
    rng = np.random.default_rng(6)
    x, y = np.sort(rng.normal(size=(2, 60, 1)), axis=1)
    mixed = rng.permutation(x), rng.permutation(y)
    values = [
        [float(kernel_distance(*sets, size=10, estimator="blocks", seed=i)) for i in seeds]
        for sets, seeds in (((x, y), range(300)), (mixed, range(300, 600)))
    ]
    assert len(set(values[0])) > 290
    assert scipy.stats.ks_2samp(*values).pvalue > 0.001


@pytest.mark.parametrize("estimator", ["subsets", "blocks"])
def test_the_score_follows_the_seed(estimator):
    x, y = np.random.default_rng(7).normal(size=(2, 50, 3))
    first, again, other = (
        kernel_distance(x, y, size=10, estimator=estimator, seed=seed) for seed in (0, 0, 1)
    )
    assert first == again
    assert first.value != other.value


def test_the_number_of_subsets_does_not_matter_to_blocks():
    x, y = np.random.default_rng(8).normal(size=(2, 50, 3))
    few, many = (kernel_distance(x, y, n, 10, estimator="blocks") for n in (2, 200))
    assert few == many


def test_a_spread_wider_than_that_of_subsets_is_honest_about_the_mean():
    """Draws of nearly all rows agree with each other, however uncertain their mean is."""
    rng = np.random.default_rng(9)
    x, y = rng.normal(size=(2, 100, 2))
    overlapping = kernel_distance(x, y, size=100)
    blocks = kernel_distance(x, y, size=10, estimator="blocks")
    assert overlapping.high - overlapping.low < 1e-9 < blocks.high - blocks.low


def test_features_near_the_largest_that_are_taken_do_not_overflow():
    """The kernel raises features to the sixth power, 10²⁹⁴ here."""
    x = np.full((40, 5), 1e49)
    score = kernel_distance(x, -x, subsets=2, size=40)
    # k(x, x) − k(x, −x), twice; beside 10⁹⁸ the 1 vanishes.
    assert score.value == pytest.approx(4e294, rel=1e-12)
    assert isinstance(score, Score) and math.isfinite(score.high)
