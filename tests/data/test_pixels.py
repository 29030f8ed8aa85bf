"""Pixels between bytes and numbers of any range, and images of other sizes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gan_utils.data import resize, scale, unscale
from gan_utils.errors import DataError
from sentences import one_sentence

GREY = np.random.default_rng(0).integers(0, 256, (6, 28, 28, 1), dtype=np.uint8)
COLOUR = np.random.default_rng(1).integers(0, 256, (6, 16, 16, 3), dtype=np.uint8)
LEVELS = np.arange(256, dtype=np.uint8)
lows = st.floats(-10, 10)
spans = st.floats(0.01, 20)


# Sizes and channels


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


def test_resize_refuses_what_is_no_size():
    for size, channels in ((0, 1), (-3, 1), (28, 2)):
        with pytest.raises(DataError):
            resize(COLOUR, size, channels)


def test_a_range_taken_for_another_is_found_on_the_way_back():
    with pytest.raises(DataError, match="outside 0 to 1"):
        unscale(scale(GREY), 0, 1)


# Ranges


@given(lows, spans)
def test_scaling_and_back_keeps_every_level(low, span):
    assert np.array_equal(unscale(scale(LEVELS, low, low + span), low, low + span), LEVELS)


@given(lows, spans)
def test_scaling_is_even_and_reaches_both_ends(low, span):
    high = low + span
    scaled = scale(LEVELS, low, high)
    assert scaled.dtype == np.float32
    assert scaled[0] == np.float32(low) and scaled[-1] == np.float32(high)
    expected = low + span * LEVELS / 255
    assert np.abs(scaled - expected).max() <= 2 * np.finfo(np.float32).eps * max(
        abs(low), abs(high)
    )


@given(lows, spans, st.floats(0, 1))
def test_unscaling_takes_the_nearest_level(low, span, share):
    level = int(unscale(np.array([low + share * span]), low, low + span)[0])
    assert abs(level - share * 255) <= 0.5 + 1e-6


@given(lows, spans, st.floats(1.1e-3, 10), st.booleans())
def test_unscaling_refuses_what_lies_outside(low, span, beyond, above):
    value = low + span * (1 + beyond) if above else low - span * beyond
    with pytest.raises(DataError, match="outside"):
        unscale(np.array([low, value]), low, low + span)


@given(lows, spans, st.floats(0, 0.9e-3))
def test_unscaling_forgives_rounding(low, span, beyond):
    ends = np.array([low - span * beyond, low + span * (1 + beyond)])
    assert unscale(ends, low, low + span).tolist() == [0, 255]


def test_the_usual_range_is_that_of_the_papers():
    assert np.allclose(scale(LEVELS), LEVELS / 127.5 - 1, atol=1e-7)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: scale(GREY / 255), "Only uint8 images can be scaled, not float64"),
        (lambda: scale(GREY, 1.0, -1.0), "1 to -1 is not a range"),
        (lambda: scale(GREY, 0.0, float("inf")), "0 to inf is not a range"),
        (lambda: unscale(GREY, 0.5, 0.5), "0.5 to 0.5 is not a range"),
        (lambda: unscale([-1.01, 0.0]), "value -1.01, outside -1 to 1"),
        (lambda: unscale([0.0, 1.02], 0.0, 1.0), "value 1.02, outside 0 to 1"),
        (lambda: unscale([0.0, float("nan")]), "value nan, outside"),
        (lambda: unscale(np.full(3, 128, np.uint8)), "value 128, outside -1 to 1"),
    ],
)
def test_ranges_that_cannot_be(call, message):
    with pytest.raises(DataError, match=message) as error:
        call()
    one_sentence(error)
