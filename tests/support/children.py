"""Three small games that the package does not have, each a child of `Trainer`."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from gan_utils.streams import stream
from gan_utils.training.gradients import Game, answers_apart
from gan_utils.training.losses import NonSaturating, Relativistic
from gan_utils.training.penalties import R1
from gan_utils.training.trainer import Trainer

SIDE = 8
IMAGES = np.random.default_rng(0).integers(0, 256, (40, SIDE, SIDE, 1), dtype=np.uint8)
LABELS = np.random.default_rng(1).integers(0, 3, 40)


def network(inputs, *stack, name):
    return keras.Sequential([keras.Input(inputs), *stack], name=name)


def translator(name):
    """Images to images of the same shape."""
    middle = layers.Conv2D(4, 3, padding="same"), layers.LeakyReLU(0.2)
    return network(
        (SIDE, SIDE, 1), *middle, layers.Conv2D(1, 3, padding="same", activation="tanh"), name=name
    )


def patches(name):
    """Images to a map of logits, one for each patch."""
    return network((SIDE, SIDE, 1), layers.Conv2D(4, 3, strides=2), layers.LeakyReLU(0.2),
                   layers.Conv2D(1, 2), name=name)  # fmt: skip


class TwoDomains(Trainer):
    """Two sources without pairs, four networks: to and fro, and a discriminator a domain."""

    def __init__(self, seed=0):
        names = {
            "there": translator,
            "back": translator,
            "discriminator of a": patches,
            "discriminator of b": patches,
        }
        super().__init__(
            {name: make(name.replace(" ", "_")) for name, make in names.items()},
            averages={"there": 0.9, "back": 0.9},
            seed=seed,
        )

    def update(self, batch, draw):
        there, back, d_a, d_b = self.networks.values()
        a, b = batch["a"], batch["b"]
        with tf.GradientTape(persistent=True) as tape:
            fake_b, fake_a = there(a, training=True), back(b, training=True)
            cycle = tf.reduce_mean(tf.abs(a - back(fake_b, training=True)))
            cycle += tf.reduce_mean(tf.abs(b - there(fake_a, training=True)))
            g_loss, d_loss = 10.0 * cycle, 0.0
            for discriminator, real, fake in ((d_a, a, fake_a), (d_b, b, fake_b)):
                at_real = discriminator(real, training=True)
                at_fake = discriminator(fake, training=True)
                d_loss += tf.reduce_mean((at_real - 1) ** 2) + tf.reduce_mean(at_fake**2)
                g_loss += tf.reduce_mean((at_fake - 1) ** 2)
        for name, model in self.networks.items():
            loss = d_loss if name.startswith("discriminator") else g_loss
            self.move(name, tape.gradient(loss, model.trainable_variables))
        return {"d_loss": d_loss, "g_loss": g_loss, "cycle": cycle}


class Patches(Trainer):
    """A discriminator that answers a map, with label noise and R1 through `Game`."""

    def __init__(self, seed=0):
        generator = network((4,), layers.Dense(SIDE * SIDE, activation="tanh"),
                            layers.Reshape((SIDE, SIDE, 1)), name="generator")  # fmt: skip
        discriminator = patches("discriminator")
        super().__init__(
            {"generator": generator, "discriminator": discriminator},
            averages={"generator": 0.9},
            seed=seed,
        )
        self.game = Game(NonSaturating(label_noise=0.2), R1(0.5))
        self.apart = answers_apart(discriminator)

    def latent(self, count):
        return tf.random.stateless_normal([count, 4], stream(self.seed, 0, "snapshot")).numpy()

    def update(self, batch, draw):
        generator, discriminator = self.networks.values()
        z = draw.normal("latent", tf.shape(batch)[0], 4)
        gradients = self.game.gradients(
            lambda: generator(z, training=True),
            lambda x: discriminator(x, training=True),
            batch, draw, generator.trainable_variables, discriminator.trainable_variables,
            self.apart,
        )  # fmt: skip
        self.move("discriminator", gradients.d)
        self.move("generator", gradients.g)
        return {"d_loss": gradients.d_loss, "g_loss": gradients.g_loss}


class Labelled(Trainer):
    """Both players see a label; the game has a number of its own, which is kept."""

    def __init__(self, seed=0):
        def joined(inputs, name, *stack):
            label = keras.Input((), dtype="int32")
            main = keras.Input(inputs)
            x = layers.Concatenate()([layers.Flatten()(main), layers.Embedding(3, 4)(label)])
            for layer in stack:
                x = layer(x)
            return keras.Model([main, label], x, name=name)

        last = layers.Dense(SIDE * SIDE, activation="tanh"), layers.Reshape((SIDE, SIDE, 1))
        networks = {
            "generator": joined((4,), "generator", *last),
            "discriminator": joined((SIDE, SIDE, 1), "discriminator", layers.Dropout(0.2),
                                    layers.Dense(1)),
        }  # fmt: skip
        super().__init__(networks, averages={"generator": 0.9}, seed=seed)
        self.game = Game(Relativistic(), R1(0.1))
        self.seen = self.keep("seen", 0.0)

    def latent(self, count):
        z = tf.random.stateless_normal([count, 4], stream(self.seed, 0, "snapshot")).numpy()
        return z, np.arange(count) % 3

    def update(self, batch, draw):
        images, labels = batch
        generator, discriminator = self.networks.values()
        z = draw.normal("latent", tf.shape(labels)[0], 4)
        gradients = self.game.gradients(
            lambda: generator([z, labels], training=True),
            lambda x: discriminator([x, labels], training=True),
            images, draw, generator.trainable_variables, discriminator.trainable_variables,
            apart=False,
        )  # fmt: skip
        self.move("discriminator", gradients.d)
        self.move("generator", gradients.g)
        self.seen.assign_add(1.0)
        return {"d_loss": gradients.d_loss, "g_loss": gradients.g_loss, "seen": self.seen + 0.0}


CHILDREN = {"two domains": TwoDomains, "patches": Patches, "labels": Labelled}
DATA = {
    "two domains": {"a": IMAGES, "b": 255 - IMAGES[:30]},
    "patches": IMAGES,
    "labels": (IMAGES, LABELS),
}


def make(name: str, seed: int = 3) -> Trainer:
    """A child of that name, compiled, from the same weights each time."""
    keras.utils.set_random_seed(seed)
    game = CHILDREN[name](seed)
    game.compile({network: keras.optimizers.Adam(1e-3) for network in game.networks})
    return game


def pictures_from(name: str, game: Trainer):
    """What `Snapshots` generates from."""
    return IMAGES[:3].astype("float32") / 127.5 - 1 if name == "two domains" else game.latent(3)
