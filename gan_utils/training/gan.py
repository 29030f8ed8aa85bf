"""The first game: a generator against a discriminator."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf

from gan_utils.errors import ParameterError
from gan_utils.streams import Draw, latent_vectors, stream
from gan_utils.training.augmentation import MirrorAndShift
from gan_utils.training.checks import check_count, check_draws, check_players
from gan_utils.training.gradients import answers_apart
from gan_utils.training.players import TwoPlayers

PRIORS = ("normal", "uniform")


class GAN(TwoPlayers):
    """A generator against a discriminator.

    generator: latent vectors (batch, latent_dim) → samples in `image_range`, or points.
    discriminator: samples → logits (batch, 1).
    d_steps: discriminator updates for one generator update, each on a batch of its own.
    prior: "normal" for N(0, 1), "uniform" for U(−1, 1), in every entry of z.
    augment: what D sees in place of real and generated images, `MirrorAndShift` or None.
    loss, penalty, ema, image_range, seed: as in `TwoPlayers`.

    Raises `ParameterError` for options out of range and for networks that do not fit each other:
    other shapes, a discriminator whose answer is no logit, a generator whose last activation has
    another range than `image_range`.
    """

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        loss=None,
        penalty=None,
        d_steps: int = 1,
        prior: str = "normal",
        ema: float = 0.0,
        image_range: tuple[float, float] = (-1.0, 1.0),
        seed: int = 0,
        augment: MirrorAndShift | None = None,
    ):
        super().__init__(generator, discriminator, loss, penalty, ema, image_range, seed)
        if prior not in PRIORS:
            raise ParameterError(f"prior is {prior!r}: choose one of {', '.join(PRIORS)}.")
        check_count("d_steps", d_steps)
        check_players(generator, discriminator, image_range)
        self.batches = d_steps
        self.prior, self.augment = prior, augment
        self.latent_dim = generator.input_shape[-1]
        self.apart = answers_apart(discriminator)

    # --- one step ---------------------------------------------------------------------------------

    def answers(self, draw: Draw):
        """The discriminator's logits while it trains, as a function of samples."""

        def answer(samples):
            seen = samples if self.augment is None else self.augment(samples, draw)
            return self.discriminator(seen, training=True)

        return answer

    def fake(self, rows, draw: Draw):
        """Generated samples while the generator trains."""
        draws = draw.normal if self.prior == "normal" else self._uniform(draw)
        return self.generator(draws("latent", rows, self.latent_dim), training=True)

    def _uniform(self, draw: Draw):
        return lambda *arguments: draw.uniform(*arguments, low=-1.0, high=1.0)

    def update(self, batch, draw: Draw) -> dict[str, tf.Tensor]:
        """d_steps − 1 updates of D alone, then one forward pass that serves both players.

        Both gradients of that pass are taken at the same weights, as in the TensorFlow tutorial
        and the Querétaro notes; then D moves, then G.
        """
        *extra, real = tf.split(batch, self.batches)
        d_weights = self.discriminator.trainable_variables
        rows = tf.shape(real)[0]
        for turn, other in enumerate(extra, start=1):
            again = draw.again(turn)
            fake = self.fake(rows, again)
            with tf.GradientTape() as tape:
                loss, _, _ = self.game.d_loss(self.answers(again), other, fake, again)
            self.move("discriminator", tape.gradient(loss, d_weights))
        gradients = self.game.gradients(
            lambda: self.fake(rows, draw), self.answers(draw), real, draw,
            self.generator.trainable_variables, d_weights, self.apart,
        )  # fmt: skip
        return self.play(gradients)

    # --- sampling ---------------------------------------------------------------------------------

    def latent(self, count: int, seed: int = 0) -> np.ndarray:
        """`count` latent vectors from the prior, (count, latent_dim), the same for the same seed.

        They are no vectors that training sees.
        """
        check_draws(count, seed)
        if self.prior == "normal":
            return latent_vectors(count, self.latent_dim, seed)
        key = stream(seed, 0, "snapshot")
        return tf.random.stateless_uniform([count, self.latent_dim], key, -1.0, 1.0).numpy()

    def sample(self, count: int, seed: int = 0, ema: bool = True) -> np.ndarray:
        """`count` samples from the prior's latent vectors of `seed`, in `image_range`."""
        return self.generate(self.latent(count, seed), average=ema)

    def _check_data(self, sources, batch_size: int) -> None:
        (arrays,) = sources.values() if len(sources) == 1 else ((),)
        shapes = [array.shape[1:] for array in arrays]
        wanted = tuple(self.discriminator.input_shape[1:])
        if shapes != [wanted]:
            raise ParameterError(
                f"the data have shape {', '.join(map(str, shapes))} a sample but the discriminator "
                f"reads {wanted}: resize them, or choose the architecture that fits."
            )
        super()._check_data(sources, batch_size)
