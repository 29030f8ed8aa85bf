"""In which number format networks compute, chosen by measuring the device at hand.

In bfloat16 the weights, the losses and the penalties stay in float32, and the layers compute with
8 bits of each number. That is fast where the processor has units for it, and slow where it has not,
which its name does not tell; so a small training step is timed in each.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import keras
import tensorflow as tf
from keras import layers

from gan_utils.errors import OutputError
from gan_utils.files import write_atomically

POLICIES = {"float32": "float32", "bfloat16": "mixed_bfloat16"}
# What is not clearly faster is not worth the lost digits, nor XLA its minutes of compilation.
GAIN = 1.15
REPETITIONS = 3


@dataclass(frozen=True)
class Precision:
    """A number format, whether XLA compiles the step, and why the two were chosen."""

    name: str
    xla: bool = False
    reason: str = "as asked for"

    def __str__(self) -> str:
        return f"{self.name}{' with XLA' if self.xla else ''} ({self.reason})"


@contextmanager
def in_precision(name: str) -> Iterator[None]:
    """Layers that are built inside compute in this format: "float32" or "bfloat16"."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(POLICIES[name])
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def seconds_of_a_step(name: str, xla: bool) -> float:
    """Time of one small discriminator's step, forward and back, the best of a few."""
    with in_precision(name):
        network = keras.Sequential(
            [
                keras.Input((14, 14, 64)),
                layers.Conv2D(128, 4, strides=2, padding="same"),
                layers.LeakyReLU(0.2),
                layers.Flatten(),
                layers.Dense(1),
            ]
        )
    images = tf.zeros([64, 14, 14, 64])

    @tf.function(jit_compile=xla)
    def step():
        with tf.GradientTape() as tape:
            logits = tf.cast(network(images, training=True), tf.float32)
            loss = tf.reduce_mean(tf.nn.softplus(-logits))
        return tf.add_n(
            [tf.reduce_sum(slope) for slope in tape.gradient(loss, network.trainable_variables)]
        )

    step()  # traces
    taken = []
    for _ in range(REPETITIONS):
        start = time.perf_counter()
        float(step())  # waits for the device
        taken.append(time.perf_counter() - start)
    return min(taken)


def choose(seconds: Callable[[str, bool], float] = seconds_of_a_step) -> Precision:
    """A fast format on this device; on a GPU with XLA or without.

    The first of float32 and bfloat16, on a GPU each without XLA and with it, that takes less than
    `GAIN` times as long as the fastest. `seconds` gives the time of one step.
    """
    with_xla = (False, True) if tf.config.list_logical_devices("GPU") else (False,)
    taken = {(name, xla): seconds(name, xla) for name in POLICIES for xla in with_xla}
    # Two ways that differ by chance would otherwise take turns from one run to the next.
    best = next(way for way, s in taken.items() if s < GAIN * min(taken.values()))
    times = ", ".join(
        f"{name}{' with XLA' if xla else ''} {1e3 * s:.1f}" for (name, xla), s in taken.items()
    )
    return Precision(*best, reason=f"measured, ms a step: {times}")


def remembered(asked: str, path: Path) -> Precision:
    """The precision asked for: "float32", "bfloat16", or "auto" for what `choose` finds.

    A choice is kept in the file `path`, and taken from there the next time, so that a training
    which goes on in the same folder ends bit for bit as if it had never stopped: bfloat16 rounds
    otherwise, and XLA also draws other random numbers. Raises
    `OutputError` for a file that holds no choice.
    """
    if asked != "auto":
        return Precision(asked)
    if not path.exists():
        write_atomically(path, json.dumps(asdict(choose())).encode())
    try:
        kept = Precision(**json.loads(path.read_text()))
    except (ValueError, TypeError):
        kept = None
    if kept is None or kept.name not in POLICIES:
        raise OutputError(f"{path} holds no precision: delete it to measure again.")
    return kept
