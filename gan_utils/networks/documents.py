"""The networks of the five source documents and of the papers and tutorials that they follow.

A generator maps latent vectors (batch, latent_dim) to images in the range its last activation
gives; a discriminator maps such images to logits (batch, 1). Where a source ends in a sigmoid
or a tanh on the discriminator we stop one step earlier, at the logit: the loss applies the
sigmoid itself, in a form that does not overflow. A test holds the parameter counts.
"""

from __future__ import annotations

import keras
from keras import layers

from gan_utils.fast.layers import BatchNormalization, Conv2DTranspose, Dropout
from gan_utils.networks.stacks import sequential, strided


def granada_mlp_generator() -> keras.Model:
    """100 → 128 ReLU → 784 sigmoid, images in [0, 1]."""
    return sequential(
        (100,),
        [
            layers.Dense(128, activation="relu"),
            layers.Dense(784, activation="sigmoid"),
            layers.Reshape((28, 28, 1)),
        ],
        "generator",
    )


def granada_mlp_discriminator() -> keras.Model:
    """784 → 128 ReLU → 1."""
    return sequential(
        (28, 28, 1),
        [layers.Flatten(), layers.Dense(128, activation="relu"), layers.Dense(1)],
        "discriminator",
    )


def granada_dcgan_generator() -> keras.Model:
    """Transposed convolutions with batch normalisation, images in [0, 1].

    The report gives the kinds of layers but not their widths; ours let a thousand iterations
    pass in about a minute on two cores.
    """
    stack = [layers.Dense(7 * 7 * 64), BatchNormalization(), layers.ReLU()]
    stack += [layers.Reshape((7, 7, 64))]
    for filters in (32, 16):
        stack += [
            layers.Conv2DTranspose(filters, 5, strides=2, padding="same"),
            BatchNormalization(),
            layers.ReLU(),
        ]
    stack += [layers.Conv2DTranspose(1, 5, padding="same", activation="sigmoid")]
    return sequential((100,), stack, "generator")


def granada_dcgan_discriminator() -> keras.Model:
    """Four strided convolutions with LeakyReLU and dropout (widths ours, as above)."""
    stack = []
    for filters in (16, 32, 64, 128):
        stack += [
            layers.Conv2D(filters, 5, strides=2, padding="same"),
            layers.LeakyReLU(0.2),
            Dropout(0.3),
        ]
    return sequential((28, 28, 1), [*stack, layers.Flatten(), layers.Dense(1)], "discriminator")


def queretaro_generator() -> keras.Model:
    """The generator of Rodríguez (2022), images in [0, 1].

    The listing prints 6 filters in the first transposed convolution; the book it follows has
    64, and so have we. The latent dimension is not printed; 64 is ours.
    """
    return sequential(
        (64,),
        [
            layers.Dense(7 * 7 * 64, activation="relu"),
            layers.Reshape((7, 7, 64)),
            layers.Conv2DTranspose(64, 3, strides=2, padding="same", activation="relu"),
            layers.Conv2DTranspose(32, 3, strides=2, padding="same", activation="relu"),
            layers.Conv2DTranspose(1, 3, padding="same", activation="sigmoid"),
        ],
        "generator",
    )


def queretaro_discriminator() -> keras.Model:
    """The discriminator of Rodríguez (2022)."""
    return sequential(
        (28, 28, 1),
        [
            layers.Conv2D(32, 3, strides=2, activation="relu"),
            layers.Conv2D(64, 3, strides=2, activation="relu"),
            layers.Flatten(),
            layers.Dense(1),
        ],
        "discriminator",
    )


def torres_generator() -> keras.Model:
    """The generator of Torres Villalobos' slides, 1,340,422 parameters, images in [−1, 1]."""
    return sequential(
        (128,),
        [
            layers.Dense(7 * 7 * 128),
            layers.LeakyReLU(0.2),
            layers.Reshape((7, 7, 128)),
            layers.Conv2DTranspose(128, 4, strides=2, padding="same"),
            layers.LeakyReLU(0.2),
            BatchNormalization(),
            layers.Conv2DTranspose(1, 4, strides=2, padding="same"),
            layers.LeakyReLU(0.2),
            BatchNormalization(),
            layers.Conv2D(128, 4, padding="same"),
            layers.LeakyReLU(0.2),
            layers.Conv2D(128, 4, padding="same"),
            layers.LeakyReLU(0.2),
            layers.Conv2D(1, 4, padding="same", activation="tanh"),
        ],
        "generator",
    )


def torres_discriminator() -> keras.Model:
    """The discriminator of the same slides, 1,113,345 parameters.

    One slide puts a tanh on the output, another asks for 0 or 1; logits settle it.
    """
    stack = []
    for filters in (32, 64, 128, 256):
        stack += [layers.Conv2D(filters, 5), layers.LeakyReLU(0.2), Dropout(0.4)]
    stack += [layers.Flatten(), Dropout(0.4), layers.Dense(1)]
    return sequential((28, 28, 1), stack, "discriminator")


def tutorial_generator() -> keras.Model:
    """The generator of the TensorFlow DCGAN tutorial, images in [−1, 1]."""
    stack = [layers.Dense(7 * 7 * 256, use_bias=False), BatchNormalization()]
    stack += [layers.LeakyReLU(0.3), layers.Reshape((7, 7, 256))]
    for filters, strides in ((128, 1), (64, 2)):
        stack += [
            Conv2DTranspose(filters, 5, strides=strides, padding="same", use_bias=False),
            BatchNormalization(),
            layers.LeakyReLU(0.3),
        ]
    stack += [
        layers.Conv2DTranspose(1, 5, strides=2, padding="same", use_bias=False, activation="tanh")
    ]
    return sequential((100,), stack, "generator")


def tutorial_discriminator(normalise: bool = False) -> keras.Model:
    """The discriminator of the same tutorial; with batch normalisation after each convolution
    it is the one that Cabrera and Castro Pinto (2022) describe.
    """
    stack = []
    for filters in (64, 128):
        stack += [layers.Conv2D(filters, 5, strides=2, padding="same")]
        stack += [BatchNormalization()] if normalise else []
        stack += [layers.LeakyReLU(0.3), Dropout(0.3)]
    return sequential((28, 28, 1), [*stack, layers.Flatten(), layers.Dense(1)], "discriminator")


def radford_generator() -> keras.Model:
    """The DCGAN generator (Radford et al. 2016, figure 1): 64×64 RGB images in [−1, 1]."""
    stack = [layers.Dense(4 * 4 * 1024), layers.Reshape((4, 4, 1024))]
    stack += [BatchNormalization(), layers.ReLU()]
    for filters in (512, 256, 128):
        stack += [
            layers.Conv2DTranspose(filters, 5, strides=2, padding="same"),
            BatchNormalization(),
            layers.ReLU(),
        ]
    stack += [layers.Conv2DTranspose(3, 5, strides=2, padding="same", activation="tanh")]
    return sequential((100,), stack, "generator")


def radford_discriminator() -> keras.Model:
    """Its mirror image: strided convolutions, batch normalisation but not on the first layer."""
    stack = [layers.Conv2D(128, 5, strides=2, padding="same"), layers.LeakyReLU(0.2)]
    for filters in (256, 512, 1024):
        stack += [
            layers.Conv2D(filters, 5, strides=2, padding="same"),
            BatchNormalization(),
            layers.LeakyReLU(0.2),
        ]
    return sequential((64, 64, 3), [*stack, layers.Flatten(), layers.Dense(1)], "discriminator")


def chile_generator(activation: str = "relu") -> keras.Model:
    """Four transposed convolutions, images in [−1, 1] (Atenas, Sanhueza and Valenzuela, 2017).

    The first one makes 7×7 pixels of z. `activation` follows each but the last: "relu" or
    "leaky_relu", the two that their study compares. They drew faces; sizes and widths are ours.
    """
    act = {"relu": layers.ReLU, "leaky_relu": lambda: layers.LeakyReLU(0.2)}[activation]
    stack = [layers.Reshape((1, 1, 64)), layers.Conv2DTranspose(64, 7), BatchNormalization(), act()]
    for filters in (32, 16):
        stack += [
            layers.Conv2DTranspose(filters, 4, strides=2, padding="same"),
            BatchNormalization(),
            act(),
        ]
    stack += [layers.Conv2DTranspose(1, 3, padding="same", activation="tanh")]
    return sequential((64,), stack, "generator")


def chile_discriminator(width: float = 1.0) -> keras.Model:
    """Four convolutions with LeakyReLU, the last of which gives the logit.

    `width` multiplies the number of filters.
    """
    stack = [*strided((32, 64, 128), width), layers.Conv2D(1, 4), layers.Flatten()]
    return sequential((28, 28, 1), stack, "discriminator")


def pucp_discriminator() -> keras.Model:
    """The tutorial's discriminator with batch normalisation (Cabrera and Castro Pinto, 2022)."""
    return tutorial_discriminator(normalise=True)
