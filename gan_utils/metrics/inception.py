"""Inception score: sure of each image, and even over the classes (Salimans et al. 2016)."""

from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from gan_utils.errors import DataError
from gan_utils.metrics.classes import as_probabilities
from gan_utils.metrics.score import Score, check_count, over_seeds


def inception_score(
    probabilities: ArrayLike, splits: int = 10, level: float = 0.95, seed: int = 0
) -> Score:
    """Measure exp E KL(p(y|x) ‖ p(y)) (Salimans et al. 2016, arXiv:1606.03498, section 4).

    It is 1 where the classifier gives every image the same answer, and k where it is sure of
    every image and the k classes are equally frequent. It never sees a real image: a generator
    with one perfect image a class scores k.

    Rows are shuffled, cut into `splits` parts and scored part by part, with the mean as the
    value, as in the original. Parts share no row, so the interval is Student's t interval over
    them. A part of few rows scores a little low: compare at equal n and equal splits.

    Args:
        probabilities: of shape (n, k), one image a row, each row adding up to 1.
        splits: parts, from 2 on; each needs at least one row.
        level: share of such intervals that hold the expected score.
        seed: of `numpy.random.RandomState`, for the shuffle.

    Raises:
        DataError: not probabilities, or fewer rows than splits.
        ParameterError: splits or level out of range.
    """
    rows = as_probabilities(probabilities)
    check_count("splits", splits, 2)
    if len(rows) < splits:
        raise DataError(
            f"probabilities has {len(rows)} rows for {splits} splits; "
            "give more rows or fewer splits."
        )
    from scipy.special import rel_entr  # takes longer to import than the rest of the package

    n = len(rows)
    rows = rows[np.random.RandomState(seed).permutation(n)]
    edges = [i * n // splits for i in range(splits + 1)]
    parts = [rows[start:stop] for start, stop in pairwise(edges)]
    # Where the mean of the smallest probabilities is rounded to 0, the divergence is not infinite.
    means = [np.maximum(part.mean(axis=0), np.finfo(np.float64).tiny) for part in parts]
    scores = [
        np.exp(rel_entr(part, mean).sum(axis=1).mean())
        for part, mean in zip(parts, means, strict=True)
    ]
    score = over_seeds(scores, level)
    return Score(score.value, score.low, score.high, n)
