"""What lesson 03 defines by hand holds."""

from __future__ import annotations

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
