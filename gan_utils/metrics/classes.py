"""How generated images spread over the classes that a classifier sees in them.

All three functions take class probabilities of shape (n, k), one image a row, each row adding
up to 1, and count an image for its most probable class. They raise DataError for anything else.
"""

import numpy as np
from numpy.typing import ArrayLike

from gan_utils.errors import DataError, ParameterError
from gan_utils.metrics.arrays import as_rows

SUM_TOLERANCE = 1e-3  # float16 softmax outputs still pass


def class_histogram(probabilities: ArrayLike) -> np.ndarray:
    """Count the images of each class, int64 of shape (k,)."""
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
    return np.bincount(rows.argmax(axis=1), minlength=rows.shape[1])


def class_coverage(probabilities: ArrayLike, minimum: float = 0.01) -> int:
    """Count the classes that have at least the share `minimum` (above 0, up to 1) of the images.

    Raises:
        ParameterError: a minimum outside (0, 1].
    """
    if not 0 < minimum <= 1:
        raise ParameterError(f"minimum is {minimum}; give a share above 0 and up to 1.")
    return int(np.count_nonzero(_shares(probabilities) >= minimum))


def class_entropy(probabilities: ArrayLike) -> float:
    """Measure the entropy of the class shares in nats: 0 for one class, log k for k equal ones."""
    shares = _shares(probabilities)
    present = shares[shares > 0]
    return float(np.sum(present * np.log(1 / present)))


def _shares(probabilities: ArrayLike) -> np.ndarray:
    counts = class_histogram(probabilities)
    return counts / counts.sum()
