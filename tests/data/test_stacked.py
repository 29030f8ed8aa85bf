"""Digits stacked into colour images: a thousand modes that can be counted."""

import numpy as np
import pytest

from gan_utils.data import ImageSet, load_images, stack_digits
from gan_utils.errors import DataError

GREY = np.random.default_rng(0).integers(0, 256, (6, 28, 28, 1), dtype=np.uint8)
COLOUR = np.random.default_rng(1).integers(0, 256, (6, 16, 16, 3), dtype=np.uint8)


def test_stacked_digits_are_the_digits_of_their_label():
    digits = load_images("mnist", "test")
    stacked = stack_digits(digits, 200, seed=3)
    assert stacked.images.shape == (200, 28, 28, 3) and stacked.class_names[42] == "042"
    of_class = {
        d: {image.tobytes() for image in digits.images[digits.labels == d]} for d in range(10)
    }
    for image, label in zip(stacked.images, stacked.labels, strict=True):
        for channel, digit in enumerate(map(int, f"{label:03d}")):
            assert np.ascontiguousarray(image[..., channel]).tobytes() in of_class[digit]


def test_the_thousand_modes_are_about_equally_likely():
    labels = stack_digits(load_images("mnist", "test"), 50_000).labels
    counts = np.bincount(labels, minlength=1000)
    # Poisson with mean 50: five standard deviations are 35.
    assert counts.min() > 15 and counts.max() < 90
    again = stack_digits(load_images("mnist", "test"), 50_000).labels
    assert np.array_equal(labels, again)


@pytest.mark.parametrize(
    ("digits", "count", "message"),
    [
        (ImageSet(COLOUR, np.arange(6), tuple("012345"), "colours"), 5, "grey digits"),
        (ImageSet(GREY, None, (), "unknown"), 5, "grey digits"),
        (ImageSet(GREY, np.arange(6) + 9, tuple("012345"), "beyond"), 5, "grey digits"),
        (ImageSet(GREY, np.arange(6), tuple("012345"), "six"), 0, "number of images"),
    ],
)
def test_what_cannot_be_stacked(digits, count, message):
    with pytest.raises(DataError, match=message):
        stack_digits(digits, count)
