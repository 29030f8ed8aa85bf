"""Networks for points of the plane, and points in general: latent vectors in, points out."""

from __future__ import annotations

import keras
from keras import layers

from gan_utils.networks.stacks import sequential


def mlp_2d_generator(latent_dim: int = 2, width: int = 128) -> keras.Model:
    """Latent vectors → points of the plane, two hidden layers."""
    stack = [layers.Dense(width, activation="relu") for _ in range(2)]
    return sequential((latent_dim,), [*stack, layers.Dense(2)], "generator")


def mlp_2d_discriminator(width: int = 128) -> keras.Model:
    """Points of the plane → logits, two hidden layers."""
    stack = [layers.Dense(width, activation="relu") for _ in range(2)]
    return sequential((2,), [*stack, layers.Dense(1)], "discriminator")
