"""Exercises of notebook 03: transposed convolutions, R1 on a network, comparing a batch."""

import numpy as np

from gan_utils.lesson.exercises import exercise
from gan_utils.lesson.exercises.answers import NotYet, agree, pair


@exercise(
    "Each input channel stamps a kernel of its own on each output channel.",
    "That makes kernel · kernel · inputs · outputs weights, and one bias for each output channel.",
)
def parameters(count):
    """Weights of a transposed convolution, biases included."""
    import keras

    for kernel, inputs, outputs in [(4, 128, 128), (4, 128, 1), (3, 64, 32)]:
        # Zeros, so that no random number of the lesson is drawn.
        layer = keras.layers.Conv2DTranspose(outputs, kernel, kernel_initializer="zeros")
        layer.build((None, 7, 7, inputs))
        agree(
            count(kernel, inputs, outputs),
            layer.count_params(),
            f"parameters({kernel}, {inputs}, {outputs})",
            "the layer of Keras holds",
        )


@exercise(
    "First one dimension: how many kernels of width 5, one every 2 pixels, can cover a pixel?",
    "In one dimension it is kernel / stride, rounded down for some pixels and up for others.",
    "Rows and columns are independent, so in two dimensions each number is squared.",
)
def hits(count):
    """The fewest and the most stamps on a pixel, far from the border."""
    for kernel, stride in [(3, 2), (4, 2), (5, 2), (5, 3), (6, 3), (7, 3)]:
        stamps = np.zeros((12 * stride + kernel,) * 2, int)
        for row in range(12):
            for column in range(12):
                at = row * stride, column * stride
                stamps[at[0] : at[0] + kernel, at[1] : at[1] + kernel] += 1
        inner = stamps[kernel : 12 * stride, kernel : 12 * stride]
        call = f"hits({kernel}, {stride})"
        fewest, most = pair(count(kernel, stride), call)
        if (fewest, most) != (inner.min(), inner.max()):
            raise NotYet(
                f"{call} gives {fewest:g} and {most:g}, but stamping a sheet and counting gives "
                f"{inner.min()} and {inner.max()}"
            )


@exercise(
    "The slope is that of the logits in the images: the tape has to `watch` the images.",
    "Square the slopes, add them up over the axes of one image, and take the mean over the images.",
    "The sum runs over axes 1, 2 and 3, `gamma / 2` stands in front, and everything stays a "
    "tensor: `tf.reduce_sum(slopes**2, axis=[1, 2, 3])`.",
)
def r1(penalty):
    """γ/2 · E‖∇D(x)‖² for a discriminator on images."""
    import tensorflow as tf

    from gan_utils.lesson.exercises.mock_players import MockNetwork

    rng = np.random.default_rng(0)
    x = rng.normal(size=(6, 4, 4, 1))
    images = tf.constant(x, tf.float32)

    weights = rng.normal(size=(4, 4, 1))
    weights *= 3 / np.linalg.norm(weights)
    straight = MockNetwork(
        "discriminator",
        lambda x, w: tf.reduce_sum(x * w, axis=[1, 2, 3])[:, None], [weights], [],
    )  # fmt: skip
    for gamma in (2.0, 0.2):
        with tf.GradientTape() as tape:
            value = penalty(straight, images, gamma)
        call = f"r1 with γ = {gamma}, for a discriminator whose slope is 3 everywhere,"
        agree(value, gamma / 2 * 9, call, "γ/2 · 3² is", 1e-4)
        (slopes,) = tape.gradient(tf.convert_to_tensor(value), straight.trainable_variables)
        if slopes is None:
            raise NotYet("D cannot learn from it: no tensor leads from D's weights to the penalty")

    first, second = rng.normal(size=(16, 5)), rng.normal(size=(5, 1))

    def logits(x):
        return np.tanh(x.reshape(-1, 16) @ first) @ second

    curved = MockNetwork(
        "discriminator",
        lambda x, first, second: tf.tanh(tf.reshape(x, [-1, 16]) @ first) @ second,
        [first, second], [],
    )  # fmt: skip
    nudges = 1e-5 * np.eye(16).reshape(16, 4, 4, 1)
    differences = np.array([logits(x + nudge) - logits(x - nudge) for nudge in nudges]) / 2e-5
    expected = 0.5 / 2 * np.mean(np.sum(differences**2, axis=0))
    call = "r1 with γ = 0.5, for a network with a hidden layer and six images,"
    agree(penalty(curved, images, 0.5), expected, call, "central differences give", 1e-3)


@exercise(
    "Reshape to (groups, group, height, width, channels): the images of a group are neighbours.",
    "`tf.math.reduce_variance(groups, axis=1)` gives the variance of each feature over its group; "
    "its root is the deviation, and `tf.repeat` gives each image that of its group.",
    "Where all images of a group agree, the root has an infinite slope: add 1e-8 inside it.",
)
def deviation(answer):
    """The mean standard deviation of the features over groups of images, one number an image."""
    import tensorflow as tf

    features = np.random.default_rng(0).normal(size=(12, 2, 3, 4))
    features[6:] *= 5  # so that groups differ
    for group in (3, 6):
        call = f"deviation(features, {group}) for 12 images"
        with tf.GradientTape() as tape:
            inputs = tf.constant(features, tf.float32)
            tape.watch(inputs)
            made = answer(inputs, group)
            if made is None or tuple(getattr(made, "shape", ())) != (12,):
                raise NotYet(f"{call} gives {getattr(made, 'shape', made)}, and not a number each")
            total = tf.reduce_sum(made)
        for image in (0, 5, 6, 11):
            first = image - image % group
            expected = np.std(features[first : first + group], axis=0).mean()
            agree(
                made[image], expected, f"{call}, at image {image},", "counting by hand gives", 1e-3
            )
        if tape.gradient(total, inputs) is None:
            raise NotYet("D cannot learn from it: no tensor leads from the features to the numbers")
    inputs = tf.ones((4, 1, 1, 2))
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        total = tf.reduce_sum(answer(inputs, 4))
    if not np.isfinite(tape.gradient(total, inputs)).all():
        raise NotYet("for four images that are all alike its slope is no number")
