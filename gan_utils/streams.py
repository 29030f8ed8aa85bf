"""Random numbers by name: each purpose in each step of each seed has numbers of its own.

Nothing random depends on how long a process has lived: whoever knows the seed, the step and the
purpose can draw the same numbers again, so a training that was killed goes on exactly.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace

import numpy as np
import tensorflow as tf

from gan_utils.errors import ParameterError

SEEDS = 2**31  # seeds lie below
_purposes: dict[int, str] = {}


def purpose_number(purpose: str) -> int:
    """A number below 2³¹ that stands for a purpose, the same in every process.

    Raises `ParameterError` where another purpose has the same number already.
    """
    number = zlib.crc32(purpose.encode()) >> 1
    if _purposes.setdefault(number, purpose) != purpose:
        raise ParameterError(
            f"the purposes {purpose!r} and {_purposes[number]!r} would share their random "
            f"numbers: give one of them another name."
        )
    return number


def stream(seed: int, step, purpose: str) -> tf.Tensor:
    """The key of one stream, int64 (2,), for TensorFlow's stateless operations.

    seed: whole number from 0 to 2³¹ − 1. step: whole number from 0 up, or a tensor of one.

    Two different triples give different keys, and Philox, the generator behind these operations,
    turns different keys into blocks of counters that never meet (Salmon et al. 2011, section 2).
    """
    first = tf.constant(purpose_number(purpose) * SEEDS + seed, tf.int64)
    return tf.stack([first, tf.cast(step, tf.int64)])


def latent_vectors(count: int, size: int, seed: int = 0) -> np.ndarray:
    """Standard normal vectors to draw samples from, float32 (count, size).

    They are those of no training step. The first ones do not depend on how many are asked for.
    """
    return tf.random.stateless_normal([count, size], stream(seed, 0, "snapshot")).numpy()


@dataclass(frozen=True)
class Draw:
    """The random numbers of one step.

    turn: which of several updates inside the step, each with numbers of its own.

    On several devices each replica asks for its own rows; they are drawn for the whole batch and
    cut, so that all replicas together have the numbers of one device.
    """

    seed: int = 0
    step: int | tf.Tensor = 0
    turn: int = 0

    def again(self, turn: int) -> Draw:
        """The numbers of update number `turn` of the same step."""
        return replace(self, turn=turn)

    def key(self, purpose: str) -> tf.Tensor:
        """The key of a purpose in this step, as `stream` gives it."""
        return stream(self.seed, self.step, f"{purpose}, {self.turn}" if self.turn else purpose)

    def normal(self, purpose: str, rows, *shape: int) -> tf.Tensor:
        """Standard normal numbers, float32 (rows, *shape)."""
        key = self.key(purpose)
        return share(tf.random.stateless_normal([rows * replicas(), *shape], key))

    def uniform(self, purpose: str, rows, *shape: int, low=0.0, high=1.0) -> tf.Tensor:
        """Uniform numbers from `low` up to but not including `high`, float32 (rows, *shape)."""
        key = self.key(purpose)
        return share(tf.random.stateless_uniform([rows * replicas(), *shape], key, low, high))


FIRST = Draw()  # for a loss or a penalty that is called outside of a training


def replicas() -> int:
    """How many replicas share the batch that is being worked on."""
    context = tf.distribute.get_replica_context()
    return context.num_replicas_in_sync if context else 1


def share(rows: tf.Tensor) -> tf.Tensor:
    """This replica's part of the rows of a whole batch."""
    number = replicas()
    if number == 1:
        return rows
    count = tf.shape(rows)[0] // number
    index = tf.distribute.get_replica_context().replica_id_in_sync_group
    return rows[index * count : (index + 1) * count]
