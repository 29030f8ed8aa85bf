"""The exercises of lesson 03: other right ways, the step with two faults, and the library."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from gan_utils.training.penalties import R1
from lesson_notebook import read_cells, written_exercises
from other_ways import coded_exercises

SOLUTIONS = {name: found.solution for name, found in written_exercises("03_dcgan_fashion").items()}

FUNCTIONAL = """\
def table_generator():
    z = keras.Input((64,))
    x = layers.Reshape((7, 7, 128))(layers.Dense(6272, use_bias=False)(z))
    x = layers.Activation("relu")(layers.BatchNormalization(epsilon=1e-5)(x))
    x = layers.Conv2DTranspose(64, 4, 2, "same", use_bias=False)(x)
    x = layers.Activation("relu")(layers.BatchNormalization()(x))
    return keras.Model(z, tf.keras.ops.tanh(layers.Conv2DTranspose(1, 4, 2, "same")(x)))
"""
BY_OUTPUT_PIXELS = """\
def transposed(small, kernel, stride):
    height, width, _ = small.shape
    size = len(kernel)
    sheet = np.zeros((stride * (height - 1) + size, stride * (width - 1) + size, kernel.shape[2]))
    for row, column in np.ndindex(size, size):
        prints = np.einsum("hwi,oi->hwo", small, kernel[row, column])
        sheet[row : row + stride * height : stride, column : column + stride * width : stride][
            :height, :width
        ] += prints
    return sheet
"""
AS_ARRAYS = """\
def move_average(average, generator, decay):
    moved = []
    learned = [id(weight) for weight in average.trainable_variables]
    for mean, weight in zip(average.weights, generator.get_weights()):
        kept = decay if id(mean) in learned else 0.0
        moved.append(kept * mean.numpy() + (1 - kept) * weight)
    average.set_weights(moved)
"""

# Other ways that are right: a part of the solution, and what may stand in its place.
OTHER = {
    "transposed": [(SOLUTIONS["transposed"], BY_OUTPUT_PIXELS)],
    "table_generator": [
        (SOLUTIONS["table_generator"], FUNCTIONAL.replace("tf.keras.ops", "keras.ops")),
        ('padding="same", activation="tanh"),', 'padding="same"), layers.Activation("tanh"),'),
        ("layers.ReLU()", 'layers.Activation("relu")'),
    ],
    "deviation": [
        ("tf.math.reduce_variance(groups, axis=1)",
         "tf.reduce_mean((groups - tf.reduce_mean(groups, 1, keepdims=True)) ** 2, axis=1)"),
        ("variance + 1e-8", "variance + 1e-7"),
    ],
    "r1": [
        ("tf.reduce_mean(tf.reduce_sum(slopes**2, axis=[1, 2, 3]))",
         "tf.reduce_sum(slopes**2) / len(images)"),
        ("training=True)\n", "training=True)\n        logits = tf.reduce_sum(logits)\n"),
    ],
    "d_step": [
        ("    fake = generator(z, training=True)\n    with tf.GradientTape() as tape:\n",
         "    with tf.GradientTape() as tape:\n        fake = generator(z, training=True)\n"),
        ("optimizer.apply(gradients, discriminator.trainable_variables)",
         "optimizer.apply_gradients(zip(gradients, discriminator.trainable_variables))"),
        ("tf.nn.softplus(-real_logits)",
         "tf.nn.sigmoid_cross_entropy_with_logits(tf.ones_like(real_logits), real_logits)"),
    ],
    "move_average": [
        (SOLUTIONS["move_average"], AS_ARRAYS),
        ("mean.assign(decay * mean + (1 - decay) * weight)",
         "mean.assign_add((1 - decay) * (weight - mean))"),
    ],
}  # fmt: skip


def defined(name, source):
    """The function that this source defines, with what the lesson imports."""
    names = {"keras": keras, "layers": layers, "np": np, "tf": tf}
    exec(source, names)
    return names[name]


def test_each_exercise_is_answered_in_another_way_too():
    assert coded_exercises("lesson_03") == set(SOLUTIONS) == set(OTHER)


@pytest.mark.parametrize(
    ("name", "part", "instead"),
    [(name, *case) for name, cases in OTHER.items() for case in cases],
)
def test_other_ways_are_right_too(name, part, instead, first_line):
    assert part in SOLUTIONS[name]
    answer = defined(name, SOLUTIONS[name].replace(part, instead))
    assert first_line(answer) == f"{name}: right"


def test_both_faults_of_the_step_are_told(first_line):
    (cell,) = (cell for cell in read_cells("03_dcgan_fashion") if cell.id == "bug-d_step")
    faulty = cell.source.replace("def faulty_step", "def d_step")
    assert "the generator is called without `training=True`" in first_line(
        defined("d_step", faulty)
    )
    half_mended = faulty.replace("generator(z)", "generator(z, training=True)")
    assert "real and generated images go through D in one batch" in first_line(
        defined("d_step", half_mended)
    )


def test_the_solutions_are_the_librarys():
    ours = {name: defined(name, source) for name, source in SOLUTIONS.items()}

    from gan_utils.networks.minibatch import MinibatchStdDev

    rng = np.random.default_rng(0)
    features = tf.constant(rng.normal(size=(8, 3, 3, 2)), tf.float32)
    theirs = MinibatchStdDev(group=4, maps=1)(features)[:, 0, 0, -1]
    np.testing.assert_allclose(ours["deviation"](features, 4), theirs, rtol=1e-5)

    keras.utils.set_random_seed(0)
    network = keras.Sequential(
        [
            keras.Input((6, 6, 1)),
            layers.Conv2D(3, 3, activation="tanh"),
            layers.Flatten(),
            layers.Dense(1),
        ]
    )
    images = tf.random.stateless_normal((5, 6, 6, 1), [0, 1])
    penalty = ours["r1"](network, images, 0.7)
    np.testing.assert_allclose(penalty, R1(0.7)(network, images, None), rtol=1e-5)


def test_the_average_of_the_solution_is_the_librarys_where_nothing_is_counted():
    from gan_utils.training.gan import GAN

    generator = keras.Sequential([keras.Input((2,)), layers.Dense(2)])
    discriminator = keras.Sequential([keras.Input((2,)), layers.Dense(1)])
    gan = GAN(generator, discriminator, ema=0.5)
    gan.compile("sgd", keras.optimizers.SGD(0.1))
    start = gan.generator.get_weights()
    average = keras.models.clone_model(generator)
    average.set_weights(start)
    gan.fit(np.random.default_rng(0).normal(size=(32, 2)).astype("float32"), 4, batch_size=8)
    move_average = defined("move_average", SOLUTIONS["move_average"])
    move_average(average, generator, 0.5**4)  # GAN moves its average at every fourth step
    for one, other in zip(average.get_weights(), gan.average.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-7)
    assert not np.allclose(start[0], generator.get_weights()[0])
