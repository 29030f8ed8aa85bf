"""Precision, recall, density and coverage: fidelity and variety as two numbers, not one."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from gan_utils.errors import DataError
from gan_utils.metrics.arrays import as_rows, check_same_width
from gan_utils.metrics.score import Score, check_count, check_level

# Distances are computed by expanding the square, which is good to some 1e-14 of the rows' squares.
ROUNDING = 1e-13


@dataclass(frozen=True)
class PRDC:
    """The scores that `prdc` gives; each from 0 to 1, but density, which may exceed 1.

    Attributes:
        precision: share of the generated samples that lie in the ball of some real sample.
        recall: share of the real samples that lie in the ball of some generated sample.
        density: real balls that a generated sample lies in, on average, divided by k.
        coverage: share of the real samples whose ball holds some generated sample.
    """

    precision: Score
    recall: Score
    density: Score
    coverage: Score


def prdc(
    real: ArrayLike,
    fake: ArrayLike,
    k: int = 5,
    groups: int = 10,
    memory: int = 256,
    level: float = 0.95,
    seed: int = 0,
) -> PRDC:
    """Compare two sets by balls that reach to the k-th nearest neighbour in their own set.

    Precision and recall are those of Kynkäänniemi et al. 2019 (arXiv:1904.06991, equation 1),
    density and coverage those of Naeem et al. 2020 (arXiv:2002.09797, equations 4 and 5). The
    edge of a ball does not belong to it. All four depend on n and k: compare at equal values,
    with real against real beside them.

    The interval is that of the jackknife over groups: both sets are dealt into `groups` equal
    parts, the scores are taken again without one part at a time, and their spread is scaled to
    that of independent sets (Student's t with groups − 1 degrees of freedom). It says how far a
    score would move with other samples of the same number. It is wider than it need be in the
    middle of the scale, and too narrow for a precision near 1 on few samples.

    Args:
        real, fake: features of shape (n, d) and (m, d), more than k rows each.
        k: neighbours that fix the radius of a ball, from 1 on.
        groups: of the jackknife, from 3 on, or 0 for no intervals and a tenth of the time.
        memory: MiB that blocks of distances may take at a time; n · m distances are never held.
        level: share of such intervals that hold the expected score.
        seed: of the dealing into groups; the values do not depend on it.

    Raises:
        DataError: not numbers, not finite, not (n, d), of different width, k rows or fewer, or
            real rows that are all repeated more than k times, so that every ball is empty.
        ParameterError: k, groups, memory or level out of range.
    """
    check_level(level)
    check_count("k", k, 1)
    check_count("memory", memory, 1)
    if groups != 0:
        check_count("groups", groups, 3)
    first, second = as_rows(real, "real"), as_rows(fake, "fake")
    check_same_width(first, "real", second, "fake")
    n = min(len(first), len(second))
    # Without its largest group, a set still has more than k rows; no group is empty.
    least = max(groups, -(-(k + 1) * groups // (groups - 1))) if groups else k + 1
    for rows, name in ((first, "real"), (second, "fake")):
        if len(rows) < least:
            raise DataError(
                f"{name} has {len(rows)} rows, but k = {k} with {groups} groups needs at least "
                f"{least}; give more rows, a smaller k or groups=0."
            )
    # Distances lose digits when the rows lie far from the origin.
    origin = first.mean(axis=0)
    first, second = first - origin, second - origin
    values = _scores(first, second, k, memory)
    if not groups:
        return PRDC(*(Score(float(value), math.nan, math.nan, n) for value in values))

    rng = np.random.default_rng(seed)
    dealt = [rng.permutation(len(rows)) % groups for rows in (first, second)]
    without = np.array(
        [_scores(first[dealt[0] != g], second[dealt[1] != g], k, memory) for g in range(groups)]
    )
    from scipy.special import stdtrit  # takes longer to import than the rest of the package

    error = np.sqrt((groups - 1) / groups * np.square(without - without.mean(axis=0)).sum(axis=0))
    half = stdtrit(groups - 1, (1 + level) / 2) * error
    low = np.maximum(values - half, 0)
    high = np.minimum(values + half, [1, 1, np.inf, 1])
    return PRDC(*(Score(*map(float, ends), n) for ends in zip(values, low, high, strict=True)))


def _scores(real: np.ndarray, fake: np.ndarray, k: int, memory: int) -> np.ndarray:
    """Give precision, recall, density and coverage, shape (4,)."""
    from sklearn.metrics import pairwise_distances_chunked

    real_radii, fake_radii = _radii(real, k), _radii(fake, k)
    if not real_radii.any():
        raise DataError(
            f"Each row of real is repeated more than k = {k} times, so that no ball has a radius; "
            "give real samples that differ."
        )
    in_real_balls = np.zeros(len(fake), np.int64)
    in_fake_balls, covered = np.zeros(len(real), bool), np.zeros(len(real), bool)

    def count(distances: np.ndarray, start: int) -> None:
        rows = slice(start, start + len(distances))
        inside = distances < real_radii[rows, None]
        in_real_balls[:] += inside.sum(axis=0)
        covered[rows] = inside.any(axis=1)
        in_fake_balls[rows] = (distances < fake_radii).any(axis=1)

    for _ in pairwise_distances_chunked(real, fake, reduce_func=count, working_memory=memory):
        pass
    precision = (in_real_balls > 0).mean()
    return np.array([precision, in_fake_balls.mean(), in_real_balls.mean() / k, covered.mean()])


def _radii(rows: np.ndarray, k: int) -> np.ndarray:
    """Give the distance of each row to its k-th nearest other row, shape (n,)."""
    from sklearn.neighbors import NearestNeighbors

    # Without an argument each row is not its own neighbour.
    search = NearestNeighbors(n_neighbors=k, algorithm="brute").fit(rows)
    squares = np.square(search.kneighbors()[0][:, -1])
    # The edge lies outside, also where rounding would move it past a row that lies on it.
    squares -= ROUNDING * (np.square(rows).sum(axis=1) + squares)
    return np.sqrt(np.maximum(squares, 0))
