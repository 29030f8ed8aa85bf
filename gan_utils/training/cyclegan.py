"""From image to image without pairs: CycleGAN."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from gan_utils.errors import ParameterError
from gan_utils.streams import Draw
from gan_utils.training.checks import check_samples, check_weight
from gan_utils.training.trainer import Trainer


class CycleGAN(Trainer):
    """Two translators that undo each other, and a discriminator of each domain (Zhu et al. 2017).

    a_to_b, b_to_a: images (batch, h, w, c) of one domain → images of the other in `image_range`.
    d_a, d_b: images of a domain → logits of any shape, one a patch.
    cycle: λ, of how far an image is from itself after there and back; 0 for none.
    identity: of how far a translator changes what is in its target domain already (section 5.2).
    pool: generated images that are kept for each discriminator, which half of the time sees an
        earlier one in place of a new one (Shrivastava et al. 2017, section 2.3); 0 for none.
    penalty: on each discriminator, from `training.penalties`, or None.
    ema: decay of a running average of both translators, 0 for none.
    image_range, seed: as in `Trainer`.

    `fit` takes the two domains by name, {"a": images, "b": images}, each with rows of its own.
    Raises `ParameterError` for numbers out of range and networks that do not fit each other.
    """

    def __init__(
        self,
        a_to_b: keras.Model,
        b_to_a: keras.Model,
        d_a: keras.Model,
        d_b: keras.Model,
        cycle: float = 10.0,
        identity: float = 0.0,
        pool: int = 50,
        penalty: Callable | None = None,
        ema: float = 0.0,
        image_range: tuple[float, float] = (-1.0, 1.0),
        seed: int = 0,
    ):
        super().__init__(
            {"a_to_b": a_to_b, "b_to_a": b_to_a, "d_a": d_a, "d_b": d_b},
            averages={"a_to_b": ema, "b_to_a": ema},
            image_range=image_range,
            seed=seed,
        )
        for name, value in {"cycle": cycle, "identity": identity}.items():
            check_weight(name, value)
        if not isinstance(pool, int | np.integer) or pool < 0:
            raise ParameterError(f"pool is {pool}: give a whole number from 0 up.")
        check_samples(a_to_b, d_b.input_shape, image_range)
        check_samples(b_to_a, d_a.input_shape, image_range)
        check_samples(a_to_b, b_to_a.input_shape, image_range)
        check_samples(b_to_a, a_to_b.input_shape, image_range)
        if identity and a_to_b.input_shape[1:] != b_to_a.input_shape[1:]:
            raise ParameterError(
                f"identity is {identity} and the domains have shapes {a_to_b.input_shape[1:]} and "
                f"{b_to_a.input_shape[1:]}: give 0, or networks for domains of one shape."
            )
        self.cycle, self.identity, self.penalty = cycle, identity, penalty
        self.pool = int(pool)
        if pool:
            for name, network in (("a", b_to_a), ("b", a_to_b)):
                self.keep(f"pool of {name}", 0.0, shape=(pool, *network.output_shape[1:]))
            self.keep("pooled", 0, "int32")

    # --- one step ---------------------------------------------------------------------------------

    def cycle_losses(self, a, b, fake_a, fake_b):
        """What the cycles add to the loss of a_to_b and to that of b_to_a.

        Both cycles pass through both translators, so both pay for both (equation 2).
        """
        back_a = self.networks["b_to_a"](fake_b, training=True)
        back_b = self.networks["a_to_b"](fake_a, training=True)
        both = self.cycle * (_distance(a, back_a) + _distance(b, back_b))
        return both, both

    def identity_losses(self, a, b):
        """The same of images that are in the target domain already."""
        same_b = self.networks["a_to_b"](b, training=True)
        same_a = self.networks["b_to_a"](a, training=True)
        return self.identity * _distance(b, same_b), self.identity * _distance(a, same_a)

    def update(self, batch, draw: Draw) -> dict[str, tf.Tensor]:
        """Both translators, then both discriminators (least squares, Mao et al. 2017)."""
        a, b = batch["a"], batch["b"]
        a_to_b, b_to_a, d_a, d_b = self.networks.values()
        with tf.GradientTape(persistent=True) as tape:
            fake_b, fake_a = a_to_b(a, training=True), b_to_a(b, training=True)
            there = tf.reduce_mean(tf.square(_logits(d_b, fake_b) - 1.0))
            back = tf.reduce_mean(tf.square(_logits(d_a, fake_a) - 1.0))
            losses = [there, back]
            if self.cycle:
                cycles = self.cycle_losses(a, b, fake_a, fake_b)
                losses = [loss + more for loss, more in zip(losses, cycles, strict=True)]
            if self.identity:
                same = self.identity_losses(a, b)
                losses = [loss + more for loss, more in zip(losses, same, strict=True)]
        g_gradients = [
            tape.gradient(loss, model.trainable_variables)
            for loss, model in zip(losses, (a_to_b, b_to_a), strict=True)
        ]
        d_losses = {}
        sides = (("a", d_a, a, fake_a), ("b", d_b, b, fake_b))
        d_gradients = []
        for name, discriminator, real, fake in sides:
            earlier = self._pooled(name, fake, draw) if self.pool else fake
            with tf.GradientTape() as d_tape:
                at_real, at_fake = _logits(discriminator, real), _logits(discriminator, earlier)
                loss = tf.reduce_mean(tf.square(at_real - 1.0)) + tf.reduce_mean(tf.square(at_fake))
                if self.penalty is not None:
                    loss += self.penalty(
                        lambda x, of=discriminator: of(x, training=True), real, earlier, draw
                    )
            d_gradients.append(d_tape.gradient(loss, discriminator.trainable_variables))
            d_losses[f"d_{name}_loss"] = loss
        if self.pool:
            more = self.kept["pooled"] + tf.shape(a)[0]
            self.kept["pooled"].assign(tf.where(more > self.pool, self.kept["pooled"], more))
        for name, gradients in zip(self.networks, (*g_gradients, *d_gradients), strict=True):
            self.move(name, gradients)
        return {"a_to_b_loss": losses[0], "b_to_a_loss": losses[1], **d_losses}

    def _pooled(self, name: str, fake, draw: Draw):
        """What D sees of generated images: new ones while the pool fills, then half earlier ones.

        An earlier one that is shown makes room for the new one.
        """
        pool, filled = self.kept[f"pool of {name}"], self.kept["pooled"]
        count = tf.shape(fake)[0]
        images = tf.cast(fake, tf.float32)
        full = filled + count > self.pool
        # Places that are taken, in random order and all different; before that the next free ones.
        free = tf.cast(tf.range(self.pool) >= filled, tf.float32)
        taken = tf.argsort(draw.uniform(f"places of {name}", self.pool) + 2.0 * free)[:count]
        places = tf.where(full, taken, filled + tf.range(count))
        exchanged = draw.uniform(f"earlier ones of {name}", count) < 0.5
        earlier = tf.gather(pool, tf.minimum(places, self.pool - 1))
        kept = tf.where(tf.reshape(exchanged | ~full, [-1, 1, 1, 1]), images, earlier)
        pool.assign(tf.tensor_scatter_nd_update(pool, places[:, None], kept))
        shown = tf.where(tf.reshape(exchanged & full, [-1, 1, 1, 1]), earlier, images)
        return tf.stop_gradient(tf.cast(shown, fake.dtype))

    # --- what it has learned ----------------------------------------------------------------------

    def translate(self, images: np.ndarray, to: str = "b", average: bool = True) -> np.ndarray:
        """Images of the other domain as domain `to`, "a" or "b", in `image_range`.

        images: uint8, or in `image_range` already.
        """
        if to not in ("a", "b"):
            raise ParameterError(f"to is {to!r}: choose a or b.")
        network = "a_to_b" if to == "b" else "b_to_a"
        return self.generate(
            np.asarray(self._scaled(tf.constant(images))), average=average, network=network
        )

    def _check_data(self, sources, batch_size: int) -> None:
        wanted = {name: tuple(self.networks[f"d_{name}"].input_shape[1:]) for name in ("a", "b")}
        given = {name: tuple(arrays[0].shape[1:]) for name, arrays in sources.items()}
        if given != wanted or any(len(arrays) > 1 for arrays in sources.values()):
            raise ParameterError(
                f"the data have {given or 'no names'} and the players read {wanted}: give fit a "
                f"mapping with images a and b of these shapes."
            )
        devices = self.distribute_strategy.num_replicas_in_sync
        if self.pool and (self.pool < batch_size or devices > 1):
            raise ParameterError(
                f"pool is {self.pool} and batch_size {batch_size}: give a pool of at least one "
                f"batch on one device, or 0 for none."
            )
        super()._check_data(sources, batch_size)


def _distance(one, other) -> tf.Tensor:
    """Mean absolute difference, in float32."""
    return tf.reduce_mean(tf.abs(tf.cast(one, tf.float32) - tf.cast(other, tf.float32)))


def _logits(discriminator, images) -> tf.Tensor:
    return tf.cast(discriminator(images, training=True), tf.float32)
