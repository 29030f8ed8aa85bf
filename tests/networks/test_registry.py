"""Pairs by their names: the shapes and ranges that every pair must have, and recorded weights."""

import keras
import numpy as np
import pytest

from gan_utils.data import unscale
from gan_utils.errors import ParameterError
from gan_utils.judging.evaluators import evaluator
from gan_utils.networks.registry import ARCHITECTURES, build, recorded_generator


@pytest.mark.parametrize("name", [name for name in ARCHITECTURES if name != "radford"])
def test_images_lie_in_the_stated_range_and_answers_are_logits(name):
    keras.utils.set_random_seed(0)
    generator, discriminator, (low, high) = build(name)
    z = 50 * np.random.default_rng(0).normal(size=(4, generator.input_shape[-1]))
    images = generator(z, training=False).numpy()
    assert images.shape == (4, 28, 28, 1)
    assert low <= images.min() and images.max() <= high
    assert images.min() < low + 0.4 * (high - low) and images.max() > low + 0.6 * (high - low)
    assert discriminator(images, training=False).shape == (4, 1)
    last = next(layer for layer in reversed(discriminator.layers) if layer.weights)
    assert last.weights[0].shape[-1] == 1 and last.activation is keras.activations.linear


def test_an_unknown_name():
    with pytest.raises(ParameterError, match="there is no architecture 'dcgan': choose one of"):
        build("dcgan")


@pytest.mark.parametrize(
    ("name", "record"),
    [
        ("granada_mlp", "02_mlp_gan_mnist"),
        ("swift", "03_dcgan_fashion_long"),
        ("compact", "04_wgan_gp"),
    ],
)
def test_recorded_generators_make_images_of_all_classes(name, record):
    generator = recorded_generator(name, record)
    z = np.random.default_rng(0).normal(size=(500, generator.input_shape[-1])).astype("float32")
    images = unscale(generator(z, training=False).numpy(), *ARCHITECTURES[name].image_range)
    reader = evaluator("mnist" if "mnist" in record else "fashion_mnist")
    assert len(np.unique(reader.probabilities(images).argmax(axis=1))) >= 8
