"""The inputs of the reference values, drawn again wherever they are needed.

`numpy.random.RandomState` is frozen by NumPy, so every version of it draws the same numbers. What
goes through a matrix product is the same up to rounding: libraries add in different orders.
"""

import numpy as np

Sets = tuple[np.ndarray, np.ndarray]


def set_a() -> Sets:
    """More rows than columns: real (1500, 64) and fake (1200, 64)."""
    return _rectified(1500, 1200, 64, seed=1)


def set_b() -> Sets:
    """Fewer rows than columns, so singular covariances: real (150, 300) and fake (120, 300)."""
    return _rectified(150, 120, 300, seed=2)


def set_c(rows: int) -> Sets:
    """Two sets of one distribution, N(0, I) in 1000 dimensions, shape (rows, 1000) each.

    With 10,000 rows this is the example in the README of prdc, which draws without a seed.
    """
    rng = np.random.RandomState(3)
    return rng.normal(size=(rows, 1000)), rng.normal(size=(rows, 1000))


def logits() -> np.ndarray:
    """What a classifier of ten classes might give before its softmax, shape (2000, 10)."""
    return 3 * np.random.RandomState(4).normal(size=(2000, 10))


def _rectified(real_rows: int, fake_rows: int, columns: int, seed: int) -> Sets:
    """Features as after a ReLU, whose columns are correlated: they mix eight hidden normals.

    The fake set mixes them somewhat differently, more widely and with an offset, so that no
    score of the pair lies at an end of its scale.
    """
    rng = np.random.RandomState(seed)
    mix = rng.normal(size=(8, columns)) / np.sqrt(8)
    other = mix + 0.4 * rng.normal(size=(8, columns)) / np.sqrt(8)
    real = rng.normal(size=(real_rows, 8)) @ mix
    fake = 1.2 * rng.normal(size=(fake_rows, 8)) @ other + 0.1
    return np.maximum(real, 0), np.maximum(fake, 0)
