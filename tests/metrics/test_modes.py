"""Modes of a mixture and among labels, against counts by hand."""

import math
from dataclasses import astuple

import numpy as np
import pytest
import scipy.stats

from gan_utils.metrics import label_modes, modes_captured, over_seeds, proportion

SQUARE = np.array([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0], [10.0, 10.0]])


def test_modes_counted_by_hand():
    samples = [
        [0.0, 0.0],  # on centre 0
        [0.375, 0.0],  # at exactly three standard deviations: within
        [0.3, 0.3],  # inside the box of three, but 3.4 away from centre 0
        [10.0, 0.2],  # near centre 1
        [1.0, 9.0],  # nearest to centre 2, too far to be good
        [0.0, -0.1],  # near centre 0
    ]
    found = modes_captured(samples, SQUARE, std=0.125)
    assert float(found.modes) == 2
    assert found.high_quality == proportion(4, 6)
    assert found.counts.tolist() == [3, 1, 0, 0]
    shares = np.array([4, 1, 1]) / 6
    divergence = np.sum(shares * np.log(shares / 0.25))
    assert float(found.reverse_kl) == pytest.approx(divergence)
    assert found.modes.n == found.high_quality.n == found.reverse_kl.n == 6


def test_labels_counted_by_hand():
    found = label_modes([4, 0, 0, 2, 0, 4], k=5)
    assert found.counts.tolist() == [3, 0, 1, 0, 2]
    assert float(found.modes) == 3
    assert float(found.high_quality) == 1
    # ½ log(5/2) + ⅙ log(5/6) + ⅓ log(5/3)
    divergence = math.log(5 / 2) / 2 + math.log(5 / 6) / 6 + math.log(5 / 3) / 3
    assert float(found.reverse_kl) == pytest.approx(divergence)
    assert found.modes.n == found.high_quality.n == found.reverse_kl.n == 6


def test_one_mode_alone_has_the_divergence_log_k_and_equal_modes_none():
    alone = modes_captured(np.zeros((9, 2)), SQUARE, 0.1)
    assert astuple(alone.reverse_kl) == pytest.approx((math.log(4),) * 3 + (9,))
    assert astuple(alone.modes) == (1, 1, 1, 9)
    every = modes_captured(np.repeat(SQUARE, 3, axis=0), SQUARE, 0.1)
    assert (float(every.modes), float(every.high_quality)) == (4, 1)
    assert float(every.reverse_kl) == 0 == every.reverse_kl.low
    assert every.counts.tolist() == [3, 3, 3, 3]
    assert float(label_modes([7] * 5, k=1000).reverse_kl) == pytest.approx(math.log(1000))
    assert float(label_modes(np.arange(1000), k=1000).reverse_kl) == pytest.approx(0, abs=1e-12)


def test_samples_far_from_everything_capture_nothing():
    found = modes_captured(np.full((5, 2), 1e6), SQUARE, 0.1)
    assert astuple(found.modes) == (0, 0, 0, 5)
    assert found.high_quality == proportion(0, 5)
    assert found.counts.sum() == 0


def test_the_mixture_itself_has_the_share_of_three_standard_deviations():
    rng = np.random.default_rng(13)
    samples = SQUARE[rng.integers(4, size=40_000)] + 0.1 * rng.normal(size=(40_000, 2))
    found = modes_captured(samples, SQUARE, 0.1)
    # The squared radius of a 2-D normal is exponential: 1 − exp(−9/2), here with 4 errors.
    assert float(found.high_quality) == pytest.approx(1 - math.exp(-4.5), abs=4 * 5.3e-4)
    # 2 n KL is about chi-squared with 3 degrees of freedom.
    assert 0 < 2 * 40_000 * float(found.reverse_kl) < scipy.stats.chi2.ppf(0.9999, 3)


def test_uniform_labels_have_the_divergence_of_their_number():
    """2 n KL is about chi-squared with k − 1 degrees of freedom, so its mean is (k − 1) / (2n)."""
    rng = np.random.default_rng(14)
    divergences = [label_modes(rng.integers(20, size=1000), 20).reverse_kl for _ in range(300)]
    floor = 19 / 2000
    mean = over_seeds(divergences, level=0.9999)
    assert mean.low < floor < mean.high
    assert mean.high - mean.low < 0.2 * floor


def test_uniform_labels_miss_the_modes_that_chance_misses():
    """Of k labels, n draws miss k (1 − 1/k)ⁿ on average."""
    rng = np.random.default_rng(15)
    modes = [label_modes(rng.integers(40, size=60), 40).modes for _ in range(200)]
    mean = over_seeds(modes, level=0.9999)
    assert mean.low < 40 - 40 * 0.975**60 < mean.high
    assert mean.high - mean.low < 1.5


@pytest.mark.parametrize(
    ("few", "level", "low"),
    [
        (1, 0.95, 1),  # a single sample is not drawn again with probability 1/e
        (2, 0.95, 1),  # e⁻² = 0.14 is above 2.5 %
        (2, 0.5, 2),  # and below 25 %
        (6, 0.95, 2),  # e⁻⁶ = 0.0025
    ],
)
def test_the_interval_of_modes_tells_what_another_sample_might_miss(few, level, low):
    found = label_modes([0] * (500 - few) + [1] * few, k=3, level=level)
    assert astuple(found.modes) == (2, low, 2, 500)
    centres = np.array([[0.0], [10.0], [20.0]])
    samples = np.repeat(centres[:2], [500 - few, few], axis=0)
    assert modes_captured(samples, centres, 0.1, level=level).modes == found.modes


def test_samples_of_no_mode_take_part_in_the_interval():
    """One good sample among many bad ones may be missed, however alone its mode is."""
    samples = np.concatenate([np.zeros((1, 2)), np.full((200, 2), 5.0)])
    assert astuple(modes_captured(samples, SQUARE, 0.1).modes) == (1, 0, 1, 201)


def test_the_interval_of_the_divergence_holds_the_expected_one_about_as_often_as_it_says():
    rng = np.random.default_rng(16)
    scores = [
        label_modes(rng.choice(4, size=200, p=[0.6, 0.25, 0.1, 0.05]), 4).reverse_kl
        for _ in range(400)
    ]
    expected = np.mean([float(score) for score in scores])
    held = np.mean([score.low <= expected <= score.high for score in scores])
    assert 0.91 < held < 0.98


def test_intervals_follow_the_seed_and_values_do_not():
    labels = np.random.default_rng(17).integers(50, size=100)
    first, again, other = (label_modes(labels, 50, seed=seed) for seed in (0, 0, 1))
    assert (first.modes, first.reverse_kl) == (again.modes, again.reverse_kl)
    assert first.reverse_kl.value == other.reverse_kl.value
    assert first.reverse_kl != other.reverse_kl
    samples = SQUARE[labels % 4] + 0.1
    first, other = (modes_captured(samples, SQUARE, 1, seed=seed) for seed in (0, 1))
    assert first.reverse_kl.value == other.reverse_kl.value
    assert first.reverse_kl != other.reverse_kl
