"""Scaling for any range, mixtures of any size."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import pdist
from scipy.stats import chisquare, kstest

from gan_utils.data import scale, unscale
from gan_utils.data.mixtures import grid, ring
from gan_utils.errors import DataError

LEVELS = np.arange(256, dtype=np.uint8)
lows = st.floats(-10, 10)
spans = st.floats(0.01, 20)


@given(lows, spans)
def test_scaling_and_back_keeps_every_level(low, span):
    assert np.array_equal(unscale(scale(LEVELS, low, low + span), low, low + span), LEVELS)


@given(lows, spans)
def test_scaling_is_even_and_reaches_both_ends(low, span):
    high = low + span
    scaled = scale(LEVELS, low, high)
    assert scaled.dtype == np.float32
    assert scaled[0] == np.float32(low) and scaled[-1] == np.float32(high)
    expected = low + span * LEVELS / 255
    assert np.abs(scaled - expected).max() <= 2 * np.finfo(np.float32).eps * max(
        abs(low), abs(high)
    )


@given(lows, spans, st.floats(0, 1))
def test_unscaling_takes_the_nearest_level(low, span, share):
    level = int(unscale(np.array([low + share * span]), low, low + span)[0])
    assert abs(level - share * 255) <= 0.5 + 1e-6


@given(lows, spans, st.floats(1.1e-3, 10), st.booleans())
def test_unscaling_refuses_what_lies_outside(low, span, beyond, above):
    value = low + span * (1 + beyond) if above else low - span * beyond
    with pytest.raises(DataError, match="outside"):
        unscale(np.array([low, value]), low, low + span)


@given(lows, spans, st.floats(0, 0.9e-3))
def test_unscaling_forgives_rounding(low, span, beyond):
    ends = np.array([low - span * beyond, low + span * (1 + beyond)])
    assert unscale(ends, low, low + span).tolist() == [0, 255]


def test_the_usual_range_is_that_of_the_papers():
    assert np.allclose(scale(LEVELS), LEVELS / 127.5 - 1, atol=1e-7)


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
