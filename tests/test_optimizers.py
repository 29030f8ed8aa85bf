"""Adam in one operation against that of Keras."""

import keras
import numpy as np
import pytest

from gan_utils.errors import ParameterError
from gan_utils.optimizers import Adam


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
    assert not np.allclose(ends[0][0], start)
    for ours, theirs in zip(*ends, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-7)


def test_amsgrad_is_refused():
    with pytest.raises(ParameterError, match=r"use keras\.optimizers\.Adam"):
        Adam(amsgrad=True)
