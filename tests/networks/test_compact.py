"""The course's own networks of images, weight by weight."""

import numpy as np
import pytest

from gan_utils.errors import ParameterError
from gan_utils.networks.compact import (
    compact_discriminator,
    compact_generator,
    swift_discriminator,
    swift_generator,
)
from gan_utils.networks.registry import build


def test_parameter_counts():
    generator, discriminator, _ = build("swift")
    # Worked out by hand: a dense layer has (inputs + 1) · outputs weights, a convolution
    # (kernel² · inputs + 1) · filters.
    assert generator.count_params() == (
        65 * 256 + 257 * 256 + 257 * 3136 + (9 * 64 + 1) * 32 + (9 * 32 + 1) * 16 + 9 * 16 + 1
    )
    assert discriminator.count_params() == (
        17 * 32 + (16 * 32 + 1) * 64 + (16 * 64 + 1) * 128 + (16 * (128 + 8) + 1) * 128 + 128 + 1
    )


def test_width_multiplies_the_filters_of_the_compact_pair():
    for build_one in (compact_generator, compact_discriminator):
        plain, wide = (
            [layer.filters for layer in build_one(width=width).layers if hasattr(layer, "filters")]
            for width in (1.0, 2.0)
        )
        outputs = len(plain) - (build_one is compact_generator)  # one channel stays one channel
        assert wide == [2 * filters for filters in plain[:outputs]] + plain[outputs:]


@pytest.mark.parametrize(("size", "channels"), [(28, 3), (32, 1), (56, 1), (64, 3), (128, 3)])
def test_the_swift_pair_of_other_sizes_and_colours(size, channels):
    generator, discriminator = swift_generator(size, channels), swift_discriminator(size, channels)
    images = generator(np.ones((2, 64), np.float32))
    assert images.shape == (2, size, size, channels)
    assert discriminator(images).shape == (2, 1)
    # Down to the same 4 × 4 pixels, so a larger image costs layers and no larger dense layer.
    assert discriminator.layers[-3].input.shape[1] == 128 * 16 + 8 * 16


@pytest.mark.parametrize("size", [27, 14, 16, 0, 48, 96])
def test_a_size_that_no_doubling_reaches_is_refused(size):
    for build_one in (swift_generator, swift_discriminator):
        with pytest.raises(ParameterError, match=f"size is {size}: give 28, 32 or 64"):
            build_one(size)
