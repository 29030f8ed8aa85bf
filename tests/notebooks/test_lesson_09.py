"""What lesson 09 defines by hand holds."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from gan_utils.networks.autoencoder import began_discriminator, began_generator
from gan_utils.networks.growing import Growth
from lesson_notebook import define_functions, read_cells

pytestmark = pytest.mark.repository

RNG = np.random.default_rng(0)


@pytest.fixture(scope="module")
def lesson():
    """What the lesson imports and defines, without running it."""
    return define_functions(read_cells("09_began_progan"), {"CODE": 16, "WIDTHS": (64, 32, 16)})


def same(one, other, rtol, scale):
    """Whether two networks answer the same when they have the same weights, from N(0, scale²)."""
    one.set_weights([RNG.normal(0, scale, weight.shape) for weight in one.weights])
    other.set_weights(one.get_weights())
    given = [RNG.uniform(-1, 1, (4, *i.shape[1:])).astype("float32") for i in one.inputs]
    given = given if len(given) > 1 else given[0]
    answers = zip(tf.nest.flatten(one(given)), tf.nest.flatten(other(given)), strict=True)
    for mine, theirs in answers:
        assert np.std(mine) > 1e-3
        np.testing.assert_allclose(mine, theirs, rtol=rtol, atol=1e-4)


def test_began_plays_with_the_librarys_networks(lesson):
    same(lesson["our_generator"](), began_generator(), 1e-3, 0.2)
    same(lesson["our_discriminator"](), began_discriminator(), 1e-3, 0.2)


@pytest.mark.parametrize("stage", [0, 1, 2])
def test_players_that_grow_are_the_librarys(lesson, stage):
    parts, growth = lesson["make_layers"](), Growth()
    same(lesson["generator_at"](stage, parts), growth.generator(stage), 1e-2, 1.0)
    same(lesson["discriminator_at"](stage, parts), growth.discriminator(stage), 1e-2, 1.0)


def test_at_share_0_a_stage_draws_what_the_one_before_drew(lesson):
    parts = lesson["make_layers"]()
    z = RNG.normal(size=(3, 64)).astype("float32")
    small = lesson["generator_at"](0, parts)([z, np.ones((3, 1), "float32")])
    large = lesson["generator_at"](1, parts)([z, np.zeros((3, 1), "float32")])
    np.testing.assert_allclose(large, np.repeat(np.repeat(small, 2, 1), 2, 2), atol=1e-5)


def test_the_map_holds_the_mean_deviation_and_careless_roots_lose_its_slope(lesson):
    features = tf.constant(RNG.normal(size=(5, 4, 4, 3)), tf.float32)
    made = lesson["deviation"](features)
    assert made.shape == (5, 4, 4, 4)
    expected = np.std(features, axis=0).mean()
    np.testing.assert_allclose(made[..., 3], np.full((5, 4, 4), expected), rtol=1e-5)
    black = tf.zeros((5, 4, 4, 3))
    for name, finite in (("deviation", True), ("careless", False)):
        with tf.GradientTape() as tape:
            tape.watch(black)
            answer = tf.reduce_sum(lesson[name](black)[..., -1])
        assert bool(np.all(np.isfinite(tape.gradient(answer, black)))) is finite


@pytest.mark.parametrize("beta_2", [0.9, 0.99, 0.999])
def test_a_late_weight_takes_too_long_a_first_step(lesson, beta_2):
    """Adam divides by √v, v = (1 − β₂)g², and corrects it as if there had been t steps."""
    for before in (0, 7, 500):
        expected = ((1 - beta_2 ** (before + 1)) / (1 - beta_2)) ** 0.5
        assert lesson["first_step"](before, beta_2) == pytest.approx(expected, rel=1e-3)
