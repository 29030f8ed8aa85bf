"""Precision, recall, density and coverage against plain loops and pictures drawn by hand."""

import math
import tracemalloc
from dataclasses import astuple, fields

import numpy as np
import pytest
import scipy.stats

from gan_utils.metrics import PRDC, prdc

NAMES = [field.name for field in fields(PRDC)]


pytestmark = pytest.mark.usefixtures("one_thread")


def values(scores):
    return [float(getattr(scores, name)) for name in NAMES]


def by_loops(real, fake, k):
    """The four equations on squares of distances, row by row: exact for whole numbers."""

    def square(a, b):
        return sum((p - q) ** 2 for p, q in zip(a.tolist(), b.tolist(), strict=True))

    def radius(rows, i):
        return sorted(square(rows[i], rows[j]) for j in range(len(rows)) if j != i)[k - 1]

    real_radii = [radius(real, i) for i in range(len(real))]
    fake_radii = [radius(fake, j) for j in range(len(fake))]
    balls = list(zip(fake, fake_radii, strict=True))
    inside = [[square(a, b) < r for b in fake] for a, r in zip(real, real_radii, strict=True)]
    return [
        np.mean([any(row[j] for row in inside) for j in range(len(fake))]),
        np.mean([any(square(a, b) < r for b, r in balls) for a in real]),
        np.sum(inside) / (k * len(fake)),
        np.mean([any(row) for row in inside]),
    ]


def test_a_picture_on_a_line_counted_by_hand():
    real = [[0.0], [1.0], [3.0], [20.0], [20.5]]  # balls of k = 1 reach 1, 1, 2, ½ and ½ far
    fake = [[0.5], [2.5], [5.0], [30.0]]  # and here 2, 2, 2½ and 25
    # 0.5 lies in the balls of 0 and 1, 2.5 in that of 3, 5 on the edge of that of 3, 30 in none.
    # 0, 1 and 3 lie in the ball of 0.5 or 2.5, and 20 and 20.5 in that of 30.
    assert values(prdc(real, fake, k=1, groups=0)) == [2 / 4, 5 / 5, 3 / 4, 3 / 5]


@pytest.mark.parametrize("k", [1, 3])
@pytest.mark.parametrize("seed", range(4))
def test_the_scores_are_those_of_plain_loops(seed, k):
    rng = np.random.default_rng(seed)
    real, fake = rng.normal(size=(23, 3)), 1.3 * rng.normal(size=(17, 3)) + 0.4
    assert values(prdc(real, fake, k, groups=0)) == pytest.approx(by_loops(real, fake, k))


@pytest.mark.parametrize("kind", [np.uint8, np.int64, np.float32])
def test_rows_on_the_edge_of_a_ball_lie_outside(kind):
    """On a grid nearly every ball has rows on its edge, which rounding must not take inside."""
    rng = np.random.default_rng(1)
    for width in (1, 2, 3):
        real, fake = rng.integers(0, 12, size=(2, 40, width)).astype(kind)
        expected = by_loops(real.astype(int), fake.astype(int), 3)
        assert values(prdc(real, fake, k=3, groups=0)) == pytest.approx(expected)


@pytest.mark.parametrize(("n", "d"), [(30, 1), (200, 5), (100, 200)])
@pytest.mark.parametrize("spread", [1, 1e-4])
def test_a_set_against_its_copy_scores_one_in_all(n, d, spread):
    """Density too: a ball holds its own row and the k − 1 nearer ones, and not its edge."""
    rng = np.random.default_rng(2)
    rows = rng.normal(size=(3, d))[rng.integers(3, size=n)] + spread * rng.normal(size=(n, d))
    for k in (1, 4):
        assert values(prdc(rows, rows.copy(), k, groups=0)) == pytest.approx([1, 1, 1, 1])
        assert values(prdc(rows, rng.permutation(rows), k, groups=0)) == pytest.approx([1, 1, 1, 1])


def test_sets_without_contact_score_nothing():
    rng = np.random.default_rng(3)
    x = rng.normal(size=(60, 3))
    scores = prdc(x, x + 1e3)
    assert [astuple(getattr(scores, name)) for name in NAMES] == [(0.0, 0.0, 0.0, 60)] * 4


def test_each_score_answers_to_its_own_failing():
    """Four far clusters: a set without variety keeps precision, one with junk keeps recall."""
    rng = np.random.default_rng(4)
    centres = 100 * np.array([[0, 0], [0, 1], [1, 0], [1, 1]])

    def draw(clusters):
        return centres[clusters] + rng.normal(size=(len(clusters), 2))

    real = draw(np.arange(400) % 4)
    narrow = prdc(real, draw(np.arange(400) % 2), groups=0)
    assert narrow.precision.value > 0.9 and narrow.density.value > 0.8
    assert 0.4 < narrow.recall.value <= 0.5 and 0.4 < narrow.coverage.value <= 0.5
    junk = np.concatenate([draw(np.arange(300) % 4), rng.uniform(1e3, 2e3, size=(300, 2))])
    dirty = prdc(real, junk, groups=0)
    assert 0.4 < dirty.precision.value <= 0.5 and 0.4 < dirty.density.value < 0.6
    assert dirty.recall.value > 0.9 and dirty.coverage.value > 0.8


def test_real_outliers_raise_precision_and_hardly_density():
    """The reason for density (Naeem et al. 2020): one far row has a ball that holds everything."""
    rng = np.random.default_rng(5)
    real, fake = rng.normal(size=(200, 2)), rng.normal([20, 0], 1, size=(200, 2))
    clean = prdc(real, fake, groups=0)
    assert clean.precision.value == 0 == clean.density.value
    spoilt = prdc(np.concatenate([real, [[300.0, 0.0]]]), fake, groups=0)
    assert spoilt.precision.value == 1
    assert spoilt.density.value == pytest.approx(1 / 5)


def test_samples_of_the_same_distribution_have_about_equal_precision_and_recall():
    rng = np.random.default_rng(6)
    found = np.array([values(prdc(*rng.normal(size=(2, 200, 4)), groups=0)) for _ in range(40)])
    errors = found.std(axis=0, ddof=1) / math.sqrt(40)
    assert abs(np.mean(found[:, 0] - found[:, 1])) < 4 * math.hypot(*errors[:2])
    # Each of k balls' worth of rows is expected again: density 1 and coverage by Naeem et al.'s
    # lemma 1: 1 − Π (n − i) / (2n − i) over the k nearest of both sets.
    assert abs(found[:, 2].mean() - 1) < 4 * errors[2]
    missed = math.prod((199 - i) / (399 - i) for i in range(5))
    assert abs(found[:, 3].mean() - (1 - missed)) < 4 * errors[3]


@pytest.mark.parametrize(("groups", "shift"), [(3, 0.7), (8, 0.7), (8, 2.0)])
def test_the_interval_is_that_of_the_jackknife_over_groups(groups, shift):
    """With the larger shift it is cut at 0, with the smaller one at 1."""
    rng = np.random.default_rng(7)
    real, fake = rng.normal(size=(31, 2)), rng.normal(size=(40, 2)) + shift
    deal = np.random.default_rng(11)
    dealt = [deal.permutation(len(rows)) % groups for rows in (real, fake)]
    without = [by_loops(real[dealt[0] != g], fake[dealt[1] != g], 2) for g in range(groups)]
    value = by_loops(real, fake, 2)
    error = np.sqrt((groups - 1) * np.var(without, axis=0))
    half = scipy.stats.t.ppf(0.95, groups - 1) * error
    scores = prdc(real, fake, k=2, groups=groups, level=0.9, seed=11)
    for name, middle, width, most in zip(NAMES, value, half, (1, 1, math.inf, 1), strict=True):
        expected = middle, max(middle - width, 0), min(middle + width, most), 31
        assert astuple(getattr(scores, name)) == pytest.approx(expected)


def test_intervals_hold_the_expected_scores_at_least_as_often_as_they_say():
    """Wider than they need be, away from the ends of the scale."""
    rng = np.random.default_rng(12)
    found = [prdc(rng.normal(size=(100, 4)), rng.normal(size=(100, 4)) + 0.5) for _ in range(120)]
    for name in NAMES:
        scores = [getattr(scores, name) for scores in found]
        taken = np.array([score.value for score in scores])
        held = np.mean([score.low <= taken.mean() <= score.high for score in scores])
        width = np.mean([score.high - score.low for score in scores])
        assert held > 0.9
        # An interval of just the right width takes four standard deviations.
        assert 3 < width / taken.std() < 8


def test_the_interval_follows_the_seed_and_the_values_do_not():
    x, y = np.random.default_rng(8).normal(size=(2, 60, 3))
    first, again, other = (prdc(x, y, seed=seed) for seed in (0, 0, 1))
    assert first == again
    assert values(first) == values(other) and first != other
    without = prdc(x, y, groups=0)
    assert values(without) == values(first)
    assert all(math.isnan(getattr(without, name).low) for name in NAMES)
    assert all(math.isnan(getattr(without, name).high) for name in NAMES)


@pytest.mark.parametrize("groups", [3, 10])
def test_the_fewest_rows_that_are_taken_suffice(groups):
    """One row fewer is refused with the number that is taken here."""
    for k in (1, 4, 9, 10):
        least = max(groups, math.ceil((k + 1) * groups / (groups - 1)))
        x, y = np.random.default_rng(k).normal(size=(2, least, 2))
        assert prdc(x, y, k, groups).precision.n == least


def test_memory_bounds_what_a_call_takes_and_changes_nothing():
    x, y = np.random.default_rng(9).normal(size=(2, 4000, 4))
    prdc(x[:50], y[:50])  # so that imports are not counted
    tracemalloc.start()
    try:
        scores = prdc(x, y, groups=0, memory=8)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # The full matrix has 122 MiB.
    assert peak < 16 * 2**20
    assert values(prdc(x, y, groups=0, memory=1024)) == pytest.approx(values(scores), rel=1e-12)


def test_an_offset_shared_by_all_changes_nothing():
    rng = np.random.default_rng(10)
    x, y = rng.normal(size=(100, 3)), rng.normal(size=(80, 3)) + 0.5
    assert values(prdc(x + 1e6, y + 1e6, groups=0)) == values(prdc(x, y, groups=0))
