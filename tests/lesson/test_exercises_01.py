"""The exercises of lesson 01: other right ways, the library beside them, and the bug to find."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from gan_utils.data.mixtures import ring
from gan_utils.lesson.exercises import exercises
from gan_utils.lesson.exercises.answers import NotYet
from gan_utils.metrics import modes_captured
from gan_utils.training.losses import Minimax, NonSaturating, Relativistic
from lesson_notebook import define_functions, read_cells, written_exercises

LESSON = "01_minimax"
SOLUTIONS = {name: found.solution for name, found in written_exercises(LESSON).items()}

# Other ways that are right: a part of the solution, and what may stand in its place.
OTHER = {
    "best_logits": [
        ("np.log(share) - np.log(1 - share)", "np.log(share / (1 - share))"),
        ("squares = ((points[:, None] - centres) ** 2).sum(axis=2)",
         "squares = np.linalg.norm(points[:, None] - centres, axis=2) ** 2"),
    ],
    "game_losses": [
        ("tf.nn.softplus(-fake_logits)", "-tf.math.log_sigmoid(fake_logits)"),
        ("return d_loss, -of_fake, tf.reduce_mean(tf.nn.softplus(-fake_logits))",
         "ones = tf.ones_like(fake_logits)\n"
         "    called_real = tf.nn.sigmoid_cross_entropy_with_logits(ones, fake_logits)\n"
         "    return [d_loss, -of_fake, tf.reduce_mean(called_real)]"),
    ],
    "turn_and_growth": [
        ("columns = [step(small, 0.0), step(0.0, small)]",
         "columns = [np.subtract(step(small / 2, 0.0), step(-small / 2, 0.0)), step(0.0, small)]"),
        ("abs(np.angle(largest)), abs(largest)",
         "[np.arctan2(abs(largest.imag), largest.real), np.hypot(largest.real, largest.imag)]"),
    ],
    "simultaneous_step": [
        ("with tf.GradientTape() as d_tape, tf.GradientTape() as g_tape:",
         "with tf.GradientTape(persistent=True) as d_tape:\n        g_tape = d_tape"),
        ("rate * gradient", "tf.constant(rate) * gradient"),
    ],
    "count_modes": [
        ("len(captured), good.mean()", "[len(set(captured)), np.count_nonzero(good) / len(good)]"),
        ("good.mean()", "np.float32(good.mean())"),
    ],
    "rival_losses": [
        ("tf.nn.softplus(-difference)", "tf.nn.softplus(fake_logits - real_logits)"),
        ("tf.reduce_mean(tf.nn.softplus(difference))",
         "tf.keras.losses.BinaryCrossentropy(from_logits=True)(\n"
         "        tf.zeros_like(difference), difference)"),
    ],
}  # fmt: skip


def defined(name, source):
    """The function that this source defines, with what the lesson imports."""
    names = {"np": np, "tf": tf}
    exec(source, names)
    return names[name]


@pytest.mark.parametrize(
    ("name", "part", "instead"), [(name, *case) for name, cases in OTHER.items() for case in cases]
)
def test_another_way_is_right(name, part, instead):
    assert part in SOLUTIONS[name]
    exercises()[name].test(defined(name, SOLUTIONS[name].replace(part, instead)))


@pytest.fixture
def logits():
    rng = np.random.default_rng(3)
    return [tf.constant(rng.normal(0, 3, (7, 1)), tf.float32) for _ in range(2)]


def test_the_losses_of_the_solutions_are_the_librarys(logits):
    d_loss, minimax, non_saturating = defined("game_losses", SOLUTIONS["game_losses"])(*logits)
    np.testing.assert_allclose(d_loss, Minimax().discriminator(*logits), rtol=1e-6)
    np.testing.assert_allclose(minimax, Minimax().generator(*logits), rtol=1e-6)
    np.testing.assert_allclose(non_saturating, NonSaturating().generator(*logits), rtol=1e-6)
    rivals = defined("rival_losses", SOLUTIONS["rival_losses"])(*logits)
    loss = Relativistic()
    np.testing.assert_allclose(
        rivals, [loss.discriminator(*logits), loss.generator(*logits)], rtol=1e-6
    )


def test_the_count_of_the_solution_is_the_librarys():
    mixture = ring()
    rng = np.random.default_rng(4)
    points = np.concatenate([mixture.sample(50, rng), rng.uniform(-2, 2, (50, 2))])
    modes, share = defined("count_modes", SOLUTIONS["count_modes"])(
        points, mixture.centres, mixture.std
    )
    scores = modes_captured(points, mixture.centres, mixture.std)
    assert (modes, share) == (float(scores.modes), pytest.approx(float(scores.high_quality)))


def test_both_players_of_the_bug_have_one_loss_and_the_check_says_so(logits):
    cells = [cell for cell in read_cells(LESSON) if cell.id in ("cell-05", "bug-rival_losses")]
    names = define_functions(cells, {})
    names["cross_entropy"] = tf.keras.losses.BinaryCrossentropy(from_logits=True)
    friendly = names["Friendly"]()
    np.testing.assert_allclose(
        friendly.discriminator(*logits, None), friendly.generator(*logits), rtol=1e-6
    )

    def rival_losses(real_logits, fake_logits):
        return (
            friendly.discriminator(real_logits, fake_logits, None),
            friendly.generator(real_logits, fake_logits),
        )

    with pytest.raises(NotYet, match="both players still want the same"):
        exercises()["rival_losses"].test(rival_losses)
