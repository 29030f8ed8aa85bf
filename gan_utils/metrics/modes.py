"""Which modes of a mixture a generator reaches."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from gan_utils.errors import DataError, ParameterError
from gan_utils.metrics.arrays import as_rows, check_same_width

HIGH_QUALITY_RADIUS = 3  # in standard deviations of a mode


@dataclass(frozen=True, eq=False)
class ModeScores:
    """What `modes_captured` found.

    Attributes:
        modes: number of modes with at least one high-quality sample.
        high_quality: share of the samples that are of high quality, 0 to 1.
        counts: high-quality samples of each mode, int64 of shape (k,).
        reverse_kl: divergence of the shares of the modes from uniform, in nats; 0 is best,
            log k means that all samples are nearest to one mode.
    """

    modes: int
    high_quality: float
    counts: np.ndarray
    reverse_kl: float


def modes_captured(samples: ArrayLike, centres: ArrayLike, std: float) -> ModeScores:
    """Count the modes of a Gaussian mixture with equal weights that samples reach.

    A sample is of high quality if it lies within three standard deviations of its nearest
    centre (Euclidean distance), and a mode is captured if it has at least one such sample
    (PacGAN, Lin et al. 2018, arXiv:1712.04086, section 4.1, after VEEGAN, Srivastava et al.
    2017, arXiv:1705.07761). For the reverse KL divergence every sample counts for its nearest
    centre, of high quality or not. Of samples from the mixture itself in two dimensions,
    1 − exp(−9/2) = 98.9 % are of high quality.

    Args:
        samples: points of shape (n, d); d is 2 in the lessons.
        centres: the k different centres, shape (k, d).
        std: standard deviation of a mode along each axis, above 0.

    Raises:
        DataError: not numbers, not finite, of the wrong shape, or two centres that are equal.
        ParameterError: a std that is not above 0.
    """
    if not 0 < std < np.inf:
        raise ParameterError(f"std is {std}; give the standard deviation of a mode, above 0.")
    points, middles = as_rows(samples, "samples"), as_rows(centres, "centres")
    check_same_width(points, "samples", middles, "centres")
    k = len(middles)
    if len(np.unique(middles, axis=0)) < k:
        raise DataError("centres holds the same centre twice; give each mode once.")

    distances = np.stack([np.linalg.norm(points - centre, axis=1) for centre in middles], axis=1)
    nearest = distances.argmin(axis=1)
    good = distances.min(axis=1) <= HIGH_QUALITY_RADIUS * std
    counts = np.bincount(nearest[good], minlength=k)
    shares = np.bincount(nearest, minlength=k) / len(points)
    present = shares[shares > 0]
    reverse_kl = float(np.sum(present * np.log(present * k)))
    # Rounding can take equal shares just below 0.
    return ModeScores(
        int(np.count_nonzero(counts)), float(good.mean()), counts, max(reverse_kl, 0.0)
    )
