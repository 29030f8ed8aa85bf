"""What lesson 03 defines by hand holds."""

from __future__ import annotations

import ast

import numpy as np
import pytest

from lesson_notebook import define_functions, read_cells

pytestmark = pytest.mark.repository


@pytest.fixture
def lesson():
    """What the lesson imports and defines, without running it."""
    return define_functions(read_cells("03_dcgan_fashion"), {})


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


def test_a_lead_costs_what_the_formulas_say(lesson):
    lead = np.array([[2.0], [-1.0]], np.float32)
    d_loss, g_loss = lesson["relativistic"](lead + 5, np.full_like(lead, 5))
    np.testing.assert_allclose(d_loss, np.log1p(np.exp(-lead)).mean(), rtol=1e-5)
    np.testing.assert_allclose(g_loss, np.log1p(np.exp(lead)).mean(), rtol=1e-5)


def test_the_lazy_penalty_pays_at_once_what_it_owes_for_eight_steps(lesson):
    tf = lesson["tf"]
    weights = np.random.default_rng(0).normal(size=(1, 4, 4, 1)).astype("float32")

    def straight(images, training):
        assert training is True
        return tf.reduce_sum(images * weights, axis=[1, 2, 3])[:, None]

    paid = [float(lesson["lazy_r1"](straight, tf.zeros((3, 4, 4, 1)), step)) for step in range(17)]
    assert np.flatnonzero(paid).tolist() == [0, 8, 16]
    np.testing.assert_allclose(paid[8], 8 * 0.2 / 2 * np.square(weights).sum(), rtol=1e-5)


def test_in_a_mixed_batch_both_kinds_go_through_the_discriminator_together(lesson):
    tf = lesson["tf"]
    seen = []

    def answers(images, training):
        seen.append(len(images))
        return tf.reduce_mean(images, axis=[1, 2, 3])[:, None]

    ones, zeros = tf.ones((4, 2, 2, 1)), tf.zeros((4, 2, 2, 1))
    real_logits, fake_logits = lesson["mixed_logits"](answers, ones, zeros)
    assert seen == [8]
    np.testing.assert_allclose(real_logits, np.ones((4, 1)))
    np.testing.assert_allclose(fake_logits, np.zeros((4, 1)))


def test_the_small_training_that_is_killed_trains_the_pair_of_the_lesson():
    (cell,) = (cell for cell in read_cells("03_dcgan_fashion") if cell.id == "stop-program")
    program = ast.literal_eval(ast.parse(cell.source).body[0].value)
    compile(program, "small_training.py", "exec")
    for part in ('build("swift")', '"relativistic"', "Lazy(R1(0.2), 8)", "Backup(backup)"):
        assert part in program
