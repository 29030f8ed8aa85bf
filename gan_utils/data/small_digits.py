"""The small digits that come with scikit-learn, in the size of MNIST's."""

from __future__ import annotations

import numpy as np

from gan_utils.data.checks import check_choice
from gan_utils.data.images import CLASS_NAMES, ImageSet
from gan_utils.data.tasks import enlarge

TRAIN = 1197  # of the 1,797 digits, the first ones; the other 600 are for tests


def load_small_digits(split: str = "train") -> ImageSet:
    """One split of 1,797 handwritten digits of 8 × 8 pixels with 17 grey levels.

    They are the test part of a set by E. Alpaydın and C. Kaynak (UCI, *Optical recognition of
    handwritten digits*, 1998), other people's hands and another machine than MNIST's. Each pixel
    becomes 3 × 3, with two black ones around: uint8 (n, 28, 28, 1), from 0 to 255.

    split: "train", the first 1,197, or "test", the other 600.
    """
    from sklearn.datasets import load_digits

    check_choice("split", split, ("train", "test"))
    digits = load_digits()
    rows = slice(TRAIN) if split == "train" else slice(TRAIN, None)
    small = np.round(digits.images[rows, ..., np.newaxis] * (255 / 16)).astype(np.uint8)
    images = np.pad(enlarge(small, 3), ((0, 0), (2, 2), (2, 2), (0, 0)))
    return ImageSet(
        images, digits.target[rows].astype(np.int64), CLASS_NAMES["mnist"], "small_digits"
    )
