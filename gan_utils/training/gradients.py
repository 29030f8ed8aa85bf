"""The gradients of both players in one step: by two tapes, or by one backward pass where exact."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import keras
import tensorflow as tf
from keras import layers

from gan_utils.streams import Draw

# What a layer must be for a sample's answer to depend on that sample alone.
INDEPENDENT = (
    layers.Activation,
    layers.Conv2D,
    layers.Conv2DTranspose,
    layers.Dense,
    layers.Dropout,
    layers.Flatten,
    layers.InputLayer,
    layers.LayerNormalization,
    layers.LeakyReLU,
    layers.ReLU,
    layers.Reshape,
)
SMALLEST_SLOPE = 1e-20


def answers_apart(discriminator: keras.Model) -> bool:
    """Whether each sample gets one number that depends on that sample alone.

    Not so with batch normalisation, which mixes a batch, nor for a map of patches.
    """
    alone = all(isinstance(layer, INDEPENDENT) for layer in discriminator.layers)
    return alone and tuple(discriminator.output_shape[1:]) == (1,)


class Gradients(NamedTuple):
    """One step's gradients, a list of tensors a player, with the losses and the logits."""

    d: list[tf.Tensor]
    g: list[tf.Tensor]
    d_loss: tf.Tensor
    g_loss: tf.Tensor
    real_logits: tf.Tensor
    fake_logits: tf.Tensor


@dataclass(frozen=True)
class Game:
    """What both players play for: a loss of `training.losses`, a penalty on D or None.

    Its methods take two functions and know no network: `generate()` gives generated samples, and
    `answer(samples)` the discriminator's logits. What else the players see, such as labels, is in
    these functions.
    """

    loss: Any
    penalty: Callable | None = None

    def d_loss(self, answer, real, fake, draw: Draw) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """D's loss on one batch, penalty included, with the two sets of logits it came from."""
        # Real and generated images go through separately, so that batch normalisation in the
        # discriminator never mixes their statistics.
        real_logits, fake_logits = logits(answer, real), logits(answer, fake)
        loss = self.loss.discriminator(real_logits, fake_logits, draw)
        return loss + self.penalised(answer, real, fake, draw), real_logits, fake_logits

    def penalised(self, answer, real, fake, draw: Draw) -> tf.Tensor:
        """What the penalty adds to D's loss, a scalar; 0 where there is none."""
        return tf.zeros([]) if self.penalty is None else self.penalty(answer, real, fake, draw)

    def gradients(
        self, generate, answer, real, draw: Draw, g_weights, d_weights, apart: bool
    ) -> Gradients:
        """The gradients of one step, by the faster of the two ways that is right here.

        real: real samples. apart: what `answers_apart` says of the discriminator.
        """
        way = self.one_backward_pass if apart else self.two_tapes
        return way(generate, answer, real, draw, g_weights, d_weights)

    def two_tapes(self, generate, answer, real, draw: Draw, g_weights, d_weights) -> Gradients:
        """Both players' gradients as a textbook writes them."""
        with tf.GradientTape() as d_tape, tf.GradientTape() as g_tape:
            fake = generate()
            d_loss, real_logits, fake_logits = self.d_loss(answer, real, fake, draw)
            g_loss = self.loss.generator(real_logits, fake_logits)
        return Gradients(
            d_tape.gradient(d_loss, d_weights),
            g_tape.gradient(g_loss, g_weights),
            d_loss, g_loss, real_logits, fake_logits,
        )  # fmt: skip

    def one_backward_pass(
        self, generate, answer, real, draw: Draw, g_weights, d_weights
    ) -> Gradients:
        """The same by one backward pass through D on the generated batch, which serves both.

        The players' losses differ only in their slopes at the logits. Where D treats each sample
        by itself, going back from logit i with D's slope cᵢ gives image i the slope cᵢ ∂aᵢ/∂xᵢ;
        times gᵢ/cᵢ it is what G needs.
        """
        with tf.GradientTape() as g_tape:
            fake = generate()
        with tf.GradientTape() as d_tape:
            d_tape.watch(fake)
            real_logits, fake_logits = logits(answer, real), logits(answer, fake)
            # The penalty moves D only, so its slope must not reach the images.
            penalty = self.penalised(answer, real, tf.stop_gradient(fake), draw)
        with tf.GradientTape(persistent=True) as tape:
            tape.watch([real_logits, fake_logits])
            d_loss = self.loss.discriminator(real_logits, fake_logits, draw)
            g_loss = self.loss.generator(real_logits, fake_logits)
        at_real, at_fake = tape.gradient(
            d_loss, [real_logits, fake_logits], unconnected_gradients="zero"
        )
        # Where D is so sure that its slope is 0, a trace of one stands in.
        at_fake = tf.where(tf.abs(at_fake) < SMALLEST_SLOPE, SMALLEST_SLOPE, at_fake)
        ratio = tape.gradient(g_loss, fake_logits) / at_fake
        *d_gradients, at_images = d_tape.gradient(
            [real_logits, fake_logits, penalty],
            [*d_weights, fake],
            output_gradients=[at_real, at_fake, tf.ones([])],
        )
        ratio = tf.reshape(ratio, [-1] + [1] * (len(fake.shape) - 1))
        at_images *= tf.cast(ratio, at_images.dtype)
        g_gradients = g_tape.gradient(fake, g_weights, output_gradients=at_images)
        return Gradients(
            d_gradients, g_gradients, d_loss + penalty, g_loss, real_logits, fake_logits
        )


def logits(answer, samples) -> tf.Tensor:
    """D's answers in float32, whatever it computes in."""
    return tf.cast(answer(samples), tf.float32)
