"""Stacked MNIST: a data set of a thousand modes that can be counted."""

import numpy as np

from gan_utils.data.checks import check_count
from gan_utils.data.images import ImageSet
from gan_utils.errors import DataError


def stack_digits(digits: ImageSet, count: int, seed: int = 0) -> ImageSet:
    """Draw stacked MNIST: `count` colour images whose channels are three independent digits.

    Each image is one of 1,000 modes, all about equally likely (Metz et al. 2017,
    arXiv:1611.02163, section 3.3); its label is the number that the digits spell, 0 to 999.
    `digits` are grey images with labels from 0 to 9.
    """
    check_count("number of images", count)
    if digits.images.shape[-1] != 1 or digits.labels is None or digits.labels.max() > 9:
        raise DataError(f"{digits.name} is no set of grey digits; give load_images('mnist').")
    chosen = np.random.default_rng(seed).integers(len(digits), size=(count, 3))
    images = np.moveaxis(digits.images[chosen, :, :, 0], 1, -1)
    labels = digits.labels[chosen] @ np.array([100, 10, 1])
    names = tuple(f"{number:03d}" for number in range(1000))
    return ImageSet(images, labels, names, f"stacked {digits.name}")
