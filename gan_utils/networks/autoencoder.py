"""The networks of BEGAN: a discriminator that rebuilds images, and a generator like its decoder."""

from __future__ import annotations

import keras
import numpy as np
from keras import layers

from gan_utils.errors import ParameterError
from gan_utils.fast.layers import UpsampledConv2D

CODE = 16  # numbers in a latent vector, and in a code
FIRST = "first"  # the dense layer of a decoder, which reads latent vectors or codes


def began_generator(size: int = 28, channels: int = 1, filters: int = 32) -> keras.Model:
    """Latent vectors (n, 16) → images (n, size, size, channels), of any range.

    What the first layer made is handed to the second size, too (Berthelot et al. 2017, section
    3.5.1). size: a multiple of 4 from 8 up. Raises `ParameterError` for another size.
    """
    z = keras.Input((CODE,))
    return keras.Model(z, _decoded(z, size, channels, filters), name="generator")


def began_discriminator(size: int = 28, channels: int = 1, filters: int = 32) -> keras.Model:
    """Images (n, size, size, channels) → the same rebuilt, and codes (n, 16).

    Raises `ParameterError` for a size that is no multiple of 4.
    """
    images = keras.Input((size, size, channels))
    x = images
    for width in (filters, 2 * filters):
        x = layers.Conv2D(width, 4, strides=2, padding="same", activation="elu")(x)
    codes = layers.Dense(CODE)(layers.Flatten()(x))
    rebuilt = _decoded(codes, size, channels, filters)
    return keras.Model(images, [rebuilt, codes], name="discriminator")


def start_from_autoencoder(
    generator: keras.Model, discriminator: keras.Model, codes: np.ndarray
) -> None:
    """Give the generator the decoder's weights, so that it draws what codes of real images give.

    codes: of real images, (n, 16). Their mean and covariance are put into the generator's first
    layer, so that latent vectors uniform in [−1, 1] reach the decoder as such codes (the idea of
    Mariani et al. 2018). Raises `ParameterError` for networks of other shapes.
    """
    weights = generator.weights
    decoder = discriminator.weights[-len(weights) :]
    if [w.shape for w in weights] != [w.shape for w in decoder]:
        raise ParameterError(
            "the discriminator's decoder is no network like the generator: build both for the "
            "same size, channels and filters."
        )
    for weight, learned in zip(weights, decoder, strict=True):
        weight.assign(learned)
    first = generator.get_layer(FIRST)
    kernel, bias = first.get_weights()
    mean, covariance = codes.mean(axis=0), np.cov(codes, rowvar=False)
    # A number that is uniform in [−1, 1] has the variance 1/3.
    spread = np.sqrt(3.0) * np.linalg.cholesky(covariance + 1e-6 * np.eye(CODE)).T
    first.set_weights([spread @ kernel, bias + mean @ kernel])


def _decoded(codes, size: int, channels: int, filters: int) -> keras.KerasTensor:
    if size < 8 or size % 4:
        raise ParameterError(f"the size is {size} pixels: give a multiple of 4 from 8 up.")
    small = size // 4
    x = layers.Dense(small * small * filters, name=FIRST)(codes)
    handed = x = layers.Reshape((small, small, filters))(x)
    x = layers.Conv2D(filters, 3, padding="same", activation="elu")(x)
    x = UpsampledConv2D(filters, activation="elu")(layers.Concatenate()([x, handed]))
    x = UpsampledConv2D(filters // 2, activation="elu")(x)
    return layers.Conv2D(channels, 3, padding="same")(x)
