"""A score and its formats, and the intervals over runs and of shares."""

import json
import math

import numpy as np
import pytest
import scipy.stats

from gan_utils.metrics import Score, over_seeds, paired_difference, proportion
from gan_utils.metrics.score import score_text


def test_a_score_is_its_value_and_formats_with_its_interval():
    score = Score(12.34, 11.87, 12.81, 5)
    assert float(score) == 12.34
    assert f"{score:.1f}" == "12.3 [11.9, 12.8]"
    assert f"{score:.0%}" == "1234% [1187%, 1281%]"
    assert f"{Score(0.5, math.nan, math.nan, 1):.2f}" == "0.50"
    with pytest.raises(AttributeError):
        score.value = 1.0


@pytest.mark.parametrize(
    ("score", "text"),
    [
        ({"value": 12.345}, "12.3"),
        ({"value": 12.345, "low": 11.9, "high": 12.84}, "12.3 [11.9, 12.8]"),
        ({"value": 0.98765, "low": None, "high": None}, "0.988"),
        ({"value": 1234.5, "unit": "s"}, "1,234 s"),
        ({"value": 10}, "10"),
        ({"value": 12345, "unit": "images"}, "12,345 images"),
        ({"value": 10, "low": 9.5, "high": 10.5}, "10.0 [9.5, 10.5]"),
        ({"value": 0.0}, "0"),
        ({"value": 0.0, "low": -0.012, "high": 0.012}, "0.0000 [-0.0120, 0.0120]"),
    ],
)
def test_a_recorded_score_is_shown_in_three_digits(score, text):
    assert score_text(score) == text


def test_a_score_that_is_not_finite_is_shown_too():
    assert Score(math.nan, math.nan, math.nan, 0).text() == "nan"
    assert Score(1.234, 0.5, math.inf, 2).text("%") == "1.23 [0.50, inf] %"


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


def test_the_interval_of_a_share_stays_a_share():
    """Where Student's interval leaves the range; and on either scale with the same width."""
    shares = [0.02, 0.0, 0.05, 0.01, 0.3]
    assert over_seeds(shares).low < 0
    bounded = over_seeds(shares, within=(0, 1))
    assert bounded.value == pytest.approx(0.076)
    assert 0 < bounded.low < bounded.value < bounded.high < 1
    others = over_seeds([1 - share for share in shares], within=(0, 1))
    assert (others.low, others.high) == pytest.approx((1 - bounded.high, 1 - bounded.low))
    of_ten = over_seeds([10 * share for share in shares], within=(0, 10))
    assert (of_ten.low, of_ten.high) == pytest.approx((10 * bounded.low, 10 * bounded.high))


def test_it_is_students_interval_where_the_runs_lie_close_together():
    close = np.array([0.4, 0.4002, 0.4005])
    plain, bounded = over_seeds(close), over_seeds(close, within=(0, 1))
    assert (bounded.low, bounded.high) == pytest.approx((plain.low, plain.high), rel=1e-5)


def test_it_holds_the_mean_as_often_as_it_says():
    """Of shares drawn from a lopsided distribution, five at a time, with a known mean of 0.1."""
    drawn = np.random.default_rng(0).beta(0.9, 8.1, size=(2000, 5))
    held = [(score := over_seeds(row, within=(0, 1))).low < 0.1 < score.high for row in drawn]
    assert 0.93 < np.mean(held) < 0.97


def test_runs_that_all_agree_have_an_interval_without_width():
    score = over_seeds([1.0, 1.0, 1.0], within=(0, 1))
    assert (score.low, score.value, score.high) == (1, 1, 1)


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


@pytest.mark.parametrize("level", [0.5, 0.95, 0.999])
@pytest.mark.parametrize(
    ("successes", "n"), [(0, 1), (1, 1), (0, 30), (30, 30), (1, 7), (12, 40), (4999, 10_000)]
)
def test_a_proportion_has_the_interval_of_wilson(successes, n, level):
    score = proportion(successes, n, level)
    reference = scipy.stats.binomtest(successes, n).proportion_ci(level, method="wilson")
    assert (score.value, score.n) == (successes / n, n)
    assert (score.low, score.high) == pytest.approx((reference.low, reference.high), abs=1e-12)


def test_nothing_found_and_all_found_still_leave_doubt():
    none, every = proportion(0, 20), proportion(20, 20)
    # Wilson's far end by hand: z² / (n + z²) with z = 1.959964.
    assert (none.low, every.high) == (0.0, 1.0)
    assert none.high == pytest.approx(3.841459 / 23.841459, rel=1e-6)
    assert every.low == pytest.approx(20 / 23.841459, rel=1e-6)


def test_wilson_intervals_hold_the_share_as_often_as_they_say():
    """Exactly, over all outcomes: the mean over shares is close, though single shares are not."""
    n, held = 50, []
    scores = [proportion(successes, n) for successes in range(n + 1)]
    for share in np.linspace(0.02, 0.98, 97):
        weights = scipy.stats.binom.pmf(range(n + 1), n, share)
        held.append(weights @ [score.low <= share <= score.high for score in scores])
    assert np.mean(held) == pytest.approx(0.95, abs=0.01)
    assert min(held) > 0.89
