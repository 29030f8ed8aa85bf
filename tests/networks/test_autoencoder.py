"""The networks of BEGAN: their shapes, and a generator that starts as the decoder."""

import keras
import numpy as np
import pytest

from gan_utils.errors import ParameterError
from gan_utils.networks.autoencoder import (
    began_discriminator,
    began_generator,
    start_from_autoencoder,
)


@pytest.mark.parametrize(("size", "channels"), [(28, 1), (32, 3)])
def test_images_of_a_size_are_made_and_rebuilt(size, channels):
    images = began_generator(size, channels)(np.zeros((3, 16)))
    assert images.shape == (3, size, size, channels)
    rebuilt, codes = began_discriminator(size, channels)(images)
    assert rebuilt.shape == images.shape and codes.shape == (3, 16)


def test_a_started_generator_draws_what_codes_with_these_moments_give():
    """A latent vector z stands for the code mean + √3 · L z, where L Lᵀ is the covariance."""
    keras.utils.set_random_seed(0)
    generator, discriminator = began_generator(), began_discriminator()
    rng = np.random.default_rng(0)
    codes = rng.normal(size=(500, 16)) @ rng.normal(size=(16, 16)) + rng.normal(size=16)
    start_from_autoencoder(generator, discriminator, codes)
    z = rng.uniform(-1, 1, (4, 16))
    spread = np.linalg.cholesky(np.cov(codes, rowvar=False))
    meant = codes.mean(axis=0) + np.sqrt(3) * z @ spread.T
    # The decoder alone: the discriminator from its codes on.
    at = next(i for i, layer in enumerate(discriminator.layers) if layer.name == "first")
    decoder = keras.Model(discriminator.layers[at].input, discriminator.outputs[0])
    np.testing.assert_allclose(generator(z), decoder(meant), rtol=1e-3, atol=1e-4)
    made = generator.get_layer("first")(rng.uniform(-1, 1, (20_000, 16)))
    wanted = discriminator.get_layer("first")(codes.mean(axis=0)[None])
    np.testing.assert_allclose(np.mean(made, axis=0), wanted[0], atol=0.2)


def test_networks_that_do_not_fit_are_refused():
    with pytest.raises(ParameterError, match="multiple of 4"):
        began_generator(30)
    with pytest.raises(ParameterError, match="no network like the generator"):
        start_from_autoencoder(began_generator(32), began_discriminator(), np.zeros((4, 16)))
