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
    value = _distance(*(_moments(rows, _triangle) for rows in sets))
    if resamples == 0:
        return Score(value, math.nan, math.nan, n)

    rng = np.random.default_rng(seed)
    drawn = [_distance(*(_resampled(rows, rng) for rows in sets)) for _ in range(resamples)]
    return shifted_bootstrap(value, drawn, n, level)


def _features(values: ArrayLike, name: str) -> np.ndarray:
    rows = as_rows(values, name)
    if len(rows) < 2:
        raise DataError(f"{name} has 1 row, which has no covariance; give at least two rows.")
    return rows


def _moments(
    rows: np.ndarray,
    shrink: Callable[[np.ndarray], np.ndarray],
    counts: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Give the mean (d,) of rows, each once or `counts` times, and F (r, d) with FᵀF = Σ."""
    n = len(rows) if counts is None else counts.sum()
    mean = (rows.sum(axis=0) if counts is None else counts @ rows) / n
    factor = rows - mean
    if counts is not None:
        factor *= np.sqrt(counts)[:, None]
    if factor.shape[0] > factor.shape[1]:
        factor = shrink(factor)
    # Dividing here, and not each row before, saves a pass over what may be 10,000 rows.
    return mean, factor / math.sqrt(n - 1)


def _resampled(rows: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Give the moments of as many rows as there are, drawn from them with replacement."""
    counts = np.bincount(rng.integers(len(rows), size=len(rows)), minlength=len(rows))
    present = counts > 0
    return _moments(rows[present], _root, counts[present])


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


def _distance(first: tuple[np.ndarray, np.ndarray], second: tuple[np.ndarray, np.ndarray]) -> float:
    (mean_1, factor_1), (mean_2, factor_2) = first, second
    root = _nuclear_norm(factor_1 @ factor_2.T)
    spread = np.square(factor_1).sum() + np.square(factor_2).sum() - 2 * root
    # The exact spread is never negative; rounding can take it just below 0.
    return float(np.square(mean_1 - mean_2).sum() + max(spread, 0.0))


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
