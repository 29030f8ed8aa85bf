"""How images spread over the classes, and how many are classified as labelled."""

import math
from dataclasses import astuple

import numpy as np
import pytest
import scipy.special
import scipy.stats

from gan_utils.metrics import accuracy, class_coverage, class_entropy, class_histogram


def sure(classes, k):
    return np.eye(k)[classes]


def test_classes_counted_by_hand():
    probabilities = [[0.5, 0.3, 0.2], [0.1, 0.2, 0.7], [0.4, 0.35, 0.25], [0.9, 0.0, 0.1]]
    assert class_histogram(probabilities).tolist() == [3, 0, 1]
    assert float(class_coverage(probabilities)) == 2
    assert float(class_coverage(probabilities, minimum=0.25)) == 2
    assert float(class_coverage(probabilities, minimum=0.26)) == 1
    assert float(class_entropy(probabilities)) == pytest.approx(scipy.stats.entropy([3, 1]))
    assert class_coverage(probabilities).n == class_entropy(probabilities).n == 4
    assert float(accuracy(probabilities, [0, 2, 1, 0])) == 3 / 4


def test_coverage_counts_a_class_with_exactly_the_minimum():
    """Seven of a hundred is 7 %, although 0.07 · 100 is above 7 in floating point."""
    probabilities = sure([0] * 7 + [1] * 93, k=10)
    assert float(class_coverage(probabilities, minimum=0.07)) == 2
    assert float(class_coverage(probabilities, minimum=0.0701)) == 1


def test_the_interval_of_coverage_tells_how_near_the_minimum_a_class_is():
    # Of a hundred drawn again, 6 or fewer are of class 0 with a probability of 44 %, ...
    near = class_coverage(sure([0] * 7 + [1] * 93, k=10), minimum=0.07)
    assert astuple(near) == (2, 1, 2, 100)
    # ... 6 or fewer of thirty expected with 10⁻⁹, and 7 or more of class 2 with 10⁻⁴.
    far = class_coverage(sure([0] * 30 + [1] * 69 + [2], k=10), minimum=0.07)
    assert astuple(far) == (2, 2, 2, 100)


def test_one_class_has_no_entropy_and_equal_classes_have_log_k():
    assert astuple(class_entropy(sure([3] * 20, k=10))) == (0, 0, 0, 20)
    for k in (2, 5, 10, 49):  # where rounding takes the sum above log k for some
        even = class_entropy(sure(list(range(k)) * 4, k))
        assert even.value == pytest.approx(math.log(k), rel=1e-12)
        assert even.low < even.value <= even.high <= math.log(k)


def test_the_interval_of_the_entropy_is_about_that_of_the_delta_method():
    shares = np.array([0.5, 0.3, 0.15, 0.05])
    score = class_entropy(sure(np.repeat(range(4), [2000, 1200, 600, 200]), 4))
    # The variance of −log p(class), over n.
    variance = shares @ np.log(shares) ** 2 - (shares @ np.log(shares)) ** 2
    half = 1.959964 * math.sqrt(variance / 4000)
    assert score.high - score.value == pytest.approx(half, rel=0.12)
    assert score.value - score.low == pytest.approx(half, rel=0.12)
    narrow = class_entropy(sure(np.repeat(range(4), [2000, 1200, 600, 200]), 4), level=0.5)
    assert narrow.high - narrow.low == pytest.approx(2 * half * 0.67449 / 1.959964, rel=0.12)


def test_the_interval_of_the_entropy_holds_the_expected_one_about_as_often_as_it_says():
    rng = np.random.default_rng(1)
    shares = [0.5, 0.3, 0.15, 0.05]
    scores = [class_entropy(sure(rng.choice(4, size=300, p=shares), 4)) for _ in range(400)]
    expected = np.mean([float(score) for score in scores])
    held = np.mean([score.low <= expected <= score.high for score in scores])
    assert 0.91 < held < 0.98


def test_intervals_follow_the_seed_and_values_do_not():
    rows = sure(np.random.default_rng(2).integers(10, size=200), 10)
    first, again, other = (class_entropy(rows, seed=seed) for seed in (0, 0, 1))
    assert first == again
    assert first.value == other.value and first != other


def test_rounded_probabilities_pass():
    logits = np.random.default_rng(14).normal(size=(200, 10))
    probabilities = scipy.special.softmax(logits, axis=1)
    halves = class_histogram(probabilities.astype(np.float16))
    # Rounding may turn a near tie, nothing more.
    assert np.abs(halves - class_histogram(probabilities)).sum() <= 2


def test_accuracy_is_the_share_of_labels_found_with_wilsons_interval():
    rng = np.random.default_rng(3)
    probabilities = rng.dirichlet(np.ones(5), size=120)
    best = probabilities.argmax(axis=1)
    labels = np.where(np.arange(120) < 90, best, (best + 1) % 5)
    score = accuracy(probabilities, labels, level=0.9)
    reference = scipy.stats.binomtest(90, 120).proportion_ci(0.9, method="wilson")
    assert astuple(score) == pytest.approx((0.75, reference.low, reference.high, 120))


def test_accuracy_is_one_or_nothing_at_the_ends():
    labels = np.arange(40) % 4
    assert astuple(accuracy(sure(labels, 4), labels))[::2] == (1, 1)
    assert astuple(accuracy(sure(labels, 4), (labels + 1) % 4))[:2] == (0, 0)
    # By chance, a quarter.
    shuffled = accuracy(sure(labels, 4), np.random.default_rng(4).integers(4, size=40), level=0.999)
    assert shuffled.low < 0.25 < shuffled.high
