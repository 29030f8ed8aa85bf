"""Fréchet distance between two sets of features (Heusel et al. 2017, arXiv:1706.08500).

It is called FD with the name of the classifier that gave the features; FID is only what the
Inception network of 2015 gives.
"""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from gan_utils.errors import DataError, ParameterError
from gan_utils.metrics.arrays import as_rows, check_same_width
from gan_utils.metrics.score import Score, check_level, shifted_bootstrap

# Fewer resamples leave nothing beyond the ends of a 95 % interval.
FEWEST_RESAMPLES = 40
# Squared, a hundred million times what rounding does to the largest direction.
SMALLEST_PIVOT = 1e-4
# Relative, of the trace of the root.
LARGEST_ERROR = 1e-12


def frechet_distance(
    real: ArrayLike,
    fake: ArrayLike,
    resamples: int = 100,
    level: float = 0.95,
    seed: int = 0,
) -> Score:
    """Measure |μ₁ − μ₂|² + tr(Σ₁ + Σ₂ − 2 (Σ₁Σ₂)^½), in squared units of the features.

    Means and covariances (n − 1 in the denominator) are those of the rows, in float64. The
    trace of the root is the sum of the singular values of F₁F₂ᵀ with Σ = FᵀF, which needs no
    root of a matrix that may be singular: fewer rows than columns, constant columns and
    constant sets are all allowed, and a set against itself gives 0.

    The value is biased upwards, more so the fewer rows and the more columns there are: two
    sets drawn from one distribution are at a distance above 0. So compare scores taken at the
    same n, and put real against real beside them.

    The interval says how far the value would move if both sets were drawn anew at this size.
    Rows of both sets are resampled with replacement; as resampling adds the same kind of bias
    once more, the resampled distances are shifted so that their median is the value, and
    `low` and `high` are the quantiles of these. The interval holds the expected score at this n,
    therefore, and not the distance at endless n. Where the distance is mostly bias, as for real
    against real, it is up to twice as wide as it need be. It decomposes two (d, d) matrices a
    resample: for d in the thousands, give resamples=0.

    Args:
        real, fake: features of shape (n, d) and (m, d), at least two rows each; n and m may
            differ.
        resamples: bootstrap resamples; 0 gives a nan interval, else at least 40.
        level: share of the resampled distances between `low` and `high`.
        seed: of the resampling; the value does not depend on it.

    Returns:
        The distance, its interval, and the number of rows of the smaller set.

    Raises:
        DataError: not numbers, not finite, not (n, d), of different width, or under two rows.
        ParameterError: resamples or level out of range, or resamples not whole.
    """
    check_level(level)
    whole = isinstance(resamples, int | np.integer)
    if not whole or (resamples != 0 and resamples < FEWEST_RESAMPLES):
        raise ParameterError(
            f"resamples is {resamples}; give 0 for no interval or a whole number from "
            f"{FEWEST_RESAMPLES} on."
        )
    sets = (_features(real, "real"), _features(fake, "fake"))
    check_same_width(sets[0], "real", sets[1], "fake")
    n = min(len(rows) for rows in sets)
    means = [_centre(rows) for rows in sets]
    factors = [_factor(rows, len(rows), _triangle) for rows in sets]
    gap = means[0] - means[1]
    value = _distance(gap, *factors)
    if resamples == 0:
        return Score(value, math.nan, math.nan, n)

    rng = np.random.default_rng(seed)
    drawn = []
    for _ in range(resamples):
        (shift_1, factor_1), (shift_2, factor_2) = (_resampled(rows, rng) for rows in sets)
        drawn.append(_distance(gap + shift_1 - shift_2, factor_1, factor_2))
    return shifted_bootstrap(value, drawn, n, level)


def _features(values: ArrayLike, name: str) -> np.ndarray:
    rows = as_rows(values, name)
    if len(rows) < 2:
        raise DataError(f"{name} has 1 row, which has no covariance; give at least two rows.")
    return rows


def _centre(rows: np.ndarray) -> np.ndarray:
    """Take the mean (d,) off the rows and give it.

    In place, because `as_rows` made a copy: at 10,000 × 2,048, another would take longer than its
    covariance.
    """
    mean = rows.sum(axis=0) / len(rows)
    rows -= mean
    return mean


def _factor(centred: np.ndarray, n: int, shrink: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Give F (r, d) with FᵀF = Σ for rows of mean 0 that stand for n."""
    if centred.shape[0] > centred.shape[1]:
        centred = shrink(centred)
    return centred / math.sqrt(n - 1)


def _resampled(rows: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Draw as many rows as there are, with replacement; give their mean (d,) and factor."""
    n = len(rows)
    counts = np.bincount(rng.integers(n, size=n), minlength=n)
    present = counts > 0
    drawn, counts = rows[present], counts[present]
    mean = counts @ drawn / n
    drawn -= mean
    drawn *= np.sqrt(counts)[:, None]
    return mean, _factor(drawn, n, _root)


def _triangle(factor: np.ndarray) -> np.ndarray:
    """Shrink a tall factor to a triangle R of shape (d, d) with the same RᵀR.

    Cholesky's is four times as fast as that of QR. But it goes through the covariance, whose
    smallest directions have lost half their digits, so it must be far from singular.
    """
    try:
        triangle = np.linalg.cholesky(factor.T @ factor).T
    except np.linalg.LinAlgError:
        return np.linalg.qr(factor, mode="r")
    pivots = np.diagonal(triangle)
    if pivots.min() < SMALLEST_PIVOT * pivots.max():
        return np.linalg.qr(factor, mode="r")
    return triangle


def _root(factor: np.ndarray) -> np.ndarray:
    """Shrink a tall factor to (d, d) through the covariance.

    Ten times as fast as QR. Squaring loses half the digits of the smallest directions, which
    an interval does not need.
    """
    values, vectors = np.linalg.eigh(factor.T @ factor)
    floor = len(values) * np.finfo(np.float64).eps * values[-1]
    return np.sqrt(np.where(values > floor, values, 0.0))[:, None] * vectors.T


def _distance(gap: np.ndarray, factor_1: np.ndarray, factor_2: np.ndarray) -> float:
    """Give the distance of two Gaussians whose means are `gap` (d,) apart."""
    root = _nuclear_norm(factor_1 @ factor_2.T)
    spread = np.square(factor_1).sum() + np.square(factor_2).sum() - 2 * root
    # The exact spread is never negative; rounding can take it just below 0.
    return float(np.square(gap).sum() + max(spread, 0.0))


def _nuclear_norm(matrix: np.ndarray) -> float:
    """Give the sum of the singular values σ of a matrix.

    They are the roots of the eigenvalues λ of the matrix times its transpose, which take a third
    of the time. But each λ is off by about the rounding of the largest one, and its root by that
    over 2σ: where this adds up to more than LARGEST_ERROR, they are computed directly.
    """
    squares = np.linalg.eigvalsh(matrix @ matrix.T)
    rounding = np.finfo(np.float64).eps * squares[-1]
    if squares[0] > rounding:
        values = np.sqrt(squares)
        if (rounding / (2 * values)).sum() <= LARGEST_ERROR * values.sum():
            return values.sum()
    return np.linalg.svd(matrix, compute_uv=False).sum()
