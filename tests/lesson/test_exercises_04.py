"""The exercises of lesson 04: other right ways, the bug to find, and what their checks share."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from gan_utils.lesson.exercises.answers import NotYet
from gan_utils.lesson.exercises.between import Watched, asked_between, penalties
from gan_utils.lesson.exercises.wasserstein_game import WassersteinGame
from gan_utils.streams import Draw
from gan_utils.training.losses import Wasserstein
from gan_utils.training.penalties import GradientPenalty
from lesson_notebook import define_functions, read_cells, written_exercises
from other_ways import cases_of, coded_exercises

LESSON = "04_wgan_gp"
SOLUTIONS = {name: found.solution for name, found in written_exercises(LESSON).items()}
BY_LIBRARY = """\
def critic_loss(critic, real, fake, draw, weight):
    heights = critic(real, training=True), critic(fake, training=True)
    answer = lambda images: critic(images, training=True)
    return Wasserstein().discriminator(*heights) + GradientPenalty(weight)(answer, real, fake, draw)
"""

# Other ways that are right: a part of the solution, and what may stand in its place.
OTHER = {
    "w1_of_histograms": [
        ("np.abs(np.cumsum(p) - np.cumsum(q))[:-1].sum()", "np.abs(np.cumsum(q - p)).sum()"),
    ],
    "wasserstein_losses": [
        ("tf.reduce_mean(fake_heights) - tf.reduce_mean(real_heights)",
         "-tf.reduce_mean(real_heights - fake_heights)"),
        ("return critic_loss, -tf.reduce_mean(fake_heights)",
         "return [critic_loss, tf.reduce_mean(-fake_heights)]"),
    ],
    "clipped_step": [
        ("optimizer.apply(gradients, critic.trainable_variables)",
         "optimizer.apply_gradients(zip(gradients, critic.trainable_variables))"),
        ("tf.clip_by_value(weight, -limit, limit)", "np.clip(weight, -limit, limit)"),
        ("    with tf.G", "    for w in critic.trainable_weights:\n"
         "        w.assign(tf.clip_by_value(w, -limit, limit))\n    with tf.G"),
    ],
    "slope_penalty": [
        ("share * real + (1 - share) * fake", "share * fake + (1 - share) * real"),
        ("critic(between, training=True)", "tf.reduce_sum(critic(between, training=True))"),
        ("tf.reduce_sum(slopes**2, axis=[1, 2, 3])",
         "tf.reduce_sum(tf.reshape(slopes, [len(real), -1]) ** 2, axis=1)"),
        ("1e-12", "1e-8"),
        ("(norms - 1) ** 2", "norms**2 - 2 * norms + 1"),
    ],
    "critic_loss": [(SOLUTIONS["critic_loss"], BY_LIBRARY)],
    "wgan_step": [
        ("        fake = generator(z, training=True)\n        with tf.GradientTape() as tape:\n",
         "        with tf.GradientTape() as tape:\n            fake = generator(z, True)\n"),
        ("zip(batches, latents)", "zip(batches, latents[:-1], strict=True)"),
    ],
}  # fmt: skip


def defined(name, source):
    """The function that this source defines, with what the lesson imports."""
    names = {"np": np, "tf": tf, "Wasserstein": Wasserstein, "GradientPenalty": GradientPenalty}
    exec(source, names)
    return names[name]


def test_each_exercise_is_answered_in_another_way_too():
    assert coded_exercises("lesson_04") == set(SOLUTIONS) == set(OTHER)


@pytest.mark.parametrize(("name", "part", "instead"), cases_of(OTHER))
def test_other_ways_are_right_too(name, part, instead, first_line):
    assert part in SOLUTIONS[name]
    answer = defined(name, SOLUTIONS[name].replace(part, instead))
    assert first_line(answer) == f"{name}: right"


def test_the_code_with_the_bug_runs_and_is_told_where_its_slope_is_taken(first_line):
    leaning = define_functions(read_cells(LESSON), {})["leaning_loss"]
    leaning.__name__ = "critic_loss"
    assert "the slope is taken in the generated images" in first_line(leaning)


def test_the_wrong_slope_settles_where_the_solution_says():
    """A linear critic that is charged for (1 − ε)s ends at s = E(1 − ε) / E(1 − ε)²."""
    s, epsilon = np.linspace(1, 2, 1001), (np.arange(1000) + 0.5) / 1000
    charged = np.mean(((1 - epsilon)[:, None] * s - 1) ** 2, axis=0)
    assert s[charged.argmin()] == pytest.approx(1.5, abs=1e-3)


def test_the_solutions_are_the_librarys():
    rng = np.random.default_rng(0)
    real, fake = (tf.constant(rng.normal(size=(6, 5, 4, 1)), tf.float32) for _ in range(2))
    kernel = tf.constant(rng.normal(size=(20, 3)), tf.float32)

    def critic(images, training=None):
        return tf.reduce_sum(tf.tanh(tf.reshape(images, (-1, 20)) @ kernel), 1, keepdims=True)

    ours = {name: defined(name, source) for name, source in SOLUTIONS.items()}
    penalty = GradientPenalty(7.0)(critic, real, fake, Draw(3, 4))
    np.testing.assert_allclose(
        ours["slope_penalty"](critic, real, fake, Draw(3, 4), 7.0), penalty, rtol=1e-5
    )
    heights = critic(real), critic(fake)
    loss = Wasserstein()
    theirs = loss.discriminator(*heights), loss.generator(*heights)
    np.testing.assert_allclose(ours["wasserstein_losses"](*heights), theirs, rtol=1e-6)
    whole = ours["critic_loss"](critic, real, fake, Draw(3, 4), 7.0)
    np.testing.assert_allclose(whole, theirs[0] + penalty, rtol=1e-5)


def test_the_share_is_read_from_the_points_that_a_critic_was_asked_about():
    def answer(critic, real, fake, draw, weight):
        critic(real, training=True)
        critic(0.25 * real + 0.75 * fake, training=True)
        return critic(fake, training=True)

    watched = Watched(0.0, 2.0)
    _, real, fake, share = asked_between(answer, watched, 10.0)
    np.testing.assert_allclose(np.median(share), 0.25, rtol=1e-3)
    right, mistakes = penalties(watched, real, fake, share, 10.0)
    slopes = 2 * np.linalg.norm((0.25 * real + 0.75 * fake).reshape(len(real), -1), axis=1)
    assert right == pytest.approx(10 * np.mean((slopes - 1) ** 2), rel=1e-3)
    assert all(abs(wrong - right) > 0.01 * right for words, wrong in mistakes.items()
               if "below 1" not in words)  # fmt: skip
    assert (
        asked_between(lambda critic, *rest: critic(rest[0], training=True), watched, 1.0)[3] is None
    )


def test_the_game_plays_by_hand_what_the_solution_plays():
    game = WassersteinGame(0.2, 2, 0.5, (0.4, -0.3))
    with pytest.raises(NotYet, match="with 2 batches the moves of one step are: none; they sho"):
        game.check()
    step = defined("wgan_step", SOLUTIONS["wgan_step"])
    step(
        game.generator, game.critic, game.move_g, game.move_c,
        game.batches, game.latents, game.penalty,
    )  # fmt: skip
    game.check()
    assert [entry for entry in game.log if entry.startswith("penalty")] == [
        "penalty 1 1", "penalty 2 2",
    ]  # fmt: skip
