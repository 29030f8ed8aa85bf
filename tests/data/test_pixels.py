"""Images made from images: other sizes, stacked digits, folders for other programs."""

import numpy as np
import pytest
from PIL import Image

from gan_utils.data import (
    ImageSet,
    load_folder,
    load_images,
    resize,
    scale,
    stack_digits,
    unscale,
    write_images,
)
from gan_utils.errors import DataError, OutputError

GREY = np.random.default_rng(0).integers(0, 256, (6, 28, 28, 1), dtype=np.uint8)
COLOUR = np.random.default_rng(1).integers(0, 256, (6, 16, 16, 3), dtype=np.uint8)


def test_an_image_that_fits_comes_back_as_it_is():
    assert resize(GREY, 28, 1) is GREY


def test_resizing_keeps_what_is_constant():
    flat = np.full((2, 28, 28, 1), 77, np.uint8)
    for size, channels in ((64, 1), (64, 3), (7, 3)):
        resized = resize(flat, size, channels)
        assert resized.shape == (2, size, size, channels) and resized.dtype == np.uint8
        assert (resized == 77).all()


def test_grey_to_colour_repeats_the_channel_and_back_takes_the_luma():
    grown = resize(GREY, 64, 3)
    assert (grown[..., :1] == grown).all()
    pure = np.zeros((1, 8, 8, 3), np.uint8)
    pure[..., 1] = 255
    # ITU-R 601: green weighs 0.587.
    assert np.abs(resize(pure, 8, 1).astype(int) - 0.587 * 255).max() <= 1


def test_up_and_down_again_stays_near_a_smooth_image():
    row = np.linspace(0, 255, 28)
    ramp = np.broadcast_to(row, (28, 28)).astype(np.uint8)[None, :, :, None]
    back = resize(resize(ramp, 56, 1), 28, 1).astype(int)
    assert np.abs(back - ramp).mean() < 2


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


@pytest.mark.parametrize("images", [GREY, COLOUR])
def test_written_images_are_read_back_byte_for_byte(tmp_path, images):
    folder = write_images(images, tmp_path / "new")
    files = sorted(folder.iterdir())
    assert [file.name for file in files] == [f"{i:05d}.png" for i in range(6)]
    for file, image in zip(files, images, strict=True):
        assert np.array_equal(np.asarray(Image.open(file)).reshape(image.shape), image)
    assert len(load_folder(folder, size=16)) == 6


def test_what_is_no_place_or_no_image_is_refused(tmp_path):
    (tmp_path / "kept.txt").write_text("kept")
    with pytest.raises(OutputError, match="already holds files"):
        write_images(GREY, tmp_path)
    with pytest.raises(OutputError, match="cannot be written"):
        write_images(GREY, tmp_path / "kept.txt" / "below")
    assert (tmp_path / "kept.txt").read_text() == "kept"
    for wrong in (scale(GREY), GREY[..., 0], GREY[:0]):
        with pytest.raises(DataError, match="uint8 of shape"):
            write_images(wrong, tmp_path / "new")
    assert not (tmp_path / "new").exists()


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


def test_resize_refuses_what_is_no_size():
    for size, channels in ((0, 1), (-3, 1), (28, 2)):
        with pytest.raises(DataError):
            resize(COLOUR, size, channels)


def test_a_range_taken_for_another_is_found_on_the_way_back():
    with pytest.raises(DataError, match="outside 0 to 1"):
        unscale(scale(GREY), 0, 1)
