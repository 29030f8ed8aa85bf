"""Data in the plane for the GAN lab, and what counts as captured.

Every shape fits into the square from −`EDGE` to `EDGE`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.spatial import cKDTree

from gan_utils.data.mixtures import Mixture, grid, ring
from gan_utils.errors import DataError
from gan_utils.metrics.modes import HIGH_QUALITY_RADIUS

EDGE = 2.6  # half the side of the square that the lab shows
POINTS = 5000  # real points, drawn once
PIECES = 12  # parts into which a shape without modes is cut
FEWEST = 20  # points that a drawing needs


@dataclass(frozen=True, eq=False)
class Target:
    """Real points, and which samples count.

    points: float32 (n, 2). A sample is of high quality if it lies within `radius` of one of the
    `anchors` (k, 2); it then captures the nearest of `centres`, of which each is one mode, or one
    `piece` of a shape that has no modes.
    """

    points: np.ndarray
    anchors: np.ndarray
    radius: float
    centres: np.ndarray
    piece: str

    @cached_property
    def _trees(self) -> tuple[cKDTree, cKDTree]:
        # Every frame of the lab asks them.
        return cKDTree(self.anchors), cKDTree(self.centres)

    def captured(self, samples: np.ndarray) -> tuple[int, float]:
        """How many modes or pieces the samples (n, 2) reach, and the share of high quality."""
        near_anchors, near_centres = self._trees
        distances, _ = near_anchors.query(samples)
        good = samples[distances <= self.radius]
        reached = np.unique(near_centres.query(good)[1]) if len(good) else []
        return len(reached), len(good) / len(samples)


def _of_mixture(mixture: Mixture, rng: np.random.Generator) -> Target:
    """Modes and quality as `gan_utils.metrics.modes_captured` counts them."""
    points = mixture.sample(POINTS, rng)
    radius = HIGH_QUALITY_RADIUS * mixture.std
    return Target(points, mixture.centres, radius, mixture.centres, "modes")


def _of_shape(points: np.ndarray) -> Target:
    """A sample is good if a real point is as near as real points are to each other, 99 % of them.

    The shape is cut into `PIECES` parts by k-means.
    """
    from sklearn.cluster import KMeans

    points = points.astype(np.float32)
    if not (len(points) and np.isfinite(points).all() and np.abs(points).max() <= EDGE):
        raise DataError(
            f"the points must be numbers from −{EDGE} to {EDGE}: draw inside the frame."
        )
    distances, _ = cKDTree(points).query(points, k=2)
    pieces = min(PIECES, len(np.unique(points, axis=0)))
    centres = KMeans(pieces, n_init=1, random_state=0).fit(points).cluster_centers_
    return Target(points, points, float(np.quantile(distances[:, 1], 0.99)), centres, "pieces")


def _line(rng: np.random.Generator) -> Target:
    along = rng.uniform(-2.0, 2.0, POINTS)
    return _of_shape(np.stack([along, 0.5 * along], 1) + rng.normal(0, 0.03, (POINTS, 2)))


def _moons(rng: np.random.Generator) -> Target:
    from sklearn.datasets import make_moons

    points, _ = make_moons(POINTS, noise=0.04, random_state=int(rng.integers(2**31)))
    return _of_shape(1.4 * (points - [0.5, 0.25]))


TARGETS: dict[str, Callable[[np.random.Generator], Target]] = {
    "ring": lambda rng: _of_mixture(ring(), rng),
    # PacGAN's grid at half its size, so that it fits the frame.
    "grid": lambda rng: _of_mixture(grid(spacing=1.0, std=0.025), rng),
    "line": _line,
    "moons": _moons,
}


def drawn(strokes: np.ndarray, rng: np.random.Generator) -> Target:
    """A target from points set by hand, shape (n, 2), each blurred a little.

    Points outside the frame are moved to its edge. Raises `DataError` for fewer than `FEWEST`
    points, or one that is no number.
    """
    if len(strokes) < FEWEST:
        raise DataError(
            f"the drawing has {len(strokes)} points, and training needs {FEWEST} or more: "
            f"draw a longer line."
        )
    chosen = np.asarray(strokes, float)[rng.integers(len(strokes), size=POINTS)]
    return _of_shape(np.clip(chosen + rng.normal(0, 0.03, chosen.shape), -EDGE, EDGE))
