"""What the two players minimise: one small class a loss, and the penalties that go beside them.

Every loss takes logits of shape (batch, 1), never probabilities, and returns a scalar. The
discriminator's loss is the sum of its part on real and its part on generated images, without
the factor 1/2 that some texts put in front: at the balance of the game it is 2 log 2 = 1.386.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import keras
import tensorflow as tf

from gan_utils.errors import ParameterError
from gan_utils.replicas import own_rows


def _cross_entropy(labels, logits):
    return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels=labels, logits=logits))


@dataclass(frozen=True)
class NonSaturating:
    """The loss of practice (Goodfellow et al. 2014, section 3): G minimises −E log D(G(z)).

    `label_noise` draws the label of a real image from [1 − noise, 1] and that of a generated one
    from [0, noise]; `label_flip` is the share of labels that are exchanged. Both touch the
    discriminator only. Raises `ParameterError` outside [0, 0.5].
    """

    label_noise: float = 0.0
    label_flip: float = 0.0

    def __post_init__(self):
        for name in ("label_noise", "label_flip"):
            value = getattr(self, name)
            if not 0.0 <= value <= 0.5:
                raise ParameterError(
                    f"{name} is {value}, outside [0, 0.5]: above one half the labels would say "
                    f"the opposite of the truth, so give a smaller share."
                )

    def labels(self, logits, value: float, seed):
        """Labels for `logits`: all `value` (0 or 1), softened and flipped as the fields ask."""
        labels = tf.fill(tf.shape(logits), value)

        def uniform(seed):
            rows = tf.shape(logits)[0]
            return own_rows(lambda count: tf.random.stateless_uniform([count, 1], seed), rows)

        if self.label_noise:
            labels += self.label_noise * uniform(seed) * (1.0 - 2.0 * value)
        if self.label_flip:
            flipped = uniform([seed[0] + 1, seed[1]]) < self.label_flip
            labels = tf.where(flipped, 1.0 - labels, labels)
        return labels

    def discriminator(self, real_logits, fake_logits, seed=(0, 0)):
        real_labels = self.labels(real_logits, 1.0, seed)
        fake_labels = self.labels(fake_logits, 0.0, [seed[0] + 2, seed[1]])
        return _cross_entropy(real_labels, real_logits) + _cross_entropy(fake_labels, fake_logits)

    def generator(self, real_logits, fake_logits):
        return _cross_entropy(tf.ones_like(fake_logits), fake_logits)


@dataclass(frozen=True)
class Minimax:
    """The zero-sum game (Goodfellow et al. 2014, equation 1): G minimises E log(1 − D(G(z)))."""

    def discriminator(self, real_logits, fake_logits, seed=(0, 0)):
        return _cross_entropy(tf.ones_like(real_logits), real_logits) + _cross_entropy(
            tf.zeros_like(fake_logits), fake_logits
        )

    def generator(self, real_logits, fake_logits):
        return -_cross_entropy(tf.zeros_like(fake_logits), fake_logits)


@dataclass(frozen=True)
class Wasserstein:
    """The critic's loss (Arjovsky et al. 2017, equation 2), to be used with a penalty."""

    def discriminator(self, real_logits, fake_logits, seed=(0, 0)):
        return tf.reduce_mean(fake_logits) - tf.reduce_mean(real_logits)

    def generator(self, real_logits, fake_logits):
        return -tf.reduce_mean(fake_logits)


@dataclass(frozen=True)
class Relativistic:
    """Each real image is compared with a generated one (Jolicoeur-Martineau 2018, section 4.1).

    D minimises E softplus(−(D(x) − D(G(z)))), G the same with the sign turned; with R1 it
    is the base of R3GAN (Huang et al. 2024, equation 2).
    """

    def discriminator(self, real_logits, fake_logits, seed=(0, 0)):
        return tf.reduce_mean(tf.nn.softplus(fake_logits - real_logits))

    def generator(self, real_logits, fake_logits):
        return tf.reduce_mean(tf.nn.softplus(real_logits - fake_logits))


LOSSES = {
    "minimax": Minimax,
    "non_saturating": NonSaturating,
    "wasserstein": Wasserstein,
    "relativistic": Relativistic,
}


def _slope_norms_squared(discriminator, images):
    """Squared length of ∂D/∂x at each image, shape (batch,)."""
    with tf.GradientTape() as tape:
        tape.watch(images)
        logits = discriminator(images, training=True)
    # In float32, because the squares of hundreds of slopes are added up.
    slopes = tf.cast(tape.gradient(logits, images), tf.float32)
    return tf.reduce_sum(tf.square(slopes), axis=range(1, len(slopes.shape)))


@dataclass(frozen=True)
class R1:
    """γ/2 · E‖∇D(x)‖² on real images (Mescheder et al. 2018, equation 9)."""

    gamma: float = 1.0

    def __call__(self, discriminator, real, fake, seed=(0, 0)):
        return 0.5 * self.gamma * tf.reduce_mean(_slope_norms_squared(discriminator, real))


@dataclass(frozen=True)
class GradientPenalty:
    """λ · E(‖∇D(x̂)‖ − 1)² between real and generated (Gulrajani et al. 2017, equation 3).

    x̂ = ε x + (1 − ε) G(z) with one uniform ε a sample; the small number inside the root keeps
    its slope finite where the critic is flat.
    """

    weight: float = 10.0

    def __call__(self, discriminator, real, fake, seed=(0, 0)):
        ones = [1] * (len(real.shape) - 1)
        share = own_rows(
            lambda count: tf.random.stateless_uniform([count, *ones], seed), tf.shape(real)[0]
        )
        share = tf.cast(share, real.dtype)
        between = share * real + (1.0 - share) * fake
        norms = tf.sqrt(_slope_norms_squared(discriminator, between) + 1e-12)
        return self.weight * tf.reduce_mean(tf.square(norms - 1.0))


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
