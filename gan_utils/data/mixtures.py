"""Mixtures of Gaussians in the plane: data whose modes can be counted.

A number out of range is a `DataError`.
"""

from dataclasses import dataclass

import numpy as np

from gan_utils.data.checks import check_count, check_length
from gan_utils.errors import DataError


@dataclass(frozen=True)
class Mixture:
    """Equally likely round Gaussians in the plane.

    centres: float64 (k, 2); std: the standard deviation of each along either axis.
    """

    centres: np.ndarray
    std: float
    name: str

    def __post_init__(self) -> None:
        if self.centres.ndim != 2 or self.centres.shape[1] != 2 or not len(self.centres):
            raise DataError(f"The centres have shape {self.centres.shape}; give (modes, 2).")
        check_length("standard deviation", self.std)

    def sample(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """Draw n points, float32 (n, 2)."""
        check_count("number of points", n)
        modes = rng.integers(len(self.centres), size=n)
        return rng.normal(self.centres[modes], self.std).astype(np.float32)


def ring(modes: int = 8, radius: float = 2.0, std: float = 0.02) -> Mixture:
    """Centres evenly on a circle around 0, the first on the positive x-axis.

    The default is PacGAN's ring (Lin et al. 2018, section 4.1) at twice its size.
    """
    check_count("number of modes", modes)
    check_length("radius", radius)
    angles = 2 * np.pi * np.arange(modes) / modes
    return Mixture(radius * np.stack([np.cos(angles), np.sin(angles)], 1), std, f"ring of {modes}")


def grid(side: int = 5, spacing: float = 2.0, std: float = 0.05) -> Mixture:
    """Centres on a square of side by side points around 0, `spacing` apart.

    The default is PacGAN's grid (Lin et al. 2018, section 4.1).
    """
    check_count("side", side)
    check_length("spacing", spacing)
    along = spacing * (np.arange(side) - (side - 1) / 2)
    centres = np.stack(np.meshgrid(along, along, indexing="ij"), -1).reshape(-1, 2)
    return Mixture(centres, std, f"grid of {side} x {side}")
