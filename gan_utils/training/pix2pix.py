"""From image to image with pairs: pix2pix."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf

from gan_utils.errors import ParameterError
from gan_utils.streams import Draw
from gan_utils.training.checks import check_samples, check_weight
from gan_utils.training.gradients import Gradients
from gan_utils.training.players import TwoPlayers


class Pix2Pix(TwoPlayers):
    """G turns a source into a target, D judges patches of the pair (Isola et al. 2017, eq. 4).

    generator: sources (batch, h, w, c) → images in `image_range`.
    discriminator: sources and images → maps of logits (batch, rows, columns, 1), a logit a patch.
    weight: λ, of the mean absolute difference to the target beside G's loss; 0 or more.
    loss, penalty, ema, image_range, seed: as in `TwoPlayers`.

    `fit` takes sources with their targets, (sources, targets). Raises `ParameterError` for networks
    that do not fit each other.
    """

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        loss=None,
        penalty=None,
        weight: float = 100.0,
        ema: float = 0.0,
        image_range: tuple[float, float] = (-1.0, 1.0),
        seed: int = 0,
    ):
        super().__init__(generator, discriminator, loss, penalty, ema, image_range, seed)
        check_weight("weight", weight)
        reads = discriminator.input_shape
        if not isinstance(reads, list) or len(reads) != 2:
            raise ParameterError(
                f"the discriminator reads {reads}: build it for sources and images, two inputs."
            )
        if tuple(reads[0][1:]) != tuple(generator.input_shape[1:]):
            raise ParameterError(
                f"the generator reads sources of shape {tuple(generator.input_shape[1:])} and the "
                f"discriminator of {tuple(reads[0][1:])}: build both for one shape."
            )
        check_samples(generator, reads[1], image_range)
        self.weight = weight

    def update(self, batch, draw: Draw) -> dict[str, tf.Tensor]:
        """D: is this pair real? G: fool D, and stay near the target."""
        source, target = batch

        def answer(images):
            return self.discriminator([source, images], training=True)

        with tf.GradientTape() as d_tape, tf.GradientTape() as g_tape:
            fake = self.generator(source, training=True)
            d_loss, real_logits, fake_logits = self.game.d_loss(answer, target, fake, draw)
            distance = tf.reduce_mean(tf.abs(tf.cast(target - fake, tf.float32)))
            g_loss = self.game.loss.generator(real_logits, fake_logits) + self.weight * distance
        d_weights = self.discriminator.trainable_variables
        g_weights = self.generator.trainable_variables
        gradients = Gradients(
            d_tape.gradient(d_loss, d_weights), g_tape.gradient(g_loss, g_weights),
            d_loss, g_loss, real_logits, fake_logits,
        )  # fmt: skip
        return self.play(gradients) | {"l1": distance}

    def translate(self, sources: np.ndarray, average: bool = True) -> np.ndarray:
        """The images that G makes of sources, which are uint8 or in `image_range` already."""
        return self.generate(np.asarray(self._scaled(tf.constant(sources))), average=average)

    def _check_data(self, sources, batch_size: int) -> None:
        arrays = next(iter(sources.values())) if len(sources) == 1 else ()
        wanted = [tuple(shape[1:]) for shape in self.discriminator.input_shape]
        given = [array.shape[1:] for array in arrays]
        if given != wanted:
            raise ParameterError(
                f"the data have shapes {' and '.join(map(str, given)) or 'of another kind'} and "
                f"the players read {wanted[0]} and {wanted[1]}: give fit (sources, targets) of "
                f"these shapes."
            )
        super()._check_data(sources, batch_size)
