"""Builders of generators and discriminators, one function each.

A generator maps latent vectors (batch, latent_dim) to images in the range its last activation
gives; a discriminator maps such images to logits (batch, 1). Where a source ends in a sigmoid
or a tanh on the discriminator we stop one step earlier, at the logit: the loss applies the
sigmoid itself, in a form that does not overflow. A test holds the parameter counts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import keras
from keras import layers

from gan_utils.bundle import data_dir
from gan_utils.errors import ParameterError
from gan_utils.layers import BatchNormalization, Conv2DTranspose, Dropout
from gan_utils.precision import in_precision


def _model(inputs, stack, name):
    return keras.Sequential([keras.Input(inputs), *stack], name=name)


def granada_mlp_generator() -> keras.Model:
    """100 → 128 ReLU → 784 sigmoid, images in [0, 1]."""
    return _model(
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
    return _model(
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
    return _model((100,), stack, "generator")


def granada_dcgan_discriminator() -> keras.Model:
    """Four strided convolutions with LeakyReLU and dropout (widths ours, as above)."""
    stack = []
    for filters in (16, 32, 64, 128):
        stack += [
            layers.Conv2D(filters, 5, strides=2, padding="same"),
            layers.LeakyReLU(0.2),
            Dropout(0.3),
        ]
    return _model((28, 28, 1), [*stack, layers.Flatten(), layers.Dense(1)], "discriminator")


def queretaro_generator() -> keras.Model:
    """The generator of Rodríguez (2022), images in [0, 1].

    The listing prints 6 filters in the first transposed convolution; the book it follows has
    64, and so have we. The latent dimension is not printed; 64 is ours.
    """
    return _model(
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
    return _model(
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
    return _model(
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
    return _model((28, 28, 1), stack, "discriminator")


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
    return _model((100,), stack, "generator")


def tutorial_discriminator(normalise: bool = False) -> keras.Model:
    """The discriminator of the same tutorial; with batch normalisation after each convolution
    it is the one that Cabrera and Castro Pinto (2022) describe.
    """
    stack = []
    for filters in (64, 128):
        stack += [layers.Conv2D(filters, 5, strides=2, padding="same")]
        stack += [BatchNormalization()] if normalise else []
        stack += [layers.LeakyReLU(0.3), Dropout(0.3)]
    return _model((28, 28, 1), [*stack, layers.Flatten(), layers.Dense(1)], "discriminator")


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
    return _model((100,), stack, "generator")


def radford_discriminator() -> keras.Model:
    """Its mirror image: strided convolutions, batch normalisation but not on the first layer."""
    stack = [layers.Conv2D(128, 5, strides=2, padding="same"), layers.LeakyReLU(0.2)]
    for filters in (256, 512, 1024):
        stack += [
            layers.Conv2D(filters, 5, strides=2, padding="same"),
            BatchNormalization(),
            layers.LeakyReLU(0.2),
        ]
    return _model((64, 64, 3), [*stack, layers.Flatten(), layers.Dense(1)], "discriminator")


def _strided(filters: tuple[int, ...], width: float = 1.0) -> list[layers.Layer]:
    """Convolutions that halve the image, each with LeakyReLU; `width` multiplies the filters."""
    stack = []
    for count in filters:
        stack.append(layers.Conv2D(round(width * count), 4, strides=2, padding="same"))
        stack.append(layers.LeakyReLU(0.2))
    return stack


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
    return _model((64,), stack, "generator")


def chile_discriminator(width: float = 1.0) -> keras.Model:
    """Four convolutions with LeakyReLU, the last of which gives the logit.

    `width` multiplies the number of filters.
    """
    stack = [*_strided((32, 64, 128), width), layers.Conv2D(1, 4), layers.Flatten()]
    return _model((28, 28, 1), stack, "discriminator")


def _compact_stack(channels: int = 1, width: float = 1.0) -> list[layers.Layer]:
    """From a vector to images (28, 28, channels) in [−1, 1]."""
    first, second, third = (round(width * filters) for filters in (64, 32, 16))
    return [
        layers.Dense(7 * 7 * first),
        layers.LeakyReLU(0.2),
        layers.Reshape((7, 7, first)),
        layers.Conv2DTranspose(second, 4, strides=2, padding="same"),
        layers.LeakyReLU(0.2),
        layers.Conv2DTranspose(third, 4, strides=2, padding="same"),
        layers.LeakyReLU(0.2),
        layers.Conv2D(channels, 3, padding="same", activation="tanh"),
    ]


def compact_generator(channels: int = 1, width: float = 1.0) -> keras.Model:
    """The course's own generator for a laptop, images (28, 28, channels) in [−1, 1].

    `width` multiplies the number of filters, here and in the discriminator.
    """
    return _model((64,), _compact_stack(channels, width), "generator")


def compact_discriminator(channels: int = 1, width: float = 1.0) -> keras.Model:
    """The course's own discriminator: two strided convolutions and no normalisation."""
    stack = [*_strided((32, 64), width), layers.Flatten(), layers.Dense(1)]
    return _model((28, 28, channels), stack, "discriminator")


def swift_generator() -> keras.Model:
    """The compact generator behind one dense layer, images in [−1, 1].

    The layer lets z bend before it becomes an image: classes lie apart, and a generator that has to
    reach all of them from one normal cloud draws fewer mixtures of two.
    """
    front = [layers.Dense(256), layers.LeakyReLU(0.2)]
    return _model((64,), [*front, *_compact_stack()], "generator")


def swift_discriminator() -> keras.Model:
    """Three strided convolutions, down to 4×4 pixels, and no normalisation."""
    stack = [*_strided((32, 64, 128)), layers.Flatten(), layers.Dense(1)]
    return _model((28, 28, 1), stack, "discriminator")


def mlp_2d_generator(latent_dim: int = 2, width: int = 128) -> keras.Model:
    """Latent vectors → points of the plane, two hidden layers."""
    stack = [layers.Dense(width, activation="relu") for _ in range(2)]
    return _model((latent_dim,), [*stack, layers.Dense(2)], "generator")


def mlp_2d_discriminator(width: int = 128) -> keras.Model:
    """Points of the plane → logits, two hidden layers."""
    stack = [layers.Dense(width, activation="relu") for _ in range(2)]
    return _model((2,), [*stack, layers.Dense(1)], "discriminator")


def pucp_discriminator() -> keras.Model:
    """The tutorial's discriminator with batch normalisation (Cabrera and Castro Pinto, 2022)."""
    return tutorial_discriminator(normalise=True)


@dataclass(frozen=True)
class Architecture:
    """A pair of builders, the range of its images and its source."""

    generator: Callable[[], keras.Model]
    discriminator: Callable[[], keras.Model]
    image_range: tuple[float, float]
    source: str


SIGMOID, TANH = (0.0, 1.0), (-1.0, 1.0)
GRANADA = "Sánchez Mérida, Universidad de Granada, 2020, practical"
QUERETARO = "Rodríguez, Universidad Autónoma de Querétaro, 2022"
TORRES = "Torres Villalobos, slides"
TUTORIAL = "TensorFlow tutorial, Deep Convolutional GAN"
PUCP = "Cabrera and Castro Pinto, PUCP, 2022"
RADFORD = "Radford, Metz and Chintala, 2016"

ARCHITECTURES = {
    "granada_mlp": Architecture(
        granada_mlp_generator, granada_mlp_discriminator, SIGMOID, f"{GRANADA} 1"
    ),
    "granada_dcgan": Architecture(
        granada_dcgan_generator, granada_dcgan_discriminator, SIGMOID, f"{GRANADA} 2"
    ),
    "queretaro": Architecture(queretaro_generator, queretaro_discriminator, SIGMOID, QUERETARO),
    "torres": Architecture(torres_generator, torres_discriminator, TANH, TORRES),
    "tutorial": Architecture(tutorial_generator, tutorial_discriminator, TANH, TUTORIAL),
    "pucp": Architecture(tutorial_generator, pucp_discriminator, TANH, PUCP),
    "radford": Architecture(radford_generator, radford_discriminator, TANH, RADFORD),
    "compact": Architecture(compact_generator, compact_discriminator, TANH, "this course"),
    "swift": Architecture(swift_generator, swift_discriminator, TANH, "this course"),
}


def build(
    name: str, precision: str = "float32"
) -> tuple[keras.Model, keras.Model, tuple[float, float]]:
    """A new generator, a new discriminator and the range of their images.

    They compute in `precision`, "float32" or "bfloat16", whatever Keras' own policy says; their
    weights are float32.
    """
    if name not in ARCHITECTURES:
        raise ParameterError(
            f"there is no architecture {name!r}: choose one of {', '.join(ARCHITECTURES)}."
        )
    pair = ARCHITECTURES[name]
    with in_precision(precision):
        return pair.generator(), pair.discriminator(), pair.image_range


def recorded_generator(name: str, record: str) -> keras.Model:
    """The generator of architecture `name` with the weights of the run data/recorded/`record`.

    Only weights are read, because older Keras cannot load a whole model that a newer one wrote.
    """
    generator = ARCHITECTURES[name].generator()
    generator.load_weights(data_dir() / "recorded" / record / "generator.keras")
    return generator
