"""Exercises of notebook 03: networks that grow images, and the parts of their step."""

import numpy as np

from gan_utils.lesson.exercises import exercise
from gan_utils.lesson.exercises.answers import NotYet, agree, number, shaped
from gan_utils.lesson.exercises.comparing import compare

# Of transposed: height and width of the small image, channels in and out, kernel, stride.
SHEETS = ((2, 2, 1, 1, 2, 2), (2, 3, 1, 1, 4, 2), (3, 2, 2, 3, 3, 2), (2, 2, 3, 1, 5, 3))


@exercise(
    "How large is the sheet? The last print begins (height − 1) · stride rows below the first one, "
    "and is as high as the kernel.",
    "For each pixel of the small image take the rows from row · stride on, as many as the kernel "
    "has, and the same for columns. Add the print there, so that overlaps add up.",
    "The print of a pixel is `kernel @ small[row, column]`: the product goes over the channels of "
    "the small image, and has the shape (size, size, outputs).",
)
def transposed(answer):
    """A transposed convolution without padding, compared with TensorFlow's."""
    import tensorflow as tf

    rng = np.random.default_rng(0)
    for height, width, inputs, outputs, size, stride in SHEETS:
        small = rng.normal(size=(height, width, inputs))
        kernel = rng.normal(size=(size, size, outputs, inputs))
        sides = [(side - 1) * stride + size for side in (height, width)]
        call = (
            f"transposed for {height}×{width} pixels with a kernel of {size}×{size} and "
            f"stride {stride}"
        )
        made = shaped(answer(small, kernel, stride), (*sides, outputs), call)
        right = tf.nn.conv2d_transpose(small[None], kernel, (1, *sides, outputs), stride, "VALID")
        wiped = np.zeros(made.shape)
        for row, column in np.ndindex(height, width):
            top, left = row * stride, column * stride
            wiped[top : top + size, left : left + size] = kernel @ small[row, column]
        turned = tf.nn.conv2d_transpose(
            small[None], kernel[::-1, ::-1], (1, *sides, outputs), stride, "VALID"
        )
        mistakes = {
            "a print wipes out what lies below it, where the ink should add up": wiped,
            "the prints are those of a kernel that is turned round": turned[0],
        }
        compare(made, right[0], call, "tf.nn.conv2d_transpose gives", mistakes)


@exercise(
    "Begin with the counts: 401,408 is exactly 64 · 6,272, so the dense layer has no bias. A batch "
    "normalisation keeps four numbers for each channel.",
    "131,072 = width² · 128 · 64 gives the kernel's width, and the sides of the images give the "
    "stride. A layer without a bias is made by `use_bias=False`.",
    "Dense, Reshape, then twice BatchNormalization, ReLU and Conv2DTranspose(…, 4, strides=2, "
    'padding="same"); the last one has a bias and `activation="tanh"`.',
)
def table_generator(make):
    """The generator that a table of shapes and counts describes."""
    from gan_utils.lesson.exercises.table_network import check_images, check_rows, made_apart

    network = made_apart(make)
    check_rows(network)
    check_images(network)


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
    "What does batch normalisation do to images of two kinds in one batch, and what does G's step "
    "show to D? D has to be called twice here, with one kind at a time.",
    "In Keras a network that is called without `training=` outside of `fit` runs as after the "
    "training. Who is called like that here?",
    "`fake = generator(z, training=True)`, then `discriminator(real, training=True)` and "
    "`discriminator(fake, training=True)`; the loss adds the two means of `tf.nn.softplus`.",
)
def d_step(step):
    """One update of D, of which a mean over the batch is a part, as in batch normalisation."""
    import tensorflow as tf

    from gan_utils.lesson.exercises.mock_players import MockNetwork, MockOptimizer

    rng = np.random.default_rng(0)
    real, z = rng.normal(1, 1, (5, 2, 2, 1)), rng.normal(size=(5, 3))

    def logits(means, w, b):
        """A discriminator that takes the mean over its batch off, but for a part b."""
        return w * (means - means.mean()) + b * means

    def paid(w, b, together=False):
        kinds = real.mean(axis=(1, 2, 3)), 0.7 * z.mean(axis=1)
        if together:
            a, c = np.split(logits(np.concatenate(kinds), w, b), 2)
        else:
            a, c = (logits(means, w, b) for means in kinds)
        return np.logaddexp(0, -a).mean() + np.logaddexp(0, c).mean()

    def answered(images, w, b):
        means = tf.reduce_mean(images, axis=[1, 2, 3])
        return (w * (means - tf.reduce_mean(means)) + b * means)[:, None]

    log: list[str] = []
    weights = 1.3, 0.4
    d = MockNetwork("discriminator", answered, weights, log)
    g = MockNetwork(
        "generator",
        lambda z, theta: theta * tf.ones((1, 2, 2, 1))
        * tf.reduce_mean(z, axis=1)[:, None, None, None],
        [0.7], log,
    )  # fmt: skip
    optimizer = MockOptimizer(d, 0.1, log)
    loss = step(g, d, optimizer, tf.constant(real, tf.float32), tf.constant(z, tf.float32))
    if log.count("discriminator moved") != 1:
        raise NotYet(f"D moves {log.count('discriminator moved')} times in a step, and not once")
    if "generator called" not in log:
        raise NotYet("the generator is never called, so D sees no generated image")
    mistakes = {
        "real and generated images go through D in one batch": paid(*weights, together=True)
    }
    compare(number(loss, "the loss"), paid(*weights), "the loss", "by hand it is", mistakes)
    for place, name in enumerate("wb"):
        nudge = 1e-5 * np.eye(2)[place]
        up, down = (paid(*(weights + way)) for way in (nudge, -nudge))
        call = f"the slope that D's optimizer is given for its weight {name}"
        agree(
            optimizer.gradients[place], (up - down) / 2e-5, call, "central differences give", 1e-3
        )


@exercise(
    "The average keeps the share `decay` of what it was, and takes 1 − decay of the weight of now: "
    "`mean.assign(decay * mean + (1 - decay) * weight)`.",
    "`zip` goes through two lists at once: `zip(average.trainable_variables, "
    "generator.trainable_variables)`. Assign to the average only.",
    "What batch normalisation has counted is in `non_trainable_variables`: these are copied, "
    "`mean.assign(weight)`.",
)
def move_average(answer):
    """One step of the average of a generator's weights, with statistics copied."""
    decay = 0.9
    average, generator = _with_statistics(), _with_statistics()
    names = [weight.name for weight in generator.weights]
    rng = np.random.default_rng(0)
    start, first = ([rng.uniform(1, 2, w.shape) for w in generator.weights] for _ in "ab")
    average.set_weights(start)
    generator.set_weights(first)
    for _ in range(4):
        answer(average, generator, decay)
    second = [rng.uniform(3, 4, w.shape) for w in generator.weights]
    generator.set_weights(second)
    answer(average, generator, decay)
    for one, right in zip(generator.get_weights(), second, strict=True):
        if not np.allclose(one, right, rtol=1e-6):
            raise NotYet("the weights of the generator itself have changed: assign to the average")
    rows = zip(names, average.weights, start, first, second, strict=True)
    for place, (name, found, before, early, late) in enumerate(rows):
        call = f"after five steps, in the last of which G has other weights, {name} of the average"
        kept = decay**4 * before + (1 - decay**4) * early
        averaged = decay * kept + (1 - decay) * late
        share = 1 - decay
        hasty = share**4 * before + (1 - share**4) * early
        mistakes = {
            "it stands still": before,
            "it is a copy of the newest weight, and no average": late,
            "decay and 1 − decay are exchanged": share * hasty + decay * late,
        }
        right = averaged
        if not any(weight is average.weights[place] for weight in average.trainable_variables):
            right = late
            mistakes = {
                "it is averaged, and should be copied: it is what batch normalisation "
                "has counted": averaged,
                "it stands still: what batch normalisation has counted is copied": before,
            }
        compare(found, right, call, "the closed form gives", mistakes)


def _with_statistics():
    """A dense layer and batch normalisation, built without a random number."""
    import keras

    return keras.Sequential(
        [
            keras.Input((2,)),
            keras.layers.Dense(3, kernel_initializer="zeros", name="dense"),
            keras.layers.BatchNormalization(name="normalisation"),
        ]
    )
