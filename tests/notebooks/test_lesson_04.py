"""What lesson 04 defines by hand holds, and its solutions solve its exercises."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.stats import wasserstein_distance

from gan_utils.training.penalties import GradientPenalty
from lesson_notebook import checks, define_functions, read_cells, solutions

pytestmark = pytest.mark.repository


@pytest.fixture(scope="module")
def cells():
    return read_cells("04_wgan_gp")


@pytest.fixture
def lesson(cells):
    """The functions that the lesson defines, without running it."""
    names = {"np": np, "keras": keras, "tf": tf, "seed": 0}
    return define_functions(cells, names)


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
    by_hand = lesson["gradient_penalty"](critic, real, fake, [3, 4])
    np.testing.assert_allclose(
        by_hand, GradientPenalty(10.0)(critic, real, fake, [3, 4]), rtol=1e-5
    )


def test_each_broken_penalty_differs_where_the_lesson_says(lesson):
    """On a linear critic of slope s: 10 (s − 1)², and with one norm a batch 10 (√B s − 1)²."""
    critic = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, use_bias=False)])
    critic.set_weights([np.array([[0.3], [0.4]], "float32")])
    rng = np.random.default_rng(5)
    real, fake = (tf.constant(rng.normal(size=(64, 2)), tf.float32) for _ in range(2))

    def value(**options):
        return float(lesson["broken"](**options)(critic, real, fake, [0, 1]))

    for options in ({}, {"share": "normal"}, {"share": "one a coordinate"}, {"inside": 0.0}):
        assert value(**options) == pytest.approx(10 * 0.25, rel=1e-4)
    assert value(together=True) == pytest.approx(10 * (8 * 0.5 - 1) ** 2, rel=1e-4)


def test_unsolved_exercises_say_so(cells, lesson, capsys):
    exec(checks(cells), lesson)
    assert capsys.readouterr().out.splitlines() == [f"{i}: not done yet" for i in (1, 2, 3)]


def test_solutions_solve_the_exercises(cells, lesson, capsys):
    for block in solutions(cells):
        exec(block, lesson)
    exec(checks(cells), lesson)
    assert capsys.readouterr().out.splitlines() == [f"{i}: right" for i in (1, 2, 3)]


def test_the_solution_is_the_minimum_of_the_critics_loss(cells, lesson):
    """−sW + λ (√B s − 1)² over s, by a fine grid."""
    for block in solutions(cells):
        exec(block, lesson)
    for distance, weight, batch in ((2.0, 10.0, 64), (7.0, 1.0, 9)):
        s = np.linspace(0, 5, 500_001)
        loss = -s * distance + weight * (batch**0.5 * s - 1) ** 2
        best = lesson["slope_with_one_norm"](distance, weight, batch)
        assert best == pytest.approx(s[loss.argmin()], abs=1e-4)


def test_histograms_agree_with_scipy(cells, lesson):
    for block in solutions(cells):
        exec(block, lesson)
    p, q = np.random.default_rng(6).dirichlet(np.ones(9), size=2)
    exact = wasserstein_distance(range(9), range(9), p, q)
    assert lesson["w1_of_histograms"](p, q) == pytest.approx(exact)
