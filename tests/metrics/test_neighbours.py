"""Neighbours against the full table of distances, and copies told from fresh samples."""

import math
from dataclasses import astuple

import numpy as np
import pytest
import scipy.spatial
import scipy.stats

from gan_utils.metrics import closer_to_training, nearest_neighbours, over_seeds

pytestmark = pytest.mark.usefixtures("one_thread")


def test_neighbours_are_those_of_the_full_table_of_distances():
    rng = np.random.default_rng(15)
    samples, reference = rng.normal(size=(53, 4, 5, 1)), rng.normal(size=(211, 4, 5, 1))
    distances, found = nearest_neighbours(samples, reference, k=7)
    table = scipy.spatial.distance.cdist(samples.reshape(53, -1), reference.reshape(211, -1))
    assert np.array_equal(found, table.argsort(axis=1)[:, :7])
    np.testing.assert_allclose(distances, np.sort(table, axis=1)[:, :7], rtol=1e-12)


def test_copies_are_found_at_distance_zero():
    rng = np.random.default_rng(16)
    reference = rng.uniform(-1, 1, size=(500, 28, 28, 1)).astype(np.float32)
    order = rng.permutation(500)
    distances, found = nearest_neighbours(reference[order], reference)
    assert np.array_equal(found[:, 0], order)
    assert not distances.any()


def test_one_grey_level_is_a_distance_of_one_for_bytes():
    white = np.full((1, 2, 2, 1), 255, dtype=np.uint8)
    black = np.zeros((1, 2, 2, 1), dtype=np.uint8)
    grey = black.copy()
    grey[0, 0, 0, 0] = 1
    distances, found = nearest_neighbours(black, np.concatenate([white, grey]), k=2)
    assert distances.tolist() == [[1.0, 510.0]]
    assert found.tolist() == [[1, 0]]


def test_an_offset_shared_by_all_does_not_hide_neighbours():
    rng = np.random.default_rng(17)
    samples, reference = rng.normal(size=(20, 3)), rng.normal(size=(100, 3))
    _, near = nearest_neighbours(samples, reference, k=3)
    _, far = nearest_neighbours(samples + 1e9, reference + 1e9, k=3)
    assert np.array_equal(near, far)


# --- Closer to training than held-out images ------------------------------------------------


def distances_to(rows, train):
    return scipy.spatial.distance.cdist(rows, train).min(axis=1)


def half_copied(n, share, train, rng):
    """Draw n fresh rows, of which each is replaced by a training row with probability share."""
    rows = rng.normal(size=(n, train.shape[1]))
    copied = rng.random(n) < share
    rows[copied] = train[rng.integers(len(train), size=copied.sum())]
    return rows


def test_pairs_counted_by_hand():
    train = [[0.0], [100.0]]
    # Samples at distances 1, 2 and 3 from training, held-out images at 2 and 5.
    samples, heldout = [[1.0], [98.0], [-3.0]], [[2.0], [105.0]]
    # 1 beats both; 2 ties with 2 and beats 5; 3 beats 5 only.
    score = closer_to_training(samples, train, heldout)
    assert score.value == pytest.approx((2 + 1.5 + 1) / 6)
    assert score.n == 2


def test_copies_are_closer_than_any_held_out_image():
    rng = np.random.default_rng(20)
    train, heldout = rng.normal(size=(2, 80, 4, 4, 1))
    copies = train[rng.integers(80, size=50)]
    assert astuple(closer_to_training(copies, train, heldout)) == (1, 1, 1, 50)
    # The other way round: samples far away, and held-out images that were trained on.
    assert astuple(closer_to_training(heldout + 50, train, copies)) == (0, 0, 0, 50)


def test_ties_count_one_half():
    rng = np.random.default_rng(21)
    train = rng.normal(size=(30, 3))
    assert astuple(closer_to_training(train[:9], train, train[5:])) == (0.5, 0.5, 0.5, 9)
    constant = closer_to_training(np.ones((6, 2)), np.zeros((4, 2)), -np.ones((5, 2)))
    assert astuple(constant) == (0.5, 0.5, 0.5, 5)
    fresh = rng.normal(size=(20, 3))
    assert closer_to_training(fresh, train, fresh).value == pytest.approx(0.5)


@pytest.mark.parametrize("levels", [3, 1000], ids=["many ties", "few ties"])
def test_the_share_is_the_statistic_of_mann_and_whitney(levels):
    rng = np.random.default_rng(22)
    train, samples, heldout = (rng.integers(levels, size=(n, 4)) for n in (10, 37, 52))
    expected = scipy.stats.mannwhitneyu(
        distances_to(heldout, train), distances_to(samples, train)
    ).statistic / (37 * 52)
    score = closer_to_training(samples, train, heldout)
    assert score.value == pytest.approx(expected, rel=1e-12)
    assert 0.1 < score.value < 0.9 and score.n == 37


def test_the_interval_is_that_of_delong_pair_by_pair():
    rng = np.random.default_rng(23)
    train, samples, heldout = (rng.integers(6, size=(n, 3)) for n in (10, 21, 33))
    near, far = distances_to(samples, train), distances_to(heldout, train)
    wins = np.array([[1.0 if a < b else 0.5 if a == b else 0.0 for b in far] for a in near])
    variance = wins.mean(axis=1).var(ddof=1) / 21 + wins.mean(axis=0).var(ddof=1) / 33
    half = 1.644854 * math.sqrt(variance)  # the normal's 95 % point, for 90 % between the ends
    score = closer_to_training(samples, train, heldout, level=0.9)
    assert (score.low, score.high) == pytest.approx(
        (wins.mean() - half, wins.mean() + half), rel=1e-6
    )


def test_fresh_samples_score_one_half_on_average():
    rng = np.random.default_rng(24)
    shares = [
        closer_to_training(*(rng.normal(size=(n, 5)) for n in (40, 100, 30))) for _ in range(200)
    ]
    mean = over_seeds(shares, level=0.9999)
    assert mean.low < 0.5 < mean.high < mean.low + 0.1


@pytest.mark.parametrize("copied", [0, 0.4])
def test_intervals_hold_the_true_share_about_as_often_as_they_say(copied):
    """A copy beats every held-out image, a fresh sample half of them, whatever was trained on."""
    rng = np.random.default_rng(25)
    train = rng.normal(size=(60, 3))
    scores = [
        closer_to_training(half_copied(50, copied, train, rng), train, rng.normal(size=(50, 3)))
        for _ in range(500)
    ]
    share = copied + (1 - copied) / 2
    held = np.mean([score.low <= share <= score.high for score in scores])
    assert 0.91 < held < 0.98


def test_smooth_samples_score_above_one_half_and_damaged_ones_below():
    rng = np.random.default_rng(26)
    train, heldout, fresh, noise = rng.normal(size=(4, 200, 6))
    assert closer_to_training(0.5 * fresh, train, heldout).low > 0.5
    assert closer_to_training(fresh + noise, train, heldout).high < 0.5


def test_bytes_tie_exactly_as_whole_numbers_do():
    rng = np.random.default_rng(27)
    sets = [rng.integers(0, 256, size=(n, 3, 3, 1), dtype=np.uint8) for n in (25, 40, 30)]
    wide = [rows.astype(np.float64) for rows in sets]
    assert closer_to_training(*sets) == closer_to_training(*wide)
