"""The nearest images of a reference set, to see whether a generator repeats its training data."""

import numpy as np
from numpy.typing import ArrayLike

from gan_utils.errors import DataError, ParameterError
from gan_utils.metrics.arrays import as_numbers, check_same_width

BLOCK = 2**23  # float64 values in a block of the search: 64 MiB


def nearest_neighbours(
    samples: ArrayLike, reference: ArrayLike, k: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    """Find the k rows of a reference set that are nearest to each sample.

    Distance is Euclidean over all values of an item, in the units of the input, so a difference
    of one grey level in one pixel of a uint8 image is 1, and a copy is at exactly 0. The search
    runs in blocks of 64 MiB, however many pairs there are.

    Args:
        samples: images, features or points of shape (n, ...).
        reference: as samples, shape (m, ...) with the same number of values an item, and on
            the same scale.
        k: number of neighbours, 1 to m.

    Returns:
        Distances (float64) and row numbers in reference (int64), shape (n, k) each, nearest
        first; of uint8 images at equal distance the lower row number comes first.

    Raises:
        DataError: not numbers, not finite, of different size, on different scales (one set
            uint8 and the other not), or k above m.
        ParameterError: k not a whole number, or below 1.
    """
    if not isinstance(k, int | np.integer) or k < 1:
        raise ParameterError(f"k is {k}; give the number of neighbours, a whole number from 1 on.")
    queries, rows = _flat(samples, "samples"), _flat(reference, "reference")
    check_same_width(queries, "samples", rows, "reference")
    kinds = np.asarray(samples).dtype, np.asarray(reference).dtype
    if (kinds[0] == np.uint8) != (kinds[1] == np.uint8):
        raise DataError(
            f"samples is {kinds[0]} and reference is {kinds[1]}, which are different scales; "
            "bring both to one with gan_utils.data.scale or unscale."
        )
    if k > len(rows):
        raise DataError(
            f"k is {k}, but reference has {len(rows)} rows; lower k or give more reference rows."
        )
    # Seen from one of the rows, an offset that all items share costs no digits below, and
    # integers stay integers, whose products are exact.
    origin = rows[0].copy()
    queries -= origin
    rows -= origin
    squares = np.square(rows).sum(axis=1)
    size = max(1, BLOCK // len(rows))
    blocks = [
        _search(queries[start : start + size], rows, squares, k)
        for start in range(0, len(queries), size)
    ]
    distances, found = (np.concatenate(parts) for parts in zip(*blocks, strict=True))
    return distances, found


def _search(
    queries: np.ndarray, rows: np.ndarray, squares: np.ndarray, k: int
) -> tuple[np.ndarray, np.ndarray]:
    """Give distances and row numbers, (n, k) each; `squares` are the squared norms of the rows."""
    # |a − b|² less |a|², which does not change the order.
    remaining = squares - 2 * (queries @ rows.T)
    found = np.empty((len(queries), k), dtype=np.int64)
    distances = np.empty((len(queries), k))
    for column in range(k):
        nearest = remaining.argmin(axis=1)
        np.put_along_axis(remaining, nearest[:, None], np.inf, axis=1)
        found[:, column] = nearest
        # The expanded square loses the digits of small distances, so those are taken directly.
        distances[:, column] = np.linalg.norm(queries - rows[nearest], axis=1)
    order = np.lexsort((found, distances), axis=1)
    return np.take_along_axis(distances, order, axis=1), np.take_along_axis(found, order, axis=1)


def _flat(values: ArrayLike, name: str) -> np.ndarray:
    """Give items as float64 of shape (n, values an item)."""
    items = as_numbers(values, name)
    if items.ndim < 2 or items.size == 0:
        raise DataError(
            f"{name} has shape {items.shape}; give items of equal shape along the first axis, "
            "at least one."
        )
    return items.reshape(len(items), -1)
