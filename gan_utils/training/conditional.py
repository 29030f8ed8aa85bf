"""Games with classes: `ConditionalGAN`, and `AuxiliaryGAN`, whose D has to name the class."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf

from gan_utils.errors import DataError, ParameterError
from gan_utils.metrics.arrays import as_labels
from gan_utils.streams import Draw, latent_vectors
from gan_utils.training.checks import check_draws, check_logit, check_samples, check_weight
from gan_utils.training.gradients import Gradients
from gan_utils.training.players import TwoPlayers


class ConditionalGAN(TwoPlayers):
    """G is told what to draw, D what it should be looking at (Mirza and Osindero 2014).

    generator: latent vectors (batch, latent_dim) and rows of classes (batch, classes) → images in
        `image_range`. A row is 1 at its class and 0 elsewhere.
    discriminator: images and rows of classes → logits (batch, 1).
    loss, penalty, ema, image_range, seed: as in `TwoPlayers`.

    `fit` takes images with their labels, (images, labels), whole numbers from 0 to classes − 1, and
    asks G for the labels of each batch: it draws as many of each class as there are. Raises
    `ParameterError` for networks that do not fit each other.
    """

    def __init__(self, generator: keras.Model, discriminator: keras.Model, *rules, **options):
        super().__init__(generator, discriminator, *rules, **options)
        self.latent_dim, self.classes = _widths(generator)
        self._check_discriminator(discriminator)

    def _check_discriminator(self, discriminator) -> None:
        reads = discriminator.input_shape
        if not isinstance(reads, list) or [tuple(r[1:]) for r in reads[1:]] != [(self.classes,)]:
            raise ParameterError(
                f"the discriminator reads {reads}: build it for images and rows of the generator's "
                f"{self.classes} classes."
            )
        check_samples(self.generator, reads[0], self.image_range)
        check_logit(discriminator, discriminator.output_shape)

    # --- one step ---------------------------------------------------------------------------------

    def fake(self, asked, draw: Draw):
        """Generated images of the classes that rows ask for, while the generator trains."""
        z = draw.normal("latent", tf.shape(asked)[0], self.latent_dim)
        return self.generator([z, asked], training=True)

    def update(self, batch, draw: Draw) -> dict[str, tf.Tensor]:
        """One step of `GAN`, but that both players see the row of each image's class."""
        images, labels = batch
        asked = tf.one_hot(labels, self.classes)
        gradients = self.game.two_tapes(
            lambda: self.fake(asked, draw),
            lambda samples: self.discriminator([samples, asked], training=True),
            images, draw,
            self.generator.trainable_variables, self.discriminator.trainable_variables,
        )  # fmt: skip
        return self.play(gradients)

    # --- sampling ---------------------------------------------------------------------------------

    def latent(self, count: int, seed: int = 0) -> np.ndarray:
        """`count` latent vectors from N(0, 1), as `GAN.latent` gives them."""
        check_draws(count, seed)
        return latent_vectors(count, self.latent_dim, seed)

    def sample(self, labels, seed: int = 0, average: bool = True) -> np.ndarray:
        """One image of each of `labels`, whole numbers (n,), in `image_range`.

        The latent vectors depend on `seed` and the place alone, so other labels with the same seed
        show the same z as other classes. Raises `DataError` for what are no labels.
        """
        labels = checked_labels(labels, self.classes)
        asked = np.eye(self.classes, dtype=np.float32)[labels]
        return self.generate((self.latent(len(labels), seed), asked), average=average)

    def _check_data(self, sources, batch_size: int) -> None:
        arrays = next(iter(sources.values())) if len(sources) == 1 else ()
        if len(arrays) != 2:
            raise ParameterError(
                "the data are no images with their labels: give fit the pair (images, labels)."
            )
        images, labels = arrays
        made = tuple(self.generator.output_shape[1:])
        if images.shape[1:] != made:
            raise ParameterError(
                f"the data have shape {images.shape[1:]} a sample but the players have {made}: "
                f"resize them, or choose networks that fit."
            )
        missing = np.flatnonzero(
            np.bincount(checked_labels(labels, self.classes), minlength=self.classes) == 0
        )
        if len(missing):
            raise DataError(
                f"class {missing[0]} has no image: leave no class out, or build the players for "
                f"those that are there."
            )
        super()._check_data(sources, batch_size)


class AuxiliaryGAN(ConditionalGAN):
    """D is not told the class but has to name it, and G is rewarded when it can (AC-GAN).

    discriminator: images → logits (batch, 1), and logits of the classes (batch, classes).
    weight: of the cross entropy of the classes, beside both players' losses; 0 or more.

    The rest as in `ConditionalGAN` (Odena et al. 2017, section 3).
    """

    def __init__(self, *players, weight: float = 1.0, **options):
        super().__init__(*players, **options)
        check_weight("weight", weight)
        self.weight = weight

    def _check_discriminator(self, discriminator) -> None:
        gives = discriminator.output_shape
        if not isinstance(gives, list) or [tuple(g[1:]) for g in gives[1:]] != [(self.classes,)]:
            raise ParameterError(
                f"the discriminator answers with {gives}: let it give a logit and logits of the "
                f"generator's {self.classes} classes."
            )
        check_samples(self.generator, discriminator.input_shape, self.image_range)
        check_logit(discriminator, gives[0])

    def update(self, batch, draw: Draw) -> dict[str, tf.Tensor]:
        """L_S and L_C of the paper: both players are helped by a class that can be told."""
        images, labels = batch

        def answers(samples):
            logit, classes = (
                tf.cast(part, tf.float32) for part in self.discriminator(samples, training=True)
            )
            wrong = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, classes)
            return logit, self.weight * tf.reduce_mean(wrong)

        with tf.GradientTape() as d_tape, tf.GradientTape() as g_tape:
            fake = self.fake(tf.one_hot(labels, self.classes), draw)
            (real_logits, real_wrong), (fake_logits, fake_wrong) = answers(images), answers(fake)
            d_loss = self.game.loss.discriminator(real_logits, fake_logits, draw)
            d_loss += self.game.penalised(lambda x: answers(x)[0], images, fake, draw)
            d_loss += real_wrong + fake_wrong
            g_loss = self.game.loss.generator(real_logits, fake_logits) + fake_wrong
        d_weights = self.discriminator.trainable_variables
        g_weights = self.generator.trainable_variables
        return self.play(
            Gradients(
                d_tape.gradient(d_loss, d_weights), g_tape.gradient(g_loss, g_weights),
                d_loss, g_loss, real_logits, fake_logits,
            )
        )  # fmt: skip


def checked_labels(labels, classes: int) -> np.ndarray:
    """Labels as whole numbers (n,) from 0 to classes − 1; raises `DataError` for others."""
    given = np.asarray(labels)
    if given.dtype.kind not in "iu":
        raise DataError(
            f"the labels are {given.dtype} of shape {given.shape}: give whole numbers of shape "
            f"(n,), one an image."
        )
    return as_labels(given, "labels", classes)


def _widths(generator: keras.Model) -> tuple[int, int]:
    """Numbers in a latent vector and classes that a conditional generator reads."""
    reads = generator.input_shape
    if not isinstance(reads, list) or [len(shape) for shape in reads] != [2, 2]:
        raise ParameterError(
            f"the generator reads {reads}: build it for latent vectors and rows of classes, "
            f"(batch, latent_dim) and (batch, classes)."
        )
    return reads[0][-1], reads[1][-1]
