"""Pieces that the builders of this room share."""

from __future__ import annotations

import keras
from keras import layers


def sequential(inputs, stack, name):
    return keras.Sequential([keras.Input(inputs), *stack], name=name)


def strided(filters: tuple[int, ...], width: float = 1.0) -> list[layers.Layer]:
    """Convolutions that halve the image, each with LeakyReLU; `width` multiplies the filters."""
    stack = []
    for count in filters:
        stack.append(layers.Conv2D(round(width * count), 4, strides=2, padding="same"))
        stack.append(layers.LeakyReLU(0.2))
    return stack
