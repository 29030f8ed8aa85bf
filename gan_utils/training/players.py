"""What all games of a generator against a discriminator share."""

from __future__ import annotations

import keras
import tensorflow as tf

from gan_utils.training.checks import check_game
from gan_utils.training.gradients import Game, Gradients
from gan_utils.training.losses import NonSaturating, named_loss
from gan_utils.training.trainer import Trainer


class TwoPlayers(Trainer):
    """A generator and a discriminator with a loss, a penalty and an average of the generator.

    loss, penalty: from `training.losses` and `training.penalties`, a loss also by its name; the
        penalty is added to the discriminator's loss.
    ema: decay of the running average of the generator's weights, 0 for none.
    image_range, seed: as in `Trainer`.

    A child says how a step goes, in `update`.
    """

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        loss=None,
        penalty=None,
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
        loss = NonSaturating() if loss is None else named_loss(loss)
        check_game(loss, penalty)
        self.game = Game(loss, penalty)

    @property
    def generator(self) -> keras.Model:
        return self.networks["generator"]

    @property
    def discriminator(self) -> keras.Model:
        return self.networks["discriminator"]

    @property
    def average(self) -> keras.Model:
        """The running average of the generator; the generator itself where there is none."""
        return self.averages.get("generator", self.generator)

    def compile(self, g_optimizer, d_optimizer, xla=False):
        """One optimizer a player, as `Trainer.compile` takes them."""
        super().compile({"generator": g_optimizer, "discriminator": d_optimizer}, xla)

    def play(self, gradients: Gradients) -> dict[str, tf.Tensor]:
        """Move D, then G, by gradients of the same weights; returns what is to be recorded."""
        self.move("discriminator", gradients.d)
        self.move("generator", gradients.g)
        return {
            "d_loss": gradients.d_loss,
            "g_loss": gradients.g_loss,
            "d_real": tf.reduce_mean(tf.sigmoid(gradients.real_logits)),
            "d_fake": tf.reduce_mean(tf.sigmoid(gradients.fake_logits)),
        }
