"""What is spoilt is spoilt as told, and what cannot be is refused."""

import numpy as np
import pytest

from gan_utils.data.tasks import edges, enlarge, erase, hole, shrink
from gan_utils.errors import DataError, ParameterError

IMAGES = np.random.default_rng(0).integers(0, 256, (3, 8, 12, 3), dtype=np.uint8)


def test_a_small_image_holds_the_means_of_its_squares():
    small = shrink(IMAGES)
    assert small.shape == (3, 2, 3, 3) and small.dtype == np.uint8
    for image in range(3):
        for row in range(2):
            for column in range(3):
                square = IMAGES[image, 4 * row : 4 * row + 4, 4 * column : 4 * column + 4]
                means = square.reshape(16, 3).astype(float).mean(axis=0)
                assert np.abs(small[image, row, column] - means).max() <= 0.5


def test_shrinking_undoes_repeating():
    assert np.array_equal(shrink(enlarge(IMAGES, 3), 3), IMAGES)


@pytest.mark.parametrize("channels", [1, 3])
def test_smooth_enlarging_keeps_a_ramp_and_a_flat_image(channels):
    flat = np.full((1, 5, 7, channels), 90, np.uint8)
    assert np.array_equal(enlarge(flat, 4, smooth=True), np.full((1, 20, 28, channels), 90))
    ramp = np.broadcast_to(10 * np.arange(9)[None, None, :, None], (2, 9, 9, channels))
    larger = enlarge(ramp.astype(np.uint8), 4, smooth=True).astype(int)
    slopes = np.diff(larger[:, :, 8:-8], axis=2)  # 2.5 grey levels a pixel, away from the rim
    assert slopes.min() >= 2 and slopes.max() <= 3


def test_lines_lie_where_neighbours_differ():
    image = np.zeros((1, 6, 6, 1), np.uint8)
    image[0, 2:4, 3:] = 200
    expected = np.zeros((6, 6), bool)
    expected[2:4, 2] = True  # left of the step
    expected[1, 3:] = expected[3, 3:] = True  # above and in its last row
    assert np.array_equal(edges(image)[0, :, :, 0], 255 * expected)
    assert not edges(image, step=201).any()
    coloured = np.repeat(image, 3, axis=-1) * np.array([0, 1, 0], np.uint8)
    assert np.array_equal(edges(coloured), edges(image))


def test_a_hole_takes_its_pixels_and_no_others():
    missing = hole(8, 1, 2, 3, 4)
    assert missing.sum() == 12 and missing[1:4, 2:6].all()
    images = IMAGES[:, :, :8]
    spoilt = erase(images, missing, level=7)
    assert np.all(spoilt[:, 1:4, 2:6] == 7)
    kept = ~np.broadcast_to(missing, images.shape)
    assert np.array_equal(spoilt[kept], images[kept])


@pytest.mark.parametrize("place", [(0, 0, 8, 8), (0, 0, 0, 3), (6, 0, 3, 2), (-1, 0, 2, 2)])
def test_holes_that_are_none(place):
    with pytest.raises(ParameterError, match=r"the hole is .* leaves some of them"):
        hole(8, *place)


def test_holes_of_a_mask():
    with pytest.raises(DataError, match="a hole covers everything"):
        erase(IMAGES, np.ones((8, 12, 1)))
    one_empty = np.zeros((3, 8, 12, 1), bool)
    one_empty[:2, :2] = True
    with pytest.raises(DataError, match="a hole covers nothing"):
        erase(IMAGES, one_empty)
    with pytest.raises(DataError, match=r"the hole has shape \(8, 8, 1\)"):
        erase(IMAGES, np.zeros((8, 8, 1)))


@pytest.mark.parametrize("factor", [0, 3])
def test_factors_that_do_not_divide(factor):
    with pytest.raises(ParameterError, match=f"factor is {factor}, which does not divide 8 × 12"):
        shrink(IMAGES, factor)
