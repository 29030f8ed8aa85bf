"""A conditional generator to play with: any class, a walk between two, one z as every class."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from ipywidgets import VBox

from gan_utils.data import unscale
from gan_utils.errors import ParameterError
from gan_utils.judging import Judge
from gan_utils.training.conditional import ConditionalGAN
from gan_utils.widgets.panel import Answer, Panel, Slider

STARTS = 100  # latent vectors that a slider offers
IMAGES = 9  # in a row


class ClassSpace:
    """Images of a conditional game by class and latent vector, and what a judge says of them.

    names: of the classes, as many as the game has; `ParameterError` for another number.
    seed: of the `STARTS` latent vectors.
    """

    def __init__(self, game: ConditionalGAN, names: Sequence[str], judge: Judge, seed: int = 0):
        if len(names) != game.classes:
            raise ParameterError(
                f"{len(names)} names are given for {game.classes} classes: give one each."
            )
        self.game, self.names, self.judge = game, tuple(names), judge
        self.starts = game.latent(STARTS, seed)
        self._rows = np.eye(game.classes, dtype=np.float32)

    def images(self, start: int, asked: np.ndarray) -> np.ndarray:
        """uint8 images of latent vector number `start` for each row of classes (n, classes)."""
        if not 0 <= start < STARTS:
            raise ParameterError(
                f"there is no latent vector {start}: give a number from 0 to {STARTS - 1}."
            )
        z = np.repeat(self.starts[start : start + 1], len(asked), axis=0)
        return unscale(self.game.generate((z, asked)), *self.game.image_range)

    def _row(self, label: float) -> np.ndarray:
        if label not in range(len(self.names)):
            raise ParameterError(
                f"there is no class {label:g}: give a number from 0 to {len(self.names) - 1}."
            )
        return self._rows[int(label)]

    def some(self, label: int = 0, start: int = 0) -> Answer:
        """Images of one class, from `start` on."""
        asked = np.repeat(self._row(label)[None], IMAGES, axis=0)
        z = self.starts[(int(start) + np.arange(IMAGES)) % STARTS]
        images = unscale(self.game.generate((z, asked)), *self.game.image_range)
        name = self.names[int(label)]
        return Answer(f"{IMAGES} images of the class {name}.", {name: images})

    def between(self, first: int = 0, second: int = 1, start: int = 0) -> Answer:
        """One latent vector on the way from one class to another, with the judge's answers."""
        shares = np.linspace(0, 1, IMAGES, dtype=np.float32)[:, None]
        asked = (1 - shares) * self._row(first) + shares * self._row(second)
        images = self.images(int(start), asked)
        names = self.names[int(first)], self.names[int(second)]
        said = self.judge.probabilities(images)[:, [int(first), int(second)]]
        table = [["share of the second", *(f"{share:.2f}" for share in shares[:, 0])]]
        for name, column in zip(names, said.T, strict=True):
            table.append([f"judged {name}", *(f"{value:.0%}" for value in column)])
        words = f"Latent vector {start:g} from {names[0]} to {names[1]}."
        return Answer(words, {" → ".join(names): images}, table)

    def every(self, start: int = 0) -> Answer:
        """One latent vector as each class."""
        images = self.images(int(start), self._rows)
        words = f"Latent vector {start:g} as {', '.join(self.names)}."
        return Answer(words, {"as every class": images})


def class_explorer(space: ClassSpace) -> VBox:
    """The three views with sliders, one below the other; the last two are closed at first."""
    last = len(space.names) - 1
    start = Slider("start", "latent vector", 0, STARTS - 1, 1, 0)
    label, first, second = (
        Slider(name, said, 0, last, 1, value)
        for name, said, value in (
            ("label", "class", 0),
            ("first", "from class", 0),
            ("second", "to class", last),
        )
    )
    return VBox(
        [
            Panel("Any class", [label, start], space.some),
            Panel("From one class to another", [first, second, start], space.between, open=False),
            Panel("One latent vector as every class", [start], space.every, open=False),
        ]
    )
