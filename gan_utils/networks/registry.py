"""Pairs of networks by name: built together with the range of their images."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import keras

from gan_utils.data.bundle import data_dir
from gan_utils.errors import ParameterError
from gan_utils.fast.precision import in_precision
from gan_utils.networks import documents
from gan_utils.networks.compact import (
    compact_discriminator,
    compact_generator,
    swift_discriminator,
    swift_generator,
)


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
        documents.granada_mlp_generator,
        documents.granada_mlp_discriminator,
        SIGMOID,
        f"{GRANADA} 1",
    ),
    "granada_dcgan": Architecture(
        documents.granada_dcgan_generator,
        documents.granada_dcgan_discriminator,
        SIGMOID,
        f"{GRANADA} 2",
    ),
    "queretaro": Architecture(
        documents.queretaro_generator, documents.queretaro_discriminator, SIGMOID, QUERETARO
    ),
    "torres": Architecture(
        documents.torres_generator, documents.torres_discriminator, TANH, TORRES
    ),
    "tutorial": Architecture(
        documents.tutorial_generator, documents.tutorial_discriminator, TANH, TUTORIAL
    ),
    "pucp": Architecture(documents.tutorial_generator, documents.pucp_discriminator, TANH, PUCP),
    "radford": Architecture(
        documents.radford_generator, documents.radford_discriminator, TANH, RADFORD
    ),
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


def recorded_generator(name: str, run: str) -> keras.Model:
    """The generator of architecture `name` with the weights of the run in data/recorded/`run`.

    Only weights are read, because older Keras cannot load a whole model that a newer one wrote.
    """
    generator = ARCHITECTURES[name].generator()
    generator.load_weights(data_dir() / "recorded" / run / "generator.keras")
    return generator
