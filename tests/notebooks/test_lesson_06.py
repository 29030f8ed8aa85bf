"""What lesson 06 defines by hand holds."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from gan_utils.judging.learner import build_learner
from gan_utils.networks import conditional
from gan_utils.training.conditional import ConditionalGAN
from lesson_notebook import define_functions, read_cells

pytestmark = pytest.mark.repository


@pytest.fixture(scope="module")
def lesson():
    """What the lesson imports and defines, without running it."""
    return define_functions(read_cells("06_conditional"), {})


def test_rows_have_one_place_a_class(lesson):
    rows = lesson["rows_of"]([2, 0], classes=3)
    np.testing.assert_array_equal(rows, [[0, 0, 1], [1, 0, 0]])


@pytest.mark.parametrize(
    ("name", "librarys"),
    [
        ("our_generator", conditional.conditional_generator),
        ("with_sliders", conditional.class_norm_generator),
        ("with_planes", conditional.planes_discriminator),
        ("with_projection", conditional.projection_discriminator),
        ("with_question", conditional.auxiliary_discriminator),
        ("our_learner", build_learner),
    ],
)
def test_the_networks_of_the_lesson_are_the_librarys(lesson, name, librarys):
    """The same answers with the same weights, not only the same layers."""
    one, other = lesson[name](), librarys()
    rng = np.random.default_rng(0)
    one.set_weights([rng.uniform(0, 0.1, weight.shape) for weight in one.weights])
    other.set_weights(one.get_weights())
    shapes = one.input_shape if isinstance(one.input_shape, list) else [one.input_shape]
    given = [rng.normal(size=(8, *shape[1:])).astype("float32") for shape in shapes]
    answers = [
        tf.nest.flatten(network(given if len(given) > 1 else given[0])) for network in (one, other)
    ]
    for left, right in zip(*answers, strict=True):
        np.testing.assert_allclose(left, right, rtol=1e-5, atol=1e-6)


def test_the_copied_planes_are_stripes(lesson):
    """Ten equal planes, and as many lit pixels as a right plane has."""
    rows = tf.constant(lesson["rows_of"]([0, 3, 9]))
    planes = lesson["copied_planes"](rows, 28, 28).numpy()
    assert planes.shape == (3, 28, 28, 10)
    lit = planes.sum(axis=(1, 2, 3))
    np.testing.assert_array_equal(lit, [784, 784, 784])
    for image, label in enumerate((0, 3, 9)):
        whole_rows = np.flatnonzero(planes[image].min(axis=(1, 2)))
        np.testing.assert_array_equal(
            whole_rows, np.arange(-(-28 * label // 10), 28 * (label + 1) // 10)
        )


def test_no_player_is_shown_a_sandal(lesson, monkeypatch):
    """The batch that goes on: other images stand in, each under its own label."""
    monkeypatch.setattr(ConditionalGAN, "update", lambda self, batch, draw: batch)
    monkeypatch.setitem(lesson["NeverShown"].update.__globals__, "SANDAL", 5)
    game = lesson["NeverShown"](
        conditional.conditional_generator(), conditional.projection_discriminator()
    )
    labels = np.array([5, 2, 5, 7, 2])
    images = (labels + np.arange(5) / 10)[:, None, None, None] * np.ones((1, 28, 28, 1))
    shown, told = game.update((tf.constant(images), tf.constant(labels)), None)
    np.testing.assert_array_equal(told, [2, 2, 2, 7, 2])
    np.testing.assert_allclose(shown[:, 0, 0, 0], [2.1, 2.1, 2.1, 7.3, 2.4])


def test_a_stripe_and_quiet_planes_are_told_apart_from_planes(lesson):
    rows = tf.constant(lesson["rows_of"]([0, 3, 9]))
    planes = lesson["bright_planes"](rows)
    assert planes.shape == (3, 28, 28, 10)
    for image, label in enumerate((0, 3, 9)):
        np.testing.assert_array_equal(planes[image, :, :, label], 1)
        np.testing.assert_array_equal(tf.reduce_sum(planes[image]), 784)
    np.testing.assert_allclose(lesson["bright_planes"](rows, 0.1), 0.1 * planes, rtol=1e-6)
