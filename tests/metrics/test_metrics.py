"""What holds of every metric: no change to its input, no overflow, a light import."""

import subprocess
import sys
from dataclasses import astuple, is_dataclass

import ml_dtypes
import numpy as np
import pytest

from gan_utils.metrics import (
    accuracy,
    class_entropy,
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
)

# Each with two sets of 20 rows of 3 numbers, and labels from 0 to 2.
CALLS = {
    "frechet_distance": lambda x, y, labels: frechet_distance(x, y, resamples=40),
    "kernel_distance, subsets": lambda x, y, labels: kernel_distance(x, y, 5, 10),
    "kernel_distance, blocks": lambda x, y, labels: kernel_distance(x, y, 5, 5, "blocks"),
    "prdc": lambda x, y, labels: prdc(x, y, k=2),
    "nearest_neighbours": lambda x, y, labels: nearest_neighbours(x, y, 2),
    "closer_to_training": lambda x, y, labels: closer_to_training(x, y[:10], y[10:]),
    "modes_captured": lambda x, y, labels: modes_captured(x, y[:4], 50),
    "label_modes": lambda x, y, labels: label_modes(labels, 3),
    "gan_train_test": lambda x, y, labels: gan_train_test((x, labels), (y, labels), (y, labels)),
    "inception_score": lambda x, y, labels: inception_score(np.eye(3)[labels].astype(x.dtype)),
    "class_entropy": lambda x, y, labels: class_entropy(np.eye(3)[labels].astype(x.dtype)),
    "accuracy": lambda x, y, labels: accuracy(np.eye(3)[labels].astype(x.dtype), labels),
    "over_seeds": lambda x, y, labels: over_seeds(x[:, 0]),
    "paired_difference": lambda x, y, labels: paired_difference(x[:, 0], y[:, 0]),
}
every_metric = pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())


pytestmark = pytest.mark.usefixtures("one_thread")


def data():
    rng = np.random.default_rng(1)
    return *rng.integers(0, 256, size=(2, 20, 3)), rng.integers(0, 3, size=20)


def numbers(result):
    """All numbers of a result in one list."""
    if is_dataclass(result):
        result = list(astuple(result))
    if isinstance(result, list | tuple):
        return [x for part in result for x in numbers(part)]
    return np.ravel(result).tolist()


@every_metric
def test_the_inputs_are_left_as_they_were(call):
    x, y, labels = data()
    given = x.astype(np.float64), y.astype(np.float64), labels
    call(*given)
    assert all(np.array_equal(*pair) for pair in zip(given, (x, y, labels), strict=True))


@every_metric
@pytest.mark.parametrize("kind", [np.uint8, np.int16, np.float32, ml_dtypes.bfloat16, object])
def test_every_type_of_number_is_converted_before_any_arithmetic(call, kind):
    x, y, labels = data()
    exact = numbers(call(x.astype(np.float64), y.astype(np.float64), labels))
    narrow = labels.astype(np.uint8)
    assert numbers(call(x.astype(kind), y.astype(kind), narrow)) == pytest.approx(exact, rel=1e-12)


def test_the_import_is_light():
    heavy = ("tensorflow", "keras", "sklearn", "scipy", "matplotlib")
    code = f"import sys, gan_utils.metrics; sys.exit(str([m for m in {heavy} if m in sys.modules]))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.stderr.strip() == "[]"
