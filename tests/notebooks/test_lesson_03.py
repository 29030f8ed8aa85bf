"""What lesson 03 defines by hand holds, and its solutions solve its exercises."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from lesson_notebook import checks, define_functions, read_cells, solutions

pytestmark = pytest.mark.repository


@pytest.fixture(scope="module")
def cells():
    return read_cells("03_dcgan_fashion")


@pytest.fixture
def lesson(cells):
    """The functions that the lesson defines, without running it."""
    names = {"np": np, "keras": keras, "seed": 0}
    return define_functions(cells, names)


def test_a_walk_on_the_sphere_keeps_its_ends_and_its_length(lesson):
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 64))
    a, b = 8 * a / np.linalg.norm(a), 8 * b / np.linalg.norm(b)
    walk = lesson["slerp"](a, b, np.linspace(0, 1, 7))
    np.testing.assert_allclose(walk[[0, -1]], [a, b], atol=1e-12)
    np.testing.assert_allclose(np.linalg.norm(walk, axis=1), 8.0)
    turns = np.arccos(np.sum(walk[1:] * walk[:-1], axis=1) / 64)
    np.testing.assert_allclose(turns, turns[0])


def test_the_walk_is_that_of_the_latent_explorer(lesson):
    latent = pytest.importorskip("gan_utils.widgets.latent")
    a, b = np.random.default_rng(1).normal(size=(2, 64))
    shares = np.linspace(0, 1, 5)
    expected = [latent.spherical(a, b, share) for share in shares]
    np.testing.assert_allclose(lesson["slerp"](a, b, shares), expected)


def test_unsolved_exercises_say_so(cells, lesson, capsys):
    exec(checks(cells), lesson)
    assert capsys.readouterr().out.splitlines() == ["1: not done yet", "2: not done yet"]


def test_solutions_solve_the_exercises(cells, lesson, capsys):
    for block in solutions(cells):
        exec(block, lesson)
    exec(checks(cells), lesson)
    assert capsys.readouterr().out.splitlines() == ["1: right", "2: right"]


@pytest.mark.parametrize(("kernel", "stride"), [(3, 2), (4, 2), (5, 2), (5, 3), (6, 3), (7, 3)])
def test_the_solution_counts_the_stamps_of_tensorflow(cells, lesson, kernel, stride):
    for block in solutions(cells):
        exec(block, lesson)
    side = 12 * stride
    ones = tf.ones((kernel, kernel, 1, 1))
    stamps = tf.nn.conv2d_transpose(tf.ones((1, 12, 12, 1)), ones, (1, side, side, 1), stride)
    inner = stamps.numpy()[0, 6:-6, 6:-6, 0]
    assert lesson["hits"](kernel, stride) == (inner.min(), inner.max())
