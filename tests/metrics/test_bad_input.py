"""What no metric takes is told in one sentence: what is wrong, and what mends it."""

import math

import numpy as np
import pytest

from gan_utils.errors import CourseError, DataError, ParameterError
from gan_utils.metrics import (
    accuracy,
    class_coverage,
    class_entropy,
    class_histogram,
    closer_to_training,
    frechet_distance,
    gan_train_test,
    inception_score,
    kernel_distance,
    label_modes,
    modes_captured,
    nearest_neighbours,
    over_seeds,
    paired_difference,
    prdc,
    proportion,
)
from sentences import one_sentence

GOOD = np.random.default_rng(0).normal(size=(10, 3))
NAN = np.where(np.arange(30).reshape(10, 3) == 7, np.nan, GOOD)
INFINITE = np.where(np.arange(30).reshape(10, 3) == 7, np.inf, GOOD)
SQUARE = np.array([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0], [10.0, 10.0]])
THIRDS = np.full((4, 3), 1 / 3)
LABELS = np.arange(10) % 3
BYTES = np.zeros((5, 3), dtype=np.uint8)


def sentence(call, kind, message):
    with pytest.raises(CourseError, match=message) as caught:
        call()
    assert caught.type is kind
    assert ";" in one_sentence(caught)  # what is wrong; what mends it


# --- Two sets of features -------------------------------------------------------------------


def kernel(first, second, **options):
    return kernel_distance(first, second, **{"size": 4, **options})


def four(first, second, **options):
    return prdc(first, second, **{"k": 2, "groups": 0, **options})


# What takes two sets, and the names that it has for them.
TAKES_FEATURES = {
    "frechet_distance": (frechet_distance, "real", "fake"),
    "kernel_distance": (kernel, "real", "fake"),
    "prdc": (four, "real", "fake"),
    "modes_captured": (lambda a, b: modes_captured(a, b, 1.0), "samples", "centres"),
    "nearest_neighbours": (nearest_neighbours, "samples", "reference"),
    "closer_to_training": (lambda a, b: closer_to_training(a, b, GOOD[:3]), "samples", "train"),
    "held-out images": (
        lambda a, b: closer_to_training(GOOD[:, : b.shape[-1]], b, a),
        "heldout",
        "train",
    ),
    "gan_train_test": (
        lambda a, b: gan_train_test((a, LABELS), (b, LABELS), (GOOD, LABELS)),
        "real",
        "fake",
    ),
}
NO_FEATURES = {
    "nan": (NAN, r"1 of 30, the first at index \(2, 1\)"),
    "infinity": (INFINITE, r"not finite.*\(2, 1\)"),
    "too large": (-np.abs(GOOD) * 1e200, "too large"),
    "text": (GOOD.astype(str), "real numbers"),
    "complex": (GOOD * 1j, "real numbers"),
    "no rows": (GOOD[:0], r"\(0, 3\)"),
    "no columns": (GOOD[:, :0], r"\(10, 0\)"),
    "one line": (GOOD[0], r"\(3,\)"),
    "a number": (np.array(3.0), r"\(\)"),
}


@pytest.mark.parametrize("fault", NO_FEATURES)
@pytest.mark.parametrize("taker", TAKES_FEATURES)
def test_a_set_that_is_no_features_is_named(taker, fault):
    call, first, second = TAKES_FEATURES[taker]
    bad, message = NO_FEATURES[fault]
    if taker != "held-out images" or fault not in ("no columns", "one line", "a number"):
        sentence(lambda: call(GOOD, bad), DataError, f"^{second} .*{message}")
    sentence(lambda: call(bad, GOOD), DataError, f"^{first} .*{message}")


@pytest.mark.parametrize("taker", sorted(TAKES_FEATURES.keys() - {"gan_train_test"}))
def test_sets_of_different_width_are_named(taker):
    call, first, second = TAKES_FEATURES[taker]
    message = f"^{first} has 3 columns and {second} has 2"
    sentence(lambda: call(GOOD, GOOD[:, :2]), DataError, message)


@pytest.mark.parametrize("call", [frechet_distance, kernel, four])
def test_images_are_no_features(call):
    sentence(lambda: call(np.zeros((10, 2, 2, 1)), GOOD), DataError, r"real.*\(10, 2, 2, 1\)")


@pytest.mark.parametrize("call", [frechet_distance, kernel, four, nearest_neighbours])
def test_ragged_rows_are_no_features(call):
    sentence(lambda: call([[1.0, 2.0], [3.0]], GOOD), DataError, "equal length")


# --- Probabilities, labels, levels ----------------------------------------------------------

TAKES_PROBABILITIES = {
    "class_histogram": class_histogram,
    "class_coverage": class_coverage,
    "class_entropy": class_entropy,
    "inception_score": lambda rows: inception_score(rows, splits=2),
    "accuracy": lambda rows: accuracy(rows, [0] * len(rows)),
}
NO_PROBABILITIES = {
    "logits": (GOOD, "logits"),
    "below 0": ([[0.5, 0.5], [1.5, -0.5]], "Row 1.*minimum -0.5"),
    "missing 1": (THIRDS * 1.01, "Row 0.*1.01"),
    "nan": (THIRDS * math.nan, "not finite"),
    "one class": (np.ones((4, 1)), "1 column"),
    "labels": ([0, 1, 2], r"\(3,\)"),
    "no images": (THIRDS[:0], r"\(0, 3\)"),
}


@pytest.mark.parametrize("fault", NO_PROBABILITIES)
@pytest.mark.parametrize("taker", TAKES_PROBABILITIES)
def test_what_is_no_probabilities_is_told(taker, fault):
    rows, message = NO_PROBABILITIES[fault]
    sentence(lambda: TAKES_PROBABILITIES[taker](rows), DataError, message)


TAKES_LABELS = {
    "accuracy": (lambda labels: accuracy(THIRDS, labels), "^labels .*"),
    "label_modes": (lambda labels: label_modes(labels, 3), "^labels .*"),
    "gan_train_test": (
        lambda labels: gan_train_test((THIRDS, [0, 1, 0, 1]), (THIRDS, labels), (GOOD, LABELS)),
        "^the labels of fake .*",
    ),
}
NO_LABELS = {
    "negative": ([0, 1, -1, 2], "-1 at index 2.* from 0 to "),
    "too high": ([0, 1, 2**32, 3], "4.29497e[+]09 at index 2.* from 0 to "),
    "between two": ([0, 0.5, 1, 2], "0.5 at index 1"),
    "nan": ([0, 1, math.nan, 1], "not finite"),
    "words": (["a", "b", "c", "a"], "real numbers"),
    "none": ([], r"\(0,\)"),
    "one-hot": (np.eye(4), r"\(4, 4\)"),
    "one bare label": (1, r"\(\)"),
}


@pytest.mark.parametrize("fault", NO_LABELS)
@pytest.mark.parametrize("taker", TAKES_LABELS)
def test_what_is_no_labels_is_told(taker, fault):
    call, name = TAKES_LABELS[taker]
    labels, message = NO_LABELS[fault]
    sentence(lambda: call(labels), DataError, name + message)


TAKES_LEVEL = {
    "over_seeds": lambda level: over_seeds([1, 2], level),
    "over_seeds, one run": lambda level: over_seeds([1], level),
    "paired_difference": lambda level: paired_difference([1, 2], [3, 4], level),
    "proportion": lambda level: proportion(1, 2, level),
    "frechet_distance": lambda level: frechet_distance(GOOD, GOOD, level=level),
    "kernel_distance": lambda level: kernel(GOOD, GOOD, level=level),
    "prdc": lambda level: four(GOOD, GOOD, level=level),
    "inception_score": lambda level: inception_score(THIRDS, 2, level),
    "accuracy": lambda level: accuracy(THIRDS, [0] * 4, level),
    "class_coverage": lambda level: class_coverage(THIRDS, level=level),
    "class_entropy": lambda level: class_entropy(THIRDS, level=level),
    "label_modes": lambda level: label_modes(LABELS, 3, level),
    "modes_captured": lambda level: modes_captured(GOOD, GOOD, 1.0, level),
    "closer_to_training": lambda level: closer_to_training(GOOD, GOOD, GOOD, level),
    "gan_train_test": lambda level: gan_train_test(*[(GOOD, LABELS)] * 3, level=level),
}


@pytest.mark.parametrize("level", [0, 1, 95, -0.5, math.nan])
@pytest.mark.parametrize("taker", TAKES_LEVEL)
def test_a_level_outside_0_and_1_is_told(taker, level):
    sentence(lambda: TAKES_LEVEL[taker](level), ParameterError, f"level is {level},")


# --- Everything else ------------------------------------------------------------------------

BAD_INPUT = {
    "no runs": (DataError, r"shape \(0,\)", lambda: over_seeds([])),
    "a run that is nan": (DataError, "values.*not finite", lambda: over_seeds([1, math.nan])),
    "a run that is infinite": (DataError, r"index \(1,\)", lambda: over_seeds([1, math.inf])),
    "a table of runs": (DataError, r"\(2, 2\)", lambda: over_seeds([[1, 2], [3, 4]])),
    "one bare run": (DataError, r"shape \(\)", lambda: over_seeds(3.0)),
    "percent as shares": (
        DataError,
        "to 80, outside of 0 to 1",
        lambda: over_seeds([1, 80], within=(0, 1)),
    ),
    "runs that are words": (DataError, "real numbers", lambda: over_seeds(["one", "two"])),
    "runs that are missing": (DataError, "not finite", lambda: over_seeds([1.0, None])),
    "complex runs": (DataError, "real numbers", lambda: over_seeds([1j, 2.0])),
    "a run beyond float64": (DataError, "real numbers", lambda: over_seeds([10**400, 1])),
    "pairs of different length": (DataError, "2 runs", lambda: paired_difference([1, 2], [1])),
    "pairs with nan": (DataError, "b has", lambda: paired_difference([1, 2], [1, math.nan])),
    "a share of nothing": (ParameterError, "n is 0", lambda: proportion(0, 0)),
    "a share below 0": (ParameterError, "successes is -1", lambda: proportion(-1, 3)),
    "a share above 1": (ParameterError, "4, above n = 3", lambda: proportion(4, 3)),
    "half a success": (ParameterError, "successes is 0.5", lambda: proportion(0.5, 3)),
    "half a trial": (ParameterError, "n is 2.5", lambda: proportion(1, 2.5)),
    "successes of nan": (ParameterError, "successes is nan", lambda: proportion(math.nan, 3)),
    # Fréchet distance
    "features of one image": (DataError, "1 row", lambda: frechet_distance(GOOD, GOOD[:1])),
    "few resamples": (ParameterError, "is 3", lambda: frechet_distance(GOOD, GOOD, resamples=3)),
    "half a resample": (
        ParameterError,
        "whole number",
        lambda: frechet_distance(GOOD, GOOD, resamples=99.5),
    ),
    # Kernel distance
    "one image for subsets": (DataError, "4 rows.*has 1;", lambda: kernel(GOOD, GOOD[:1])),
    "few rows for subsets": (DataError, "11 rows.*10;", lambda: kernel(GOOD, GOOD, size=11)),
    "rows for one block": (
        DataError,
        "blocks of size 6 need 12 rows.*10;",
        lambda: kernel(GOOD, GOOD, size=6, estimator="blocks"),
    ),
    "one subset": (ParameterError, "subsets is 1", lambda: kernel(GOOD, GOOD, subsets=1)),
    "half a subset": (ParameterError, "subsets is 2.5", lambda: kernel(GOOD, GOOD, subsets=2.5)),
    "subsets of one": (ParameterError, "size is 1", lambda: kernel(GOOD, GOOD, size=1)),
    "subsets of nan": (ParameterError, "size is nan", lambda: kernel(GOOD, GOOD, size=math.nan)),
    "another estimator": (
        ParameterError,
        "'block'; choose one of subsets, blocks",
        lambda: kernel(GOOD, GOOD, estimator="block"),
    ),
    "features too large to be cubed": (
        DataError,
        r"^fake reaches 1.0e\+50.*1e\+49",
        lambda: kernel(GOOD, -np.full((10, 3), 1e50)),
    ),
    # Precision to coverage
    "one real image": (DataError, "real has 1 rows.*at least 3", lambda: four(GOOD[:1], GOOD)),
    "k generated images": (DataError, "fake has 2 rows", lambda: four(GOOD, GOOD[:2])),
    "few rows for groups": (
        DataError,
        "k = 9 with 10 groups needs at least 12;",
        lambda: four(GOOD, GOOD, k=9, groups=10),
    ),
    "fewer rows than groups": (
        DataError,
        "real has 10 rows, but k = 1 with 11 groups needs at least 11;",
        lambda: four(GOOD, GOOD, k=1, groups=11),
    ),
    "balls without neighbours": (ParameterError, "k is 0", lambda: four(GOOD, GOOD, k=0)),
    "balls of half a neighbour": (ParameterError, "k is 2.5", lambda: four(GOOD, GOOD, k=2.5)),
    "two groups": (ParameterError, "groups is 2", lambda: four(GOOD, GOOD, groups=2)),
    "negative groups": (ParameterError, "groups is -3", lambda: four(GOOD, GOOD, groups=-3)),
    "no memory": (ParameterError, "memory is 0", lambda: four(GOOD, GOOD, memory=0)),
    "half a mebibyte": (ParameterError, "memory is 0.5", lambda: four(GOOD, GOOD, memory=0.5)),
    "a constant real set": (DataError, "repeated.*k = 2", lambda: four(GOOD * 0 + 0.1, GOOD)),
    "real rows repeated": (DataError, "repeated", lambda: four(np.repeat(GOOD, 3, axis=0), GOOD)),
    # Modes
    "a centre twice": (DataError, "twice", lambda: modes_captured(SQUARE, SQUARE[[0, 0]], 1.0)),
    "no spread": (ParameterError, "std is 0", lambda: modes_captured(SQUARE, SQUARE, 0)),
    "a negative spread": (ParameterError, "std is -1", lambda: modes_captured(SQUARE, SQUARE, -1)),
    "a spread of nan": (ParameterError, "nan", lambda: modes_captured(SQUARE, SQUARE, math.nan)),
    "endless spread": (ParameterError, "inf", lambda: modes_captured(SQUARE, SQUARE, math.inf)),
    "one mode of labels": (ParameterError, "k is 1", lambda: label_modes([0, 0], 1)),
    "half a mode": (ParameterError, "k is 2.5", lambda: label_modes([0, 0], 2.5)),
    "the label k": (DataError, "3 at index 1.*from 0 to 2", lambda: label_modes([0, 3], 3)),
    # Classes
    "a minimum of nothing": (ParameterError, "minimum", lambda: class_coverage(THIRDS, 0)),
    "a minimum in per cent": (ParameterError, "minimum is 5", lambda: class_coverage(THIRDS, 5)),
    "a minimum of nan": (ParameterError, "nan", lambda: class_coverage(THIRDS, math.nan)),
    "a label too few": (
        DataError,
        "4 rows and labels has 3",
        lambda: accuracy(THIRDS, [0, 1, 2]),
    ),
    "one split": (ParameterError, "splits is 1", lambda: inception_score(THIRDS, 1)),
    "half a split": (ParameterError, "splits is 2.5", lambda: inception_score(THIRDS, 2.5)),
    "few rows for splits": (DataError, "4 rows for 5 splits", lambda: inception_score(THIRDS, 5)),
    "one row for splits": (DataError, "1 rows for 10", lambda: inception_score(THIRDS[:1])),
    # Neighbours
    "more neighbours than rows": (
        DataError,
        "k is 11.*reference has 10 rows",
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
        "reference is uint8.*scale",
        lambda: nearest_neighbours(GOOD, BYTES),
    ),
    "bytes trained on": (
        DataError,
        "^samples is float64 and train is uint8",
        lambda: closer_to_training(GOOD, BYTES, BYTES),
    ),
    "bytes held out": (
        DataError,
        "^heldout is uint8 and train is float64",
        lambda: closer_to_training(GOOD, GOOD, BYTES),
    ),
    "one sample to compare": (
        DataError,
        "1 samples and 10 held-out",
        lambda: closer_to_training(GOOD[:1], GOOD, GOOD),
    ),
    "one image held out": (
        DataError,
        "10 samples and 1 held-out",
        lambda: closer_to_training(GOOD, GOOD, GOOD[:1]),
    ),
    # GAN-train and GAN-test
    "images of one class": (
        DataError,
        "labels of real are 4; .*two classes",
        lambda: gan_train_test((GOOD, [4] * 10), (GOOD, LABELS), (GOOD, LABELS)),
    ),
    "one class generated": (
        DataError,
        "labels of fake are 0; .*two classes",
        lambda: gan_train_test((GOOD, LABELS), (GOOD, LABELS * 0), (GOOD, LABELS)),
    ),
    "an image without a label": (
        DataError,
        "test has 10 items and 9 labels",
        lambda: gan_train_test((GOOD, LABELS), (GOOD, LABELS), (GOOD, LABELS[:9])),
    ),
    "tests of another size": (
        DataError,
        "'real': 3, 'fake': 3, 'test': 2",
        lambda: gan_train_test((GOOD, LABELS), (GOOD, LABELS), (GOOD[:, :2], LABELS)),
    ),
}


@pytest.mark.parametrize(("kind", "message", "call"), BAD_INPUT.values(), ids=BAD_INPUT.keys())
def test_bad_input_is_told_in_one_sentence(kind, message, call):
    sentence(call, kind, message)
