"""Adam in one operation against that of Keras."""

import keras
import numpy as np
import pytest

from gan_utils.errors import ParameterError
from gan_utils.fast.optimizers import Adam


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"beta_1": 0.0, "beta_2": 0.9},
        {"beta_1": 0.5, "clipnorm": 0.1},
        {"learning_rate": keras.optimizers.schedules.CosineDecay(0.1, 5)},
    ],
)
def test_steps_are_those_of_keras(options):
    rng = np.random.default_rng(0)
    start, gradients = rng.normal(size=(3, 4)), rng.normal(size=(6, 3, 4)).astype("float32")
    ends = []
    for kind in (Adam, keras.optimizers.Adam):
        weight = keras.Variable(start, dtype="float32")
        optimizer = kind(**{"learning_rate": 0.01, **options})
        optimizer.build([weight])
        for gradient in gradients:
            optimizer.apply([keras.ops.convert_to_tensor(gradient)])
        ends.append([weight.numpy(), *(variable.numpy() for variable in optimizer.variables)])
    # In float32 1 − 0.999 is known to 6e-5 of itself, and so is the first step of either.
    for ours, theirs in zip(*ends, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-4 * moved(ends[0][0], start))


def moved(end, start):
    distance = np.abs(end - start).max()
    assert distance > 0.01
    return distance


def test_steps_are_those_of_the_paper():
    """Algorithm 1 of Kingma and Ba, in float64, with their own order of the factors (section 2)."""
    rng = np.random.default_rng(1)
    start, gradients = rng.normal(size=5), rng.normal(size=(4, 5))
    weight = keras.Variable(start, dtype="float32")
    optimizer = Adam(0.1, beta_1=0.5, beta_2=0.9)
    optimizer.build([weight])
    first = second = np.zeros(5)
    expected = start
    for t, gradient in enumerate(gradients, start=1):
        optimizer.apply([keras.ops.convert_to_tensor(gradient, "float32")])
        first = 0.5 * first + 0.5 * gradient
        second = 0.9 * second + 0.1 * gradient**2
        rate = 0.1 * np.sqrt(1 - 0.9**t) / (1 - 0.5**t)
        expected = expected - rate * first / (np.sqrt(second) + optimizer.epsilon)
    np.testing.assert_allclose(weight.numpy(), expected, atol=1e-5 * moved(expected, start))


def test_amsgrad_is_refused():
    with pytest.raises(ParameterError, match=r"use keras\.optimizers\.Adam"):
        Adam(amsgrad=True)
