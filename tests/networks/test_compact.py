"""The course's own networks of images, weight by weight."""

from gan_utils.networks.compact import compact_discriminator, compact_generator
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
