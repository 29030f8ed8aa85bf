"""Kernel distance between two sets of features (Bińkowski et al. 2018, arXiv:1801.01401).

It is called KD with the name of the classifier that gave the features; KID is only what the
Inception network of 2015 gives.
"""

import numpy as np
from numpy.typing import ArrayLike

from gan_utils.errors import DataError, ParameterError
from gan_utils.metrics.arrays import as_rows, check_same_width
from gan_utils.metrics.score import Score, check_count, check_level, over_seeds

ESTIMATORS = ("subsets", "blocks")
LARGEST = 1e49  # the kernel function raises it to the sixth power


def kernel_distance(
    real: ArrayLike,
    fake: ArrayLike,
    subsets: int = 100,
    size: int = 1000,
    estimator: str = "subsets",
    level: float = 0.95,
    seed: int = 0,
) -> Score:
    """Measure the squared maximum mean discrepancy under the kernel function (x·y / d + 1)³.

    Each estimate is the unbiased one of Gretton et al. 2012 (lemma 6), so two sets drawn from
    one distribution score 0 on average, at any size, and single values may be below 0.

    Two ways to use more rows than one estimate takes:

    - "subsets", the usual one: the mean over `subsets` draws of `size` rows of each set. Draws
      overlap, so their spread says how one estimate of this size varies: `low` and `high` are
      its quantiles, and not the ends of a confidence interval for the mean.
    - "blocks" (Zaremba et al. 2013): both sets are shuffled once and cut into blocks of `size`
      that share no row. The estimates are independent, and the interval is Student's t interval
      of their mean.

    Args:
        real, fake: features of shape (n, d) and (m, d).
        subsets: number of draws, at least 2; of no effect with "blocks".
        size: rows of each set in an estimate, from 2 to the number of rows of the smaller set
            (for "blocks" to half of it).
        estimator: "subsets" or "blocks".
        level: share of the draws, or of such intervals, between `low` and `high`.
        seed: of `numpy.random.RandomState`, whose stream never changes. Draws are made as
            torch-fidelity makes them, real before fake, so equal seeds give equal rows.

    Returns:
        The distance, its interval, and the number of rows of the smaller set.

    Raises:
        DataError: not numbers, not finite, not (n, d), of different width, or too few rows.
        ParameterError: subsets, size, level or estimator out of range.
    """
    check_level(level)
    check_count("subsets", subsets, 2)
    check_count("size", size, 2)
    if estimator not in ESTIMATORS:
        raise ParameterError(f"estimator is {estimator!r}; choose one of {', '.join(ESTIMATORS)}.")
    first, second = as_rows(real, "real"), as_rows(fake, "fake")
    check_same_width(first, "real", second, "fake")
    for rows, name in ((first, "real"), (second, "fake")):
        if max(rows.max(), -rows.min()) > LARGEST:
            raise DataError(
                f"{name} reaches {max(rows.max(), -rows.min()):.1e}, which is too large for the "
                f"cube of the kernel function; rescale the values below {LARGEST:.0e}."
            )
    n = min(len(first), len(second))
    needed = size if estimator == "subsets" else 2 * size
    if n < needed:
        raise DataError(
            f"{estimator} of size {size} need {needed} rows of each set, but the smaller one has "
            f"{n}; give more rows or a smaller size."
        )
    rng = np.random.RandomState(seed)
    if estimator == "subsets":
        drawn = np.array(
            [
                _mmd2(
                    first[rng.choice(len(first), size, replace=False)],
                    second[rng.choice(len(second), size, replace=False)],
                )
                for _ in range(subsets)
            ]
        )
        low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
        return Score(float(drawn.mean()), float(low), float(high), n)
    shuffled = first[rng.permutation(len(first))], second[rng.permutation(len(second))]
    starts = range(0, n - size + 1, size)
    blocks = over_seeds([_mmd2(*(rows[i : i + size] for rows in shuffled)) for i in starts], level)
    return Score(blocks.value, blocks.low, blocks.high, n)


def _mmd2(first: np.ndarray, second: np.ndarray) -> float:
    """Estimate the squared discrepancy from two sets of shape (size, d) without bias."""
    size = len(first)

    def kernel_function(a, b):
        likeness = a @ b.T / a.shape[1] + 1
        # NumPy's third power takes ten times as long as two products.
        return likeness * likeness * likeness

    own = (kernel_function(rows, rows) for rows in (first, second))
    within = sum(np.sum(k) - np.trace(k) for k in own)
    return float(within / (size * (size - 1)) - 2 * kernel_function(first, second).mean())
