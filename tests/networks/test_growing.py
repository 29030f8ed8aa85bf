"""Layers of equalised rate, pixel norm and fades against numpy, and players of every size."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from gan_utils.errors import ParameterError
from gan_utils.networks.growing import EqualisedConv2D, EqualisedDense, Faded, Growth, PixelNorm

RNG = np.random.default_rng(0)


def test_a_dense_layer_scales_its_weights_when_it_uses_them():
    layer, x = EqualisedDense(5, gain=0.7), RNG.normal(size=(3, 8)).astype("float32")
    layer.build((None, 8))
    weights, bias = RNG.normal(size=(8, 5)), RNG.normal(size=5)
    layer.set_weights([weights, bias])
    np.testing.assert_allclose(layer(x), x @ weights * 0.7 / np.sqrt(8) + bias, rtol=1e-5)


def test_a_convolution_is_kerass_with_scaled_weights():
    layer, x = EqualisedConv2D(4, 3), RNG.normal(size=(2, 6, 6, 3)).astype("float32")
    plain = keras.layers.Conv2D(4, 3, padding="same")
    for one in (layer, plain):
        one.build((None, 6, 6, 3))
    kernel, bias = RNG.normal(size=(3, 3, 3, 4)), RNG.normal(size=4)
    layer.set_weights([kernel, bias])
    plain.set_weights([kernel * np.sqrt(2 / 27), bias])
    np.testing.assert_allclose(layer(x), plain(x), rtol=1e-4, atol=1e-5)


def test_at_the_start_signals_keep_their_size():
    """Weights N(0, 1), scaled by √(2 / inputs): after a ReLU the mean square is that of before."""
    keras.utils.set_random_seed(0)
    x = RNG.normal(size=(500, 300)).astype("float32")
    made = np.maximum(EqualisedDense(400)(x), 0)
    assert np.mean(made**2) == pytest.approx(np.mean(x**2), rel=0.05)


def test_pixels_get_the_length_of_one_a_channel():
    x = RNG.normal(size=(2, 3, 3, 5)).astype("float32")
    expected = x / np.sqrt((x**2).mean(axis=-1, keepdims=True))
    np.testing.assert_allclose(PixelNorm()(x), expected, rtol=1e-4)
    zero = tf.zeros((1, 2, 2, 4))
    with tf.GradientTape() as tape:
        tape.watch(zero)
        made = PixelNorm()(zero)
    assert np.isfinite(tape.gradient(made, zero)).all()  # a root of 0 would have no slope


def test_a_fade_lies_between():
    old, new = RNG.normal(size=(2, 3, 4, 4, 1)).astype("float32")
    for share in (0.0, 0.3, 1.0):
        made = Faded()([old, new, np.full((3, 1), share, "float32")])
        np.testing.assert_allclose(made, (1 - share) * old + share * new, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("part", ["equalised", "pixel_norm", "deviation", None])
def test_players_of_every_stage_fit_each_other(part):
    growth = Growth(4, (8, 8, 4), latent_dim=5, channels=3, **({part: False} if part else {}))
    z, share = tf.constant(RNG.normal(size=(4, 5)), tf.float32), tf.fill([4, 1], 0.5)
    for stage, side in enumerate((4, 8, 16)):
        images = growth.generator(stage)([z, share])
        assert images.shape == (4, side, side, 3) and growth.sides(stage) == side
        assert growth.discriminator(stage)([images, share]).shape == (4, 1)


def test_with_no_share_of_the_new_a_stage_is_the_one_before():
    growth = Growth(4, (8, 8, 4), latent_dim=5)
    z, none, all_of_it = RNG.normal(size=(4, 5)), np.zeros((4, 1)), np.ones((4, 1))
    for stage in (1, 2):
        before = growth.generator(stage - 1)([z, all_of_it]).numpy()
        repeated = before.repeat(2, axis=1).repeat(2, axis=2)
        now = growth.generator(stage)([z, none])
        np.testing.assert_allclose(now, repeated, rtol=1e-5, atol=1e-6)
        one, other = growth.discriminator(stage - 1), growth.discriminator(stage)
        np.testing.assert_allclose(
            other([repeated, none]), one([before, all_of_it]), rtol=1e-4, atol=1e-5
        )


def test_a_stage_keeps_the_layers_of_the_stage_before():
    growth = Growth(4, (8, 4))
    first = {id(weight) for weight in growth.generator(0).weights}
    assert first <= {id(weight) for weight in growth.generator(1).weights}


def test_what_cannot_grow_is_refused():
    with pytest.raises(ParameterError, match="size is 2 and widths are"):
        Growth(2)
    with pytest.raises(
        ParameterError, match="there is no stage 3: give a whole number from 0 to 2"
    ):
        Growth().generator(3)
