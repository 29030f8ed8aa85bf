"""How generated images spread over the classes that a classifier sees in them.

All functions take class probabilities of shape (n, k), one image a row, each row adding up to 1,
and count an image for its most probable class. They raise DataError for anything else, and
ParameterError for a minimum or a level out of range. Intervals of coverage and entropy are
bootstraps over the images.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from gan_utils.errors import DataError, ParameterError
from gan_utils.metrics.arrays import as_labels, as_rows
from gan_utils.metrics.score import Score, check_level, proportion, shifted_bootstrap

SUM_TOLERANCE = 1e-3  # float16 softmax outputs still pass
RESAMPLES = 1000  # of a few counts, not of images: a thousand take milliseconds


def as_probabilities(probabilities: ArrayLike) -> np.ndarray:
    """Give probabilities as float64 of shape (n, k) with k at least 2, rows adding up to 1."""
    rows = as_rows(probabilities, "probabilities")
    if rows.shape[1] < 2:
        raise DataError("probabilities has 1 column; give one column a class, at least two.")
    sums = rows.sum(axis=1)
    wrong = (rows < 0).any(axis=1) | (np.abs(sums - 1) > SUM_TOLERANCE)
    if wrong.any():
        first = int(wrong.argmax())
        raise DataError(
            f"Row {first} of probabilities has sum {sums[first]:.4g} and minimum "
            f"{rows[first].min():.4g}; give probabilities that add up to 1, logits through a "
            "softmax first."
        )
    return rows


def class_histogram(probabilities: ArrayLike) -> np.ndarray:
    """Count the images of each class, int64 of shape (k,)."""
    rows = as_probabilities(probabilities)
    return np.bincount(rows.argmax(axis=1), minlength=rows.shape[1])


def accuracy(probabilities: ArrayLike, labels: ArrayLike, level: float = 0.95) -> Score:
    """Give the share of images whose most probable class is their label, with Wilson's interval.

    labels: whole numbers from 0 to k − 1, shape (n,).
    """
    rows = as_probabilities(probabilities)
    truth = as_labels(labels, "labels", rows.shape[1])
    if len(truth) != len(rows):
        raise DataError(
            f"probabilities has {len(rows)} rows and labels has {len(truth)}; give one label a row."
        )
    return proportion(int(np.sum(rows.argmax(axis=1) == truth)), len(rows), level)


def class_coverage(
    probabilities: ArrayLike, minimum: float = 0.01, level: float = 0.95, seed: int = 0
) -> Score:
    """Count the classes that have at least the share `minimum` (above 0, up to 1) of the images."""
    if not 0 < minimum <= 1:
        raise ParameterError(f"minimum is {minimum}; give a share above 0 and up to 1.")
    counts = class_histogram(probabilities)
    n = counts.sum()
    return over_counts(
        lambda c: np.count_nonzero(c / n >= minimum, axis=-1), counts, level, seed, len(counts)
    )


def class_entropy(probabilities: ArrayLike, level: float = 0.95, seed: int = 0) -> Score:
    """Measure the entropy of the class shares in nats: 0 for one class, log k for k equal ones."""
    counts = class_histogram(probabilities)
    largest = np.log(len(counts))

    def entropy(c: np.ndarray) -> np.ndarray:
        from scipy.special import entr  # takes longer to import than the rest of the package

        # Rounding can take equal shares just above log k.
        return np.minimum(entr(c / c.sum(axis=-1, keepdims=True)).sum(axis=-1), largest)

    return over_counts(entropy, counts, level, seed, largest)


def over_counts(
    statistic: Callable[[np.ndarray], np.ndarray],
    counts: np.ndarray,
    level: float,
    seed: int,
    largest: float,
) -> Score:
    """Score counts (k,) by a statistic of their last axis, bootstrapping what was counted.

    largest: the highest value that the statistic can take; the lowest is 0.
    """
    check_level(level)
    n = int(counts.sum())
    drawn = np.random.default_rng(seed).multinomial(n, counts / n, size=RESAMPLES)
    return shifted_bootstrap(
        float(statistic(counts)), statistic(drawn), n, level, high=float(largest)
    )
