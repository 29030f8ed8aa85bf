"""Exercises of notebook 06: planes, projection, class norm, AC-GAN's losses and GAN-train."""

import numpy as np

from gan_utils.lesson.exercises import exercise
from gan_utils.lesson.exercises.answers import NotYet, agree, shaped


@exercise(
    "Rows have the shape (n, classes), planes (n, height, width, classes): where do the two new "
    "axes belong?",
    "Put them between the others, with length 1: `rows[:, None, None, :]`. What is then repeated "
    "is a whole row, and not each of its numbers.",
    "`tf.tile(rows[:, None, None, :], [1, height, width, 1])` repeats along those two axes only.",
)
def label_planes(answer):
    """One plane a class beside the image: all of it 1 for the image's class, all of it 0 else."""
    import tensorflow as tf

    for height, width in ((4, 4), (3, 5)):
        rows = np.eye(3, dtype=np.float32)[[1, 0, 2, 1]]
        call = f"label_planes(rows, {height}, {width}) for 4 rows of 3 classes"
        planes = shaped(answer(tf.constant(rows), height, width), (4, height, width, 3), call)
        for image, label in enumerate((1, 0, 2, 1)):
            lit = planes[image, :, :, label]
            if not np.all(lit == 1):
                raise NotYet(
                    f"{call}: image {image} is of class {label}, but {np.mean(lit != 1):.0%} of "
                    f"its plane {label} is not 1"
                )
            if np.any(np.delete(planes[image], label, axis=-1)):
                raise NotYet(f"{call}: for image {image} planes of other classes are lit as well")
    between = shaped(answer(tf.constant([[0.5, 0.5]]), 2, 2), (1, 2, 2, 2), "half of each class")
    call = "the second plane for half of each class, added up over 2×2 pixels,"
    agree(between[..., 1].sum(), 2.0, call, "it is", 1e-6)


@exercise(
    "The first half asks how real the features are, whatever the class: a dense layer with one "
    "output.",
    "The second half takes one row of `directions` for each image. `rows @ directions` does that.",
    "A dot product an image: multiply, and `tf.reduce_sum(..., axis=1, keepdims=True)`.",
)
def projected(answer):
    """ψ(φ) + ⟨v_class, φ⟩, one logit an image."""
    import tensorflow as tf

    rng = np.random.default_rng(0)
    features, directions = rng.normal(size=(5, 4)), rng.normal(size=(3, 4))
    weights, labels = rng.normal(size=(4, 1)), np.array([2, 0, 1, 2, 0])
    given = [tf.constant(x, tf.float32) for x in (features, np.eye(3)[labels], weights, directions)]
    call = "projected for 5 images of 3 classes"
    logits = shaped(answer(*given), (5, 1), call)
    for image, label in enumerate(labels):
        expected = features[image] @ weights[:, 0] + features[image] @ directions[label]
        agree(logits[image, 0], expected, f"{call}, at image {image},", "by hand it is", 1e-4)


@exercise(
    "Both players want the class to be told: what is it that D reads off real images, and off "
    "generated ones?",
    "Cross entropy of the class logits: `tf.nn.sparse_softmax_cross_entropy_with_logits(labels, "
    "classes)`, its mean over the images.",
    "D adds the term of real and that of generated images, G only that of generated ones.",
)
def auxiliary_terms(answer):
    """What AC-GAN adds to the losses of D and of G."""
    import tensorflow as tf

    rng = np.random.default_rng(0)
    labels = np.array([2, 0, 1, 2])
    real, fake = rng.normal(size=(2, 4, 3))

    def surprise(logits):
        shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        return -np.log(shares[np.arange(4), labels]).mean()

    terms = answer(tf.constant(labels), *(tf.constant(x, tf.float32) for x in (real, fake)))
    if not isinstance(terms, tuple | list) or len(terms) != 2:
        raise NotYet("auxiliary_terms gives no pair: return what D adds and what G adds")
    expected = surprise(real) + surprise(fake), surprise(fake)
    for player, found, right in zip("DG", terms, expected, strict=True):
        agree(found, right, f"what {player} adds", "counting by hand gives", 1e-4)


@exercise(
    "First bring each channel to mean 0 and variance 1. Over which axes of (n, height, width, "
    "channels) is the mean taken? Over all but the channels.",
    "`tf.nn.moments(features, [0, 1, 2])` gives means and variances. Put `epsilon` beside the "
    "variance inside the root.",
    "`rows @ gammas` has the shape (n, channels): give it two axes more, `[:, None, None, :]`, "
    "before it meets the features.",
)
def class_norm(answer):
    """Each channel normalised over the batch, then scaled and shifted as the class says."""
    import tensorflow as tf

    rng = np.random.default_rng(0)
    features = rng.normal(3, 2, size=(4, 3, 3, 2))
    gammas, betas = rng.normal(size=(2, 3, 2))
    labels = np.array([2, 0, 0, 1])
    given = (tf.constant(x, tf.float32) for x in (features, np.eye(3)[labels], gammas, betas))
    call = "class_norm for 4 maps of 2 channels and 3 classes"
    normed = shaped(answer(*given), features.shape, call)
    for image, label in enumerate(labels):
        for channel in range(2):
            values = features[..., channel]
            place = (image, 1, 2)
            plain = (values[place] - values.mean()) / np.sqrt(values.var() + 1e-3)
            expected = (1 + gammas[label, channel]) * plain + betas[label, channel]
            where = f"{call}, at image {image} and channel {channel},"
            agree(normed[(*place, channel)], expected, where, "by hand it is", 1e-3)


@exercise(
    "Which images may the classifier see while it learns? Only generated ones.",
    "Ask the generator for the labels of the real images, so that there are as many of each "
    "class: `make(labels)`. They are also the labels to teach.",
    "`classify = teach(make(labels), labels)`, and then the share of `classify(images) == labels`.",
)
def gan_train(answer):
    """Teach by generated images of the labels, test on the real ones."""
    real, labels = np.arange(6) + 100, np.array([0, 1, 1, 2, 0, 1])
    seen = []

    def make(asked):
        return 10 * np.asarray(asked)  # an image of class 2 is 20

    def teach(images, names):
        seen.append((np.asarray(images), np.asarray(names)))
        # Of the real images it takes the last for another class.
        return lambda shown: np.where(np.asarray(shown) == 105, 0, labels[np.asarray(shown) - 100])

    def refused(shown):
        raise NotYet("gan_train tests on images that are not the real ones")

    def careful(images, names):
        classify = teach(images, names)
        return lambda shown: classify(shown) if np.array_equal(shown, real) else refused(shown)

    share = answer(make, careful, real, labels)
    if not seen:
        raise NotYet("gan_train never calls teach")
    images, names = seen[0]
    if np.any(np.isin(images, real)):
        raise NotYet("gan_train lets the classifier learn from real images")
    if not np.array_equal(images, 10 * names):
        raise NotYet("gan_train teaches labels that are not those of the generated images")
    if not np.array_equal(np.sort(names), np.sort(labels)):
        raise NotYet(
            f"gan_train teaches the labels {names.tolist()}, where the real images have "
            f"{labels.tolist()}"
        )
    agree(share, 5 / 6, "gan_train, with 5 of 6 real images named right,", "counting gives", 1e-6)
