"""Penalties that go beside the discriminator's loss, and the clipping of weights.

A penalty is called with `answer`, a function from samples to logits (the discriminator itself, or
one that already knows the labels), real and generated samples, and the random numbers of the step.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import keras
import tensorflow as tf

from gan_utils.errors import ParameterError
from gan_utils.streams import FIRST, Draw, replicas
from gan_utils.training.checks import check_count, check_weight


def _slope_norms_squared(answer, images):
    """Squared length of ∂D/∂x at each image, shape (batch,).

    Where D compares the images of a batch, the slope of the sum of all its answers stands in. Where
    D answers a map of patches, D stands for the mean of the map: the slope of its sum would
    be as many times longer as there are patches.
    """
    with tf.GradientTape() as tape:
        tape.watch(images)
        logits = answer(images)
        logits = tf.reduce_mean(logits, axis=list(range(1, len(logits.shape))))
    # In float32, because the squares of hundreds of slopes are added up.
    slopes = tf.cast(tape.gradient(logits, images), tf.float32)
    return tf.reduce_sum(tf.square(slopes), axis=range(1, len(slopes.shape)))


@dataclass(frozen=True)
class R1:
    """γ/2 · E‖∇D(x)‖² on real images (Mescheder et al. 2018, equation 9); γ is 0 or more."""

    gamma: float = 1.0

    def __post_init__(self):
        check_weight("gamma", self.gamma)

    def __call__(self, answer, real, fake, draw: Draw = FIRST):
        return 0.5 * self.gamma * tf.reduce_mean(_slope_norms_squared(answer, real))


@dataclass(frozen=True)
class GradientPenalty:
    """λ · E(‖∇D(x̂)‖ − 1)² between real and generated (Gulrajani et al. 2017, equation 3).

    x̂ = ε x + (1 − ε) G(z) with one uniform ε a sample; the small number inside the root keeps
    its slope finite where the critic is flat.
    """

    weight: float = 10.0

    def __post_init__(self):
        check_weight("weight", self.weight)

    def __call__(self, answer, real, fake, draw: Draw = FIRST):
        ones = [1] * (len(real.shape) - 1)
        share = draw.uniform("epsilon", tf.shape(real)[0], *ones)
        share = tf.cast(share, real.dtype)
        between = share * real + (1.0 - share) * fake
        norms = tf.sqrt(_slope_norms_squared(answer, between) + 1e-12)
        return self.weight * tf.reduce_mean(tf.square(norms - 1.0))


@dataclass(frozen=True)
class Lazy:
    """Another penalty at every `every`-th step only, with `every` times its weight.

    The gradients of `every` steps have nearly the same sum, because D changes little in between,
    for less work (Karras et al. 2020, "Analyzing and improving the image quality of StyleGAN",
    section 3.1). The first step with a penalty is step 0. Raises `ParameterError` for a number of
    steps below 1.
    """

    penalty: Callable
    every: int = 4

    def __post_init__(self):
        check_count("every", self.every)

    def __call__(self, answer, real, fake, draw: Draw = FIRST):
        if self.every == 1:
            return self.penalty(answer, real, fake, draw)
        now = tf.equal(draw.step % self.every, 0)
        if replicas() > 1:  # normalisation over replicas may not stand in a branch
            weight = tf.where(now, float(self.every), 0.0)
            return weight * self.penalty(answer, real, fake, draw)
        return tf.cond(
            now,
            lambda: self.every * self.penalty(answer, real, fake, draw),
            lambda: tf.zeros([]),
        )


class _Within(keras.constraints.Constraint):
    """Cuts values to [−limit, limit]."""

    def __init__(self, limit: float):
        self.limit = limit

    def __call__(self, values):
        return keras.ops.clip(values, -self.limit, self.limit)


def clip_weights(critic: keras.Model, limit: float = 0.01) -> None:
    """Keeps every weight of a critic in [−limit, limit] (Arjovsky et al. 2017, algorithm 1).

    Clips them now, and makes the optimizer clip them after each of its updates. Raises
    `ParameterError` for a limit that is not above 0.
    """
    if not 0.0 < limit < math.inf:
        raise ParameterError(f"limit is {limit}: give a number above 0, such as 0.01.")
    for weight in critic.trainable_variables:
        # Keras' optimizers apply a variable's constraint after each update of it.
        weight.constraint = _Within(limit)
        weight.assign(weight.constraint(weight))
