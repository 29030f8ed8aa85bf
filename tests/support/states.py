"""All that a training carries on, as arrays to compare bit for bit."""

import numpy as np


def weights(game):
    """Every variable of the state of a `Trainer`, by its name."""
    return {name: variable.numpy() for name, variable in game._state().items()}


def assert_same(one, other):
    """Two such states, or two checkpoints, hold the same numbers."""
    assert one.keys() == other.keys()
    for name in one:
        np.testing.assert_array_equal(one[name], other[name], err_msg=name)
