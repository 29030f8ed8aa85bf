"""Players of a few numbers, and optimizers, that note who was called and who moved.

With them a test can tell in which order a reader's training step does what, and compare its
gradients with formulas.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from gan_utils.lesson.exercises.answers import NotYet


class MockNetwork:
    """A network whose answer is a formula, and which notes "<name> called" in a log.

    function: (inputs, *weights) → outputs, all of them tensors.
    weights: the values that the network starts with, float32.
    """

    def __init__(self, name: str, function: Callable, weights: list, log: list[str]):
        self.name = name
        self.trainable_variables = [tf.Variable(value, dtype=tf.float32) for value in weights]
        self.trainable_weights = self.trainable_variables
        self._function = function
        self._log = log

    def __call__(self, inputs, training=None):
        if training is not True:
            raise NotYet(f"the {self.name} is called without `training=True`")
        self._log.append(f"{self.name} called")
        return self._function(tf.convert_to_tensor(inputs, tf.float32), *self.trainable_variables)


class MockOptimizer:
    """Plain descent of one network, which notes "<name> moved" in a log.

    `gradients` holds, as arrays, what it was last given. Raises `NotYet` where that does not
    belong to its network.
    """

    def __init__(self, network: MockNetwork, rate: float, log: list[str]):
        self.gradients: list[np.ndarray] = []
        self._network, self._rate, self._log = network, rate, log

    def apply(self, gradients, trainable_variables=None) -> None:
        """Move the network, as `apply` of Keras' optimizers does."""
        name, own = self._network.name, self._network.trainable_variables
        gradients = list(gradients)
        variables = own if trainable_variables is None else list(trainable_variables)
        if [id(variable) for variable in variables] != [id(variable) for variable in own]:
            raise NotYet(f"the {name}'s optimizer is given other weights than the {name}'s")
        if len(gradients) != len(own):
            raise NotYet(
                f"the {name}'s optimizer is given {len(gradients)} gradients for {len(own)} weights"
            )
        if any(gradient is None for gradient in gradients):
            raise NotYet(
                f"a gradient of the {name} is None, as if its loss were computed outside of the "
                f"tape or did not depend on the {name}"
            )
        self.gradients = [np.asarray(gradient) for gradient in gradients]
        for variable, gradient in zip(own, gradients, strict=True):
            variable.assign_sub(self._rate * gradient)
        self._log.append(f"{name} moved")

    def apply_gradients(self, pairs) -> None:
        """The same, from pairs of a gradient and a weight."""
        pairs = list(pairs)
        self.apply([gradient for gradient, _ in pairs], [variable for _, variable in pairs])
