"""The networks of the source documents, weight by weight."""

import keras
import numpy as np
import pytest

from gan_utils.networks.documents import chile_discriminator, chile_generator
from gan_utils.networks.registry import build

# From the source documents where they print them, otherwise worked out by hand from the layers:
# a dense layer has (inputs + 1) · outputs, a convolution (kernel² · inputs + 1) · filters,
# batch normalisation 4 · channels.
COUNTS = {
    "granada_mlp": (101 * 128 + 129 * 784, 785 * 128 + 129),
    "granada_dcgan": (
        101 * 3136 + 4 * 3136 + (25 * 64 + 1) * 32 + 4 * 32 + (25 * 32 + 1) * 16 + 4 * 16 + 401,
        26 * 16 + (25 * 16 + 1) * 32 + (25 * 32 + 1) * 64 + (25 * 64 + 1) * 128 + 4 * 128 + 1,
    ),
    "queretaro": (
        65 * 3136 + (9 * 64 + 1) * 64 + (9 * 64 + 1) * 32 + 9 * 32 + 1,
        10 * 32 + (9 * 32 + 1) * 64 + 36 * 64 + 1,
    ),
    "torres": (1_340_422, 1_113_345),
    "tutorial": (2_330_944, 212_865),
    "pucp": (2_330_944, 212_865 + 4 * 64 + 4 * 128),
}
TORRES_GENERATOR = [809_088, 262_272, 512, 2_049, 4, 2_176, 262_272, 2_049]
TORRES_DISCRIMINATOR = [832, 51_264, 204_928, 819_456, 36_865]
TORRES_SIDES = [(24, 24), (20, 20), (16, 16), (12, 12)]


@pytest.mark.parametrize("name", COUNTS)
def test_parameter_counts(name):
    generator, discriminator, _ = build(name)
    assert (generator.count_params(), discriminator.count_params()) == COUNTS[name]


def test_the_slides_layer_by_layer():
    generator, discriminator, _ = build("torres")
    assert [
        n for n in (layer.count_params() for layer in generator.layers) if n
    ] == TORRES_GENERATOR
    counts = [n for n in (layer.count_params() for layer in discriminator.layers) if n]
    assert counts == TORRES_DISCRIMINATOR
    sides = [
        layer.output.shape[1:3]
        for layer in discriminator.layers
        if isinstance(layer, keras.layers.Conv2D)
    ]
    assert sides == TORRES_SIDES
    trainable = sum(int(np.prod(weight.shape)) for weight in generator.trainable_weights)
    assert (trainable, generator.count_params() - trainable) == (1_340_164, 258)


def test_radford_has_the_filters_of_the_paper():
    generator, discriminator, _ = build("radford")
    filters = [
        layer.filters
        for layer in generator.layers
        if isinstance(layer, keras.layers.Conv2DTranspose)
    ]
    assert filters == [512, 256, 128, 3]
    assert generator.input_shape == (None, 100)
    assert generator.output_shape == discriminator.input_shape == (None, 64, 64, 3)
    assert not any(isinstance(layer, keras.layers.MaxPooling2D) for layer in discriminator.layers)


def test_what_the_study_of_chile_varies():
    kinds = {
        name: [type(layer) for layer in chile_generator(name).layers]
        for name in ("relu", "leaky_relu")
    }
    assert kinds["relu"].count(keras.layers.ReLU) == 3
    assert kinds["leaky_relu"].count(keras.layers.LeakyReLU) == 3
    for kind in kinds.values():
        assert kind.count(keras.layers.Conv2DTranspose) == 4
    narrow = [
        layer.filters for layer in chile_discriminator(0.25).layers if hasattr(layer, "filters")
    ]
    assert narrow == [8, 16, 32, 1]
    # Worked out as above.
    assert chile_generator().count_params() == (
        (49 * 64 + 5) * 64 + (16 * 64 + 5) * 32 + (16 * 32 + 5) * 16 + 9 * 16 + 1
    )
    assert chile_discriminator().count_params() == (
        17 * 32 + (16 * 32 + 1) * 64 + (16 * 64 + 1) * 128 + 16 * 128 + 1
    )


def test_an_untrained_discriminator_answers_about_one_half():
    keras.utils.set_random_seed(0)
    generator, discriminator, _ = build("torres")
    z = np.random.default_rng(0).normal(size=(2, 128))
    logits = discriminator(generator(z, training=False), training=False).numpy()
    assert np.abs(1 / (1 + np.exp(-logits)) - 0.5).max() < 0.05
