"""Metrics against closed forms, reference implementations and hand-counted cases."""

import json
import math
import subprocess
import sys

import numpy as np
import pytest
import scipy.linalg
import scipy.stats

from gan_utils.errors import CourseError, DataError, ParameterError
from gan_utils.metrics import (
    Score,
    class_coverage,
    class_entropy,
    class_histogram,
    frechet_distance,
    modes_captured,
    nearest_neighbours,
    over_seeds,
    paired_difference,
)


def exact_gaussian(mean, factor, n, rng):
    """Draw n rows whose sample mean is `mean` and whose sample covariance is factor @ factor.T."""
    rows = rng.normal(size=(n, len(mean)))
    whitened, _ = np.linalg.qr(rows - rows.mean(axis=0))
    return np.asarray(mean) + math.sqrt(n - 1) * whitened @ np.asarray(factor).T


def distance_by_matrix_root(x, y):
    """The textbook formula, with scipy's root of the product of the covariances."""
    root = scipy.linalg.sqrtm(np.cov(x.T) @ np.cov(y.T))
    gap = x.mean(axis=0) - y.mean(axis=0)
    return gap @ gap + np.trace(np.cov(x.T)) + np.trace(np.cov(y.T)) - 2 * np.trace(root).real


# --- Score, over_seeds, paired_difference ---------------------------------------------------


def test_a_score_is_its_value_and_formats_with_its_interval():
    score = Score(12.34, 11.87, 12.81, 5)
    assert float(score) == 12.34
    assert f"{score:.1f}" == "12.3 [11.9, 12.8]"
    assert f"{score:.0%}" == "1234% [1187%, 1281%]"
    assert f"{Score(0.5, math.nan, math.nan, 1):.2f}" == "0.50"
    with pytest.raises(AttributeError):
        score.value = 1.0


def test_a_score_becomes_strict_json():
    text = json.dumps(Score(1.5, math.nan, math.inf, np.int64(3)).as_dict(), allow_nan=False)
    assert json.loads(text) == {"value": 1.5, "low": None, "high": None, "n": 3}


def test_over_seeds_is_the_interval_of_student():
    # By hand: mean 4, standard deviation 2, t(2 degrees of freedom, 97.5 %) = 4.302653.
    score = over_seeds([2.0, 4.0, 6.0])
    half = 4.302653 * 2 / math.sqrt(3)
    assert (score.value, score.n) == (4.0, 3)
    assert score.low == pytest.approx(4 - half, rel=1e-6)
    assert score.high == pytest.approx(4 + half, rel=1e-6)
    narrow = over_seeds([2.0, 4.0, 6.0], level=0.5)
    # t(2, 75 %) = 0.8164966
    assert narrow.high == pytest.approx(4 + 0.8164966 * 2 / math.sqrt(3), rel=1e-6)


def test_one_run_has_no_interval():
    score = over_seeds([3])
    assert (score.value, score.n) == (3.0, 1)
    assert math.isnan(score.low) and math.isnan(score.high)


def test_over_seeds_takes_scores():
    runs = [Score(1.0, 0.0, 2.0, 10), Score(3.0, 2.0, 4.0, 10)]
    assert over_seeds(runs) == over_seeds([1.0, 3.0])


@pytest.mark.parametrize("level", [0.8, 0.95])
def test_intervals_hold_the_true_mean_as_often_as_they_say(level):
    runs = np.random.default_rng(1).normal(7.0, 3.0, size=(3000, 5))
    scores = [over_seeds(row, level) for row in runs]
    held = np.mean([score.low <= 7.0 <= score.high for score in scores])
    # Four standard errors of a share over 3,000 intervals.
    assert abs(held - level) < 4 * math.sqrt(level * (1 - level) / 3000)


def test_paired_difference_removes_what_the_seed_does_to_both():
    rng = np.random.default_rng(2)
    seed_effect = rng.normal(0, 50, size=8)
    a = 10 + seed_effect + rng.normal(0, 0.1, size=8)
    b = 9 + seed_effect + rng.normal(0, 0.1, size=8)
    paired = paired_difference(a, b)
    reference = scipy.stats.ttest_rel(a, b).confidence_interval(0.95)
    assert (paired.low, paired.high) == pytest.approx((reference.low, reference.high))
    assert 0 < paired.low < 1 < paired.high
    assert over_seeds(a).low < over_seeds(b).high  # the separate intervals cannot tell


# --- Fréchet distance -----------------------------------------------------------------------


def test_frechet_distance_in_one_dimension():
    rng = np.random.default_rng(3)
    x = exact_gaussian([1.0], [[2.0]], 50, rng)
    y = exact_gaussian([4.0], [[0.5]], 80, rng)
    # (μ₁ − μ₂)² + (σ₁ − σ₂)²
    assert float(frechet_distance(x, y, resamples=0)) == pytest.approx(9 + 2.25, rel=1e-12)


def test_frechet_distance_of_diagonal_gaussians():
    rng = np.random.default_rng(4)
    s, t = np.array([1.0, 2.0, 3.0, 0.0]), np.array([2.0, 2.0, 0.5, 1.5])
    x = exact_gaussian([0, 1, 2, 3], np.diag(s), 60, rng)
    y = exact_gaussian([1, 1, 0, 3], np.diag(t), 60, rng)
    expected = 1 + 4 + np.square(s - t).sum()
    assert float(frechet_distance(x, y, resamples=0)) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("d", [2, 7, 30])
def test_frechet_distance_agrees_with_the_matrix_root(d):
    rng = np.random.default_rng(d)
    x = rng.normal(size=(300, d)) @ rng.normal(size=(d, d)) + rng.normal(size=d)
    y = rng.normal(size=(200, d)) @ rng.normal(size=(d, d))
    assert float(frechet_distance(x, y, resamples=0)) == pytest.approx(
        distance_by_matrix_root(x, y), rel=1e-8
    )


def test_fewer_rows_than_columns_agrees_with_the_matrix_root():
    rng = np.random.default_rng(5)
    x, y = rng.normal(size=(20, 50)), 2 * rng.normal(size=(15, 50)) + 1
    # The root of a singular product is itself good to few digits only.
    assert float(frechet_distance(x, y, resamples=0)) == pytest.approx(
        distance_by_matrix_root(x, y), rel=1e-4
    )


@pytest.mark.parametrize("n", [30, 2000])
def test_unused_dimensions_change_nothing(n):
    """Features in a subspace of 200 dimensions, with n below and above 200."""
    rng = np.random.default_rng(6)
    x, y = rng.normal(size=(n, 5)), rng.normal(size=(n, 5)) @ rng.normal(size=(5, 5))
    embed = np.linalg.qr(rng.normal(size=(200, 5)))[0].T
    small, large = (
        frechet_distance(x, y, resamples=40),
        frechet_distance(x @ embed, y @ embed, resamples=40),
    )
    assert float(large) == pytest.approx(float(small), rel=1e-10)
    assert (large.low, large.high) == pytest.approx((small.low, small.high), rel=1e-6)


@pytest.mark.parametrize(("n", "d"), [(500, 64), (40, 300), (2, 3)])
def test_a_set_is_at_distance_nothing_from_itself(n, d):
    x = 1e3 * np.random.default_rng(7).normal(size=(n, d)) + 1e4
    spread = x.var(axis=0, ddof=1).sum()
    assert 0 <= float(frechet_distance(x, x, resamples=0)) < 1e-12 * spread


def test_constant_sets_are_as_far_apart_as_their_points():
    x, y = np.full((10, 3), 2.0), np.full((5, 3), 4.0)
    score = frechet_distance(x, y)
    assert (score.value, score.low, score.high) == (12.0, 12.0, 12.0)


def test_integers_are_converted_before_any_arithmetic():
    rng = np.random.default_rng(8)
    x, y = rng.integers(0, 256, size=(2, 90, 12), dtype=np.uint8)
    expected = distance_by_matrix_root(x.astype(float), y.astype(float))
    assert float(frechet_distance(x, y, resamples=0)) == pytest.approx(expected, rel=1e-8)
    # Means 2⁶¹ apart on both axes and two variances of 2¹²³, against a single point.
    huge = np.array([[2**62, 0], [0, 2**62]])
    apart = float(frechet_distance(huge, np.zeros((2, 2), dtype=int), resamples=0))
    assert apart == pytest.approx(2.0**123 + 2.0**124, rel=1e-12)


def test_the_bootstrap_is_that_of_resampled_rows():
    """Rows copied as drawn, covariances by NumPy, roots by scipy: the same interval."""
    rng = np.random.default_rng(9)
    x, y = rng.normal(size=(70, 5)), 1.5 * rng.normal(size=(50, 5)) + 0.3
    score = frechet_distance(x, y, resamples=60, level=0.9, seed=11)

    draws = np.random.default_rng(11)
    resampled = []
    for _ in range(60):
        first = x[draws.integers(70, size=70)]
        resampled.append(distance_by_matrix_root(first, y[draws.integers(50, size=50)]))
    low, middle, high = np.quantile(resampled, [0.05, 0.5, 0.95])
    assert score.low == pytest.approx(score.value + low - middle, rel=1e-7)
    assert score.high == pytest.approx(score.value + high - middle, rel=1e-7)
    assert score.n == 50


def test_the_frechet_interval_holds_the_expected_score_at_its_size():
    rng = np.random.default_rng(10)
    scores = [
        frechet_distance(rng.normal(size=(150, 4)), 1.3 * rng.normal(size=(150, 4)) + 0.5, seed=i)
        for i in range(120)
    ]
    expected = np.mean([float(score) for score in scores])
    held = np.mean([score.low <= expected <= score.high for score in scores])
    assert 0.88 <= held <= 0.99


def test_the_interval_follows_the_seed_and_the_value_does_not():
    x, y = np.random.default_rng(12).normal(size=(2, 60, 3))
    first, again, other = (frechet_distance(x, y, seed=seed) for seed in (0, 0, 1))
    assert first == again
    assert first.value == other.value and first.high != other.high
    without = frechet_distance(x, y, resamples=0)
    assert without.value == first.value and math.isnan(without.low) and math.isnan(without.high)


# --- Modes ----------------------------------------------------------------------------------

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
    assert found.modes == 2
    assert found.high_quality == pytest.approx(4 / 6)
    assert found.counts.tolist() == [3, 1, 0, 0]
    shares = np.array([4, 1, 1]) / 6
    assert found.reverse_kl == pytest.approx(np.sum(shares * np.log(shares / 0.25)))


def test_one_mode_alone_has_the_divergence_log_k_and_equal_modes_none():
    assert modes_captured(np.zeros((9, 2)), SQUARE, 0.1).reverse_kl == pytest.approx(math.log(4))
    every = modes_captured(np.repeat(SQUARE, 3, axis=0), SQUARE, 0.1)
    assert (every.modes, every.high_quality, every.reverse_kl) == (4, 1.0, 0.0)
    assert every.counts.tolist() == [3, 3, 3, 3]


def test_samples_far_from_everything_capture_nothing():
    found = modes_captured(np.full((5, 2), 1e6), SQUARE, 0.1)
    assert (found.modes, found.high_quality, found.counts.sum()) == (0, 0.0, 0)


def test_the_mixture_itself_has_the_share_of_three_standard_deviations():
    rng = np.random.default_rng(13)
    samples = SQUARE[rng.integers(4, size=40_000)] + 0.1 * rng.normal(size=(40_000, 2))
    found = modes_captured(samples, SQUARE, 0.1)
    # The squared radius of a 2-D normal is exponential: 1 − exp(−9/2), here with 4 errors.
    assert found.high_quality == pytest.approx(1 - math.exp(-4.5), abs=4 * 5.3e-4)
    # 2 n KL is about chi-squared with 3 degrees of freedom.
    assert 0 < 2 * 40_000 * found.reverse_kl < scipy.stats.chi2.ppf(0.9999, 3)


# --- Classes --------------------------------------------------------------------------------


def sure(classes, k):
    return np.eye(k)[classes]


def test_classes_counted_by_hand():
    probabilities = [[0.5, 0.3, 0.2], [0.1, 0.2, 0.7], [0.4, 0.35, 0.25], [0.9, 0.0, 0.1]]
    assert class_histogram(probabilities).tolist() == [3, 0, 1]
    assert class_coverage(probabilities) == 2
    assert class_coverage(probabilities, minimum=0.25) == 2
    assert class_coverage(probabilities, minimum=0.26) == 1
    assert class_entropy(probabilities) == pytest.approx(scipy.stats.entropy([3, 1]))


def test_coverage_counts_a_class_with_exactly_the_minimum():
    """Seven of a hundred is 7 %, although 0.07 · 100 is above 7 in floating point."""
    probabilities = sure([0] * 7 + [1] * 93, k=10)
    assert class_coverage(probabilities, minimum=0.07) == 2
    assert class_coverage(probabilities, minimum=0.0701) == 1


def test_one_class_has_no_entropy_and_equal_classes_have_log_k():
    assert class_entropy(sure([3] * 20, k=10)) == 0.0
    assert class_entropy(sure(list(range(10)) * 4, k=10)) == pytest.approx(math.log(10))


def test_rounded_probabilities_pass():
    logits = np.random.default_rng(14).normal(size=(200, 10))
    probabilities = scipy.special.softmax(logits, axis=1)
    halves = class_histogram(probabilities.astype(np.float16))
    # Rounding may turn a near tie, nothing more.
    assert np.abs(halves - class_histogram(probabilities)).sum() <= 2


# --- Neighbours -----------------------------------------------------------------------------


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


def test_the_inputs_are_left_as_they_were():
    rng = np.random.default_rng(18)
    x, y = rng.normal(size=(2, 30, 4))
    kept = x.copy(), y.copy()
    nearest_neighbours(x, y)
    frechet_distance(x, y)
    modes_captured(x, y, 1.0)
    over_seeds(x[0])
    assert np.array_equal(x, kept[0]) and np.array_equal(y, kept[1])


# --- Bad input ------------------------------------------------------------------------------

GOOD = np.random.default_rng(0).normal(size=(10, 3))
NAN = np.where(np.arange(30).reshape(10, 3) == 7, np.nan, GOOD)
THIRDS = np.full((4, 3), 1 / 3)

BAD_INPUT = {
    "no runs": (DataError, r"shape \(0,\)", lambda: over_seeds([])),
    "a run that is nan": (DataError, "values.*not finite", lambda: over_seeds([1, math.nan])),
    "a run that is infinite": (DataError, r"index \(1,\)", lambda: over_seeds([1, math.inf])),
    "a table of runs": (DataError, r"\(2, 2\)", lambda: over_seeds([[1, 2], [3, 4]])),
    "one bare run": (DataError, r"shape \(\)", lambda: over_seeds(3.0)),
    "runs that are words": (DataError, "real numbers", lambda: over_seeds(["one", "two"])),
    "runs that are missing": (DataError, "not finite", lambda: over_seeds([1.0, None])),
    "complex runs": (DataError, "real numbers", lambda: over_seeds([1j, 2.0])),
    "a run beyond float64": (DataError, "real numbers", lambda: over_seeds([10**400, 1])),
    "a level in per cent": (ParameterError, "level is 95", lambda: over_seeds([1, 2], level=95)),
    "a level that is nan": (ParameterError, "nan", lambda: over_seeds([1, 2], level=math.nan)),
    "pairs of different length": (DataError, "2 runs", lambda: paired_difference([1, 2], [1])),
    "pairs with nan": (DataError, "b has", lambda: paired_difference([1, 2], [1, math.nan])),
    "features with nan": (DataError, r"real.*\(2, 1\)", lambda: frechet_distance(NAN, GOOD)),
    "features with infinity": (
        DataError,
        "fake.*not finite",
        lambda: frechet_distance(GOOD, GOOD / 0.0),
    ),
    "features of different width": (
        DataError,
        "3 columns and fake has 2",
        lambda: frechet_distance(GOOD, GOOD[:, :2]),
    ),
    "features of one image": (DataError, "1 row", lambda: frechet_distance(GOOD, GOOD[:1])),
    "no features": (DataError, r"\(0, 3\)", lambda: frechet_distance(GOOD[:0], GOOD)),
    "features without columns": (
        DataError,
        r"\(10, 0\)",
        lambda: frechet_distance(GOOD[:, :0], GOOD[:, :0]),
    ),
    "images for features": (
        DataError,
        r"\(10, 2, 2, 1\)",
        lambda: frechet_distance(np.zeros((10, 2, 2, 1)), GOOD),
    ),
    "features in one line": (DataError, r"\(3,\)", lambda: frechet_distance(GOOD[0], GOOD)),
    "ragged features": (
        DataError,
        "equal length",
        lambda: frechet_distance([[1.0, 2.0], [3.0]], GOOD),
    ),
    "features too large": (
        DataError,
        "too large",
        lambda: frechet_distance(GOOD, -np.abs(GOOD) * 1e200),
    ),
    "features as text": (
        DataError,
        "real numbers",
        lambda: frechet_distance(GOOD.astype(str), GOOD),
    ),
    "too few resamples": (
        ParameterError,
        "resamples is 3",
        lambda: frechet_distance(GOOD, GOOD, resamples=3),
    ),
    "half a resample": (
        ParameterError,
        "whole number",
        lambda: frechet_distance(GOOD, GOOD, resamples=99.5),
    ),
    "a level of one": (
        ParameterError,
        "level is 1",
        lambda: frechet_distance(GOOD, GOOD, level=1),
    ),
    "samples with nan": (DataError, "samples", lambda: modes_captured(NAN, GOOD, 1.0)),
    "centres with nan": (DataError, "centres", lambda: modes_captured(GOOD, NAN, 1.0)),
    "no samples": (DataError, r"\(0, 2\)", lambda: modes_captured(np.zeros((0, 2)), SQUARE, 1.0)),
    "samples of another dimension": (
        DataError,
        "centres has 2",
        lambda: modes_captured(GOOD, SQUARE, 1.0),
    ),
    "a centre twice": (DataError, "twice", lambda: modes_captured(SQUARE, SQUARE[[0, 0]], 1.0)),
    "no spread": (ParameterError, "std is 0", lambda: modes_captured(SQUARE, SQUARE, 0)),
    "a negative spread": (ParameterError, "std is -1", lambda: modes_captured(SQUARE, SQUARE, -1)),
    "a spread of nan": (ParameterError, "nan", lambda: modes_captured(SQUARE, SQUARE, math.nan)),
    "logits for probabilities": (DataError, "logits", lambda: class_histogram(GOOD)),
    "probabilities below 0": (DataError, "Row 0", lambda: class_entropy([[1.5, -0.5]])),
    "probabilities that miss 1": (DataError, "Row 0", lambda: class_histogram(THIRDS * 1.01)),
    "probabilities with nan": (DataError, "not finite", lambda: class_entropy(THIRDS * math.nan)),
    "one class": (DataError, "1 column", lambda: class_histogram(np.ones((4, 1)))),
    "labels for probabilities": (DataError, r"\(3,\)", lambda: class_histogram([0, 1, 2])),
    "no images": (DataError, r"\(0, 3\)", lambda: class_coverage(THIRDS[:0])),
    "a minimum of nothing": (ParameterError, "minimum", lambda: class_coverage(THIRDS, 0)),
    "a minimum in per cent": (ParameterError, "minimum is 5", lambda: class_coverage(THIRDS, 5)),
    "more neighbours than rows": (
        DataError,
        "k is 11.*10 rows",
        lambda: nearest_neighbours(GOOD, GOOD, k=11),
    ),
    "no neighbours": (ParameterError, "k is 0", lambda: nearest_neighbours(GOOD, GOOD, k=0)),
    "half a neighbour": (ParameterError, "k is 1.5", lambda: nearest_neighbours(GOOD, GOOD, k=1.5)),
    "images of different size": (
        DataError,
        "12 columns and reference has 27",
        lambda: nearest_neighbours(np.zeros((2, 2, 2, 3)), np.zeros((2, 3, 3, 3))),
    ),
    "bytes against floats": (
        DataError,
        "uint8.*scale",
        lambda: nearest_neighbours(GOOD, np.zeros((5, 3), dtype=np.uint8)),
    ),
    "neighbours with nan": (DataError, "reference", lambda: nearest_neighbours(GOOD, NAN)),
    "neighbours in one line": (DataError, r"\(3,\)", lambda: nearest_neighbours(GOOD[0], GOOD)),
    "an empty reference": (DataError, r"\(0, 3\)", lambda: nearest_neighbours(GOOD, GOOD[:0])),
}


@pytest.mark.parametrize(("kind", "message", "call"), BAD_INPUT.values(), ids=BAD_INPUT.keys())
@pytest.mark.filterwarnings("ignore:divide by zero")
def test_bad_input_is_told_in_one_sentence(kind, message, call):
    with pytest.raises(CourseError, match=message) as caught:
        call()
    assert caught.type is kind
    text = str(caught.value)
    assert text.endswith(".") and "\n" not in text and ". " not in text
    assert ";" in text  # what is wrong; what mends it


# --- Import ---------------------------------------------------------------------------------


def test_the_import_is_light():
    heavy = ("tensorflow", "keras", "sklearn", "scipy", "matplotlib")
    code = f"import sys, gan_utils.metrics; sys.exit(str([m for m in {heavy} if m in sys.modules]))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.stderr.strip() == "[]"
