"""Networks that know a class, against their formulas."""

import keras
import numpy as np
import pytest

from gan_utils.networks.conditional import (
    ClassNorm,
    auxiliary_discriminator,
    class_norm_generator,
    conditional_generator,
    planes_discriminator,
    projection_discriminator,
)

RNG = np.random.default_rng(0)
IMAGES = RNG.normal(size=(6, 28, 28, 1)).astype("float32")
ROWS = np.eye(10, dtype="float32")


def asked(label, count=6):
    return np.repeat(ROWS[label : label + 1], count, 0)


def test_parameter_counts():
    # By hand: a dense layer has (inputs + 1) · outputs weights, one without bias inputs · outputs,
    # a convolution (kernel² · inputs + 1) · filters.
    drawn = (9 * 64 + 1) * 32 + (9 * 32 + 1) * 16 + 9 * 16 + 1
    assert conditional_generator().count_params() == 10 * 32 + 97 * 256 + 257 * 3136 + drawn
    features = 17 * 32 + (16 * 32 + 1) * 64 + (16 * 64 + 1) * 128 + (16 * 136 + 1) * 128
    assert projection_discriminator().count_params() == features + 129 + 10 * 128
    assert auxiliary_discriminator().count_params() == features + 129 + 129 * 10
    assert planes_discriminator().count_params() == features + 16 * 10 * 32 + 129
    norms = 22 * (256 + 3136 + 32 + 16)  # scale and shift a class, mean and variance
    assert class_norm_generator().count_params() == 65 * 256 + 257 * 3136 + drawn + norms


def test_the_projection_is_a_dot_product():
    network = projection_discriminator()
    directions = network.get_layer("embedding").get_weights()[0]
    dense = [layer for layer in network.layers if isinstance(layer, keras.layers.Dense)]
    first = next(layer for layer in dense if layer.units == 128 and layer.use_bias)
    before = keras.Model(network.inputs[0], keras.layers.LeakyReLU(0.2)(first.output))
    features = np.asarray(before(IMAGES))
    between = np.asarray(network([IMAGES, asked(3)])) - np.asarray(network([IMAGES, asked(8)]))
    expected = features @ (directions[3] - directions[8])
    np.testing.assert_allclose(between[:, 0], expected, rtol=1e-3, atol=1e-5)


def test_each_class_is_a_constant_plane():
    network = planes_discriminator()
    (joined,) = (x for x in network.layers if isinstance(x, keras.layers.Concatenate))
    planes = np.asarray(keras.Model(network.inputs, joined.output)([IMAGES, asked(4)]))
    np.testing.assert_array_equal(planes[..., :1], IMAGES)
    np.testing.assert_array_equal(planes[..., 1:], np.broadcast_to(ROWS[4], (6, 28, 28, 10)))


@pytest.mark.parametrize("shape", [(8, 5), (8, 4, 4, 5)])
def test_class_norm_is_its_formula(shape):
    layer = ClassNorm()
    features = RNG.normal(2.0, 3.0, size=shape).astype("float32")
    rows = ROWS[np.arange(8) % 3]
    layer([features, rows])
    gamma, beta = RNG.normal(size=(2, 10, 5)).astype("float32")
    layer.gamma.set_weights([gamma])
    layer.beta.set_weights([beta])
    axes = tuple(range(len(shape) - 1))
    mean, variance = features.mean(axes), features.var(axes)
    flat = [8, *[1] * (len(shape) - 2), 5]
    scale, shift = ((rows @ part).reshape(flat) for part in (gamma, beta))
    expected = (features - mean) / np.sqrt(variance + 1e-3) * (1 + scale) + shift
    np.testing.assert_allclose(
        layer([features, rows], training=True), expected, rtol=1e-4, atol=1e-4
    )


@pytest.mark.parametrize("make", [conditional_generator, class_norm_generator])
def test_a_row_between_two_classes_and_another_class_change_the_image(make):
    network = make()
    if make is class_norm_generator:  # scales and shifts begin at 0
        network.set_weights([w + RNG.normal(size=w.shape) * 0.1 for w in network.get_weights()])
        for layer in network.layers:
            if isinstance(layer, ClassNorm):
                layer.norm.moving_variance.assign(np.ones(layer.norm.moving_variance.shape))
    z = RNG.normal(size=(6, 64)).astype("float32")
    images = [
        np.asarray(network([z, rows])) for rows in (asked(0), asked(1), (asked(0) + asked(1)) / 2)
    ]
    assert images[0].shape == (6, 28, 28, 1) and np.abs(images[0]).max() <= 1
    assert min(np.abs(images[0] - images[1]).max(), np.abs(images[0] - images[2]).max()) > 1e-3


@pytest.mark.parametrize(
    "make", [conditional_generator, class_norm_generator, planes_discriminator,
             projection_discriminator, auxiliary_discriminator],
)  # fmt: skip
def test_saved_and_loaded_in_safe_mode(make, tmp_path):
    network = make()
    network.save(tmp_path / "network.keras")
    again = keras.models.load_model(tmp_path / "network.keras", safe_mode=True)
    given = [RNG.normal(size=(6, *shape[1:])).astype("float32")
             for shape in ([network.input_shape] if isinstance(network.input_shape, tuple)
                           else network.input_shape)]  # fmt: skip
    one, other = (
        keras.tree.flatten(model(given if len(given) > 1 else given[0]))
        for model in (network, again)
    )
    for left, right in zip(one, other, strict=True):
        np.testing.assert_array_equal(left, right)


@pytest.mark.parametrize(("size", "channels"), [(32, 3), (64, 1)])
def test_other_sizes_colours_and_numbers_of_classes(size, channels):
    generator = conditional_generator(4, size, channels)
    discriminator = projection_discriminator(4, size, channels)
    rows = np.eye(4, dtype="float32")
    images = generator([RNG.normal(size=(4, 64)).astype("float32"), rows])
    assert images.shape == (4, size, size, channels)
    assert discriminator([np.asarray(images), rows]).shape == (4, 1)
