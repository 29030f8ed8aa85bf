"""Which modes of a distribution a generator reaches: of a mixture, or of stacked digits."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from gan_utils.errors import DataError, ParameterError
from gan_utils.metrics.arrays import as_labels, as_rows, check_same_width
from gan_utils.metrics.classes import over_counts
from gan_utils.metrics.score import Score, check_count, proportion

HIGH_QUALITY_RADIUS = 3  # in standard deviations of a mode


@dataclass(frozen=True, eq=False)
class ModeScores:
    """The scores that `modes_captured` and `label_modes` give.

    Attributes:
        modes: number of modes with at least one (high-quality) sample.
        high_quality: share of the samples that are of high quality, 0 to 1.
        counts: (high-quality) samples of each mode, int64 of shape (k,).
        reverse_kl: divergence of the shares of the modes from uniform, in nats; 0 is best,
            log k means that all samples belong to one mode.
    """

    modes: Score
    high_quality: Score
    counts: np.ndarray
    reverse_kl: Score


def modes_captured(
    samples: ArrayLike, centres: ArrayLike, std: float, level: float = 0.95, seed: int = 0
) -> ModeScores:
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
        level, seed: of the intervals, bootstraps over the samples (Wilson's for high quality).

    Raises:
        DataError: not numbers, not finite, of the wrong shape, or two centres that are equal.
        ParameterError: a std that is not above 0, or a level outside (0, 1).
    """
    if not 0 < std < np.inf:
        raise ParameterError(f"std is {std}; give the standard deviation of a mode, above 0.")
    points, middles = as_rows(samples, "samples"), as_rows(centres, "centres")
    check_same_width(points, "samples", middles, "centres")
    k, n = len(middles), len(points)
    if len(np.unique(middles, axis=0)) < k:
        raise DataError("centres holds the same centre twice; give each mode once.")

    distances = np.stack([np.linalg.norm(points - centre, axis=1) for centre in middles], axis=1)
    nearest = distances.argmin(axis=1)
    good = distances.min(axis=1) <= HIGH_QUALITY_RADIUS * std
    counts = np.bincount(nearest[good], minlength=k)
    # The samples of no mode are drawn along, as one more count.
    all_counts = np.append(counts, n - counts.sum())
    modes = over_counts(lambda c: np.count_nonzero(c[..., :k], axis=-1), all_counts, level, seed, k)
    high_quality = proportion(int(counts.sum()), n, level)
    return ModeScores(
        modes, high_quality, counts, _reverse_kl(np.bincount(nearest, minlength=k), level, seed)
    )


def label_modes(labels: ArrayLike, k: int, level: float = 0.95, seed: int = 0) -> ModeScores:
    """Count the modes among k equally likely labels, such as the 1,000 triples of stacked MNIST.

    The measure of VEEGAN and PacGAN on stacked MNIST: a mode is captured if one sample has its
    label. Even n samples of the data themselves miss modes, and their reverse KL divergence is
    about (k − 1) / (2n) and not 0: score as many real samples beside the generated ones.

    Args:
        labels: whole numbers from 0 to k − 1, shape (n,).
        k: number of modes, from 2 on.
        level, seed: of the intervals, bootstraps over the samples. That of the number of modes
            knows nothing of modes that were never drawn: where many are rare it is too narrow.

    Raises:
        DataError: labels that are not whole numbers from 0 to k − 1, or none.
        ParameterError: k below 2, or a level outside (0, 1).
    """
    check_count("k", k, 2)
    counts = np.bincount(as_labels(labels, "labels", k), minlength=k)
    n = int(counts.sum())
    modes = over_counts(lambda c: np.count_nonzero(c, axis=-1), counts, level, seed, k)
    return ModeScores(modes, proportion(n, n, level), counts, _reverse_kl(counts, level, seed))


def _reverse_kl(counts: np.ndarray, level: float, seed: int) -> Score:
    from scipy.special import xlogy  # takes longer to import than the rest of the package

    def divergence(c: np.ndarray) -> np.ndarray:
        shares = c / c.sum(axis=-1, keepdims=True)
        # Rounding can take equal shares just below 0.
        return np.maximum(xlogy(shares, shares * c.shape[-1]).sum(axis=-1), 0.0)

    return over_counts(divergence, counts, level, seed, np.log(len(counts)))
