"""What both players play for: their losses, and the gradients of one step.

`Game.gradients` is what training uses; `plain_gradients` is the same as a textbook writes it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf
from keras import layers

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


def mixes_samples(network: keras.Model) -> bool:
    """Whether an answer may depend on the rest of the batch, as with batch normalisation."""
    return not all(isinstance(layer, INDEPENDENT) for layer in network.layers)


@dataclass(frozen=True)
class Game:
    """Two networks, a loss of `gan_utils.losses` and a penalty on D, or None."""

    generator: keras.Model
    discriminator: keras.Model
    loss: Any
    penalty: Callable | None = None

    def logits(self, samples):
        """The discriminator's answers (batch, 1) while training, in float32."""
        # A loss subtracts numbers that are nearly equal: it never runs in less than float32.
        return tf.cast(self.discriminator(samples, training=True), tf.float32)

    def penalised(self, real, fake, seed):
        """The penalty's value, 0 without one."""
        if self.penalty is None:
            return tf.zeros([])
        return self.penalty(self.discriminator, real, fake, seed)

    def d_loss(self, real, fake, seed):
        """The discriminator's loss on one batch, with the two sets of logits it came from."""
        # Real and generated images go through separately, so that batch normalisation in the
        # discriminator never mixes their statistics.
        real_logits, fake_logits = self.logits(real), self.logits(fake)
        loss = self.loss.discriminator(real_logits, fake_logits, seed)
        return loss + self.penalised(real, fake, seed), real_logits, fake_logits

    def plain_gradients(self, real, z, seed):
        """Both players' gradients by two tapes, as a textbook writes them.

        Returns D's gradients, G's, both losses and both sets of logits.
        """
        with tf.GradientTape() as d_tape, tf.GradientTape() as g_tape:
            fake = self.generator(z, training=True)
            d_loss, real_logits, fake_logits = self.d_loss(real, fake, seed)
            g_loss = self.loss.generator(real_logits, fake_logits)
        d_gradients = d_tape.gradient(d_loss, self.discriminator.trainable_variables)
        g_gradients = g_tape.gradient(g_loss, self.generator.trainable_variables)
        return d_gradients, g_gradients, d_loss, g_loss, real_logits, fake_logits

    def shared_gradients(self, real, z, seed):
        """The same by one backward pass through D on the generated batch, which serves both.

        The players' losses differ only in their slopes at the logits. Where D treats each sample
        by itself, going back from logit i with D's slope cᵢ gives image i the slope cᵢ ∂aᵢ/∂xᵢ;
        times gᵢ/cᵢ it is what G needs.
        """
        with tf.GradientTape() as g_tape:
            fake = self.generator(z, training=True)
        with tf.GradientTape() as d_tape:
            d_tape.watch(fake)
            real_logits, fake_logits = self.logits(real), self.logits(fake)
            # The penalty moves D only, so its slope must not reach the images.
            penalty = self.penalised(real, tf.stop_gradient(fake), seed)
        with tf.GradientTape(persistent=True) as tape:
            tape.watch([real_logits, fake_logits])
            d_loss = self.loss.discriminator(real_logits, fake_logits, seed)
            g_loss = self.loss.generator(real_logits, fake_logits)
        at_real, at_fake = tape.gradient(
            d_loss, [real_logits, fake_logits], unconnected_gradients="zero"
        )
        # Where D is so sure that its slope is 0, a trace of one stands in.
        at_fake = tf.where(tf.abs(at_fake) < SMALLEST_SLOPE, SMALLEST_SLOPE, at_fake)
        ratio = tape.gradient(g_loss, fake_logits) / at_fake
        *d_gradients, at_images = d_tape.gradient(
            [real_logits, fake_logits, penalty],
            [*self.discriminator.trainable_variables, fake],
            output_gradients=[at_real, at_fake, tf.ones([])],
        )
        ratio = tf.reshape(ratio, [-1] + [1] * (len(fake.shape) - 1))
        at_images *= tf.cast(ratio, at_images.dtype)
        g_gradients = g_tape.gradient(
            fake, self.generator.trainable_variables, output_gradients=at_images
        )
        return d_gradients, g_gradients, d_loss + penalty, g_loss, real_logits, fake_logits

    @property
    def gradients(self):
        """The faster of the two ways that is right for this discriminator."""
        mixes = mixes_samples(self.discriminator)
        return self.plain_gradients if mixes else self.shared_gradients
