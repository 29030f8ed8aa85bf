"""A game of WGAN-GP between mock players, which notes what each of them was handed, and when."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from gan_utils.lesson.exercises.answers import NotYet
from gan_utils.lesson.exercises.comparing import compare
from gan_utils.lesson.exercises.mock_players import MockNetwork, MockOptimizer


class WassersteinGame:
    """Mock players of WGAN-GP, with a penalty of (ψ² + χ²)/2, and what they were handed."""

    def __init__(self, rate: float, count: int, theta: float, weights: tuple[float, float]):
        rng = np.random.default_rng(0)
        self.x = rng.normal(2.0, 1.0, (count, 6, 1))
        self.z = rng.normal(0.0, 1.0, (count + 1, 6, 1))
        self.rate, self.count, self.theta, self.weights = rate, count, theta, weights
        self.log: list[str] = []
        self.penalised: list[tuple] = []
        self.batches = [tf.constant(x, tf.float32) for x in self.x]
        self.latents = [tf.constant(z, tf.float32) for z in self.z]
        self.generator = MockNetwork("generator", self._generated, [theta], self.log)
        self.critic = MockNetwork("critic", self._heights, list(weights), self.log)
        self.move_g = MockOptimizer(self.generator, rate, self.log)
        self.move_c = MockOptimizer(self.critic, rate, self.log)

    def _generated(self, z, theta):
        self.log.append(f"latents {_place(z, self.z)}")
        return z + theta

    def _heights(self, x, psi, chi):
        place = _place(x, self.x)
        if place:
            self.log.append(f"batch {place}")
        return psi * x + chi * x**2

    def penalty(self, critic, real, fake):
        """(ψ² + χ²)/2, whatever the images; notes which ones they were."""
        self.log.append(f"penalty {_place(real, self.x)} {_place(fake - self.theta, self.z)}")
        return sum(weight**2 for weight in critic.trainable_variables) / 2

    def check(self) -> None:
        """Raise `NotYet` unless the players moved in order, on their own images, and rightly."""
        moves = [entry.removesuffix(" moved") for entry in self.log if entry.endswith(" moved")]
        asked = ["critic"] * self.count + ["generator"]
        if moves != asked:
            raise NotYet(
                f"with {self.count} batches the moves of one step are: "
                f"{', '.join(moves) or 'none'}; they should be: {', '.join(asked)}"
            )
        at = -1
        for turn in range(1, self.count + 2):
            end = at + 1 + [entry.endswith(" moved") for entry in self.log[at + 1 :]].index(True)
            self._check_turn(turn, self.log[at + 1 : end])
            at = end
        psi, chi, theta = self._right()
        found = [weight.numpy() for weight in self.critic.trainable_variables]
        without = self._right(penalised=False)[:2]
        turned = self._right(sign=-1.0)[:2]
        mistakes = {"the penalty is missing": without, "real and generated change places": turned}
        call = f"after {self.count} moves the critic's weights"
        compare(found, (psi, chi), call, "by hand it is", mistakes, 1e-3)
        (found,) = (weight.numpy() for weight in self.generator.trainable_variables)
        downhill = {"it goes downhill: its loss is minus the height": 2 * self.theta - theta}
        call = "after the step the generator's weight"
        compare(found, theta, call, "by hand it is", downhill, 1e-3)

    def _check_turn(self, turn: int, log: list[str]) -> None:
        """Raise `NotYet` unless the player of this turn saw the images that are its own."""
        who = f"move {turn} of the critic" if turn <= self.count else "the generator's move"
        used = {int(entry.split()[1]) for entry in log if entry.startswith("latents ")}
        if turn > self.count and "critic called" not in log:
            raise NotYet("after the critic's last move the generator does not ask it again")
        if used != {turn}:
            raise NotYet(
                f"{who} takes latent vectors number {_listed(used)}, and not number {turn} of "
                f"{self.count + 1}"
            )
        seen = {int(entry.split()[1]) for entry in log if entry.startswith("batch ")}
        if turn <= self.count and seen != {turn}:
            raise NotYet(f"{who} sees the real batch number {_listed(seen)}, and not number {turn}")
        wrong = [
            one for one in log if one.startswith("penalty ") and one != f"penalty {turn} {turn}"
        ]
        if turn <= self.count and wrong:
            raise NotYet(f"in {who} the penalty is not handed the critic, `real` and `fake`")

    def _right(self, penalised: bool = True, sign: float = 1.0) -> tuple[float, float, float]:
        """ψ, χ and θ after the step, by hand."""
        psi, chi = self.weights
        for x, z in zip(self.x, self.z, strict=False):
            fake = z + self.theta
            by_psi = sign * (fake.mean() - x.mean()) + penalised * psi
            by_chi = sign * ((fake**2).mean() - (x**2).mean()) + penalised * chi
            psi, chi = psi - self.rate * by_psi, chi - self.rate * by_chi
        last = self.z[-1] + self.theta
        return psi, chi, self.theta + self.rate * np.mean(psi + 2 * chi * last)


def _listed(numbers: set[int]) -> str:
    return ", ".join(map(str, sorted(numbers))) or "none"


def _place(found, among) -> int:
    """The number of the batch that these values are, counted from 1; 0 for none."""
    found = np.asarray(found)
    hits = [
        number
        for number, one in enumerate(among, start=1)
        if found.shape == one.shape and np.allclose(found, one, atol=1e-5)
    ]
    return hits[0] if hits else 0
