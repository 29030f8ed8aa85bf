"""A game whose players grow while it is played: progressive growing (ProGAN)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from gan_utils.errors import ParameterError
from gan_utils.networks.growing import Growth
from gan_utils.streams import Draw, latent_vectors
from gan_utils.training.checkpoints import read_value
from gan_utils.training.checks import check_count, check_draws
from gan_utils.training.players import TwoPlayers


class ProgressiveGAN(TwoPlayers):
    """Small images first; each stage doubles their side (Karras et al. 2018, section 2).

    growth: the layers of both players.
    optimizer: a function that makes an optimizer. Each stage begins with new ones: Adam's first
        steps would otherwise be too long for layers that are new.
    fade_steps: steps in which a stage's new layers, and the real images, come in little by little.
    loss, penalty, ema, image_range, seed: as in `TwoPlayers`; each stage begins a new average.

    `fit` takes images of the side of the last stage and makes them smaller itself. The stage is
    saved and resumed, and a training that goes on from a backup of a later stage grows to it.
    `stage` is the number of the stage of now, 0 for the first.
    """

    def __init__(
        self,
        growth: Growth,
        optimizer: Callable[[], keras.optimizers.Optimizer],
        loss=None,
        penalty=None,
        fade_steps: int = 1000,
        ema: float = 0.0,
        image_range: tuple[float, float] = (-1.0, 1.0),
        seed: int = 0,
    ):
        if fade_steps:
            check_count("fade_steps", fade_steps)
        players = growth.generator(0), growth.discriminator(0)
        super().__init__(*players, loss, penalty, ema, image_range, seed)
        self.growth, self.fade_steps, self._new = growth, fade_steps, optimizer
        self.stage = 0
        self.stage_kept = self.keep("stage", 0, "int32")
        self.grown_at = self.keep("grown_at", 0, "int64")
        self.compile(optimizer(), optimizer())

    # --- growing ----------------------------------------------------------------------------------

    def grow(self, stage: int) -> None:
        """Go on to a stage, the next one; nothing where a resumed training is there already.

        Raises `ParameterError` for a stage that is left out or not there.
        """
        if stage not in range(self.growth.stages):
            raise ParameterError(
                f"there is no stage {stage}: give a whole number from 0 to "
                f"{self.growth.stages - 1}."
            )
        if stage > self.stage + 1:
            raise ParameterError(
                f"the game is at stage {self.stage} and cannot leave one out: grow to "
                f"{self.stage + 1} first."
            )
        if stage > self.stage:
            self._rebuild(stage)
            self.grown_at.assign(self.steps_done)

    def _rebuild(self, stage: int) -> None:
        """The networks of a stage with new optimizers and averages; older layers stay."""
        self.networks = {
            "generator": self.growth.generator(stage),
            "discriminator": self.growth.discriminator(stage),
        }
        self.averages = {}
        for name in self.decays:
            self.averages[name] = keras.models.clone_model(self.networks[name])
            self.averages[name].set_weights(self.networks[name].get_weights())
        self.stage = stage
        self.stage_kept.assign(stage)
        self.compile(self._new(), self._new(), self.xla)

    def share(self, step=None) -> tf.Tensor:
        """The share of the newest layers at a step, of now where none is given, from 0 to 1."""
        if not self.fade_steps or self.stage == 0:
            return tf.ones([])
        since = tf.cast(self.steps_done if step is None else step, tf.int64) - self.grown_at
        return tf.clip_by_value(tf.cast(since, tf.float32) / float(self.fade_steps), 0.0, 1.0)

    # --- one step ---------------------------------------------------------------------------------

    def smaller(self, images, share):
        """Real images at the size of this stage, faded as the generated ones are."""
        factor = images.shape[1] // self.growth.sides(self.stage)
        images = tf.nn.avg_pool2d(images, factor, factor, "VALID") if factor > 1 else images
        if self.stage == 0:
            return images
        halved = tf.nn.avg_pool2d(images, 2, 2, "VALID")
        before = tf.repeat(tf.repeat(halved, 2, axis=1), 2, axis=2)
        share = tf.cast(share, images.dtype)
        return (1 - share) * before + share * images

    def update(self, batch, draw: Draw) -> dict[str, tf.Tensor]:
        """The step of `GAN` at the size of now."""
        share = self.share(draw.step)
        rows = tf.shape(batch)[0]
        z = draw.normal("latent", rows, self.growth.latent_dim)

        def shares(samples):
            return tf.fill([tf.shape(samples)[0], 1], share)

        gradients = self.game.two_tapes(
            lambda: self.generator([z, shares(z)], training=True),
            lambda samples: self.discriminator([samples, shares(samples)], training=True),
            self.smaller(batch, share), draw,
            self.generator.trainable_variables, self.discriminator.trainable_variables,
        )  # fmt: skip
        return self.play(gradients) | {"share": share}

    # --- sampling ---------------------------------------------------------------------------------

    def latent(self, count: int, seed: int = 0) -> np.ndarray:
        """`count` latent vectors from N(0, 1), as `GAN.latent` gives them."""
        check_draws(count, seed)
        return latent_vectors(count, self.growth.latent_dim, seed)

    def sample(self, count: int, seed: int = 0, ema: bool = True) -> np.ndarray:
        """`count` images of this stage's size, cut to `image_range`."""
        shares = np.full((count, 1), float(self.share()), np.float32)
        images = self.generate((self.latent(count, seed), shares), average=ema)
        return np.clip(images, *self.image_range)

    def load_state(self, path) -> None:
        """Read what `save_state` wrote, growing to its stage first.

        Raises `ParameterError` where the game is beyond it.
        """
        stage = int(read_value(Path(path), "kept/stage"))
        if stage < self.stage:
            raise ParameterError(
                f"{path} was saved at stage {stage} and the game is at stage {self.stage}: make a "
                f"new game, and load it there."
            )
        if stage > self.stage:
            self._rebuild(stage)
        super().load_state(path)

    def _check_data(self, sources, batch_size: int) -> None:
        (arrays,) = sources.values() if len(sources) == 1 else ((),)
        side = self.growth.sides(self.growth.stages - 1)
        wanted = (side, side, self.growth.channels)
        if [array.shape[1:] for array in arrays] != [wanted]:
            raise ParameterError(
                f"the data are no single array of images of shape {wanted}, the last stage's: "
                f"resize them, or let the players grow to theirs."
            )
        super()._check_data(sources, batch_size)
