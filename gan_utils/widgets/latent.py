"""Walks through a generator's latent space, each image beside the nearest training image."""

from __future__ import annotations

from dataclasses import replace

import keras
import numpy as np
from ipywidgets import VBox

from gan_utils.data import unscale
from gan_utils.errors import DataError, ParameterError
from gan_utils.judging import Judge
from gan_utils.metrics import nearest_neighbours
from gan_utils.widgets.panel import Answer, Panel, Slider

BENT = (keras.layers.ReLU, keras.layers.LeakyReLU, keras.layers.Activation)
STARTS = 100  # latent vectors that a slider offers
FARTHEST = 3.0  # standard deviations along a direction
IMAGES = 9  # of a walk
SIDE = 5  # images along each side between four corners


def linear(a: np.ndarray, b: np.ndarray, share: float) -> np.ndarray:
    """The point on the straight line from a to b, `share` of the way."""
    return (1 - share) * a + share * b


def spherical(a: np.ndarray, b: np.ndarray, share: float) -> np.ndarray:
    """The point on the arc from a to b, `share` of the angle between them (White 2016, section 2).

    Vectors of N(0, I) in d dimensions have a length near √d, and so have those on the arc; the
    middle of the straight line is about √2 times shorter, where hardly any vector of the prior is.
    Where a and b lie on one line through 0 there is no such arc, and it is the straight line.
    """
    cosine = np.dot(a, b) / (np.linalg.norm(a) * np.linalg.norm(b))
    angle = np.arccos(np.clip(cosine, -1.0, 1.0))
    if np.sin(angle) < 1e-6:
        return linear(a, b, share)
    return (np.sin((1 - share) * angle) * a + np.sin(share * angle) * b) / np.sin(angle)


PATHS = {"straight": linear, "on the arc": spherical}


class LatentSpace:
    """A generator with images to compare with, and the directions that matter in its latent space.

    generator: latent vectors (n, latent_dim) from N(0, 1) → images in `image_range`.
    training: uint8 images of the generator's shape, from which `judge` takes the features by which
        they are near.
    seed: of the `STARTS` latent vectors, and of those behind the directions.
    directions: (count, latent_dim), and `explained`, each one's share of the variance. They are
        the principal components of the generator's features after its first nonlinearity, taken
        back to latent vectors by least squares (Härkönen et al. 2020, section 2), each of length
        1, which is one standard deviation of the prior.

    Raises `ParameterError` for a generator that is no chain of layers, or whose images have another
    shape than the training's.
    """

    def __init__(
        self,
        generator: keras.Model,
        image_range: tuple[float, float],
        training: np.ndarray,
        judge: Judge,
        count: int = 5,
        seed: int = 0,
    ):
        if not isinstance(generator, keras.Sequential):
            raise ParameterError(
                f"the generator is a {type(generator).__name__}: give a keras.Sequential, whose "
                f"layers follow each other."
            )
        if generator.output_shape[1:] != training.shape[1:]:
            raise ParameterError(
                f"the generator makes images of shape {generator.output_shape[1:]} and the "
                f"training images have {training.shape[1:]}: give those it was trained on."
            )
        self.generator, self.image_range = generator, image_range
        self.training, self.judge = training, judge
        self.features = judge.features(training)
        rng = np.random.default_rng(seed)
        self.starts = rng.normal(size=(STARTS, generator.input_shape[-1])).astype(np.float32)
        z = rng.normal(size=(2000, generator.input_shape[-1])).astype(np.float32)
        self.directions, self.explained = self._principal(z, count)

    def _principal(self, z: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
        from sklearn.decomposition import PCA

        x = z
        for layer in self.generator.layers:
            x = layer(x, training=False)
            bends = getattr(layer, "activation", None) not in (None, keras.activations.linear)
            if isinstance(layer, BENT) or bends:
                break
        rows = np.asarray(keras.ops.cast(x, "float32")).reshape(len(z), -1)
        pca = PCA(min(count, rows.shape[1]), svd_solver="randomized", random_state=0).fit(rows)
        directions = np.linalg.lstsq(pca.transform(rows), z, rcond=None)[0]
        directions /= np.linalg.norm(directions, axis=1, keepdims=True)
        return directions.astype(np.float32), pca.explained_variance_ratio_

    def images(self, z: np.ndarray) -> np.ndarray:
        """uint8 images of latent vectors (n, latent_dim)."""
        z = np.asarray(z, np.float32)
        size = self.generator.input_shape[-1]
        if z.ndim != 2 or z.shape[1] != size:
            raise ParameterError(
                f"the latent vectors have shape {z.shape} and this generator reads (n, {size}): "
                f"draw them for this generator."
            )
        if not np.isfinite(z).all():
            raise DataError("the latent vectors hold infinite or missing numbers: draw new ones.")
        made = keras.ops.cast(self.generator(z, training=False), "float32")
        return unscale(np.asarray(made), *self.image_range)

    def nearest(self, images: np.ndarray) -> np.ndarray:
        """The training image with the nearest features to each image."""
        rows = nearest_neighbours(self.judge.features(images), self.features)[1][:, 0]
        return self.training[rows]

    def _start(self, number: int) -> np.ndarray:
        if not 0 <= number < STARTS:
            raise ParameterError(
                f"there is no latent vector {number}: give a number from 0 to {STARTS - 1}."
            )
        return self.starts[number]

    def walk(self, start: int = 0, **amounts: float) -> Answer:
        """From one latent vector along the directions d1, d2, …, in standard deviations.

        Two rows a direction: through the point reached, from −`FARTHEST` to `FARTHEST`, and the
        training images nearest to these.
        """
        names = [f"d{number}" for number in range(1, len(self.directions) + 1)]
        if unknown := set(amounts) - set(names):
            raise ParameterError(
                f"there is no direction {unknown.pop()!r}: choose of {', '.join(names)}."
            )
        steps = np.array([amounts.get(name, 0.0) for name in names])
        begin = self._start(start)
        here = begin + steps @ self.directions
        positions = np.linspace(-FARTHEST, FARTHEST, IMAGES)
        lines = [here + positions[:, None] * direction for direction in self.directions]
        rows = self._with_nearest("start, and reached", np.stack([begin, here]))
        for number, (line, share) in enumerate(zip(lines, self.explained, strict=True), start=1):
            rows |= self._with_nearest(f"direction {number}: {share:.0%}", line)
        words = f"Images around latent vector {start}, moved by {np.round(steps, 1).tolist()}."
        return Answer(words, rows)

    def strips(self, start: int = 0) -> dict[str, np.ndarray]:
        """The rows of `walk` that show the directions alone."""
        rows = self.walk(start).rows
        return {name: images for name, images in rows.items() if name.startswith("direction")}

    def _with_nearest(self, name: str, z: np.ndarray) -> dict[str, np.ndarray]:
        """A row of images, and one of the training images nearest to each."""
        images = self.images(z)
        return {name: images, f"nearest to {name.split(':')[0]}": self.nearest(images)}

    def _lengths(self, points: dict[str, np.ndarray]) -> list[list[str]]:
        """How long latent vectors are, beside those of the prior."""
        usual = np.linalg.norm(self.starts, axis=1).mean()
        table = [["", "length of z", "of the prior's mean length"]]
        for name, z in points.items():
            length = np.linalg.norm(z)
            table.append([name, f"{length:.2f}", f"{length / usual:.0%}"])
        return table

    def between(self, first: int = 0, second: int = 1, share: float = 0.5) -> Answer:
        """From one latent vector to another, straight and on the arc.

        The table gives the length of the latent vector `share` of the way: on the arc as long as
        those of the prior.
        """
        a, b = self._start(first), self._start(second)
        rows, points = {}, {}
        for name, path in PATHS.items():
            line = np.stack([path(a, b, t) for t in np.linspace(0, 1, IMAGES)])
            points[name] = path(a, b, share)
            rows |= self._with_nearest(name, line)
            rows |= self._with_nearest(f"{name}, at {share:.2f}", points[name][None])
        words = f"From latent vector {first} to {second}, straight and on the arc, at {share:.2f}."
        return Answer(words, rows, self._lengths(points))

    def corners(self, first: int = 0, across: float = 0.5, up: float = 0.5) -> Answer:
        """Between four latent vectors, `first` and the three after it, straight and on arcs.

        across, up: the point, from the left to the right corners and from the lower to the upper.
        """
        a, b, c, d = (self._start((first + i) % STARTS) for i in range(4))

        def point(path, x, y):
            return path(path(a, b, x), path(c, d, x), y)

        shares = np.linspace(0, 1, SIDE)
        rows, points = {}, {}
        for name, path in PATHS.items():
            points[name] = point(path, across, up)
            rows |= self._with_nearest(f"{name}, at the point", points[name][None])
            for y in shares[::-1]:
                z = np.stack([point(path, x, y) for x in shares])
                rows |= self._with_nearest(f"{name}, {y:.0%} up", z)
        words = f"Between four latent vectors, at {across:.2f} across and {up:.2f} up."
        return Answer(words, rows, self._lengths(points))


def latent_explorer(space: LatentSpace) -> VBox:
    """The three walks with sliders, one below the other; the last two are closed at first."""
    start = Slider("start", "latent vector", 0, STARTS - 1, 1, 0)
    along = [
        Slider(f"d{i}", f"direction {i}, std", -FARTHEST, FARTHEST, 0.1, 0.0)
        for i in range(1, len(space.directions) + 1)
    ]
    ends = [
        replace(start, name="first", label="from latent vector"),
        replace(start, name="second", label="to latent vector", value=1),
    ]
    unit = Slider("share", "share of the way", 0.0, 1.0, 0.05, 0.5)
    corners = [
        replace(start, name="first", label="first of four latent vectors"),
        replace(unit, name="across", label="across"),
        replace(unit, name="up", label="up"),
    ]
    return VBox(
        [
            Panel("Along the principal directions", [start, *along], space.walk),
            Panel("From one image to another", [*ends, unit], space.between, open=False),
            Panel("Between four images", corners, space.corners, open=False),
        ]
    )
