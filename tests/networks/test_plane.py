"""Networks for points: what goes in, what comes out, and how many weights are between."""

import keras
import numpy as np
import pytest

from gan_utils.networks.plane import mlp_2d_discriminator, mlp_2d_generator


@pytest.mark.parametrize(("latent_dim", "width"), [(2, 128), (5, 16)])
def test_parameter_counts(latent_dim, width):
    hidden = (width + 1) * width
    generator, discriminator = mlp_2d_generator(latent_dim, width), mlp_2d_discriminator(width)
    assert generator.count_params() == (latent_dim + 1) * width + hidden + (width + 1) * 2
    assert discriminator.count_params() == 3 * width + hidden + width + 1


def test_points_reach_the_whole_plane_and_answers_are_logits():
    generator, discriminator = mlp_2d_generator(), mlp_2d_discriminator()
    points = generator(np.zeros((3, 2), "float32"), training=False)
    assert points.shape == (3, 2)
    assert discriminator(points, training=False).shape == (3, 1)
    for network in (generator, discriminator):
        assert network.layers[-1].activation is keras.activations.linear
