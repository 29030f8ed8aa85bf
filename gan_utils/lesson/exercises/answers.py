"""What the tests of exercises say of an answer: each shortcoming in a sentence."""

from __future__ import annotations

import math
import reprlib

import numpy as np


class NotYet(Exception):
    """An answer falls short; the message says what came and what was expected.

    A sentence without its full stop, which the line of the check brings.
    """


def shown(value: float) -> str:
    """A number as a sentence holds it: whole ones in full, others in four digits."""
    return f"{value:,.0f}" if value == round(value) and abs(value) < 1e15 else f"{value:.4g}"


def number(returned, call: str) -> float:
    """What `call` gave, where it is one finite number; raises `NotYet`."""
    if returned is None:
        raise NotYet(f"{call} gives None: its `return` seems to be missing")
    try:
        array = np.asarray(returned)
    except Exception:  # of whatever kind the object's own conversion raises
        array = np.asarray(None)
    if array.dtype.kind not in "biuf":
        raise NotYet(f"{call} gives {_described(returned)}, and not a number")
    if array.ndim:
        raise NotYet(f"{call} gives an array of shape {array.shape}, and not one number")
    if not np.isfinite(array):
        raise NotYet(f"{call} gives {array}, and not a finite number")
    return float(array)


def pair(returned, call: str) -> tuple[float, float]:
    """What `call` gave, where it is two finite numbers; raises `NotYet`."""
    if returned is None:
        raise NotYet(f"{call} gives None: its `return` seems to be missing")
    try:
        first, second = returned
    except (TypeError, ValueError):
        raise NotYet(f"{call} gives {_described(returned)}, and not two numbers") from None
    return number(first, f"the first part of {call}"), number(second, f"the second part of {call}")


def shaped(returned, shape: tuple[int, ...], call: str) -> np.ndarray:
    """What `call` gave, where it is an array or a tensor of this shape; raises `NotYet`."""
    if returned is None:
        raise NotYet(f"{call} gives None: its `return` seems to be missing")
    found = tuple(getattr(returned, "shape", ()))
    if found != shape:
        raise NotYet(f"{call} gives the shape {found}, and not {shape}")
    return np.asarray(returned)


def _described(returned) -> str:
    """A thing of Python's own by its text, any other by its type."""
    plain = isinstance(returned, str | int | float | complex | list | tuple | dict | set)
    return reprlib.repr(returned) if plain else f"an object of type {type(returned).__name__}"


def agree(returned, expected: float, call: str, because: str, within: float = 1e-5) -> None:
    """Raise `NotYet` unless `call` gave a number near `expected`.

    because: where `expected` comes from, such as "counting by hand gives".
    within: how far apart both may be, as a share of the larger one or, near 0, as it is.
    """
    value = number(returned, call)
    if not math.isclose(value, expected, rel_tol=within, abs_tol=within):
        here, there = shown(value), shown(expected)
        if here == there:  # they part only in later digits
            here, there = f"{value:.9g}", f"{expected:.9g}"
        raise NotYet(f"{call} gives {here}, but {because} {there}")
