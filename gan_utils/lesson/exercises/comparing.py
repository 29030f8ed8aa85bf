"""Numbers and slopes of an answer, and how they are compared with what is right."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gan_utils.lesson.exercises.answers import NotYet, agree, shown


def compare(found, right, call: str, because: str, mistakes: dict, within: float = 1e-4) -> None:
    """Raise `NotYet` unless an array or a number is right, in words for a usual mistake.

    call, because, within: as in `agree`. mistakes: what is wrong as a sentence without its full
    stop, and the numbers that come of it.
    """
    found, right = np.asarray(found, float), np.asarray(right, float)
    if np.allclose(found, right, rtol=within, atol=within):
        return
    for words, wrong in mistakes.items():
        if np.allclose(found, wrong, rtol=1e-4, atol=1e-6):
            value = f" gives {shown(float(found))}" if found.ndim == 0 else ""
            raise NotYet(f"{call}{value}: {words}")
    for place in np.ndindex(*right.shape):
        where = f"{call}, at {place}," if place else call
        agree(found[place], right[place], where, because, within)


def with_slopes(function: Callable, values, *others):
    """What `function(values, *others)` gives, and the slopes of its sum in `values`.

    values: numbers, which the function gets as a float32 tensor of their shape. The slopes are
    None where no tensor leads from them to what it gives.
    """
    import tensorflow as tf

    given = tf.constant(values, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(given)
        made = function(given, *others)
    return made, tape.gradient(made, given) if tf.is_tensor(made) else None
