"""What must hold of the metrics that compare two sets of features, whatever they are given."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gan_utils.errors import DataError
from gan_utils.metrics import frechet_distance, kernel_distance, prdc

many = settings(max_examples=80, deadline=None)
numbers = st.floats(-1e3, 1e3).map(lambda x: round(x, 3))
seeds = st.integers(0, 2**32 - 1)


pytestmark = pytest.mark.usefixtures("one_thread")


# --- Fréchet distance -----------------------------------------------------------------------


@st.composite
def two_sets(draw):
    """Two sets of one width: free numbers, so constant, repeated and collinear rows all occur."""
    d = draw(st.integers(1, 6))
    sizes = draw(st.tuples(st.integers(2, 9), st.integers(2, 9)))
    return tuple(draw(arrays(np.float64, (n, d), elements=numbers)) for n in sizes)


def distance(x, y):
    return float(frechet_distance(x, y, resamples=0))


def tolerance(*sets):
    """Rounding allowed in a squared distance: a share of the largest square that it sums."""
    return 1e-9 * (1 + sum(np.square(rows).sum() for rows in sets))


@many
@given(two_sets())
def test_frechet_is_symmetric_and_not_negative(sets):
    x, y = sets
    assert distance(x, y) >= 0
    assert distance(x, y) == pytest.approx(distance(y, x), abs=tolerance(x, y))


@many
@given(two_sets(), seeds)
def test_frechet_does_not_see_the_order_of_rows(sets, seed):
    x, y = sets
    shuffled = np.random.default_rng(seed).permutation(x)
    assert distance(shuffled, y) == pytest.approx(distance(x, y), abs=tolerance(x, y))
    assert distance(shuffled, x) <= tolerance(x)


@many
@given(two_sets(), seeds)
def test_frechet_does_not_see_a_shared_rotation(sets, seed):
    x, y = sets
    d = x.shape[1]
    turn = np.linalg.qr(np.random.default_rng(seed).normal(size=(d, d)))[0]
    assert distance(x @ turn, y @ turn) == pytest.approx(distance(x, y), abs=tolerance(x, y))


@many
@given(two_sets(), st.floats(-100, 100))
def test_frechet_grows_with_the_square_of_the_scale(sets, factor):
    x, y = sets
    scaled = distance(factor * x, factor * y)
    assert scaled == pytest.approx(
        factor**2 * distance(x, y), abs=(1 + factor**2) * tolerance(x, y)
    )


@many
@given(two_sets(), st.data())
def test_frechet_of_a_shifted_set_is_the_squared_shift(sets, data):
    x, _ = sets
    shift = data.draw(arrays(np.float64, x.shape[1], elements=numbers))
    assert distance(x + shift, x) == pytest.approx(shift @ shift, abs=tolerance(x, shift))


@many
@given(two_sets(), two_sets())
def test_frechet_root_obeys_the_triangle_inequality(sets, others):
    x, y = sets
    z = np.resize(others[0], (len(others[0]), x.shape[1]))
    slack = math.sqrt(tolerance(x, y, z))
    assert math.sqrt(distance(x, y)) <= (
        math.sqrt(distance(x, z)) + math.sqrt(distance(z, y)) + slack
    )


@many
@given(two_sets(), seeds)
def test_frechet_lies_in_its_interval(sets, seed):
    x, y = sets
    score = frechet_distance(x, y, resamples=40, seed=seed)
    assert 0 <= score.low <= score.value <= score.high < math.inf
    assert score.n == min(len(x), len(y))


@settings(max_examples=25, deadline=None)
@given(seeds, st.integers(1, 8))
def test_frechet_grows_with_noise(seed, d):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(200, d)) * rng.uniform(0.1, 3, size=d)
    noise = rng.normal(size=(200, d))
    # Noise with no correlation to x in this very sample, so that growth is certain.
    centred = x - x.mean(axis=0)
    noise -= noise.mean(axis=0)
    noise -= centred @ np.linalg.lstsq(centred, noise, rcond=None)[0]
    distances = [distance(x, x + strength * noise) for strength in (0, 0.1, 0.3, 1, 3)]
    assert all(before < after for before, after in itertools.pairwise(distances))


# --- Kernel distance ------------------------------------------------------------------------


@st.composite
def two_equal_sets(draw):
    """Two sets of the same shape, which one estimate takes whole."""
    shape = draw(st.tuples(st.integers(2, 9), st.integers(1, 5)))
    return tuple(draw(arrays(np.float64, shape, elements=st.floats(-10, 10))) for _ in "xy")


def kernel(x, y):
    return float(kernel_distance(x, y, subsets=2, size=len(x)))


def kernel_tolerance(*sets):
    """Rounding allowed in a mean of kernels: a share of the largest of them."""
    return 1e-9 * (1 + sum(np.square(rows).sum() for rows in sets)) ** 3


@many
@given(two_equal_sets(), seeds)
def test_kernel_is_symmetric_and_does_not_see_order_or_rotation(sets, seed):
    x, y = sets
    value, slack = kernel(x, y), kernel_tolerance(x, y)
    assert kernel(y, x) == pytest.approx(value, abs=slack)
    rng = np.random.default_rng(seed)
    assert kernel(rng.permutation(x), rng.permutation(y)) == pytest.approx(value, abs=slack)
    d = x.shape[1]
    turn = np.linalg.qr(rng.normal(size=(d, d)))[0]
    assert kernel(x @ turn, y @ turn) == pytest.approx(value, abs=slack)


@many
@given(two_equal_sets())
def test_kernel_of_a_set_with_itself_is_below_nothing_by_what_its_rows_differ(sets):
    """Rows meet their copies between the sets and not within: 2 / n (mean of others − of own)."""
    x, _ = sets
    n, d = x.shape
    table = (x @ x.T / d + 1) ** 3
    own = np.trace(table) / n
    others = (table.sum() - n * own) / (n * (n - 1))
    slack = kernel_tolerance(x)
    assert kernel(x, x) == pytest.approx(2 / n * (others - own), abs=slack)
    assert kernel(x, x) <= slack


# --- Precision to coverage ------------------------------------------------------------------


@st.composite
def grids(draw):
    """Two sets of whole numbers, so that distances tie and rows repeat, and a k for both."""
    d, k = draw(st.integers(1, 4)), draw(st.integers(1, 3))
    sizes = draw(st.tuples(st.integers(k + 1, 12), st.integers(k + 1, 12)))
    return *(draw(arrays(np.int64, (n, d), elements=st.integers(-6, 6))) for n in sizes), k


def four(real, fake, k):
    scores = prdc(real, fake, k, groups=0)
    return [float(s) for s in (scores.precision, scores.recall, scores.density, scores.coverage)]


def squares(a, b):
    """Exact squares of distances."""
    return np.square(a[:, None] - b[None]).sum(axis=2)


def radii(rows, k):
    return np.sort(squares(rows, rows), axis=1)[:, k]  # the first is the row itself


@many
@given(grids())
def test_prdc_on_grids_is_that_of_exact_integers(sets):
    real, fake, k = sets
    inside = squares(real, fake) < radii(real, k)[:, None]
    if not radii(real, k).any():
        with pytest.raises(DataError, match="repeated"):
            four(real, fake, k)
        return
    expected = [
        inside.any(axis=0).mean(),
        (squares(real, fake) < radii(fake, k)).any(axis=1).mean(),
        inside.sum() / (k * len(fake)),
        inside.any(axis=1).mean(),
    ]
    assert four(real, fake, k) == pytest.approx(expected)


@many
@given(grids(), seeds, st.integers(-1000, 1000), st.floats(1e-3, 1e3))
def test_prdc_does_not_see_order_place_or_scale(sets, seed, shift, factor):
    real, fake, k = sets
    assume(radii(real, k).any() and radii(fake, k).any())
    value = four(real, fake, k)
    rng = np.random.default_rng(seed)
    assert four(rng.permutation(real), rng.permutation(fake), k) == pytest.approx(value)
    assert four(real + shift, fake + shift, k) == pytest.approx(value)
    assert four(factor * real, factor * fake, k) == pytest.approx(value)
    # Precision of one side is recall of the other.
    assert four(fake, real, k)[:2] == pytest.approx(value[1::-1])


@many
@given(grids(), seeds)
def test_prdc_of_a_set_with_its_copy_is_one_where_rows_differ(sets, seed):
    real, _, k = sets
    rows = np.unique(real, axis=0)
    assume(len(rows) > k)
    precision, recall, density, coverage = four(
        rows, np.random.default_rng(seed).permutation(rows), k
    )
    assert (precision, recall, coverage) == (1, 1, 1)
    # Rows that tie with the k-th neighbour lie on the edge with it.
    assert 1 / k - 1e-12 <= density <= 1 + 1e-12


# --- On average -----------------------------------------------------------------------------


def test_noise_moves_every_distance_up_and_precision_down():
    """The mean over 20 sets against noisy copies of other ones, for each strength of noise."""
    rng = np.random.default_rng(1)
    rows = []
    for strength in (0, 0.5, 1, 2, 4):
        found = []
        for _ in range(20):
            real, fake, noise = rng.normal(size=(3, 150, 3))
            fake = fake + strength * noise
            precision, _, density, coverage = four(real, fake, 5)
            found.append(
                [distance(real, fake), kernel(real, fake), -precision, -density, -coverage]
            )
        rows.append(np.mean(found, axis=0))
    for before, after in itertools.pairwise(rows):
        assert (before < after).all()
