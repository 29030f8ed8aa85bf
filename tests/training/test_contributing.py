"""The game that CONTRIBUTING.md writes as an example: it is short, it is EBGAN, and it trains."""

import re
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from children import IMAGES, SIDE, network, translator
from gan_utils.streams import Draw
from gan_utils.training.callbacks import DivergenceGuard

pytestmark = pytest.mark.repository
PAGE = Path(__file__).resolve().parents[2] / "CONTRIBUTING.md"
(CODE,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
RATE = 0.01


def game():
    names: dict = {}
    exec(CODE, names)
    keras.utils.set_random_seed(0)
    layers = keras.layers
    generator = network((4,), layers.Dense(SIDE * SIDE, activation="tanh"),
                        layers.Reshape((SIDE, SIDE, 1)), name="generator")  # fmt: skip
    made = names["EBGAN"](generator, translator("autoencoder"), margin=2.0)
    made.compile({name: keras.optimizers.SGD(RATE) for name in made.networks})
    return made


def test_it_has_at_most_thirty_lines():
    written = [line for line in CODE.splitlines() if line.strip()]
    assert len(written) <= 30


def test_one_update_by_hand():
    """Both losses of the paper's equations, and D's step by finite differences."""
    ebgan = game()
    generator, autoencoder = ebgan.networks.values()
    real = tf.constant(IMAGES[:8], tf.float32) / 127.5 - 1
    fake = generator(Draw(0, 0).normal("latent", 8, 4), training=False)

    def loss():
        def energy(images):
            return np.mean(np.square(images - autoencoder(images, training=False)), (1, 2, 3))

        return np.mean(energy(real) + np.maximum(0.0, 2.0 - energy(fake))), np.mean(energy(fake))

    d_loss, g_loss = loss()
    bias = autoencoder.layers[-1].bias
    before = bias.numpy()
    slopes = []
    for nudge in (1e-3, -1e-3):
        bias.assign(before + nudge)
        slopes.append(loss()[0])
    bias.assign(before)
    measured = ebgan.update(real, Draw(0, 0))
    np.testing.assert_allclose(measured["d_loss"], d_loss, rtol=1e-5)
    np.testing.assert_allclose(measured["g_loss"], g_loss, rtol=1e-5)
    slope = (slopes[0] - slopes[1]) / 2e-3
    np.testing.assert_allclose(bias.numpy(), before - RATE * slope, rtol=1e-3, atol=1e-6)


def test_it_trains():
    ebgan = game()
    ebgan.fit(IMAGES, steps=60, batch_size=8, epoch_steps=20, callbacks=[DivergenceGuard()])
    losses = ebgan.recorded("d_loss")[1]
    assert losses[-1] < losses[0]
