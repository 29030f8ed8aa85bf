"""What the two players minimise: one small class a loss.

Every loss takes logits of shape (batch, 1), or maps of them (batch, h, w, 1), never probabilities,
and returns a scalar, the mean over all of them. The
discriminator's loss is the sum of its part on real and its part on generated images, without
the factor 1/2 that some texts put in front: at the balance of the game it is 2 log 2 = 1.386.
"""

from __future__ import annotations

from dataclasses import dataclass

import tensorflow as tf

from gan_utils.errors import ParameterError
from gan_utils.streams import FIRST, Draw


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

    def labels(self, logits, value: float, draw: Draw):
        """Labels for `logits`: all `value` (0 or 1), softened and flipped as the fields ask.

        One random number a sample and kind, drawn for real and for generated images apart.
        """
        labels = tf.fill(tf.shape(logits), value)
        rows, ones = tf.shape(logits)[0], [1] * (len(logits.shape) - 1)
        side = "real" if value else "generated"
        if self.label_noise:
            noise = draw.uniform(f"label noise, {side}", rows, *ones)
            labels += self.label_noise * noise * (1.0 - 2.0 * value)
        if self.label_flip:
            flipped = draw.uniform(f"label flip, {side}", rows, *ones) < self.label_flip
            labels = tf.where(flipped, 1.0 - labels, labels)
        return labels

    def discriminator(self, real_logits, fake_logits, draw: Draw = FIRST):
        real_labels = self.labels(real_logits, 1.0, draw)
        fake_labels = self.labels(fake_logits, 0.0, draw)
        return _cross_entropy(real_labels, real_logits) + _cross_entropy(fake_labels, fake_logits)

    def generator(self, real_logits, fake_logits):
        return _cross_entropy(tf.ones_like(fake_logits), fake_logits)


@dataclass(frozen=True)
class Minimax:
    """The zero-sum game (Goodfellow et al. 2014, equation 1): G minimises E log(1 − D(G(z)))."""

    def discriminator(self, real_logits, fake_logits, draw: Draw = FIRST):
        return _cross_entropy(tf.ones_like(real_logits), real_logits) + _cross_entropy(
            tf.zeros_like(fake_logits), fake_logits
        )

    def generator(self, real_logits, fake_logits):
        return -_cross_entropy(tf.zeros_like(fake_logits), fake_logits)


@dataclass(frozen=True)
class Wasserstein:
    """The critic's loss (Arjovsky et al. 2017, equation 2), to be used with a penalty."""

    def discriminator(self, real_logits, fake_logits, draw: Draw = FIRST):
        return tf.reduce_mean(fake_logits) - tf.reduce_mean(real_logits)

    def generator(self, real_logits, fake_logits):
        return -tf.reduce_mean(fake_logits)


@dataclass(frozen=True)
class Relativistic:
    """Each real image is compared with a generated one (Jolicoeur-Martineau 2018, section 4.1).

    D minimises E softplus(−(D(x) − D(G(z)))), G the same with the sign turned; with R1 it
    is the base of R3GAN (Huang et al. 2024, equation 2).
    """

    def discriminator(self, real_logits, fake_logits, draw: Draw = FIRST):
        return tf.reduce_mean(tf.nn.softplus(fake_logits - real_logits))

    def generator(self, real_logits, fake_logits):
        return tf.reduce_mean(tf.nn.softplus(real_logits - fake_logits))


LOSSES = {
    "minimax": Minimax,
    "non_saturating": NonSaturating,
    "wasserstein": Wasserstein,
    "relativistic": Relativistic,
}


def named_loss(loss):
    """A loss by its name in `LOSSES`, or the loss itself; raises `ParameterError`."""
    if not isinstance(loss, str):
        return loss
    if loss not in LOSSES:
        raise ParameterError(f"there is no loss {loss!r}: choose one of {', '.join(LOSSES)}.")
    return LOSSES[loss]()
