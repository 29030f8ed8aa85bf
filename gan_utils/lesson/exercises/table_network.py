"""A generator that a table describes: its rows, and the images that it makes, worked out apart."""

from __future__ import annotations

import random

import numpy as np

from gan_utils.lesson.exercises.answers import NotYet
from gan_utils.lesson.exercises.comparing import compare

LATENT = 64
# What a row of the table says: the kind of layer, the shape that it gives, its weights.
ROWS = (
    ("Dense", (6272,), 401_408),
    ("BatchNormalization", (7, 7, 128), 512),
    ("Conv2DTranspose", (14, 14, 64), 131_072),
    ("BatchNormalization", (14, 14, 64), 256),
    ("Conv2DTranspose", (28, 28, 1), 1_025),
)


def made_apart(make):
    """What `make()` gives, with the lesson's random numbers left as they were."""
    of_python, of_numpy = random.getstate(), np.random.get_state()
    try:
        return make()
    finally:
        random.setstate(of_python)
        np.random.set_state(of_numpy)


def check_rows(network) -> None:
    """Raise `NotYet` unless the layers that have weights are those of the table."""
    import keras

    if network is None:
        raise NotYet("table_generator gives None: its `return` seems to be missing")
    if not isinstance(network, keras.Model) or not network.built:
        raise NotYet(
            "table_generator gives no network whose shapes are known: begin it with "
            "keras.Input((64,)), inside of keras.Sequential"
        )
    if network.input_shape != (None, LATENT):
        raise NotYet(f"it reads {network.input_shape[1:]}, and not latent vectors of 64 numbers")
    weighty = [layer for layer in network.layers if layer.weights]
    for place, layer in enumerate(weighty):
        if place == len(ROWS):
            raise NotYet(_one_too_many(layer))
        kind, shape, count = ROWS[place]
        if not isinstance(layer, getattr(keras.layers, kind)):
            raise NotYet(
                f"layer {place + 1} of those with weights is {type(layer).__name__}, where the "
                f"table has {kind}"
            )
        found = tuple(layer.output.shape[1:])
        if found != shape:
            raise NotYet(f"layer {place + 1} of those with weights, {kind}, gives {found}, and "
                         f"not {shape}")  # fmt: skip
        if layer.count_params() != count:
            raise NotYet(_miscounted(place, layer, count))
    if len(weighty) < len(ROWS):
        kind = ROWS[len(weighty)][0]
        raise NotYet(
            f"it has {len(weighty)} layers with weights, and the table {len(ROWS)}: {kind} is next"
        )


def _one_too_many(layer) -> str:
    kind = type(layer).__name__
    if kind == "BatchNormalization":
        return "a batch normalisation stands behind the last row: it would undo the range of tanh"
    return f"{kind} stands behind the last row of the table"


def _miscounted(place: int, layer, count: int) -> str:
    found = layer.count_params()
    words = f"layer {place + 1} of those with weights, {type(layer).__name__}, has {found:,}"
    off = abs(found - count)
    reason = ": it has a bias" if off == layer.output.shape[-1] and found > count else ""
    if off == 1 and found < count:
        reason = ": its bias is missing"
    return f"{words}, and not {count:,}{reason}"


def check_images(network) -> None:
    """Raise `NotYet` unless the images are those of the table's layers, worked out apart.

    All weights are set first. The activations between the layers have none, so only the images
    tell of them.
    """
    import tensorflow as tf

    rng = np.random.default_rng(0)
    weighty = [layer for layer in network.layers if layer.weights]
    dense, _, first, _, last = weighty
    for layer, scale in ((dense, 1 / 8), (first, 1 / 20), (last, 1 / 10)):
        layer.set_weights([scale * rng.normal(size=weight.shape) for weight in layer.weights])
    z = rng.normal(size=(6, LATENT)).astype("float32")
    made = np.asarray(network(z, training=True), float)
    if made.shape != (6, 28, 28, 1):
        raise NotYet(f"it gives {made.shape[1:]}, and not images of (28, 28, 1)")

    def normed(x):
        mean, variance = tf.nn.moments(x, [0, 1, 2])
        return (x - mean) / tf.sqrt(variance + 1e-3)

    def images(between=tf.nn.relu, ending=tf.tanh, order=lambda norm, act: lambda x: act(norm(x))):
        step = order(normed, between)
        x = step(tf.reshape(z @ dense.kernel.value, (-1, 7, 7, 128)))
        x = tf.nn.conv2d_transpose(x, first.kernel.value, (6, 14, 14, 64), 2)
        x = tf.nn.conv2d_transpose(step(x), last.kernel.value, (6, 28, 28, 1), 2)
        return ending(x + last.bias.value).numpy()

    mistakes = {
        "the sigmoid at its end gives 0 to 1, and the scaled images go from −1 to 1": images(
            ending=tf.sigmoid
        ),
        "nothing holds its images between −1 and 1: the tanh is missing": images(
            ending=tf.identity
        ),
        "no ReLU stands between its layers": images(between=tf.identity),
        "ReLU stands before the batch normalisation, and belongs behind it": images(
            order=lambda norm, act: lambda x: norm(act(x))
        ),
    }
    for slope in (0.01, 0.1, 0.2, 0.3):
        mistakes[f"LeakyReLU with slope {slope:g}, where guideline 4 has ReLU"] = images(
            between=lambda x, slope=slope: tf.nn.leaky_relu(x, slope)
        )
    call = "an image that it makes of given weights and latent vectors"
    for words, wrong in mistakes.items():
        if np.allclose(made, wrong, atol=5e-3):
            raise NotYet(words)
    compare(made, images(), call, "working it out layer by layer gives", {}, 5e-3)
