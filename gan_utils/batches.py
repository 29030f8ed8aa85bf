"""Which images a step trains on: a function of (seed, step), so that nothing is kept to resume."""

from __future__ import annotations

import tensorflow as tf


def rows_of_step(step, batch_size: int, count: int, seed: int) -> tf.Tensor:
    """Which of `count` rows step number `step` (int64) trains on, shape (batch_size,).

    Step t always gets the same rows: position p = t · batch_size + i lies in pass p // count over
    the data, and each pass has its own permutation, computed element by element, so that nothing
    is ever shuffled in memory.
    """
    position = step * batch_size + tf.range(batch_size, dtype=tf.int64)
    passes = tf.cast(position // count, tf.int32)
    seeds = tf.stack([tf.fill([batch_size], seed), passes, tf.zeros_like(passes)], axis=1)
    # The raw operation, because the public wrapper accepts one seed only, not one a row.
    return tf.raw_ops.RandomIndexShuffle(
        index=position % count, seed=seeds, max_index=tf.constant(count - 1, tf.int64), rounds=4
    )


def batches(data, batch_size: int, seed: int, start: int, stop: int) -> tf.data.Dataset:
    """The batches of steps `start` to `stop` − 1, each of shape (batch_size, …), as `GAN.fit`
    takes them: for a loop written by hand.
    """
    rows = tf.constant(data)
    steps = tf.data.Dataset.range(start, stop)
    return steps.map(
        lambda step: tf.gather(rows, rows_of_step(step, batch_size, len(data), seed))
    ).prefetch(4)
