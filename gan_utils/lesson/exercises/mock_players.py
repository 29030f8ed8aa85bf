"""Players of a few numbers, and optimizers, that note who was called and who moved.

With them a test can tell in which order a reader's training step does what, and compare its
gradients with formulas.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import tensorflow as tf
from scipy.special import expit as sigmoid

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


class MockGame:
    """Two mock players whose slopes can be written down: G(z) = z + θ and D(x) = ψx + b.

    rate: of the plain descent of both. rng: draws eight real samples x and eight z.
    `given` is what a step is handed: x, z, generator, discriminator, and D's and G's optimizer.
    """

    def __init__(self, rate: float, theta: float, psi: float, b: float, rng):
        self.x, self.z = rng.normal(2.0, 1.0, (2, 8, 1))
        self.rate, self.theta, self.psi, self.b = rate, theta, psi, b
        self.log: list[str] = []
        g = MockNetwork("generator", lambda z, theta: z + theta, [theta], self.log)
        d = MockNetwork("discriminator", lambda x, psi, b: psi * x + b, [psi, b], self.log)
        self.move_d, self.move_g = (MockOptimizer(player, rate, self.log) for player in (d, g))
        batches = (tf.constant(batch, tf.float32) for batch in (self.x, self.z))
        self.given = (*batches, g, d, self.move_d, self.move_g)

    def moves(self) -> list[str]:
        """Who moved, in its order."""
        return [entry.removesuffix(" moved") for entry in self.log if entry.endswith(" moved")]

    def of_d(self, mine: float = 1.0, others: float = 0.0) -> tuple[float, list[float]]:
        """D's loss, and the slopes of mine · d_loss + others · g_loss in ψ and b."""
        fake = self.z + self.theta
        at_real, at_fake = self.psi * self.x + self.b, self.psi * fake + self.b
        loss = np.logaddexp(0, -at_real).mean() + np.logaddexp(0, at_fake).mean()
        by_real = -mine * sigmoid(-at_real)
        by_fake = mine * sigmoid(at_fake) - others * sigmoid(-at_fake)
        return loss, [np.mean(by_real * self.x + by_fake * fake), np.mean(by_real + by_fake)]

    def of_g(self, psi, b, mine: float = 1.0, others: float = 0.0) -> tuple[float, float]:
        """G's loss against a D of ψ and b, and the slope of mine · g_loss + others · d_loss."""
        at_fake = psi * (self.z + self.theta) + b
        by_fake = others * sigmoid(at_fake) - mine * sigmoid(-at_fake)
        return np.logaddexp(0, -at_fake).mean(), np.mean(by_fake * psi)

    def moved(self) -> tuple[float, float]:
        """ψ and b after D's own move."""
        by_psi, by_b = self.of_d()[1]
        return self.psi - self.rate * by_psi, self.b - self.rate * by_b
