"""The arrays that every metric takes, converted once and refused with a sentence when unfit."""

import numpy as np
from numpy.typing import ArrayLike

from gan_utils.errors import DataError

# Distances and covariances square their input; beyond this a float64 square nears overflow.
LARGEST = 1e100


def as_numbers(values: ArrayLike, name: str) -> np.ndarray:
    """Give a fresh copy of the values as float64, in the shape they came in.

    Integers are converted before any arithmetic, so that uint8 images cannot overflow.

    Raises:
        DataError: the values are no real numbers, ragged, not finite or beyond 1e100.
    """
    try:
        array = np.asarray(values)
        # Numbers that NumPy does not know itself, such as bfloat16, are V as raw bytes are.
        foreign = array.dtype.kind == "V" and array.dtype.type is not np.void
        if array.dtype.kind not in "biufO" and not foreign:
            raise TypeError
        array = array.astype(np.float64)
    except (TypeError, ValueError, OverflowError):
        raise DataError(
            f"{name} cannot be read as an array of real numbers; "
            "give a NumPy array or a list of numbers in rows of equal length."
        ) from None
    wrong = ~np.isfinite(array)
    if wrong.any():
        first = tuple(int(i) for i in np.argwhere(wrong)[0])
        raise DataError(
            f"{name} has values that are not finite ({int(wrong.sum())} of {wrong.size}, the "
            f"first at index {first}); find out where they arise or leave them out."
        )
    # No temporary of absolute values: image sets are large.
    if array.size and max(array.max(), -array.min()) > LARGEST:
        raise DataError(
            f"{name} reaches {max(array.max(), -array.min()):.1e}, which is too large to be "
            f"squared; rescale the values below {LARGEST:.0e}."
        )
    return array


def as_rows(values: ArrayLike, name: str) -> np.ndarray:
    """Give a set of vectors as float64 of shape (n, d) with n and d at least 1.

    Raises:
        DataError: as for `as_numbers`, or the array is not two-dimensional or is empty.
    """
    array = as_numbers(values, name)
    if array.ndim != 2 or array.size == 0:
        raise DataError(
            f"{name} has shape {array.shape}; "
            "give one vector a row, shape (n, d), with at least one row and one column."
        )
    return array


def check_same_width(first: np.ndarray, first_name: str, second: np.ndarray, second_name: str):
    """Raise DataError unless two sets of shape (n, d) have the same d."""
    if first.shape[1] != second.shape[1]:
        raise DataError(
            f"{first_name} has {first.shape[1]} columns and {second_name} has {second.shape[1]}; "
            "describe both sets by the same features."
        )


def as_labels(values: ArrayLike, name: str, k: int) -> np.ndarray:
    """Give class labels as int64 of shape (n,), n at least 1.

    Raises:
        DataError: as for `as_numbers`, or not whole numbers from 0 to k − 1 in one dimension.
    """
    labels = as_numbers(values, name)
    if labels.ndim != 1 or labels.size == 0:
        raise DataError(f"{name} has shape {labels.shape}; give one label a sample, shape (n,).")
    wrong = (labels != np.floor(labels)) | (labels < 0) | (labels >= k)
    if wrong.any():
        raise DataError(
            f"{name} holds {labels[wrong][0]:g} at index {int(wrong.argmax())}; "
            f"give whole numbers from 0 to {k - 1}."
        )
    return labels.astype(np.int64)
