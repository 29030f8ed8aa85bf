"""What lesson 01 defines by hand agrees with `gan_utils`."""

from __future__ import annotations

import numpy as np
import pytest

keras = pytest.importorskip("keras")
from gan_utils.training.gan import GAN  # noqa: E402
from gan_utils.training.losses import Minimax  # noqa: E402
from gan_utils.training.penalties import R1  # noqa: E402
from lesson_notebook import define_functions, read_cells  # noqa: E402

pytestmark = pytest.mark.repository

RATE, GAMMA = 0.2, 0.5


@pytest.fixture(scope="module")
def lesson():
    """The names that the lesson's imports and function definitions bind, nothing trained."""
    return define_functions(read_cells("01_minimax"), {})


@pytest.mark.parametrize("penalty", [None, R1(GAMMA)], ids=["plain", "R1"])
def test_dirac_step_is_the_step_of_gan(lesson, penalty):
    """The Dirac-GAN as two Keras layers moves under `GAN.fit` as the lesson computes by hand."""
    generator = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)], name="generator")
    discriminator = keras.Sequential(
        [keras.Input((1,)), keras.layers.Dense(1, use_bias=False)], name="discriminator"
    )
    generator.layers[0].set_weights([np.zeros((1, 1)), np.array([1.0])])
    discriminator.set_weights([np.array([[0.3]])])
    # The kernel of G sees inputs of both signs; frozen at 0 it leaves the bias, which is θ.
    generator.layers[0].kernel.trainable = False
    gan = GAN(generator, discriminator, loss=Minimax(), penalty=penalty)
    gan.compile(keras.optimizers.SGD(RATE), keras.optimizers.SGD(RATE))

    theta, psi = 1.0, 0.3
    gamma = GAMMA if penalty else 0.0
    for step in range(1, 6):
        gan.fit(np.zeros((64, 1), np.float32), steps=step, batch_size=64, epoch_steps=1)
        theta, psi = lesson["dirac_step"](theta, psi, RATE, gamma)
        found = generator.layers[0].bias.numpy()[0], discriminator.get_weights()[0][0, 0]
        assert found == pytest.approx((theta, psi), abs=1e-6)


def test_value_is_minus_the_loss_of_minimax(lesson):
    real, fake = np.random.default_rng(1).normal(0, 5, (2, 200))
    loss = float(Minimax().discriminator(real, fake))
    assert lesson["value"](real, fake) == pytest.approx(-loss, rel=1e-9)


def test_divergence_of_shifted_intervals(lesson):
    line = np.linspace(-1, 3, 40_001)
    first, second = (((line >= s) & (line < s + 1)).astype(float) for s in (0, 0.25))
    assert lesson["jsd"](first, second, line) == pytest.approx(0.25 * np.log(2), abs=1e-3)
    assert lesson["jsd"](first, first, line) == pytest.approx(0, abs=1e-12)
