"""A game in which D is an autoencoder and a controller keeps both players level: BEGAN."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf

from gan_utils.errors import ParameterError
from gan_utils.streams import Draw, replicas, stream
from gan_utils.training.checks import check_draws, check_samples, check_weight
from gan_utils.training.trainer import Trainer


class BEGAN(Trainer):
    """D rebuilds images, and its error L(v) = |v − D(v)| is its answer (Berthelot et al. 2017).

    generator: latent vectors (batch, latent_dim), uniform in [−1, 1] → images.
    discriminator: images → their reconstruction, of the same shape, and codes (batch, width).
    gamma: what L(G(z)) / L(x) is held at, above 0 and at most 1; variety of samples against their
        quality (equation 4).
    k, k_rate: start and rate λ of the share k of generated images in D's loss (section 3.4); k is
        saved and resumed like the weights.
    pull: weight of the pulling-away term beside G's loss (Zhao et al. 2017, section 2.4), 0 for
        none; on several devices it compares the images of each.
    centre: an image, (h, w, c) in `image_range`, that is taken off all images before the players
        see them, and put back on samples; None for none.
    ema, image_range, seed: as in `Trainer`.

    Raises `ParameterError` for numbers out of range and networks that do not fit each other.
    """

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        gamma: float = 0.5,
        k: float = 0.0,
        k_rate: float = 0.001,
        pull: float = 0.0,
        centre: np.ndarray | None = None,
        ema: float = 0.0,
        image_range: tuple[float, float] = (-1.0, 1.0),
        seed: int = 0,
    ):
        super().__init__(
            {"generator": generator, "discriminator": discriminator},
            averages={"generator": ema},
            image_range=image_range,
            seed=seed,
        )
        if not 0.0 < gamma <= 1.0:
            raise ParameterError(f"gamma is {gamma}: give a number above 0 and at most 1.")
        if not 0.0 <= k <= 1.0:
            raise ParameterError(f"k is {k}: give a number from 0 to 1.")
        check_weight("k_rate", k_rate)
        check_weight("pull", pull)
        shape = _checked_shape(generator, discriminator)
        if centre is None:  # then G's last activation tells whether it fits the range
            check_samples(generator, discriminator.input_shape, image_range)
            centre = np.zeros(shape)
        elif np.shape(centre) != shape:
            raise ParameterError(f"centre has shape {np.shape(centre)}: give one image, {shape}.")
        low, high = image_range
        if not np.all((np.asarray(centre) >= low) & (np.asarray(centre) <= high)):
            raise ParameterError(f"centre leaves image_range, {low} to {high}: scale it to that.")
        self.centre = tf.constant(centre, tf.float32)
        self.gamma, self.k_rate, self.pull = gamma, k_rate, pull
        self.latent_dim = generator.input_shape[-1]
        self.k = self.keep("k", k)

    # --- one step ---------------------------------------------------------------------------------

    def errors(self, images):
        """D's mean error on images while it trains, and their codes."""
        rebuilt, codes = self.networks["discriminator"](images, training=True)
        error = tf.reduce_mean(tf.abs(tf.cast(images, tf.float32) - tf.cast(rebuilt, tf.float32)))
        return error, tf.cast(codes, tf.float32)

    def update(self, batch, draw: Draw) -> dict[str, tf.Tensor]:
        """Both players on one batch of each kind, then the controller (section 3.4)."""
        generator, discriminator = self.networks.values()
        real = tf.cast(batch, tf.float32) - self.centre
        z = draw.uniform("latent", tf.shape(real)[0], self.latent_dim, low=-1.0, high=1.0)
        with tf.GradientTape() as d_tape, tf.GradientTape() as g_tape:
            fake = generator(z, training=True)
            real_error, _ = self.errors(real)
            fake_error, codes = self.errors(fake)
            d_loss = real_error - self.k * fake_error
            g_loss = fake_error
            if self.pull:
                g_loss += self.pull * pulling_away(codes)
        d_gradients = d_tape.gradient(d_loss, discriminator.trainable_variables)
        g_gradients = g_tape.gradient(g_loss, generator.trainable_variables)
        self.move("discriminator", d_gradients)
        self.move("generator", g_gradients)
        balance = self.gamma * real_error - fake_error
        if replicas() > 1:  # the controller is one, and follows the whole batch
            balance = tf.distribute.get_replica_context().all_reduce("MEAN", balance)
        self.k.assign(tf.clip_by_value(self.k + self.k_rate * balance, 0.0, 1.0))
        return {
            "real_error": real_error,
            "fake_error": fake_error,
            "k": self.k,
            "m_global": real_error + tf.abs(balance),
        }

    # --- sampling ---------------------------------------------------------------------------------

    def latent(self, count: int, seed: int = 0) -> np.ndarray:
        """`count` latent vectors, uniform in [−1, 1], the same for the same seed."""
        check_draws(count, seed)
        key = stream(seed, 0, "snapshot")
        return tf.random.stateless_uniform([count, self.latent_dim], key, -1.0, 1.0).numpy()

    def sample(self, count: int, seed: int = 0, ema: bool = True) -> np.ndarray:
        """`count` images of the latent vectors of `seed`, cut to `image_range`."""
        return self.uncentred(self.generate(self.latent(count, seed), average=ema))

    def rebuilt(self, images: np.ndarray) -> np.ndarray:
        """What D makes of images, which are uint8 or in `image_range`, cut to `image_range`."""
        centred = tf.cast(self._scaled(tf.constant(images)), tf.float32) - self.centre
        rebuilt, _ = self.networks["discriminator"](centred, training=False)
        return self.uncentred(tf.cast(rebuilt, tf.float32).numpy())

    def uncentred(self, images: np.ndarray) -> np.ndarray:
        """Images with the centre put back, cut to `image_range`."""
        return np.clip(images + self.centre.numpy(), *self.image_range)

    def _check_data(self, sources, batch_size: int) -> None:
        (arrays,) = sources.values() if len(sources) == 1 else ((),)
        wanted = tuple(self.networks["discriminator"].input_shape[1:])
        if [array.shape[1:] for array in arrays] != [wanted]:
            raise ParameterError(
                f"the data are no single array of images of shape {wanted}, which the players "
                f"read: resize them, or build the players for theirs."
            )
        devices = self.distribute_strategy.num_replicas_in_sync
        if self.pull and batch_size < 2 * devices:
            raise ParameterError(
                f"batch_size is {batch_size}, and the pulling-away term compares the images of a "
                f"device: give at least {2 * devices}, or pull=0."
            )
        super()._check_data(sources, batch_size)


def pulling_away(codes) -> tf.Tensor:
    """Mean squared cosine of the angle between the codes (n, width) of different images.

    1 where all point the same way, 0 where each is perpendicular to all others (Zhao et al. 2017,
    section 2.4). There are at least two of them.
    """
    count = tf.cast(tf.shape(codes)[0], tf.float32)
    lengths = tf.sqrt(tf.reduce_sum(tf.square(codes), axis=1, keepdims=True) + 1e-12)
    cosines = tf.matmul(codes / lengths, codes / lengths, transpose_b=True)
    # The n angles of a code with itself are not meant.
    own = tf.linalg.diag_part(cosines)
    squares = tf.reduce_sum(tf.square(cosines)) - tf.reduce_sum(tf.square(own))
    return squares / (count * (count - 1.0))


def _checked_shape(generator, discriminator) -> tuple[int, ...]:
    """The shape of an image that both networks agree on; raises `ParameterError`."""
    reads, gives = discriminator.input_shape, discriminator.output_shape
    if not isinstance(gives, list) or len(gives) != 2 or len(gives[1]) != 2 or gives[0] != reads:
        raise ParameterError(
            f"the discriminator reads {reads} and answers with {gives}: let it give images of the "
            f"shape that it reads, and codes (batch, width)."
        )
    read = generator.input_shape
    if isinstance(read, list) or len(read) != 2 or generator.output_shape[1:] != reads[1:]:
        raise ParameterError(
            f"the generator makes {generator.output_shape} of {read}: build it "
            f"for latent vectors (batch, latent_dim) and images {tuple(reads[1:])}."
        )
    return tuple(reads[1:])
