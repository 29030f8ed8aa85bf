"""Checks of numbers and names that the functions of this room are given."""

from numbers import Integral, Real

import numpy as np

from gan_utils.errors import DataError


def check_choice(what: str, value: object, known: tuple[str, ...]) -> None:
    if value not in known:
        names = ", ".join(map(str, known))
        raise DataError(f"There is no {what} {value!r}; choose one of {names}.")


def check_count(what: str, value: object) -> None:
    if not isinstance(value, Integral) or value < 1:
        raise DataError(f"The {what} is {value!r}; give a whole number of 1 or more.")


def check_length(what: str, value: object) -> None:
    if not isinstance(value, Real) or not 0 < value < np.inf:
        raise DataError(f"The {what} is {value!r}; give a finite number above 0.")


def check_range(low: float, high: float) -> None:
    if not (np.isfinite(low) and np.isfinite(high) and low < high):
        raise DataError(f"{low:g} to {high:g} is not a range; give two numbers with low < high.")
