"""The nearest images of a reference set, to see whether a generator repeats its training data."""

import math

import numpy as np
from numpy.typing import ArrayLike

from gan_utils.errors import DataError, ParameterError
from gan_utils.metrics.arrays import as_numbers, check_same_width
from gan_utils.metrics.score import Score, check_level


def nearest_neighbours(
    samples: ArrayLike, reference: ArrayLike, k: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    """Find the k rows of a reference set that are nearest to each sample.

    Distance is Euclidean over all values of an item, in the units of the input, so a difference
    of one grey level in one pixel of a uint8 image is 1, and a copy is at exactly 0. The search is
    scikit-learn's, whose memory does not grow with the number of pairs.

    Args:
        samples: images, features or points of shape (n, ...).
        reference: as samples, shape (m, ...) with the same number of values an item, and on
            the same scale.
        k: number of neighbours, 1 to m.

    Returns:
        Distances (float64) and row numbers in reference (int64), shape (n, k) each, nearest
        first.

    Raises:
        DataError: not numbers, not finite, of different size, on different scales (one set
            uint8 and the other not), or k above m.
        ParameterError: k not a whole number, or below 1.
    """
    return _nearest(samples, "samples", reference, "reference", k)


def _nearest(
    samples: ArrayLike, name: str, reference: ArrayLike, reference_name: str, k: int
) -> tuple[np.ndarray, np.ndarray]:
    """Find neighbours as `nearest_neighbours` does, with these names in its messages."""
    if not isinstance(k, int | np.integer) or k < 1:
        raise ParameterError(f"k is {k}; give the number of neighbours, a whole number from 1 on.")
    queries, rows = _flat(samples, name), _flat(reference, reference_name)
    check_same_width(queries, name, rows, reference_name)
    kinds = np.asarray(samples).dtype, np.asarray(reference).dtype
    if (kinds[0] == np.uint8) != (kinds[1] == np.uint8):
        raise DataError(
            f"{name} is {kinds[0]} and {reference_name} is {kinds[1]}, which are different scales; "
            "bring both to one with gan_utils.data.scale or unscale."
        )
    if k > len(rows):
        raise DataError(
            f"k is {k}, but {reference_name} has {len(rows)} rows; lower k or give more of them."
        )
    # Seen from one of the rows, an offset that all items share costs no digits below, and
    # integers stay integers, whose products are exact.
    origin = rows[0].copy()
    queries -= origin
    rows -= origin
    # Imported here: loading it takes longer than `import gan_utils` may.
    from sklearn.neighbors import NearestNeighbors

    search = NearestNeighbors(n_neighbors=k, algorithm="brute").fit(rows)
    indices = search.kneighbors(queries, return_distance=False)
    # The search expands the square, which loses the digits of small distances, so those of its
    # rows are taken again, directly.
    distances = np.stack(
        [np.linalg.norm(queries - rows[column], axis=1) for column in indices.T], axis=1
    )
    order = np.lexsort((indices, distances), axis=1)
    return np.take_along_axis(distances, order, axis=1), np.take_along_axis(indices, order, axis=1)


def closer_to_training(
    samples: ArrayLike, train: ArrayLike, heldout: ArrayLike, level: float = 0.95
) -> Score:
    """Give the share of samples that lie closer to the training set than held-out images do.

    Each sample is compared with each held-out image by the distance to its nearest training
    image; a tie counts one half (the statistic of Meehan et al. 2020, arXiv:2004.05675,
    section 4, which is that of Mann and Whitney). A generator that has learned the distribution
    scores 0.5, one that repeats its training images scores towards 1. Samples that are smoother
    than images score above 0.5 as well, and damaged ones below it: look at the neighbours too.

    The held-out images must come from where the training images come from, and must not have
    been trained on.

    Args:
        samples, train, heldout: items of shape (n, ...), as for `nearest_neighbours`.
        level: share of such intervals that hold the true share; the normal approximation of
            DeLong et al. 1988 (equation 5), over samples and held-out images. Near 1, and
            with fewer than some hundred of either, it is too narrow: at a true share of 0.98
            and 100 of each it held 74 % of the time.

    Returns:
        The share, its interval, and the size of the smaller of samples and held-out images.

    Raises:
        DataError: as for `nearest_neighbours`, or fewer than two samples or held-out images.
        ParameterError: a level outside (0, 1).
    """
    first = _nearest(samples, "samples", train, "train", 1)[0][:, 0]
    second = _nearest(heldout, "heldout", train, "train", 1)[0][:, 0]
    return share_closer(first, second, level)


def share_closer(samples: ArrayLike, heldout: ArrayLike, level: float = 0.95) -> Score:
    """Give the share in `closer_to_training`, from distances that are known already.

    Args:
        samples, heldout: distance of each to its nearest training image, shapes (n,) and (m,).
        level: as in `closer_to_training`, and so are the answer and the errors.
    """
    check_level(level)
    first, second = np.asarray(samples, float), np.asarray(heldout, float)
    n = min(len(first), len(second))
    if n < 2:
        raise DataError(
            f"There are {len(first)} samples and {len(second)} held-out images; "
            "give at least two of each."
        )
    from scipy.special import ndtri  # takes longer to import than the rest of the package
    from scipy.stats import rankdata

    # The rank of a sample among all, less its rank among samples, counts the held-out images
    # that are closer than it.
    both = rankdata(np.concatenate([first, second]))
    farther = 1 - (both[: len(first)] - rankdata(first)) / len(second)
    beaten = (both[len(first) :] - rankdata(second)) / len(first)
    share = float(farther.mean())
    error = math.sqrt(farther.var(ddof=1) / len(first) + beaten.var(ddof=1) / len(second))
    half = float(ndtri((1 + level) / 2)) * error
    return Score(share, max(share - half, 0.0), min(share + half, 1.0), n)


def _flat(values: ArrayLike, name: str) -> np.ndarray:
    """Give items as float64 of shape (n, values an item)."""
    items = as_numbers(values, name)
    if items.ndim < 2 or items.size == 0:
        raise DataError(
            f"{name} has shape {items.shape}; give items of equal shape along the first axis, "
            "at least one."
        )
    return items.reshape(len(items), -1)
