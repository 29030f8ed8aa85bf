"""The fused layers against the layers of Keras that they stand for."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from gan_utils.errors import ParameterError
from gan_utils.layers import BatchNormalization, Dropout

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
