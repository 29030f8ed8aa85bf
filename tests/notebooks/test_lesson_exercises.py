"""The exercises of the lessons: each check tells the notebook's solution from wrong answers."""

from __future__ import annotations

import random

import numpy as np
import pytest
import tensorflow as tf

from gan_utils.lesson import exercises as room
from gan_utils.lesson.exercises import check, exercises
from lesson_notebook import NOTEBOOKS, define_functions, read_cells, written_exercises

pytestmark = pytest.mark.repository

LESSONS = sorted(path.stem for path in NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))
WRITTEN = {name: found for lesson in LESSONS for name, found in written_exercises(lesson).items()}


@pytest.fixture
def line(capsys):
    """A function that checks an answer in a new kernel and gives the line that this prints."""

    def printed(function) -> str:
        room._failed.clear()
        capsys.readouterr()
        check(function)
        out, err = capsys.readouterr()
        assert err == "" and out.endswith("\n") and out.count("\n") == 1, (out, err)
        return out[:-1]

    return printed


@pytest.fixture(scope="module")
def lessons():
    """The imports and functions of each lesson, to be copied."""
    return {lesson: define_functions(read_cells(lesson), {}) for lesson in LESSONS}


def written(lessons, name, source):
    """The function `name` that this source defines in its lesson."""
    names = dict(lessons[WRITTEN[name].lesson])
    exec(source, names)
    return names[name]


def test_each_exercise_stands_in_the_notebook_of_its_module():
    homes = {name: f"lesson_{found.lesson[:2]}" for name, found in WRITTEN.items()}
    assert homes == {
        name: tried.test.__module__.rpartition(".")[2] for name, tried in exercises().items()
    }
    for lesson in LESSONS:
        assert len(written_exercises(lesson)) >= 3, lesson


@pytest.mark.parametrize("name", WRITTEN)
def test_an_exercise_has_hints_a_cell_of_its_own_and_a_solution(name):
    assert 2 <= len(exercises()[name].hints) <= 3
    assert all(hint.endswith(".") or hint.endswith("?") for hint in exercises()[name].hints)
    assert WRITTEN[name].cell.startswith("# NBVAL_CHECK_OUTPUT\n")
    assert WRITTEN[name].cell.splitlines()[-1] == f"check({name})"
    assert f"def {name}(" in WRITTEN[name].solution


@pytest.mark.parametrize("lesson", LESSONS)
def test_the_cells_of_a_notebook_say_that_nothing_is_done_yet(lesson, lessons, capsys):
    names = dict(lessons[lesson])
    capsys.readouterr()
    for name, found in written_exercises(lesson).items():
        exec(found.cell, names)
        assert capsys.readouterr() == (f"{name}: not done yet\n", "")


@pytest.mark.parametrize("name", WRITTEN)
def test_a_solution_is_right_and_draws_no_random_number_of_the_lesson(name, lessons, line):
    solution = written(lessons, name, WRITTEN[name].solution)
    before = random.getstate(), np.random.get_state()[1].tolist()
    assert line(solution) == f"{name}: right"
    assert (random.getstate(), np.random.get_state()[1].tolist()) == before


STEP = """\
with tf.GradientTape(persistent=True) as tape:
    fake = generator(z, training=True)
    real_logits = discriminator(x, training=True)
    fake_logits = discriminator(fake, training=True)
    d_loss = gan_loss(real_logits, True) + gan_loss(fake_logits, False)
    g_loss = gan_loss(fake_logits, True)
d_gradients = tape.gradient(d_loss, discriminator.trainable_variables)
g_gradients = tape.gradient(g_loss, generator.trainable_variables)
"""
D_MOVES = "d_optimizer.apply(d_gradients, discriminator.trainable_variables)\n"
AGAIN = """\
with tf.GradientTape() as tape:
    fake_logits = discriminator(generator(z, training=True), training=True)
    g_loss = gan_loss(fake_logits, True)
g_gradients = tape.gradient(g_loss, generator.trainable_variables)
"""
MINIMAX = "loss = -gan_loss(fake_logits, False)"
G_MOVES = "g_optimizer.apply(g_gradients, generator.trainable_variables)\n"
LOSSES = "return d_loss, g_loss"
RIGHT = STEP + D_MOVES + AGAIN + G_MOVES + LOSSES
STRIPES = """\
repeated = tf.repeat(rows, repeats=[height * width])
return tf.reshape(repeated, (-1, height, width, rows.shape[1]))
"""
NAMED = """\
named = tf.nn.sparse_softmax_cross_entropy_with_logits
real = tf.reduce_mean(named(labels, real_classes))
fake = tf.reduce_mean(named(labels, fake_classes))
"""
NORMED = """\
mean, variance = tf.nn.moments(features, [0, 1, 2])
plain = (features - mean) / tf.sqrt(variance + epsilon)
scale, shift = ((rows @ part)[:, None, None, :] for part in (gammas, betas))
"""
GROUPS = """\
groups = tf.reshape(features, [-1, group, *features.shape[1:]])
variance = tf.math.reduce_variance(groups, axis=1)
"""
SLOPES = """\
with tf.GradientTape() as tape:
    tape.watch(images)
    logits = discriminator(images, training=True)
slopes = tape.gradient(logits, images)
"""

# What is typically written, and a part of what the check then says.
WRONG = {
    "share_answer": [
        ("return p / (p + q)", "share_answer(0.6, 0.3, 0.2) gives 0.6667, but the largest"),
        ("return share * p / (p + q)", "share_answer(3.0, 1.0, 0.5) gives 0.375"),
        ("return np.log(share * p / ((1 - share) * q))", "gives 1.099, but"),
        ("return share * p(share)", "it stops in its line 3 with TypeError"),
    ],
    "narrow_cost": [
        ("return -math.log(4)", "narrow_cost(0.5) gives -1.386, but summing V"),
        ("return math.log(w / (1 + w)) + math.log(1 / (1 + w))", "narrow_cost(0.5) gives"),
        ("return w * math.log(w) + (1 + w) * math.log(1 + w)", "narrow_cost(1.0) gives 1.386"),
    ],
    "alternating_size": [
        ("return 1 - h * gamma", "alternating_size(0.2, 0.5) gives 0.9, but the eigenvalues"),
        ("return math.sqrt(1 - h * gamma + h**2 / 4)", "alternating_size(0.2, 0.0) gives 1.005"),
        ("return 1.0", "alternating_size(0.2, 0.5) gives 1, but"),
    ],
    "covered_digits": [
        ("return (counts > 0).sum()", "gives 4, but counting them one by one gives 3"),
        ("return (counts > 0.01 * counts.sum()).sum()", "but counting"),
        ("return counts >= 0.01 * counts.sum()", "an array of shape (10,)"),
    ],
    "entropy": [
        ("p = counts / counts.sum()\nreturn -(p * np.log(p)).sum()", "gives nan"),
        ("p = counts[counts > 0] / counts.sum()\nreturn -(p * np.log2(p)).sum()", "3.322, but"),
        ("p = counts[counts > 0] / counts.sum()\nreturn (p * np.log(p)).sum()", "gives -2.303"),
        ("return 0.0", "gives 0, but"),
    ],
    "smooth_loss": [
        ("return gan_loss(logits, True)", "with smoothing 0.1 gives"),
        ("return (1 - smoothing) * gan_loss(logits, True)", "with smoothing 0.1 gives"),
        (
            "return tf.nn.sigmoid_cross_entropy_with_logits(1 - smoothing, logits)",
            "it stops in its line 3 with ValueError",
        ),
    ],
    "alternating_step": [
        (STEP + D_MOVES + G_MOVES + LOSSES, "after its move the discriminator was not asked again"),
        (STEP + G_MOVES + D_MOVES + LOSSES, "are: generator, discriminator; they should be"),
        (STEP + D_MOVES + D_MOVES + AGAIN + G_MOVES + LOSSES, "are: discriminator, discriminator"),
        (STEP + D_MOVES + LOSSES, "are: discriminator; they should be: disc"),
        (STEP + LOSSES, "the moves of one step are: none"),
        (RIGHT.replace("generator(z, training=True)", "generator(z)"), "without `training=True`"),
        (
            RIGHT.replace("(g_gradients, generator.", "(g_gradients, discriminator."),
            "the generator's optimizer is given other weights than the generator's",
        ),
        (RIGHT.replace("    g_loss = ", "g_loss = "), "a gradient of the generator is None"),
        (
            STEP + D_MOVES + AGAIN.replace("loss = gan_loss(fake_logits, True)", MINIMAX)
            + G_MOVES + LOSSES,
            "as G's slope in θ the step gives",
        ),
        (RIGHT.replace("+ gan_loss(fake_logits, False)", ""), "as D's slope in ψ the step gives"),
        (RIGHT.removesuffix(LOSSES), "alternating_step gives None"),
        (RIGHT.replace(LOSSES, "return g_loss, d_loss"), "as d_loss the step gives"),
        (RIGHT.replace(LOSSES, "return d_loss"), "an object of type EagerTensor, and not two"),
    ],
    "parameters": [
        ("return kernel * inputs * outputs + outputs", "gives 65,664, but the layer of Keras"),
        ("return kernel * kernel * inputs * outputs", "gives 262,144, but"),
        ("return kernel * kernel * inputs * outputs + inputs", "parameters(4, 128, 1) gives 2,176"),
    ],
    "hits": [
        ("return kernel // stride, -(-kernel // stride)", "hits(3, 2) gives 1 and 2, but stamping"),
        ("return (kernel / stride) ** 2, (kernel / stride) ** 2", "hits(3, 2) gives 2.25 and 2.25"),
        ("return -(-kernel // stride) ** 2", "and not two numbers"),
    ],
    "deviation": [
        (GROUPS + "return tf.repeat(tf.reduce_mean(tf.sqrt(variance), [1, 2, 3]), group)",
         "slope is no number"),
        (GROUPS + "return tf.reduce_mean(tf.sqrt(variance + 1e-8), [1, 2, 3])", "(4,), and not"),
        (GROUPS + "return tf.repeat(tf.reduce_mean(variance, [1, 2, 3]), group)", "at image 0,"),
        (GROUPS + "numbers = tf.repeat(tf.reduce_mean(tf.sqrt(variance + 1e-8), [1, 2, 3]), group)"
         "\nreturn numbers.numpy()", "D cannot learn from it"),
        ("return tf.fill([12], tf.reduce_mean(tf.math.reduce_std(features, 0)))", "at image 0,"),
    ],
    "r1": [
        (SLOPES + "return gamma / 2 * tf.reduce_sum(slopes**2)", "gives 54, but γ/2 · 3² is 9"),
        (SLOPES + "return gamma * tf.reduce_mean(tf.reduce_sum(slopes**2, [1, 2, 3]))", "gives 18"),
        (SLOPES + "return gamma / 2 * tf.reduce_mean(slopes**2)", "r1 with γ = 2.0, for a"),
        (SLOPES + "return gamma / 2 * float(tf.reduce_sum(slopes**2)) / len(images)", "D cannot"),
        (
            SLOPES + "slopes = tf.reduce_mean(slopes, axis=0)\n"
            "return gamma / 2 * tf.reduce_sum(slopes**2)",
            "but central differences give",
        ),
        (
            SLOPES.replace("    tape.watch(images)\n", "") + "return tf.reduce_sum(slopes**2)",
            "it stops in its line 6 with",
        ),
    ],
    "w1_of_histograms": [
        ("return np.abs(p - q).sum()", "gives 1, but SciPy's distance is 0.5"),
        ("return np.abs(np.sort(p) - np.sort(q)).sum()", "gives 0, but SciPy's distance is 2"),
        ("return (np.cumsum(p) - np.cumsum(q)).sum()", "gives"),
    ],
    "slope_with_one_norm": [
        ("return 1 + distance / (2 * weight)", "slope_with_one_norm(2, 10, 64) gives 1.1, but of"),
        ("return 1 / batch**0.5", "gives 0.125, but"),
        ("return 1 / batch + distance / (2 * weight * batch)", "but of 200,001 slopes"),
    ],
    "one_sided": [
        ("return weight * np.mean((norms - 1) ** 2)", "one_sided([0.5, 1.0, 2.0], 10) gives 4.167"),
        ("return weight * np.mean(np.maximum(norms - 1, 0))", "one_sided([1.5, 3.0], 2) gives 2.5"),
        ("return weight * np.mean((norms[norms > 1] - 1) ** 2)", "one_sided([0.5, 1.0, 2.0], 10)"),
    ],
    "frechet_1d": [
        ("return (x.mean() - y.mean()) ** 2", "frechet_1d([0, 2], [0, 6]) gives 4, but"),
        ("return (x.mean() - y.mean()) ** 2 + (x.std() - y.std()) ** 2", "gives 8, but"),
        ("return (x.mean() - y.mean()) ** 2 + (x.var() - y.var()) ** 2", "[0, 6]) gives 68"),
    ],
    "smallest_n": [
        ("return 2 * factor / gap**2", "smallest_n(0.7, 10) gives 40.82, but trying"),
        ("return int(2 * factor / gap**2)", "but trying"),
        ("return int(np.ceil(2 * factor / gap))", "smallest_n(0.1, 10) gives 200, but"),
    ],
    "cheat": [
        ("return images[:1000]", "of 0.9"),
        ("return np.repeat(images[:1], 1000, axis=0)", "a precision of 0.00 and a recall of 0.00"),
        ("return images[labels == 0]", "uint8 of shape (2000, 28, 28, 1), and not 1,000 images"),
        ("return images[:1000] / 255", "float64 of shape (1000, 28, 28, 1), and not"),
    ],
    "label_planes": [
        (STRIPES, "image 0 is of class 1, but 62% of its plane 1 is not 1"),
        ("return tf.repeat(rows, height * width)", "gives the shape (192,), and not (4, 4, 4, 3)"),
        ("return tf.ones((4, height, width, 3))[: len(rows)]", "planes of other classes are lit"),
        (
            "planes = tf.one_hot(tf.argmax(rows, 1), rows.shape[1])[:, None, None]\n"
            "return tf.tile(planes, [1, height, width, 1])",
            "half of each class, added up over 2×2 pixels,",
        ),
    ],
    "projected": [
        ("return features @ weights", "at image 0, gives"),
        ("return features @ weights + features @ tf.transpose(directions)", "(5, 3), and not"),
        ("return tf.reduce_sum(features * (rows @ directions), 1)", "shape (5,), and not (5, 1)"),
    ],
    "auxiliary_terms": [
        (NAMED + "return real, fake", "what D adds gives"),
        (NAMED + "return real + fake, real + fake", "what G adds gives"),
        (NAMED + "return real + fake, -fake", "what G adds gives"),
        (NAMED + "return real + fake", "gives no pair"),
    ],
    "class_norm": [
        (NORMED + "return (1 + scale) * plain", "at image 0 and channel 0, gives"),
        (NORMED + "return scale * plain + shift", "at image 0 and channel 0, gives"),
        (
            NORMED.replace("[0, 1, 2]", "[1, 2], keepdims=True")
            + "return (1 + scale) * plain + shift",
            "at image 0 and channel 0, gives",
        ),
        ("return features @ tf.transpose(gammas)", "the shape (4, 3, 3, 3), and not (4, 3, 3, 2)"),
    ],
    "gan_train": [
        ("return np.mean(teach(images, labels)(images) == labels)", "learn from real images"),
        ("return np.mean(teach(make(labels), labels)(make(labels)) == labels)", "tests on images"),
        ("return np.mean(teach(make(labels), labels[::-1])(images) == labels)", "are not those"),
        ("few = labels[:2]\nreturn np.mean(teach(make(few), few)(images) == labels)", "where the"),
        ("return np.sum(teach(make(labels), labels)(images) == labels)", "gives 5, but counting"),
        ("return 1.0", "gan_train never calls teach"),
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "body", "told"),
    [(name, *case) for name, cases in WRONG.items() for case in cases],
    ids=[f"{name}-{i}" for name, cases in WRONG.items() for i in range(len(cases))],
)
def test_a_wrong_answer_is_told_in_a_sentence_with_a_hint(name, body, told, lessons, line):
    stub = WRITTEN[name].stub
    source = stub.replace("raise NotImplementedError", body.strip().replace("\n", "\n    "))
    found = line(written(lessons, name, source))
    assert found.startswith(f"{name}: not yet: ")
    assert found.endswith(f". Hint: {exercises()[name].hints[0]}")
    assert told in found, found


def test_each_exercise_is_tried_with_two_wrong_answers_or_more():
    assert set(WRONG) == set(exercises())
    assert min(map(len, WRONG.values())) >= 2


@pytest.mark.parametrize(("kernel", "stride"), [(3, 2), (4, 2), (5, 2), (5, 3), (6, 3), (7, 3)])
def test_the_stamps_are_those_of_a_transposed_convolution(lessons, kernel, stride):
    hits = written(lessons, "hits", WRITTEN["hits"].solution)
    side = 12 * stride
    ones = tf.ones((kernel, kernel, 1, 1))
    stamps = tf.nn.conv2d_transpose(tf.ones((1, 12, 12, 1)), ones, (1, side, side, 1), stride)
    inner = stamps.numpy()[0, 6:-6, 6:-6, 0]
    assert hits(kernel, stride) == (inner.min(), inner.max())


def test_the_penalty_of_the_solution_is_the_librarys(lessons):
    import keras

    from gan_utils.training.penalties import R1

    keras.utils.set_random_seed(0)
    network = keras.Sequential(
        [
            keras.Input((6, 6, 1)),
            keras.layers.Conv2D(3, 3, activation="tanh"),
            keras.layers.Flatten(),
            keras.layers.Dense(1),
        ]
    )
    images = tf.random.stateless_normal((5, 6, 6, 1), [0, 1])
    penalty = written(lessons, "r1", WRITTEN["r1"].solution)(network, images, 0.7)
    np.testing.assert_allclose(penalty, R1(0.7)(network, images, None), rtol=1e-5)
