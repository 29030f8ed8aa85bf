"""Real images damaged on purpose, with sliders, and every score's answer.

Blur and noise are computed in advance, features and all, so that an answer takes a moment;
classes are left out, and images repeated, by choosing rows.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.ndimage import gaussian_filter

from gan_utils.errors import DataError, ParameterError
from gan_utils.judging import Judge
from gan_utils.metrics import (
    frechet_distance,
    inception_score,
    kernel_distance,
    nearest_neighbours,
    prdc,
    share_closer,
)
from gan_utils.widgets.panel import Answer, Panel, Slider

SIZE = 450  # images that are scored
PER_CLASS = 150  # from which they are chosen: three classes still give `SIZE` different ones
BLURS = (0.0, 0.75, 1.5)  # standard deviation in pixels
NOISES = (0, 15, 30)  # standard deviation in grey levels
# More copies would leave fewer than ten images, and so take classes away as well.
DAMAGES = {"blur": BLURS, "noise": NOISES, "classes": range(3, 11), "copies": range(1, 46)}
DRAWS = 10  # of undamaged images, for the spread of each score
MOVES = 5  # a score moves when it changes by more than so many spreads


class Playground:
    """Real images of ten classes, damaged as one asks, and their scores.

    images, labels: test images, uint8 (n, 28, 28, 1), with at least 2 · `PER_CLASS` of each of
        ten classes: one half is damaged, `SIZE` of the other are what scores compare with.
    training: some of the images that a generator would have trained on.
    """

    def __init__(
        self,
        images: np.ndarray,
        labels: np.ndarray,
        training: np.ndarray,
        judge: Judge,
        seed: int = 0,
    ):
        self.rng = np.random.default_rng(seed)
        order = self.rng.permutation(len(images))
        rows = [order[labels[order] == label][: 2 * PER_CLASS] for label in range(10)]
        if min(map(len, rows)) < 2 * PER_CLASS:
            raise DataError(
                f"images holds fewer than {2 * PER_CLASS} of one of the ten classes: give all "
                f"test images."
            )
        # One of each class after the other, so that any first part is balanced.
        clean, reference = np.split(np.stack(rows, axis=1).ravel(), 2)
        self.training = training
        self.classes = labels[clean]
        self.reference = judge.features(images[reference[:SIZE]])
        self.held_out = self._to_training(images[reference[:SIZE]])
        self.damaged = {
            (blur, noise): self._damage(images[clean], blur, noise)
            for blur in BLURS
            for noise in NOISES
        }
        self.parts = {
            key: (*judge.features_and_probabilities(damaged), self._to_training(damaged))
            for key, damaged in self.damaged.items()
        }
        self.undamaged = self._undamaged()

    def _to_training(self, images: np.ndarray) -> np.ndarray:
        return nearest_neighbours(images, self.training)[0][:, 0]

    def _damage(self, images: np.ndarray, blur: float, noise: int) -> np.ndarray:
        damaged = gaussian_filter(images.astype(float), (0, blur, blur, 0))
        damaged += self.rng.normal(0, noise, images.shape) if noise else 0
        return np.clip(damaged, 0, 255).round().astype(np.uint8)

    def chosen(self, classes: int, copies: int) -> np.ndarray:
        """Rows of the first `classes` classes, each `copies` times: always `SIZE` in all."""
        kept = np.flatnonzero(self.classes < classes)
        return np.resize(kept[: math.ceil(SIZE / copies)], SIZE)

    def scores(self, rows: np.ndarray, blur: float = 0.0, noise: int = 0) -> dict[str, float]:
        """Every score of these rows under this damage."""
        features, probabilities, distances = (part[rows] for part in self.parts[blur, noise])
        shapes = prdc(self.reference, features, groups=0)
        scores = {
            "FD": frechet_distance(self.reference, features, resamples=0),
            "KD": kernel_distance(self.reference, features, subsets=4, size=SIZE // 2),
            "inception score": inception_score(probabilities),
            "precision": shapes.precision,
            "recall": shapes.recall,
            "density": shapes.density,
            "coverage": shapes.coverage,
            "closer to training": share_closer(distances, self.held_out),
        }
        return {name: float(score) for name, score in scores.items()}

    def _undamaged(self) -> dict[str, tuple[float, float]]:
        """Each score of undamaged images, and its spread over other draws of them."""
        draws = [
            self.scores(self.rng.choice(len(self.classes), SIZE, replace=False))
            for _ in range(DRAWS)
        ]
        clean = self.scores(self.chosen(10, 1))
        return {
            name: (value, float(np.std([draw[name] for draw in draws], ddof=1)))
            for name, value in clean.items()
        }

    def damage(
        self, blur: float = 0.0, noise: int = 0, classes: int = 10, copies: int = 1
    ) -> Answer:
        """The damaged images, and each score beside that of undamaged ones.

        Raises `ParameterError` for damage that was not computed.
        """
        asked = {"blur": blur, "noise": noise, "classes": classes, "copies": copies}
        for name, value in asked.items():
            if value not in DAMAGES[name]:
                choices = DAMAGES[name]
                steps = f"from {choices[0]} to {choices[-1]}"
                raise ParameterError(f"{name} is {value!r}: give one of the steps {steps}.")
        rows = self.chosen(classes, copies)
        scores = self.scores(rows, blur, noise)
        table = [["score", "undamaged", "now", "change in spreads", "moves"]]
        for name, (clean, spread) in self.undamaged.items():
            change = scores[name] - clean
            if change:
                change = change / spread if spread else math.copysign(math.inf, change)
            moved = "yes" if abs(change) > MOVES else "no"
            table.append([name, f"{clean:.3g}", f"{scores[name]:.3g}", f"{change:+.0f}", moved])
        moving = [line[0] for line in table[1:] if line[-1] == "yes"]
        words = f"Scores that move: {', '.join(moving) or 'none'}."
        return Answer(words, {"the first twelve": self.damaged[blur, noise][rows[:12]]}, table)


def metric_playground(playground: Playground) -> Panel:
    """The damages as sliders."""
    labels = {
        "blur": "blur, pixels", "noise": "noise, grey levels", "classes": "classes left",
        "copies": "copies of each image",
    }  # fmt: skip
    undamaged = {"blur": 0.0, "noise": 0, "classes": 10, "copies": 1}
    sliders = [
        Slider(name, labels[name], steps[0], steps[-1], steps[1] - steps[0], undamaged[name])
        for name, steps in DAMAGES.items()
    ]
    return Panel("Which score notices?", sliders, playground.damage)
