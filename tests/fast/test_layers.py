"""The fused layers against the layers of Keras that they stand for."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from gan_utils.errors import ParameterError
from gan_utils.fast.convolution import transposed_convolution
from gan_utils.fast.layers import (
    BatchNormalization,
    Conv2DTranspose,
    Dropout,
    UpsampledConv2D,
)

RNG = np.random.default_rng(0)


def train(layer, inputs):
    """Outputs, slopes of a weighted sum of them, and the averages after two steps."""
    weights = np.random.default_rng(1).normal(size=inputs.shape).astype("float32")
    for _ in range(2):
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            outputs = layer(inputs, training=True)
            loss = tf.reduce_sum(outputs * weights)
        slopes = tape.gradient(loss, [inputs, *layer.trainable_variables])
    return [outputs, *slopes, *layer.get_weights()]


@pytest.mark.parametrize("shape", [(6, 5, 4, 3), (16, 7)])
def test_batch_normalisation_is_that_of_keras(shape):
    inputs = tf.constant(RNG.normal(2.0, 3.0, shape).astype("float32"))
    fused, plain = (
        kind(momentum=0.8) for kind in (BatchNormalization, keras.layers.BatchNormalization)
    )
    for layer in (fused, plain):
        layer.build(shape)
        layer.set_weights(
            [
                np.linspace(0.5, 2.0, shape[-1]),
                np.linspace(-1, 1, shape[-1]),
                *layer.get_weights()[2:],
            ]
        )
    for ours, theirs in zip(train(fused, inputs), train(plain, inputs), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(fused(inputs), plain(inputs), rtol=1e-5, atol=1e-6)


def test_batch_normalisation_refuses_what_it_does_not_do():
    for options in ({"axis": 1}, {"center": False}, {"scale": False}):
        with pytest.raises(ParameterError, match=r"use the one of keras\.layers"):
            BatchNormalization(**options)


@pytest.mark.parametrize("rate", [0.3, 0.5])
def test_dropout_keeps_the_mean_and_drops_its_share(rate):
    ones = tf.ones([301, 333])  # an odd number of entries
    layer = Dropout(rate, seed=0)
    dropped = layer(ones, training=True).numpy()
    kept = dropped > 0
    # Four standard deviations of a share of independent entries.
    width = 4 * np.sqrt(rate * (1 - rate) / dropped.size)
    assert abs(1 - kept.mean() - rate) < width
    np.testing.assert_allclose(dropped[kept], 1 / (1 - rate), rtol=1e-4)
    assert not np.array_equal(dropped, layer(ones, training=True))
    # Neighbours, of which two share one random number, are dropped independently.
    pairs = kept.ravel()[: 2 * (kept.size // 2)].reshape(-1, 2)
    both = (~pairs).all(axis=1).mean()
    assert abs(both - rate**2) < 4 * np.sqrt(rate**2 * (1 - rate**2) / len(pairs))


def test_dropout_does_nothing_at_inference_and_follows_its_seed():
    inputs = tf.constant(RNG.normal(size=(8, 9)).astype("float32"))
    one, two = Dropout(0.4, seed=3), Dropout(0.4, seed=3)
    np.testing.assert_array_equal(one(inputs, training=False), inputs)
    np.testing.assert_array_equal(one(inputs, training=True), two(inputs, training=True))


def test_models_with_the_layers_are_saved_and_read_in_safe_mode(tmp_path):
    model = keras.Sequential([keras.Input((4,)), BatchNormalization(), Dropout(0.2)])
    model.save(tmp_path / "model.keras")
    read = keras.models.load_model(tmp_path / "model.keras", safe_mode=True)
    assert [type(layer) for layer in read.layers] == [BatchNormalization, Dropout]
    inputs = RNG.normal(size=(3, 4)).astype("float32")
    np.testing.assert_array_equal(read(inputs), model(inputs))


def largest_gap(ours, exact):
    """Largest difference, in standard deviations of the exact values."""
    return np.abs(ours - exact).max() / np.std(exact)


@pytest.mark.parametrize("taps", [2, 3, 4, 5])
@pytest.mark.parametrize("side", [1, 3, 4, 7, 8])
def test_fewer_products_give_the_same_transposed_convolution(taps, side):
    images = RNG.normal(size=(3, side, side, 6))
    kernel = RNG.normal(size=(taps, taps, 5, 6))
    weights = RNG.normal(size=(3, side, side, 5))

    def plain(images, kernel):
        return tf.nn.conv2d_transpose(images, kernel, weights.shape, 1, "SAME")

    def answers(function, dtype):
        given = [tf.constant(array, dtype) for array in (images, kernel)]
        with tf.GradientTape() as outer:
            outer.watch(given)
            with tf.GradientTape() as tape:
                tape.watch(given)
                outputs = function(*given)
                loss = tf.reduce_sum(weights.astype(dtype) * outputs**2)
            slopes = tape.gradient(loss, given)
            length = tf.add_n([tf.reduce_sum(slope**2) for slope in slopes])
        # The last ones are what a penalty on slopes needs.
        return [outputs, *slopes, *outer.gradient(length, given)]

    exact = answers(plain, "float64")
    for ours, theirs in zip(answers(transposed_convolution, "float32"), exact, strict=True):
        assert largest_gap(ours.numpy(), theirs.numpy()) < 2e-4


def test_the_transposed_convolution_with_many_channels_is_that_of_keras(monkeypatch):
    monkeypatch.setattr(tf.config, "list_logical_devices", lambda kind: [])
    inputs = tf.constant(RNG.normal(size=(4, 7, 7, 128)).astype("float32"))
    options = {"padding": "same", "activation": "tanh", "bias_initializer": "random_normal"}
    ours, theirs = (
        kind(64, 5, **options) for kind in (Conv2DTranspose, keras.layers.Conv2DTranspose)
    )
    ours.build(inputs.shape)
    theirs.build(inputs.shape)
    theirs.set_weights(ours.get_weights())
    found, expected = ours(inputs).numpy(), theirs(inputs).numpy()
    assert 0 < np.abs(found - expected).max() < 1e-4  # another way of adding up, the same sum


@pytest.mark.parametrize(
    ("side", "channels", "options"),
    [
        (7, 64, {"strides": 2, "padding": "same"}),
        (7, 64, {"padding": "valid"}),
        (7, 64, {"padding": "same", "dtype": "mixed_bfloat16"}),
        (7, 8, {"padding": "same"}),
        (9, 64, {"padding": "same"}),
    ],
)
def test_elsewhere_it_is_keras_own_layer_bit_for_bit(side, channels, options):
    inputs = tf.constant(RNG.normal(size=(2, side, side, channels)).astype("float32"))
    ours, theirs = (
        kind(64, 5, **options) for kind in (Conv2DTranspose, keras.layers.Conv2DTranspose)
    )
    ours.build(inputs.shape)
    theirs.build(inputs.shape)
    theirs.set_weights(ours.get_weights())
    np.testing.assert_array_equal(
        tf.cast(ours(inputs), "float32"), tf.cast(theirs(inputs), "float32")
    )


@pytest.mark.parametrize("shape", [(3, 5, 4, 6), (2, 1, 1, 3)])
def test_an_upsampled_convolution_is_the_two_layers_of_keras(shape):
    fused = UpsampledConv2D(7, activation="tanh")
    plain = keras.Sequential(
        [keras.layers.UpSampling2D(), keras.layers.Conv2D(7, 3, padding="same", activation="tanh")]
    )
    inputs = tf.constant(RNG.normal(size=shape).astype("float32"))
    assert fused(inputs).shape == plain(inputs).shape == fused.compute_output_shape(shape)
    plain.set_weights([RNG.normal(size=weight.shape) for weight in plain.get_weights()])
    fused.set_weights(plain.get_weights())

    def outputs_and_slopes(layer):
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            outputs = layer(inputs)
            loss = tf.reduce_sum(outputs * np.arange(outputs.shape[-1], dtype="float32"))
        return [outputs, *tape.gradient(loss, [inputs, *layer.trainable_variables])]

    for ours, theirs in zip(outputs_and_slopes(fused), outputs_and_slopes(plain), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-4)


def test_an_upsampled_convolution_is_saved_and_loaded(tmp_path):
    model = keras.Sequential([keras.Input((4, 4, 2)), UpsampledConv2D(3, activation="relu")])
    model.save(tmp_path / "small.keras")
    loaded = keras.models.load_model(tmp_path / "small.keras", safe_mode=True)
    images = RNG.normal(size=(2, 4, 4, 2)).astype("float32")
    np.testing.assert_array_equal(loaded(images), model(images))


def test_an_upsampled_convolution_refuses_other_sizes():
    refused = {
        "kernel_size": 5, "strides": 2, "padding": "valid", "groups": 2, "dilation_rate": 2,
        "data_format": "channels_first",
    }  # fmt: skip
    for name, value in refused.items():
        with pytest.raises(ParameterError, match=rf"^{name} is .* use UpSampling2D and Conv2D"):
            UpsampledConv2D(4, **{name: value})


def test_an_upsampled_convolution_of_images_of_any_size():
    layer, shape = UpsampledConv2D(4), (None, None, None, 3)
    assert layer.compute_output_shape(shape) == (None, None, None, 4)
    model = keras.Sequential([keras.Input(shape[1:]), layer])
    assert model(np.ones((2, 3, 5, 3), "float32")).shape == (2, 6, 10, 4)


def test_under_bfloat16_an_upsampled_convolution_rounds_and_no_more():
    inputs = RNG.normal(size=(2, 4, 4, 8)).astype("float32")
    exact, rounded = UpsampledConv2D(6), UpsampledConv2D(6, dtype="mixed_bfloat16")
    for layer in (exact, rounded):
        layer.build(inputs.shape)
    rounded.set_weights(exact.get_weights())
    made = rounded(inputs)
    assert made.dtype == tf.bfloat16
    np.testing.assert_allclose(tf.cast(made, tf.float32), exact(inputs), atol=0.05)
