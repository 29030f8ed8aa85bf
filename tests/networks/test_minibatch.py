"""The layer that shows a discriminator how much a batch varies, against numpy."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from gan_utils.errors import ParameterError
from gan_utils.networks.minibatch import MinibatchStdDev

RNG = np.random.default_rng(0)


def by_hand(features, starts, maps):
    """Standard deviations with loops; `starts` are the first rows of the groups."""
    count, height, width, channels = features.shape
    added = np.empty((count, height, width, maps))
    for start, stop in zip(starts, [*starts[1:], count], strict=True):
        deviation = features[start:stop].std(axis=0)  # of each feature at each pixel
        for number in range(maps):
            block = deviation[..., number * channels // maps : (number + 1) * channels // maps]
            added[start:stop, ..., number] = block.mean()
    return np.concatenate([features, added], axis=-1)


@pytest.mark.parametrize(
    ("count", "starts"),
    [(16, [0, 8]), (8, [0]), (20, [0, 10]), (23, [0, 12]), (5, [0]), (1, [0]), (25, [0, 9, 17])],
)
def test_deviations_over_groups(count, starts):
    features = RNG.normal(1.0, 2.0, (count, 3, 2, 12)).astype("float32")
    made = MinibatchStdDev(group=8, maps=4)(features).numpy()
    np.testing.assert_allclose(made, by_hand(features, starts, 4), rtol=1e-3, atol=2e-4)
    assert min(np.diff([*starts, count])) >= min(8, count)  # no group is smaller


@pytest.mark.parametrize("alike", [False, True])
def test_its_slope_agrees_with_finite_differences(alike):
    """Also where all samples are alike, where a plain root has no finite slope."""
    features = np.ones((4, 2, 2, 2)) if alike else RNG.normal(size=(4, 2, 2, 2))
    layer, weights = MinibatchStdDev(2, 1), RNG.normal(size=(4, 2, 2, 3))

    def loss(values):
        return tf.reduce_sum(layer(tf.constant(values, tf.float32)) * weights)

    inputs = tf.constant(features, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        total = tf.reduce_sum(layer(inputs) * weights)
    slopes = tape.gradient(total, inputs).numpy()
    step = 1e-2
    for index in [(0, 0, 0, 0), (1, 1, 0, 1), (3, 0, 1, 0)]:
        there, back = features.copy(), features.copy()
        there[index] += step
        back[index] -= step
        measured = (loss(there) - loss(back)) / (2 * step)
        assert slopes[index] == pytest.approx(float(measured), abs=5e-3)


def test_a_generator_that_repeats_one_image_is_seen():
    varied, alike = RNG.normal(size=(2, 16, 2, 2, 8)).astype("float32")
    alike[:] = alike[:1]
    layer = MinibatchStdDev(8, 2)
    assert layer(varied).numpy()[..., 8:].min() > 0.5
    assert layer(alike).numpy()[..., 8:].max() < 2e-4


def test_it_is_saved_and_loaded_in_safe_mode(tmp_path):
    model = keras.Sequential(
        [keras.Input((4, 4, 6)), MinibatchStdDev(4, 3), keras.layers.Flatten(),
         keras.layers.Dense(1)]
    )  # fmt: skip
    features = RNG.normal(size=(8, 4, 4, 6)).astype("float32")
    model.save(tmp_path / "discriminator.keras")
    loaded = keras.models.load_model(tmp_path / "discriminator.keras", safe_mode=True)
    np.testing.assert_array_equal(loaded(features), model(features))
    assert model.layers[0].compute_output_shape((None, 4, 4, 6)) == (None, 4, 4, 9)


def test_under_bfloat16_its_numbers_are_those_of_float32():
    features = RNG.normal(100.0, 0.5, (8, 2, 2, 4)).astype("float32")
    layer = MinibatchStdDev(8, 1, dtype="mixed_bfloat16")
    rounded = tf.cast(features, tf.bfloat16)
    made = layer(rounded)
    assert made.dtype == tf.bfloat16
    expected = tf.cast(rounded, tf.float32).numpy().std(axis=0).mean()
    assert float(made[0, 0, 0, -1]) == pytest.approx(expected, rel=1e-2)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"group": 1}, "group is 1"),
        ({"maps": 0}, "maps is 0"),
        ({"maps": 5}, "maps is 5, which does not divide the 8 channels"),
    ],
)
def test_what_it_refuses(options, said):
    with pytest.raises(ParameterError, match=said):
        MinibatchStdDev(**options)(np.zeros((4, 2, 2, 8), "float32"))


def test_features_without_pixels_are_refused():
    with pytest.raises(ParameterError, match=r"the features have shape \(4, 16\)"):
        MinibatchStdDev()(np.zeros((4, 16), "float32"))
