"""The exercises of lesson 02: other right ways, the step with the mistake, and the mock game."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from gan_utils.lesson.exercises.mock_players import MockGame
from gan_utils.training.losses import NonSaturating
from lesson_notebook import define_functions, read_cells, written_exercises
from other_ways import coded_exercises

LESSON = "02_mlp_gan_mnist"
SOLUTIONS = {name: found.solution for name, found in written_exercises(LESSON).items()}

# Other ways that are right: a part of the solution, and what may stand in its place.
OTHER = {
    "variety": [
        ("np.bincount(probabilities.argmax(axis=1), minlength=10)",
         "(probabilities == probabilities.max(axis=1, keepdims=True)).sum(axis=0)"),
        ("return covered, -(shares * np.log(shares)).sum()",
         "return [int(covered), (shares * np.log(1 / shares)).sum()]"),
    ],
    "mlp_generator": [
        ("[layers.Dense(width), layers.LeakyReLU(0.2)]",
         "[layers.Dense(width, activation=lambda x: tf.nn.leaky_relu(x, 0.2))]"),
        ("layers.Reshape(shape)]", "layers.Reshape(shape), layers.Activation('linear')]"),
        ("[keras.Input((latent_dim,))]", "[]"),
    ],
    "players_losses": [
        ("tf.nn.softplus(-real_logits)", "-tf.math.log_sigmoid(real_logits)"),
        ("tf.nn.softplus(fake_logits)", "tf.nn.sigmoid_cross_entropy_with_logits("
         "labels=tf.zeros_like(fake_logits), logits=fake_logits)"),
        ("tf.nn.softplus(-fake_logits)", "keras.losses.binary_crossentropy("
         "tf.ones_like(fake_logits), fake_logits, from_logits=True)"),
    ],
    "smoothed_d_loss": [
        ("gan_loss(fake_logits, is_real=False)", "tf.reduce_mean(tf.nn.softplus(fake_logits))"),
        ("tf.reduce_mean(real)", "(1 - smoothing) * gan_loss(real_logits, True) + smoothing * "
         "gan_loss(real_logits, False)"),
        ("gan_loss(fake_logits, is_real=False)", "float(gan_loss(fake_logits, is_real=False))"),
    ],
    "alternating_step": [
        ("g_optimizer.apply(gradients, generator.trainable_variables)",
         "g_optimizer.apply_gradients(zip(gradients, generator.trainable_variables))"),
        ("return d_loss, g_loss", "return float(d_loss), float(g_loss)"),
    ],
    "mended_step": [
        ("    d_optimizer.apply(d_gradients, discriminator.trainable_variables)\n"
         "    g_optimizer.apply(g_gradients, generator.trainable_variables)\n",
         "    g_optimizer.apply(g_gradients, generator.trainable_variables)\n"
         "    d_optimizer.apply(d_gradients, discriminator.trainable_variables)\n"),
        (SOLUTIONS["mended_step"],
         SOLUTIONS["alternating_step"].replace("alternating_step", "mended_step")),
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def lesson():
    """The imports and functions of the notebook."""
    return define_functions(read_cells(LESSON), {})


def replaced(lesson, name, part, instead):
    assert part in SOLUTIONS[name]
    names = dict(lesson)
    exec(SOLUTIONS[name].replace(part, instead), names)
    return names[name]


def test_each_exercise_is_answered_in_another_way_too():
    here = coded_exercises("lesson_02")
    assert here == set(SOLUTIONS) == set(OTHER)
    assert len(here) >= 6


@pytest.mark.parametrize(
    ("name", "part", "instead"),
    [(name, *case) for name, cases in OTHER.items() for case in cases],
)
def test_other_ways_are_right_too(lesson, name, part, instead, first_line):
    assert first_line(replaced(lesson, name, part, instead)) == f"{name}: right"


def test_the_step_with_the_mistake_runs_and_is_told_who_helps_whom(lesson, first_line):
    def mended_step(*given):
        return lesson["joint_step"](*given)

    assert first_line(mended_step).startswith(
        "mended_step: not yet: D's slope of mended_step: D still moves to make g_loss smaller, "
        "too: it helps G. Hint: "
    )


def test_the_losses_of_the_solution_are_the_librarys(lesson):
    logits = [tf.constant(a, tf.float32) for a in ([[-100.0], [2.0]], [[0.5], [100.0]])]
    ours = replaced(lesson, "players_losses", "", "")(*logits)
    loss = NonSaturating()
    np.testing.assert_allclose(ours, (loss.discriminator(*logits), loss.generator(*logits)))


def losses_of(theta, psi, b, x, z):
    """Both losses of the mock game, in float64."""
    real, fake = psi * x + b, psi * (z + theta) + b
    d_loss = np.logaddexp(0, -real).mean() + np.logaddexp(0, fake).mean()
    return np.array([d_loss, np.logaddexp(0, -fake).mean()])


@pytest.mark.parametrize("numbers", [(0.5, 1.0, 0.3, -0.2), (2.0, -0.5, -1.0, 0.4)])
def test_the_slopes_of_the_mock_game_are_differences_of_its_losses(numbers):
    game = MockGame(*numbers, np.random.default_rng(3))
    here = np.array(numbers[1:])
    slopes = []
    for step in 1e-6 * np.eye(3):
        up, down = (losses_of(*(here + sign * step), game.x, game.z) for sign in (1, -1))
        slopes.append((up - down) / 2e-6)
    by_theta, *by_d = np.array(slopes)  # each for d_loss and for g_loss
    weights = [(1.0, 0.0), (0.0, 1.0), (1.0, 1.0)]
    for mine, others in weights:
        d_loss, found = game.of_d(mine, others)
        np.testing.assert_allclose(found, by_d @ np.array([mine, others]), atol=1e-6)
        g_loss, slope = game.of_g(game.psi, game.b, mine, others)
        np.testing.assert_allclose(slope, mine * by_theta[1] + others * by_theta[0], atol=1e-6)
    np.testing.assert_allclose([d_loss, g_loss], losses_of(*here, game.x, game.z))
    psi, b = game.moved()
    np.testing.assert_allclose([psi, b], here[1:] - game.rate * np.array(game.of_d()[1]))


def test_the_mock_game_notes_its_moves():
    game = MockGame(0.5, 1.0, 0.3, -0.2, np.random.default_rng(0))
    x, z, g, d, move_d, move_g = game.given
    d(g(z, training=True), training=True)
    move_g.apply([tf.constant(0.0)])
    move_d.apply([tf.constant(0.0), tf.constant(0.0)])
    assert game.moves() == ["generator", "discriminator"]
    assert x.shape == z.shape == (8, 1)
