"""Trains small games under one strategy and prints what they measured, as JSON.

python replicas_program.py one|mirrored|multi_worker
"""

import json
import sys

import tensorflow as tf

if sys.argv[1] == "mirrored":
    tf.config.set_logical_device_configuration(
        tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
    )

from gan_utils.training.devices import on_replicas, strategy_named

strategy = strategy_named(sys.argv[1])

import keras
import numpy as np
from keras import layers

from children import DATA, make
from gan_utils.fast.layers import BatchNormalization
from gan_utils.fast.optimizers import Adam
from gan_utils.networks.minibatch import MinibatchStdDev
from gan_utils.training.began import BEGAN
from gan_utils.training.gan import GAN
from gan_utils.training.losses import NonSaturating, Relativistic, Wasserstein
from gan_utils.training.penalties import R1, GradientPenalty, Lazy, clip_weights

keras.utils.set_random_seed(0)
tf.config.experimental.enable_op_determinism()


def players(normalise: bool, compare: bool):
    middle = [BatchNormalization()] if normalise else []
    generator = keras.Sequential(
        [keras.Input((4,)), layers.Dense(16, use_bias=not normalise), *middle,
         layers.LeakyReLU(0.2), layers.Dense(64, activation="tanh"), layers.Reshape((8, 8, 1))],
        name="generator",
    )  # fmt: skip
    discriminator = keras.Sequential(
        [keras.Input((8, 8, 1)), layers.Conv2D(4, 3, strides=2), layers.LeakyReLU(0.2),
         *([BatchNormalization()] if normalise else []),
         *([MinibatchStdDev(group=4, maps=2)] if compare else []),
         layers.Flatten(), layers.Dense(1)],
        name="discriminator",
    )  # fmt: skip
    return generator, discriminator


GAMES = {
    "labels and R1": {"loss": NonSaturating(0.2, 0.1), "penalty": R1(0.5), "ema": 0.9},
    "gradient penalty": {"loss": Wasserstein(), "penalty": GradientPenalty(10.0), "d_steps": 2},
    "normalised": {"loss": Relativistic(), "normalise": True, "prior": "uniform"},
    "lazy": {"loss": Relativistic(), "penalty": Lazy(R1(0.5), 2), "ema": 0.9, "compare": True},
    "clipped": {"loss": Wasserstein(), "clip": True},
}
images = np.random.default_rng(0).integers(0, 256, (100, 8, 8, 1), dtype=np.uint8)
results = {}
for name, options in GAMES.items():
    keras.utils.set_random_seed(1)
    with on_replicas(strategy):
        generator, discriminator = players(
            options.pop("normalise", False), options.pop("compare", False)
        )
        if options.pop("clip", False):
            clip_weights(discriminator, 0.05)
        gan = GAN(generator, discriminator, seed=3, **options)
        gan.compile(Adam(0.01), Adam(0.01))
    gan.fit(images, 6, batch_size=8, epoch_steps=2)
    results[name] = {
        **{name: gan.recorded(name)[1].tolist() for name in ("d_loss", "g_loss", "d_real")},
        "weights": [
            float(np.abs(weight).sum())
            for model in (gan.generator, gan.discriminator, gan.average)
            for weight in model.get_weights()
        ],
        "samples": gan.sample(5).sum(axis=(1, 2, 3)).tolist(),
        "steps": gan.step,
    }
# A penalty on a normalised discriminator differentiates by the images of its own replica, so its
# numbers are not those of one device; but it has to train.
with on_replicas(strategy):
    gan = GAN(*players(normalise=True, compare=False), penalty=Lazy(R1(0.5), 2))
    gan.compile(Adam(0.01), Adam(0.01))
gan.fit(images, 4, batch_size=8, epoch_steps=2)
results["lazy and normalised"] = {"finite": float(np.isfinite(gan.sample(5)).all())}
for name in ("two domains", "patches"):
    with on_replicas(strategy):
        child = make(name)
    child.fit(DATA[name], 4, batch_size=8, epoch_steps=2)
    results[name] = {
        **{measured: child.recorded(measured)[1].tolist() for measured in child.records},
        "weights": [float(np.abs(weight).sum()) for weight in child.get_weights()],
    }
keras.utils.set_random_seed(1)
with on_replicas(strategy):
    code = keras.Input((8, 8, 1))
    codes = layers.Dense(4)(layers.Flatten()(code))
    rebuilt = layers.Reshape((8, 8, 1))(layers.Dense(64)(codes))
    began = BEGAN(
        players(normalise=False, compare=False)[0], keras.Model(code, [rebuilt, codes]),
        gamma=0.8, k=0.3, k_rate=5.0, seed=3,
    )  # fmt: skip
    began.compile({"generator": Adam(0.01), "discriminator": Adam(0.01)})
began.fit(images, 3, batch_size=8, epoch_steps=1)
results["began"] = {measured: began.recorded(measured)[1].tolist() for measured in began.records}
print(json.dumps(results))
