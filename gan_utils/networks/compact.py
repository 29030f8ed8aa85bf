"""The course's own networks of images: small enough for a laptop.

`benchmarks/quality.py` and lesson 03 measure them.
"""

from __future__ import annotations

import keras
from keras import layers

from gan_utils.fast.layers import UpsampledConv2D
from gan_utils.networks.minibatch import MinibatchStdDev
from gan_utils.networks.stacks import (
    doublings_to,
    drawing_filters,
    seeing_filters,
    sequential,
    strided,
)


def compact_generator(channels: int = 1, width: float = 1.0) -> keras.Model:
    """The course's own generator for a laptop, images (28, 28, channels) in [−1, 1].

    `width` multiplies the number of filters, here and in the discriminator.
    """
    first, second, third = (round(width * filters) for filters in (64, 32, 16))
    stack = [
        layers.Dense(7 * 7 * first),
        layers.LeakyReLU(0.2),
        layers.Reshape((7, 7, first)),
        layers.Conv2DTranspose(second, 4, strides=2, padding="same"),
        layers.LeakyReLU(0.2),
        layers.Conv2DTranspose(third, 4, strides=2, padding="same"),
        layers.LeakyReLU(0.2),
        layers.Conv2D(channels, 3, padding="same", activation="tanh"),
    ]
    return sequential((64,), stack, "generator")


def compact_discriminator(channels: int = 1, width: float = 1.0) -> keras.Model:
    """The course's own discriminator: two strided convolutions and no normalisation."""
    stack = [*strided((32, 64), width), layers.Flatten(), layers.Dense(1)]
    return sequential((28, 28, channels), stack, "discriminator")


def swift_generator(size: int = 28, channels: int = 1) -> keras.Model:
    """Two dense layers and two doublings or more, images (size, size, channels) in [−1, 1].

    The dense layers let z bend before it becomes an image: classes lie apart, and a generator that
    has to reach all of them from one normal cloud draws fewer mixtures of two. Each doubling is an
    upsampling and a 3×3 convolution, which has no checkerboard built in (Odena et al. 2016).

    size: 7 or 8 pixels, doubled at least twice. Raises `ParameterError` for others.
    """
    first, doublings = doublings_to(size)
    stack = [
        layers.Dense(256),
        layers.LeakyReLU(0.2),
        layers.Dense(256),
        layers.LeakyReLU(0.2),
        layers.Dense(first * first * 64),
        layers.LeakyReLU(0.2),
        layers.Reshape((first, first, 64)),
    ]
    for filters in drawing_filters(doublings):
        stack += [UpsampledConv2D(filters), layers.LeakyReLU(0.2)]
    stack.append(layers.Conv2D(channels, 3, padding="same", activation="tanh"))
    return sequential((64,), stack, "generator")


def swift_discriminator(size: int = 28, channels: int = 1) -> keras.Model:
    """Strided convolutions down to 4×4 pixels, deviations over groups of images, two dense layers.

    size, channels: as in `swift_generator`.
    """
    _, doublings = doublings_to(size)
    stack = [
        *strided(seeing_filters(doublings)),
        MinibatchStdDev(),
        layers.Flatten(),
        layers.Dense(128),
        layers.LeakyReLU(0.2),
        layers.Dense(1),
    ]
    return sequential((size, size, channels), stack, "discriminator")
