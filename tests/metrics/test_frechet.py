"""The Fréchet distance against closed forms and the textbook's root of a matrix."""

import math

import numpy as np
import pytest
import scipy.linalg

from gan_utils.metrics import frechet_distance

pytestmark = pytest.mark.usefixtures("one_thread")


def exact_gaussian(mean, factor, n, rng):
    """Draw n rows whose sample mean is `mean` and whose sample covariance is factor @ factor.T."""
    rows = rng.normal(size=(n, len(mean)))
    whitened, _ = np.linalg.qr(rows - rows.mean(axis=0))
    return np.asarray(mean) + math.sqrt(n - 1) * whitened @ np.asarray(factor).T


def distance_by_matrix_root(x, y):
    """The textbook formula, with scipy's root of the product of the covariances."""
    root = scipy.linalg.sqrtm(np.cov(x.T) @ np.cov(y.T))
    gap = x.mean(axis=0) - y.mean(axis=0)
    return gap @ gap + np.trace(np.cov(x.T)) + np.trace(np.cov(y.T)) - 2 * np.trace(root).real


def test_frechet_distance_in_one_dimension():
    rng = np.random.default_rng(3)
    x = exact_gaussian([1.0], [[2.0]], 50, rng)
    y = exact_gaussian([4.0], [[0.5]], 80, rng)
    # (μ₁ − μ₂)² + (σ₁ − σ₂)²
    assert float(frechet_distance(x, y, resamples=0)) == pytest.approx(9 + 2.25, rel=1e-12)


def test_frechet_distance_of_diagonal_gaussians():
    rng = np.random.default_rng(4)
    s, t = np.array([1.0, 2.0, 3.0, 0.0]), np.array([2.0, 2.0, 0.5, 1.5])
    x = exact_gaussian([0, 1, 2, 3], np.diag(s), 60, rng)
    y = exact_gaussian([1, 1, 0, 3], np.diag(t), 60, rng)
    expected = 1 + 4 + np.square(s - t).sum()
    assert float(frechet_distance(x, y, resamples=0)) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("d", [2, 7, 30])
def test_frechet_distance_agrees_with_the_matrix_root(d):
    rng = np.random.default_rng(d)
    x = rng.normal(size=(300, d)) @ rng.normal(size=(d, d)) + rng.normal(size=d)
    y = rng.normal(size=(200, d)) @ rng.normal(size=(d, d))
    assert float(frechet_distance(x, y, resamples=0)) == pytest.approx(
        distance_by_matrix_root(x, y), rel=1e-8
    )


def test_fewer_rows_than_columns_agrees_with_the_matrix_root():
    rng = np.random.default_rng(5)
    x, y = rng.normal(size=(20, 50)), 2 * rng.normal(size=(15, 50)) + 1
    # The root of a singular product is itself good to few digits only.
    assert float(frechet_distance(x, y, resamples=0)) == pytest.approx(
        distance_by_matrix_root(x, y), rel=1e-4
    )


@pytest.mark.parametrize("n", [30, 300])
def test_unused_dimensions_change_nothing(n):
    """Features in a subspace of 80 dimensions, with n below and above 80."""
    rng = np.random.default_rng(6)
    x, y = rng.normal(size=(n, 5)), rng.normal(size=(n, 5)) @ rng.normal(size=(5, 5))
    embed = np.linalg.qr(rng.normal(size=(80, 5)))[0].T
    small, large = (
        frechet_distance(x, y, resamples=40),
        frechet_distance(x @ embed, y @ embed, resamples=40),
    )
    assert float(large) == pytest.approx(float(small), rel=1e-10)
    assert (large.low, large.high) == pytest.approx((small.low, small.high), rel=1e-6)


@pytest.mark.parametrize(("n", "d"), [(500, 64), (40, 300), (2, 3)])
def test_a_set_is_at_distance_nothing_from_itself(n, d):
    x = 1e3 * np.random.default_rng(7).normal(size=(n, d)) + 1e4
    spread = x.var(axis=0, ddof=1).sum()
    assert 0 <= float(frechet_distance(x, x, resamples=0)) < 1e-12 * spread


def test_constant_sets_are_as_far_apart_as_their_points():
    x, y = np.full((10, 3), 2.0), np.full((5, 3), 4.0)
    score = frechet_distance(x, y)
    assert (score.value, score.low, score.high) == (12.0, 12.0, 12.0)


def test_integers_are_converted_before_any_arithmetic():
    rng = np.random.default_rng(8)
    x, y = rng.integers(0, 256, size=(2, 90, 12), dtype=np.uint8)
    expected = distance_by_matrix_root(x.astype(float), y.astype(float))
    assert float(frechet_distance(x, y, resamples=0)) == pytest.approx(expected, rel=1e-8)
    # Means 2⁶¹ apart on both axes and two variances of 2¹²³, against a single point.
    huge = np.array([[2**62, 0], [0, 2**62]])
    apart = float(frechet_distance(huge, np.zeros((2, 2), dtype=int), resamples=0))
    assert apart == pytest.approx(2.0**123 + 2.0**124, rel=1e-12)


def test_the_bootstrap_is_that_of_resampled_rows():
    """Rows copied as drawn, covariances by NumPy, roots by scipy: the same interval."""
    rng = np.random.default_rng(9)
    x, y = rng.normal(size=(70, 5)), 1.5 * rng.normal(size=(50, 5)) + 0.3
    score = frechet_distance(x, y, resamples=60, level=0.9, seed=11)

    draws = np.random.default_rng(11)
    resampled = []
    for _ in range(60):
        first = x[draws.integers(70, size=70)]
        resampled.append(distance_by_matrix_root(first, y[draws.integers(50, size=50)]))
    low, middle, high = np.quantile(resampled, [0.05, 0.5, 0.95])
    assert score.low == pytest.approx(score.value + low - middle, rel=1e-7)
    assert score.high == pytest.approx(score.value + high - middle, rel=1e-7)
    assert score.n == 50


def test_the_frechet_interval_holds_the_expected_score_at_its_size():
    rng = np.random.default_rng(10)
    scores = [
        frechet_distance(rng.normal(size=(150, 4)), 1.3 * rng.normal(size=(150, 4)) + 0.5, seed=i)
        for i in range(120)
    ]
    expected = np.mean([float(score) for score in scores])
    held = np.mean([score.low <= expected <= score.high for score in scores])
    assert 0.88 <= held <= 0.99


def test_the_interval_follows_the_seed_and_the_value_does_not():
    x, y = np.random.default_rng(12).normal(size=(2, 60, 3))
    first, again, other = (frechet_distance(x, y, seed=seed) for seed in (0, 0, 1))
    assert first == again
    assert first.value == other.value and first.high != other.high
    without = frechet_distance(x, y, resamples=0)
    assert without.value == first.value and math.isnan(without.low) and math.isnan(without.high)
