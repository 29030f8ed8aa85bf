"""What lesson 04 defines by hand holds."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.stats import wasserstein_distance

from gan_utils.networks.registry import build
from gan_utils.streams import Draw
from gan_utils.training.penalties import GradientPenalty
from lesson_notebook import define_functions, read_cells

pytestmark = pytest.mark.repository


@pytest.fixture
def lesson():
    """What the lesson imports and defines, without running it."""
    return define_functions(read_cells("04_wgan_gp"), {})


@pytest.mark.parametrize("n", [1, 2, 37])
def test_the_distance_by_hand_is_that_of_scipy(lesson, n):
    x, y = np.random.default_rng(n).normal(size=(2, n))
    assert lesson["w1"](x, y) == pytest.approx(wasserstein_distance(x, y))


@pytest.mark.parametrize("shape", [(16, 3), (8, 6, 5, 2)])
def test_the_penalty_by_hand_is_the_librarys(lesson, shape):
    keras.utils.set_random_seed(1)
    critic = keras.Sequential(
        [
            keras.Input(shape[1:]),
            keras.layers.Flatten(),
            keras.layers.Dense(9, activation="relu"),
            keras.layers.Dense(1),
        ]
    )
    rng = np.random.default_rng(2)
    real, fake = (tf.constant(rng.normal(size=shape), tf.float32) for _ in range(2))
    by_hand = lesson["gradient_penalty"](critic, real, fake, Draw(3, 4))
    np.testing.assert_allclose(
        by_hand, GradientPenalty(10.0)(critic, real, fake, Draw(3, 4)), rtol=1e-5
    )


def test_each_broken_penalty_differs_where_the_lesson_says(lesson):
    """On a linear critic of slope s: 10 (s − 1)², and with one norm a batch 10 (√B s − 1)²."""
    critic = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, use_bias=False)])
    critic.set_weights([np.array([[0.3], [0.4]], "float32")])
    rng = np.random.default_rng(5)
    real, fake = (tf.constant(rng.normal(size=(64, 2)), tf.float32) for _ in range(2))

    def value(**options):
        return float(lesson["broken"](**options)(critic, real, fake, Draw(0, 1)))

    for options in ({}, {"share": "normal"}, {"share": "one a coordinate"}, {"inside": 0.0}):
        assert value(**options) == pytest.approx(10 * 0.25, rel=1e-4)
    assert value(together=True) == pytest.approx(10 * (8 * 0.5 - 1) ** 2, rel=1e-4)


def test_the_pair_that_is_shown_is_the_librarys(lesson):
    for ours, named in zip(
        (lesson["our_generator"](), lesson["our_critic"]()), build("compact")[:2], strict=True
    ):
        assert lesson["described"](ours) == lesson["described"](named)


def test_one_step_moves_the_critic_once_a_batch_and_the_generator_once(lesson):
    """On a linear critic, whose slopes can be written down."""
    moves = []
    lesson["descend"] = lambda network, gradients: moves.append((network.name, gradients))
    generator = keras.Sequential([keras.Input((64,)), keras.layers.Dense(3)], name="generator")
    critic = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)], name="critic")
    batches = tf.split(tf.random.stateless_normal((12, 3), [0, 1]), 3)
    lesson["one_step"](generator, critic, batches, Draw(0, 0))
    assert [name for name, _ in moves] == ["critic"] * 3 + ["generator"]
    fake = generator(Draw(0, 0).normal("latent", 4, 64))
    kernel = critic.trainable_variables[0]
    norm = float(tf.norm(kernel))
    by_kernel = tf.reduce_mean(fake, 0) - tf.reduce_mean(batches[-1], 0)
    by_kernel += 20 * (norm - 1) * kernel[:, 0] / norm
    np.testing.assert_allclose(moves[2][1][0][:, 0], by_kernel, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(moves[3][1][1], -kernel[:, 0], rtol=1e-5)
