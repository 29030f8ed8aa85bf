"""What is spoilt is spoilt as told, and what cannot be is refused."""

import numpy as np
import pytest

from gan_utils.data.tasks import edges, enlarge, erase, shrink
from gan_utils.errors import DataError, ParameterError
from sentences import one_sentence

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
    missing = np.zeros((8, 12, 1), bool)
    missing[1:4, 2:6] = True
    for holes in (missing, np.repeat(missing[None], 3, axis=0)):
        spoilt = erase(IMAGES, holes, level=7)
        assert spoilt.dtype == np.uint8 and np.all(spoilt[:, 1:4, 2:6] == 7)
        kept = ~np.broadcast_to(missing, IMAGES.shape)
        assert np.array_equal(spoilt[kept], IMAGES[kept])


def test_each_channel_is_enlarged_by_itself():
    four = np.concatenate([IMAGES, IMAGES[..., :1]], axis=-1)
    for channels in (2, 3, 4):
        larger = enlarge(four[..., :channels], 3, smooth=True)
        for channel in range(channels):
            alone = enlarge(four[..., channel : channel + 1], 3, smooth=True)
            assert np.array_equal(larger[..., channel : channel + 1], alone)
    nothing = enlarge(IMAGES[:0], 2, smooth=True)
    assert nothing.shape == (0, 16, 24, 3) and nothing.dtype == np.uint8


HALF = np.arange(96).reshape(8, 12, 1) < 48
REFUSED = {
    "the hole covers everything: leave some": lambda: erase(IMAGES, np.ones((8, 12, 1))),
    "the hole covers nothing: leave some": lambda: erase(IMAGES, np.zeros((8, 12, 1))),
    "the hole of image 1 covers everything": lambda: erase(
        IMAGES, np.stack([HALF, HALF | ~HALF, HALF & ~HALF])
    ),
    "the hole of image 2 covers nothing": lambda: erase(
        IMAGES, np.stack([HALF, HALF, HALF & ~HALF])
    ),
    "the hole has shape (8, 8, 1)": lambda: erase(IMAGES, np.zeros((8, 8, 1))),
    "the hole has shape (2, 8, 12, 1)": lambda: erase(IMAGES, np.stack([HALF, HALF])),
    "level is 300": lambda: erase(IMAGES, HALF, level=300),
    "factor is 0: give a whole number": lambda: shrink(IMAGES, 0),
    "factor is 1.5: give a whole number": lambda: enlarge(IMAGES, 1.5),
    "factor is 3, which does not divide 8 × 12": lambda: shrink(IMAGES, 3),
    "the images are float64": lambda: edges(IMAGES / 255),
    "of shape (8, 12, 3)": lambda: shrink(IMAGES[0]),
}


@pytest.mark.parametrize("words", REFUSED)
def test_what_cannot_be_spoilt_is_refused_with_a_sentence(words):
    with pytest.raises((DataError, ParameterError)) as caught:
        REFUSED[words]()
    assert words in one_sentence(caught)
