"""The small digits are scikit-learn's, each pixel three by three."""

import numpy as np
import pytest
from sklearn.datasets import load_digits

from gan_utils.data.small_digits import load_small_digits
from gan_utils.errors import CourseError


def test_the_digits_can_be_read_back():
    digits, parts = load_digits(), [load_small_digits(split) for split in ("train", "test")]
    assert [len(part) for part in parts] == [1197, 600]
    images = np.concatenate([part.images for part in parts])
    assert images.shape == (1797, 28, 28, 1) and images.dtype == np.uint8
    assert images.min() == 0 and images.max() == 255
    inner = images[:, 2:-2, 2:-2, 0]
    np.testing.assert_array_equal(np.round(inner[:, 1::3, 1::3] / 255 * 16), digits.images)
    np.testing.assert_array_equal(inner, inner[:, 1::3, 1::3].repeat(3, 1).repeat(3, 2))
    assert images.sum() == inner.sum()  # a black frame
    labels = np.concatenate([part.labels for part in parts])
    np.testing.assert_array_equal(labels, digits.target)


def test_another_split():
    with pytest.raises(CourseError, match="split"):
        load_small_digits("all")
