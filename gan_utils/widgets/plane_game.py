"""A GAN in the plane that moves one update at a time: what the GAN lab shows.

The step of the lessons, `GAN.fit`, moves both players at once and many times a call. Here each
player moves alone and can be stopped, its rules changed and its gradients looked at.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

import keras
import numpy as np
import tensorflow as tf

from gan_utils.errors import ParameterError, TrainingDiverged
from gan_utils.fast.optimizers import Adam
from gan_utils.networks.plane import mlp_2d_discriminator, mlp_2d_generator
from gan_utils.streams import Draw
from gan_utils.training.devices import keep_order_of_sums
from gan_utils.training.gradients import Game
from gan_utils.training.losses import LOSSES
from gan_utils.training.penalties import R1, GradientPenalty
from gan_utils.widgets.targets import EDGE, TARGETS, drawn

PENALTIES = {"none": None, "r1": R1, "gradient_penalty": GradientPenalty}
DRAWN = "drawn"
CHOICES = {
    "data": (*TARGETS, DRAWN), "loss": tuple(LOSSES), "penalty": tuple(PENALTIES),
    "samples": ("average", "newest"),
}  # fmt: skip
RANGES = {
    "weight": (0.01, 10.0), "d_steps": (1, 10), "d_rate": (1e-5, 1e-1), "g_rate": (1e-5, 1e-1),
    "beta_1": (0.0, 0.95),
}  # fmt: skip
COMPILED = ("loss", "penalty", "samples", "beta_1")  # rules whose change compiles the moves anew
BETA_2 = 0.99
DECAY = 0.995  # of the average of G's weights, a round
BATCH = 256
SHOWN = 256  # samples that are drawn, with their gradients
SCORED = 1000  # samples behind modes and quality
SIDE = 40  # answers of D along each side of the frame
MESH = 13  # lines of the generator's grid in each direction


@dataclass(frozen=True)
class Rules:
    """What the reader may choose; a value that is not allowed is a `ParameterError`.

    weight: of the penalty, its γ or λ. d_steps: updates of D in a round.
    d_rate, g_rate, beta_1: the players' learning rates with Adam, and its β₁.
    samples: what is shown and scored comes from a running average of G's weights, or from G as its
        newest move left it.

    The defaults make a game that settles.
    """

    data: str = "ring"
    loss: str = "relativistic"
    penalty: str = "r1"
    samples: str = "average"
    weight: float = 0.02
    d_steps: int = 1
    d_rate: float = 2e-3
    g_rate: float = 2e-3
    beta_1: float = 0.0

    def __post_init__(self):
        for name, choices in CHOICES.items():
            if getattr(self, name) not in choices:
                raise ParameterError(
                    f"{name} is {getattr(self, name)!r}: choose one of {', '.join(choices)}."
                )
        for name, (low, high) in RANGES.items():
            value = getattr(self, name)
            if not isinstance(value, int if name == "d_steps" else int | float) or not (
                low <= value <= high
            ):
                raise ParameterError(f"{name} is {value!r}: give a number from {low} to {high}.")


@dataclass(frozen=True, eq=False)
class View:
    """One look at the game, all in the coordinates of the plane.

    surface: (SIDE, SIDE), what D answers from bottom left to top right as a probability; under
        losses that have no probability, the logit counted from the middle between both sides.
    fake: (SHOWN, 2) samples. pull: (SHOWN, 2), where the loss of G pushes each: minus its slope.
    mesh: (MESH, MESH, 2), where G takes a square grid of latent vectors.
    modes, quality: captured modes or pieces, and the share of high quality.
    """

    rounds: int
    surface: np.ndarray
    fake: np.ndarray
    pull: np.ndarray
    mesh: np.ndarray
    d_loss: float
    g_loss: float
    modes: int
    quality: float

    @property
    def mean_pull(self) -> float:
        """Mean length of the pulls; 0 where G learns nothing."""
        return float(np.linalg.norm(self.pull.astype(float), axis=1).mean())


def _square(side: int, edge: float) -> np.ndarray:
    """Points (side², 2) of a square grid from −edge to edge, row by row from below."""
    along = np.linspace(-edge, edge, side, dtype=np.float32)
    return np.stack(np.meshgrid(along, along), -1).reshape(-1, 2)


class PlaneGame:
    """Two small networks on one target; the same seed and the same calls give the same game.

    The prior is uniform on the square from −1 to 1, so that its grid has equal cells.
    """

    def __init__(self, rules: Rules | None = None, seed: int = 0):
        self.seed = seed
        self.rules = rules or Rules()
        if self.rules.data == DRAWN:
            raise ParameterError("data is 'drawn' before anything is: begin with another shape.")
        self.target = TARGETS[self.rules.data](self._rng())
        self.reset()

    def _rng(self) -> np.random.Generator:
        return np.random.default_rng(self.seed)

    def reset(self) -> None:
        """New networks for the same rules and the same data."""
        # Keras takes the seeds of initial weights from Python's generator, which is not ours alone.
        state = random.getstate()
        random.seed(self.seed)
        self.generator, self.discriminator = mlp_2d_generator(), mlp_2d_discriminator()
        self.average = mlp_2d_generator()
        random.setstate(state)
        self.average.set_weights(self.generator.get_weights())
        self.real = tf.constant(self.target.points)
        self.rounds = 0
        self.moves, self.d_steps = tf.Variable(0), tf.Variable(1)
        self.weight = tf.Variable(1.0)
        self.history: list[tuple[int, float, float, int, float]] = []
        self.d_optimizer, self.g_optimizer = Adam(beta_2=BETA_2), Adam(beta_2=BETA_2)
        self.d_optimizer.build(self.discriminator.trainable_variables)
        self.g_optimizer.build(self.generator.trainable_variables)
        self._take_up()
        self._compile()

    def change(self, **fields) -> None:
        """Takes up new rules. Other data begin a new game, all else goes on with the players."""
        unknown = set(fields) - set(Rules.__dataclass_fields__)
        if unknown:
            raise ParameterError(
                f"{unknown.pop()!r} is no rule: choose from {', '.join(vars(Rules()))}."
            )
        rules = replace(self.rules, **fields)
        if rules.data == self.rules.data:
            before, self.rules = self.rules, rules
            self._take_up()
            if any(getattr(rules, name) != getattr(before, name) for name in COMPILED):
                self._compile()
            return
        if rules.data == DRAWN:
            raise ParameterError("data is 'drawn' before anything is: draw first.")
        self.begin(rules)

    def begin(self, rules: Rules) -> None:
        """A new game by these rules, on fresh data of theirs."""
        self.target = TARGETS[rules.data](self._rng())
        self.rules = rules
        self.reset()

    def draw(self, strokes: np.ndarray) -> None:
        """A new game on points set by hand, (n, 2)."""
        self.target = drawn(strokes, self._rng())
        self.rules = replace(self.rules, data=DRAWN)
        self.reset()

    def _take_up(self) -> None:
        """Numbers go into variables, so that a slider compiles nothing."""
        self.d_optimizer.learning_rate = self.rules.d_rate
        self.g_optimizer.learning_rate = self.rules.g_rate
        self.d_steps.assign(self.rules.d_steps)
        self.weight.assign(self.rules.weight)

    def _compile(self) -> None:
        """Makes the moves for the loss and the penalty of now."""
        make = PENALTIES[self.rules.penalty]
        loss = LOSSES[self.rules.loss]()
        self.game = Game(loss, make and make(self.weight))
        self.d_optimizer.beta_1 = self.g_optimizer.beta_1 = self.rules.beta_1
        keep_order_of_sums()  # so that a game repeats
        self._d_move, self._g_move = tf.function(self._move_d), tf.function(self._move_g)
        self._round, self._look = tf.function(self._both), tf.function(self._answers)

    # --- moves --------------------------------------------------------------------------------

    def _batch(self):
        """A batch of real points, one of latent vectors, and the random numbers of this move."""
        draw = Draw(self.seed, self.moves.assign_add(1))
        count = len(self.target.points)
        rows = tf.random.stateless_uniform([BATCH], draw.key("batch"), 0, count, tf.int32)
        return tf.gather(self.real, rows), self._latent(BATCH, draw), draw

    def _latent(self, count, draw):
        return draw.uniform("latent", count, 2, low=-1.0, high=1.0)

    def _answer(self, samples):
        return self.discriminator(samples, training=True)

    def _move_d(self):
        real, z, draw = self._batch()
        fake = self.generator(z, training=True)
        with tf.GradientTape() as tape:
            loss, _, _ = self.game.d_loss(self._answer, real, fake, draw)
        weights = self.discriminator.trainable_variables
        self.d_optimizer.apply(tape.gradient(loss, weights), weights)

    def _move_g(self):
        real, z, _ = self._batch()
        with tf.GradientTape() as tape:
            fake = self.generator(z, training=True)
            loss = self.game.loss.generator(self._answer(real), self._answer(fake))
        weights = self.generator.trainable_variables
        self.g_optimizer.apply(tape.gradient(loss, weights), weights)
        # Early, when G has moved little, the average reaches back less far.
        moves = tf.cast(self.g_optimizer.iterations, tf.float32)
        share = tf.maximum(1.0 - DECAY, 1.0 / (1.0 + 0.1 * moves))
        for mean, weight in zip(self.average.trainable_variables, weights, strict=True):
            mean.assign_add(share * (weight - mean))

    def _both(self, rounds):
        for _ in tf.range(rounds):
            for _ in tf.range(self.d_steps):
                self._move_d()
            self._move_g()

    def move_d(self) -> None:
        """One update of the discriminator."""
        self._d_move()

    def move_g(self) -> None:
        """One update of the generator."""
        self._g_move()

    def play(self, rounds: int = 1) -> None:
        """Rounds of `d_steps` updates of D and one of G."""
        self._round(tf.constant(rounds))
        self.rounds += rounds

    # --- looking ------------------------------------------------------------------------------

    @property
    def shown(self) -> keras.Model:
        """The generator whose samples are looked at."""
        return self.average if self.rules.samples == "average" else self.generator

    def _answers(self):
        """What both players do now, on points that stay the same."""
        draw = Draw(self.seed)  # no move has the number 0
        z = self._latent(SCORED, draw)
        fake = self.shown(z, training=False)
        real = self.real[:SHOWN]
        with tf.GradientTape() as tape:
            shown = tf.identity(fake[:SHOWN])
            tape.watch(shown)
            real_logits, fake_logits = self._answer(real), self._answer(shown)
            g_loss = self.game.loss.generator(real_logits, fake_logits)
        # The loss is a mean: each sample's own slope is `SHOWN` times its part of it.
        pull = -SHOWN * tape.gradient(g_loss, shown)
        d_loss, _, _ = self.game.d_loss(self._answer, real, shown, draw)
        logits = self._answer(_square(SIDE, EDGE))
        if self.rules.loss in ("wasserstein", "relativistic"):
            logits -= (tf.reduce_mean(real_logits) + tf.reduce_mean(fake_logits)) / 2
        mesh = self.shown(_square(MESH, 1.0), training=False)
        return tf.sigmoid(logits), fake, pull, mesh, d_loss, g_loss

    def view(self) -> View:
        """A look at the game; its losses and scores are kept in `history`.

        Raises `TrainingDiverged` where they are no longer finite.
        """
        parts = [part.numpy() for part in self._look()]
        surface, fake, pull, mesh, d_loss, g_loss = parts
        if not all(np.isfinite(part).all() for part in parts):
            raise TrainingDiverged(
                f"after {self.rounds:,} rounds the numbers are no longer finite: reset the game, "
                f"and lower a learning rate."
            )
        modes, quality = self.target.captured(fake)
        self.history.append((self.rounds, float(d_loss), float(g_loss), modes, quality))
        return View(
            self.rounds,
            surface.reshape(SIDE, SIDE),
            fake[:SHOWN],
            pull,
            mesh.reshape(MESH, MESH, 2),
            float(d_loss),
            float(g_loss),
            modes,
            quality,
        )
