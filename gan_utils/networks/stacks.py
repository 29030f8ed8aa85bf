"""Pieces that the builders of this room share."""

from __future__ import annotations

import keras
from keras import layers

from gan_utils.errors import ParameterError


def sequential(inputs, stack, name):
    return keras.Sequential([keras.Input(inputs), *stack], name=name)


def strided(filters: tuple[int, ...], width: float = 1.0) -> list[layers.Layer]:
    """Convolutions that halve the image, each with LeakyReLU; `width` multiplies the filters."""
    stack = []
    for count in filters:
        stack.append(layers.Conv2D(round(width * count), 4, strides=2, padding="same"))
        stack.append(layers.LeakyReLU(0.2))
    return stack


def doublings_to(size: int) -> tuple[int, int]:
    """The side that a generator begins with, 7 or 8, and how often it is doubled to `size`.

    Raises `ParameterError` for a size that takes less than two doublings, or that none reaches.
    """
    for first in (7, 8):
        for doublings in range(2, 8):
            if size == first * 2**doublings:
                return first, doublings
    raise ParameterError(
        f"size is {size}: give 28, 32 or 64 pixels, or another double of 14 or of 16."
    )


def drawing_filters(doublings: int) -> tuple[int, ...]:
    """Filters of a generator's doublings: 16 at the last size, twice as many before, at most 64."""
    return tuple(min(64, 16 * 2**left) for left in reversed(range(doublings)))


def seeing_filters(doublings: int) -> tuple[int, ...]:
    """Filters of a discriminator's halvings down to 4 × 4 pixels: 32, 64, and then 128."""
    return tuple(min(128, 32 * 2**halved) for halved in range(doublings + 1))
