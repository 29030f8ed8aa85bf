"""Where batches come from: arrays whose rows belong together, and which rows a step takes.

The rows of a step are a function of (seed, step), so that nothing has to be kept to resume.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import tensorflow as tf

from gan_utils.errors import DataError
from gan_utils.streams import purpose_number

PURPOSE = "batch"
ONLY = ""  # the name of a source that was given alone
TOLERANCE = 1e-3  # of the range of images, for rounding


def as_sources(data, image_range: tuple[float, float]) -> dict[str, tuple[np.ndarray, ...]]:
    """Data as `Trainer.fit` takes them, by the name of each source, checked.

    data: an array; a tuple of arrays whose rows belong together; or a mapping of names to either,
    each with rows of its own. Images (n, h, w, c) are uint8, or floats in `image_range`; points
    (n, d) are floats; labels (n,) are whole numbers. Floats become float32, labels int32.

    Raises `DataError` for anything else, for no rows, and for numbers that are not finite.
    """
    named = data if isinstance(data, Mapping) else {ONLY: data}
    sources = {}
    for name, arrays in named.items():
        arrays = arrays if isinstance(arrays, tuple) else (arrays,)
        sources[name] = tuple(_checked(name, array, image_range) for array in arrays)
        lengths = [len(array) for array in sources[name]]
        if len(set(lengths)) > 1:
            raise DataError(
                f"the data hold arrays of {' and '.join(map(str, lengths))} rows that belong "
                f"together: give as many rows in each."
            )
    return sources


def _checked(name: str, given, image_range: tuple[float, float]) -> np.ndarray:
    try:
        array = np.asarray(given)
    except ValueError:  # a list of arrays of several lengths
        raise DataError(
            f"the data are a {type(given).__name__} whose parts differ in shape: give one array, "
            f"or a tuple of arrays with as many rows in each."
        ) from None
    if not array.ndim or not len(array):
        of = f" of {name}" if name else ""
        raise DataError(f"the data{of} are empty: give at least one row.")
    kind, low, high = array.dtype.kind, *image_range
    if kind in "iu" and array.ndim == 1:
        return array.astype(np.int32)
    if array.dtype == np.uint8:
        return array
    if kind != "f":
        raise DataError(
            f"the data are {array.dtype} of shape {array.shape}: give images as uint8 from 0 to "
            f"255, points as floats, labels as whole numbers of shape (n,)."
        )
    least, most = float(array.min()), float(array.max())
    if not np.isfinite([least, most]).all():
        raise DataError("the data hold numbers that are not finite: leave those rows out.")
    slack = TOLERANCE * (high - low)
    if array.ndim > 2 and not low - slack <= least <= most <= high + slack:
        raise DataError(
            f"the images are {array.dtype} from {least:g} to {most:g}, outside the range "
            f"{low:g} to {high:g} of the generator: give uint8 from 0 to 255, or scale them."
        )
    return array.astype(np.float32, copy=False)


def rows_of_step(step, count: int, total, seed: int, purpose: str = PURPOSE) -> tf.Tensor:
    """Which of `total` rows (int64) step number `step` (int64) trains on, shape (count,).

    Step t always gets the same rows: position p = t · count + i lies in pass p // total over
    the data, and each pass has its own permutation, computed element by element, so that nothing
    is ever shuffled in memory.
    """
    position = step * count + tf.range(count, dtype=tf.int64)
    passes = position // total
    key = tf.constant([seed, purpose_number(purpose)], tf.int64)
    seeds = tf.concat([tf.tile(key[None], [count, 1]), passes[:, None]], axis=1)
    # The raw operation, because the public wrapper accepts one seed only, not one a row.
    return tf.raw_ops.RandomIndexShuffle(
        index=position % total, seed=seeds, max_index=total - 1, rounds=4
    )


def batches(data, batch_size: int, seed: int, start: int, stop: int) -> tf.data.Dataset:
    """The batches of steps `start` to `stop` − 1, each of shape (batch_size, …), as `GAN.fit`
    takes them: for a loop written by hand.
    """
    rows, total = tf.constant(data), tf.constant(len(data), tf.int64)
    steps = tf.data.Dataset.range(start, stop)
    return steps.map(
        lambda step: tf.gather(rows, rows_of_step(step, batch_size, total, seed))
    ).prefetch(4)
