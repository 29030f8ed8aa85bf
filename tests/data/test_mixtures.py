"""Mixtures of any size: their geometry, their samples, and numbers that cannot be."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import pdist
from scipy.stats import chisquare, kstest

from gan_utils.data.mixtures import Mixture, grid, ring
from gan_utils.errors import DataError
from sentences import one_sentence


@given(st.integers(2, 40), st.floats(0.1, 100))
def test_ring_geometry(modes, radius):
    centres = ring(modes, radius).centres
    assert centres.shape == (modes, 2)
    assert np.allclose(np.hypot(*centres.T), radius)
    assert np.allclose(centres.mean(axis=0), 0, atol=1e-9 * radius)
    chord = 2 * radius * np.sin(np.pi / modes)
    assert np.allclose(np.hypot(*(centres - np.roll(centres, 1, axis=0)).T), chord)


@given(st.integers(2, 12), st.floats(0.1, 100))
def test_grid_geometry(side, spacing):
    centres = grid(side, spacing).centres
    assert centres.shape == (side**2, 2)
    assert np.allclose(centres.mean(axis=0), 0, atol=1e-9 * spacing)
    assert np.isclose(pdist(centres).min(), spacing)
    assert np.isclose(pdist(centres).max(), spacing * (side - 1) * np.sqrt(2))


def test_the_default_grid_is_that_of_pacgan():
    expected = {(-4 + 2 * i, -4 + 2 * j) for i in range(5) for j in range(5)}
    assert {tuple(centre) for centre in grid().centres} == expected and grid().std == 0.05


@pytest.mark.parametrize("mixture", [ring(), grid()], ids=lambda mixture: mixture.name)
def test_samples_follow_the_mixture(mixture):
    points = mixture.sample(20_000, np.random.default_rng(0))
    assert points.shape == (20_000, 2) and points.dtype == np.float32
    offsets = points[:, np.newaxis] - mixture.centres
    nearest = np.linalg.norm(offsets, axis=2).argmin(axis=1)
    assert chisquare(np.bincount(nearest, minlength=len(mixture.centres))).pvalue > 0.01
    around = offsets[np.arange(len(points)), nearest] / mixture.std
    assert kstest(around.ravel(), "norm").pvalue > 0.01


def test_samples_are_settled_by_the_generator():
    first, again, other = (ring().sample(100, np.random.default_rng(s)) for s in (1, 1, 2))
    assert np.array_equal(first, again) and not np.array_equal(first, other)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ring(modes=0), "number of modes is 0"),
        (lambda: ring(modes=2.5), "number of modes is 2.5"),
        (lambda: ring(radius=-1.0), "radius is -1.0; give a finite number above 0"),
        (lambda: ring(std=0.0), "standard deviation is 0.0"),
        (lambda: ring(std=float("nan")), "standard deviation is nan"),
        (lambda: grid(side=0), "side is 0"),
        (lambda: grid(spacing=float("inf")), "spacing is inf"),
        (lambda: ring().sample(0, np.random.default_rng(0)), "number of points is 0"),
        (lambda: Mixture(np.zeros((3, 3)), 1.0, "m"), r"centres have shape \(3, 3\)"),
        (lambda: Mixture(np.zeros((0, 2)), 1.0, "m"), r"centres have shape \(0, 2\)"),
    ],
)
def test_values_that_cannot_be(call, message):
    with pytest.raises(DataError, match=message) as error:
        call()
    one_sentence(error)
