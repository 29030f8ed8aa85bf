"""Translators keep sizes, hand details over, and each logit sees the patch that is told."""

import numpy as np
import pytest
import tensorflow as tf

from gan_utils.errors import ParameterError
from gan_utils.networks.translators import (
    domain_discriminator,
    patch_discriminator,
    residual_translator,
    unet,
)
from sentences import one_sentence


@pytest.mark.parametrize(
    ("size", "channels", "out"), [(28, 1, 1), (32, 3, 3), (64, 1, 3), (8, 3, 1)]
)
@pytest.mark.parametrize("build", [unet, residual_translator])
def test_images_have_the_size_of_their_sources(build, size, channels, out):
    network = build(size, channels, out)
    made = network(np.random.default_rng(0).normal(size=(2, size, size, channels)))
    assert made.shape == (2, size, size, out)
    assert np.abs(made).max() <= 1


def reach(network, given, index=0):
    """Side of the square of input pixels that the output pixel in the middle depends on."""
    given = [tf.constant(x, tf.float32) for x in given]
    with tf.GradientTape() as tape:
        tape.watch(given)
        answers = network(given if len(given) > 1 else given[0])
        middle = answers.shape[1] // 2
        one = tf.reduce_sum(answers[:, middle, middle])
    slopes = np.abs(tape.gradient(one, given)[index]).max(axis=(0, 3))
    rows, columns = np.nonzero(slopes)
    return np.ptp(rows) + 1, np.ptp(columns) + 1


@pytest.mark.parametrize("patch", [1, 7, 14, 28])
@pytest.mark.parametrize("index", [0, 1])
def test_a_logit_sees_its_patch_of_source_and_image(patch, index):
    given = np.random.default_rng(0).normal(size=(2, 1, 28, 28, 1))
    assert reach(patch_discriminator(patch=patch), given, index) == (patch, patch)
    assert reach(domain_discriminator(patch=patch), given[:1]) == (patch, patch)


def test_a_translation_does_not_depend_on_the_rest_of_the_batch():
    network = residual_translator()
    images = np.random.default_rng(0).normal(size=(4, 28, 28, 1))
    alone = network(images[:1], training=True)
    np.testing.assert_allclose(network(images, training=True)[:1], alone, atol=1e-5)


def test_an_image_pixel_depends_on_the_whole_source():
    assert reach(unet(), np.random.default_rng(0).normal(size=(1, 4, 28, 28, 1))) == (28, 28)


def test_without_skips_everything_passes_through_the_narrowest_part():
    """Where the narrowest features are silenced, a network with skips still sees its source."""
    sources = np.random.default_rng(0).normal(size=(2, 28, 28, 1))
    for skips, differs in ((True, True), (False, False)):
        network = unet(skips=skips)
        narrowest = [layer for layer in network.layers if getattr(layer, "filters", 0) == 128]
        for layer in narrowest:
            layer.set_weights([np.zeros(weight.shape) for weight in layer.weights])
        one, other = network(sources).numpy()
        assert (not np.allclose(one, other, atol=1e-6)) == differs


@pytest.mark.parametrize("size", [30, 27, 4, -4])
def test_sizes_that_cannot_be_halved(size):
    for build in (unet, residual_translator, patch_discriminator, domain_discriminator):
        with pytest.raises(ParameterError) as caught:
            build(size)
        assert f"the size is {size} pixels, which cannot be halved twice: give" in one_sentence(
            caught
        )


def test_patches_that_are_not_there():
    with pytest.raises(ParameterError, match="patch is 5: give 1, 7, 14, or 28 for the whole"):
        patch_discriminator(patch=5)
    with pytest.raises(ParameterError, match="patch is 14: give 1, 7, or 12 for the whole"):
        domain_discriminator(size=12)
