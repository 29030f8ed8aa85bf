"""The exercises of the lessons: each check tells the notebook's solution from wrong answers."""

from __future__ import annotations

import random

import numpy as np
import pytest

from gan_utils.lesson.exercises import exercises
from lesson_notebook import NOTEBOOKS, define_functions, read_cells, written_exercises

pytestmark = pytest.mark.repository

LESSONS = sorted(path.stem for path in NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))
WRITTEN = {name: found for lesson in LESSONS for name, found in written_exercises(lesson).items()}


@pytest.fixture(scope="module")
def lessons():
    """The imports and functions of each lesson, to be copied."""
    return {lesson: define_functions(read_cells(lesson), {}) for lesson in LESSONS}


def written(lessons, name, source):
    """The function `name` that this source defines in its lesson."""
    names = dict(lessons[WRITTEN[name].lesson])
    exec(source, names)
    return names[name]


def with_body(lessons, name, body):
    """The function `name` of a notebook's stub, with this body."""
    lines = body.strip().replace("\n", "\n    ")
    return written(lessons, name, WRITTEN[name].stub.replace("raise NotImplementedError", lines))


def test_each_exercise_stands_in_the_notebook_of_its_module():
    homes = {name: f"lesson_{found.lesson[:2]}" for name, found in WRITTEN.items()}
    assert homes == {
        name: tried.test.__module__.rpartition(".")[2] for name, tried in exercises().items()
    }
    for lesson in LESSONS:
        assert len(written_exercises(lesson)) >= 5, lesson


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
def test_a_solution_is_right_and_draws_no_random_number_of_the_lesson(name, lessons, first_line):
    solution = written(lessons, name, WRITTEN[name].solution)
    before = random.getstate(), np.random.get_state()[1].tolist()
    assert first_line(solution) == f"{name}: right"
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
LEANING = """\
share = draw.uniform("epsilon", len(real), 1, 1, 1)
with tf.GradientTape() as tape:
    tape.watch(fake)
    between = share * real + (1 - share) * fake
    heights = critic(between, training=True)
slopes = tape.gradient(heights, fake)
norms = tf.sqrt(tf.reduce_sum(slopes**2, axis=[1, 2, 3]) + 1e-12)
gap = tf.reduce_mean(critic(fake, training=True)) - tf.reduce_mean(critic(real, training=True))
return gap + weight * tf.reduce_mean((norms - 1) ** 2)
"""
SHARED_PASS = """\
for real, z in zip(batches, latents):
    with tf.GradientTape() as c_tape, tf.GradientTape() as g_tape:
        fake = generator(z, training=True)
        fake_heights = critic(fake, training=True)
        c_loss = tf.reduce_mean(fake_heights) - tf.reduce_mean(critic(real, training=True))
        c_loss += penalty(critic, real, fake)
        g_loss = -tf.reduce_mean(fake_heights)
    gradients = g_tape.gradient(g_loss, generator.trainable_variables)
    c_optimizer.apply(
        c_tape.gradient(c_loss, critic.trainable_variables), critic.trainable_variables
    )
g_optimizer.apply(gradients, generator.trainable_variables)
"""

ONE_AFTER_THE_OTHER = """\
for player in discriminator, generator:
    with tf.GradientTape() as tape:
        real_logits = discriminator(x, training=True)
        fake_logits = discriminator(generator(z, training=True), training=True)
        of_fake = tf.reduce_mean(tf.nn.softplus(fake_logits))
        d_loss = tf.reduce_mean(tf.nn.softplus(-real_logits)) + of_fake
        loss = d_loss if player is discriminator else -of_fake
    gradients = tape.gradient(loss, player.trainable_variables)
    for weight, gradient in zip(player.trainable_variables, gradients):
        weight.assign_sub(rate * gradient)
"""
MOVE_G = """\
    for weight, gradient in zip(generator.trainable_variables, g_gradients):
        weight.assign_sub(rate * gradient)
"""

# What is typically written, and a part of what the check then says.
WRONG = {
    "best_logits": [
        ("return np.full(len(points), share)", "share 0.5, at (0,), gives 0.5, but in closed form"),
        ("return np.zeros((len(points), 1))", "gives the shape (6, 1), and not (6,)"),
    ],
    "game_losses": [
        (
            "softplus = tf.nn.softplus\n"
            "d_loss = tf.reduce_mean(softplus(-real_logits) + softplus(fake_logits))\n"
            "return d_loss, -d_loss, d_loss",
            "with InvalidArgumentError (Incompatible shapes",
        ),
        ("return 1.386, -0.693, 0.693", "D's loss for usual logits gives 1.386, but by hand it is"),
    ],
    "simultaneous_step": [
        ("return None", "with rate 0.1 D's weights: D has not moved"),
        (ONE_AFTER_THE_OTHER, "G's weights: G answers the D that has just moved"),
        (
            ONE_AFTER_THE_OTHER.replace("discriminator, generator:", "generator, discriminator:"),
            "D's weights: D sees the G that has just moved",
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
    "critic_loss": [
        (LEANING, "gives 3.755: the slope is taken in the generated images, and not in the points"),
        (
            LEANING.replace("watch(fake)", "watch(real)").replace("s, fake)\n", "s, real)\n"),
            "the slope is taken in the real images, and not in the points between",
        ),
    ],
    "wgan_step": [
        (SHARED_PASS, "after the critic's last move the generator does not ask it again"),
    ],
    "cheat": [
        ("return images[:1000]", "of 0.9"),
        ("return np.repeat(images[:1], 1000, axis=0)", "a precision of 0.00 and a recall of 0.00"),
        ("return images[labels == 0]", "uint8 of shape (2000, 28, 28, 1), and not 1,000 images"),
        ("return images[labels < 9][:1000]", "but a recall of 0.4 or less is wanted"),
        ("return 255 - images[labels == 0][:1000]", "but a precision of 0.85 or more is wanted"),
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
    "patch_seen": [
        ("return 1 + sum(kernel - 1 for kernel, _ in stack)", "3, 1)]) gives 5, but marking"),
    ],
    "translator_loss": [
        ("return tf.nn.softplus(-fake_logits)", "of shape (3, 2, 2, 1), and not one number"),
    ],
    "patch_r1": [
        (
            """\
with tf.GradientTape() as tape:
    tape.watch(source)
    answers = tf.reduce_mean(discriminator([source, target], training=True), [1, 2, 3])
slopes = tape.gradient(answers, source)
return gamma / 2 * tf.reduce_mean(tf.reduce_sum(slopes**2, [1, 2, 3]))
""",
            "what the slope in the source gives",
        ),
    ],
    "psnr_in_hole": [
        (
            "completed = np.where(missing, images, truth).astype(float)\n"
            "errors = np.mean((completed - truth) ** 2, axis=(1, 2, 3))\n"
            "return 10 * np.log10(255**2 / errors)",
            "still is the score of whole images: it flatters the first one",
        ),
    ],
}  # fmt: skip

# A part of the notebook's solution, what makes it wrong in its place, and what the check then says.
CHANGED = {
    "variety": [
        (">= 0.01", "> 0.01", "the first part of variety of images that the judge counts as [195"),
        (">= 0.01 * counts.sum()", "> 0", "one image is not enough: 1 % of all images are"),
        ("[counts > 0]", "", "the second part of variety of images that the judge counts as [7, 0"),
        ("np.log(", "np.log2(", "this is in bits: take the natural logarithm"),
        ("-(shares", "(shares", "its sign is wrong"),
        (
            "counts[counts > 0] / counts.sum()", "probabilities.mean(axis=0)",
            "this is the entropy of the mean probabilities: let each image count for the digit",
        ),
        (
            "shares = counts[counts > 0] / counts.sum()", "shares = probabilities",
            "variety of images that the judge counts as [5, 5",
        ),
        ("return covered, -", "return covered - ", "and not two numbers"),
        ("axis=1", "axis=0", "variety of images that the judge counts as"),
    ],
    "mlp_generator": [
        ('"sigmoid" if lowest == 0 else "tanh"', '"tanh"', "is of the other range: images lie fr"),
        ('"sigmoid" if lowest == 0 else "tanh"', '"tanh" if lowest == 0 else "sigmoid"',
         "its last activation is of the other range: images lie from 0 to 1"),
        ('"sigmoid" if lowest == 0 else "tanh"', "None", "no activation at its end: images lie fr"),
        ("layers.LeakyReLU(0.2)", "layers.ReLU()", "its hidden layers have ReLU, and not LeakyReL"),
        ("layers.LeakyReLU(0.2)", "layers.LeakyReLU()", "the slope of its LeakyReLU is 0.3, and"),
        (", layers.LeakyReLU(0.2)]", "]", "its hidden layers have no activation: one dense"),
        (", layers.Reshape(shape)]", "]", "for 6 latent vectors gives the shape (6, 12), and not"),
        ("layers.Dense(width)", "layers.Dense(widths[0])", "has weights of the shapes [(3, 6)"),
        ("return keras.Sequential(stack)", "return stack", "gives no network: end with `return"),
        ("int(np.prod(shape)), ", "int(np.prod(shape)), use_bias=False, ", "weights of the shapes"),
    ],
    "players_losses": [
        (
            "tf.nn.softplus(-real_logits)", "-tf.math.log(tf.sigmoid(real_logits))",
            "players_losses for logits of ±20 and ±100 gives inf, and not a finite number",
        ),
        (
            "tf.nn.softplus(-real_logits)", "-tf.math.log(tf.sigmoid(real_logits) + 1e-7)",
            "d_loss of players_losses for logits of ±20 and ±100 gives",
        ),
        (
            "tf.nn.softplus(fake_logits)",
            "keras.losses.binary_crossentropy(tf.zeros_like(fake_logits), tf.sigmoid(fake_logits))",
            "d_loss of players_losses for logits of ±20 and ±100 gives",
        ),
        ("    d_loss += tf.reduce_mean(tf.nn.softplus(fake_logits))\n", "",
         "the part of generated images is missing"),
        ("return d_loss", "return d_loss / 2", "added up without a factor of ½"),
        ("tf.nn.softplus(-fake", "-tf.nn.softplus(fake", "that is the loss of the zero-sum game"),
        ("tf.nn.softplus(-fake", "tf.nn.softplus(fake", "G wants D to call its images real"),
        (
            "d_loss, tf.reduce_mean(tf.nn.softplus(-fake_logits))",
            "tf.reduce_mean(tf.nn.softplus(-fake_logits)), d_loss", "players_losses for usual logi",
        ),
        ("reduce_mean", "reduce_sum", "the images are added up: take their mean"),
        ("return d_loss", "return d_loss.numpy()", "nobody can learn from it: no tensor leads to"),
        (
            "d_loss, tf", "tf.where(d_loss > 20, tf.stop_gradient(d_loss), d_loss), tf",
            "for logits of ±20 and ±100 the slope of D's loss in a real logit is not",
        ),
    ],
    "smoothed_d_loss": [
        ("1.0 - smoothing", "1.0", "smoothing 0.1 gives 1.981: the labels are as hard as before"),
        ("1.0 - smoothing", "smoothing", "with smoothing 0.0 gives"),
        (" + gan_loss(fake_logits, is_real=False)", "", "the part of generated images is missing"),
        (
            "gan_loss(fake_logits, is_real=False)",
            "tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits("
            "labels=smoothing * tf.ones_like(fake_logits), logits=fake_logits))",
            "the generated images have soft labels, too: smoothing is one-sided here",
        ),
        (
            "return tf.reduce_mean(real)",
            "return (1 - smoothing) * gan_loss(real_logits, True)",
            "the surprise of real images is only made smaller",
        ),
        ("tf.reduce_mean(real)", "real", "of shape (3, 1), and not one number"),
        ("is_real=False", "is_real=True", "with smoothing 0.0 gives"),
    ],
    "mended_step": [
        ("gradient(d_loss", "gradient([d_loss, g_loss]", "D still moves to make g_loss smaller"),
        ("gradient(g_loss", "gradient([d_loss, g_loss]", "G's gradient is still that of the sum"),
        ("gradient(d_loss", "gradient(g_loss", "D moves to make G's loss smaller, and not its own"),
        ("gradient(g_loss", "gradient(d_loss", "G moves to make D's loss smaller, and not its own"),
        ("(d_loss, discriminator", "(d_loss, generator", "is given 1 gradients for 2 weights"),
        ("(d_gradients, discriminator", "(d_gradients, generator", "is given other weights than"),
        (
            "    d_optimizer.apply(d_gradients, discriminator.trainable_variables)\n", "",
            "the moves of one step are: generator; each player should move once",
        ),
        ("return d_loss, g_loss", "return d_loss + g_loss", "and not two numbers"),
        ("discriminator(x, training=True)", "discriminator(x)", "without `training=True`"),
        (
            "fake_logits = discriminator(generator(z, training=True)",
            "fake_logits = discriminator(tf.stop_gradient(generator(z, training=True))",
            "a gradient of the generator is None",
        ),
    ],
    "best_logits": [
        (" + odds", "", "std 0.3, share 0.2: the share is missing in it"),
        ("+ odds", "- odds", "std 0.3, share 0.2: the share has the wrong sign"),
        (
            "log_density(real_centres) - log_density(fake_centres)",
            "log_density(fake_centres) - log_density(real_centres)", "this is log q/p: the density",
        ),
        (
            "log_density(real_centres) - log_density(fake_centres) + odds",
            "sigmoid(log_density(real_centres) - log_density(fake_centres) + odds)",
            "these are probabilities: give the logits",
        ),
        (" - np.log(len(centres))", "", "each mixture is a mean of its Gaussians, and not a sum"),
        ("(2 * std**2)", "std**2", "falls with the square over 2 std², not over std²"),
        ("(2 * std**2)", "(2 * std)", "it should be divided by std², and not by std"),
        ("axis=1) -", "axis=0) -", "gives the shape (1,), and not (6,)"),
        (
            "np.logaddexp.reduce(-squares / (2 * std**2), axis=1)",
            "np.log(np.exp(-squares / (2 * std**2)).sum(axis=1))",
            "and not a finite number: far away both densities round to 0",
        ),
    ],
    "game_losses": [
        ("-of_fake", "of_fake", "it has the wrong sign"),
        ("-of_fake", "-d_loss", "the part of real samples does not depend on G: leave it out"),
        ("+ of_fake", "+ of_fake\n    d_loss /= 2", "half of what it should be: leave the ½ out"),
        ("softplus(-real_logits)", "softplus(real_logits)", "D's loss for usual logits gives"),
        ("(-fake_logits)", "(fake_logits)", "G's non-saturating loss for usual logits"),
        ("d_loss, -of_fake, tf", "-of_fake, d_loss, tf", "return D's loss, minimax, non-saturat"),
        ("d_loss, -of_fake, tf", "d_loss, tf", "gives no three numbers: D's loss, minimax, non-"),
        (
            "tf.nn.softplus(-fake_logits)", "-tf.math.log(tf.sigmoid(fake_logits))",
            "G's non-saturating loss for logits up to ±100 gives inf, and not a finite number",
        ),
        (
            "tf.nn.softplus(fake_logits)", "-tf.math.log(1 - tf.sigmoid(fake_logits))",
            "D's loss for logits up to ±100 gives inf, and not a finite number",
        ),
        ("return d_loss", "return d_loss.numpy()", "no tensor leads from the logits to it"),
        ("tf.reduce_mean(tf.nn.softplus(-fake", "tf.reduce_sum(tf.nn.softplus(-fake", "by hand"),
    ],
    "turn_and_growth": [
        (
            "abs(np.angle(largest)), abs(largest)", "abs(largest), abs(np.angle(largest))",
            "gives the growth first: return the turn, then the growth",
        ),
        ("abs(np.angle(largest))", "np.degrees(abs(np.angle(largest)))", "is in degrees: give rad"),
        ("abs(np.angle(largest))", "-abs(np.angle(largest))", "its turn has a sign: take the size"),
        (", abs(largest)", ", largest.real", "the real part of the eigenvalue, and not its"),
        (
            ", abs(largest)", ", abs(np.linalg.det(np.transpose(columns) / small))",
            "this is its square: a determinant is the product of both",
        ),
        (" / small)", ")", "the growth gives 1.005e-06, but in closed form it is 1.005"),
        ("argmax", "argmin", "simultaneous, h = 0.2, γ = 2.0, the growth gives"),
        ("1e-6", "1.0", "(2 sin θ + ψ, ψ/2), the growth gives 1.683, but"),
        (", abs(largest)", "", ", and not two numbers"),
    ],
    "simultaneous_step": [
        ("g_loss = -of_fake", "g_loss = of_fake", "G's weights: G goes uphill: subtract"),
        (
            "g_loss = -of_fake", "g_loss = tf.reduce_mean(tf.nn.softplus(-fake_logits))",
            "this is the non-saturating loss, and the value of this section is asked for",
        ),
        ("+ of_fake\n", "+ of_fake\n        d_loss = -d_loss\n", "D's weights: D goes uphill"),
        (MOVE_G, "", "G's weights: G has not moved"),
        ("reduce_mean", "reduce_sum", "D's weights: it is not divided by the number of samples"),
        ("generator(z, training=True)", "generator(z)", "generator is called without `training=Tr"),
        ("rate * gradient", "gradient", "but in closed form it is"),
        (
            "generator.trainable_variables, g_gradients", "discriminator.trainable_variables, "
            "g_gradients", "D's weights, at (0,), gives",
        ),
    ],
    "count_modes": [
        ("[good])", ")", "points of low quality capture a mode in it"),
        ("len(captured)", "good.sum()", "gives 6: this is the number of points, and not of modes"),
        ("good.mean()", "100 * good.mean()", "give the share from 0 to 1, and not in %"),
        ("<= 3 * std", "<= std", "but it is"),
        (
            "np.linalg.norm(points[:, None] - centres, axis=2)",
            "np.abs(points[:, None] - centres).max(axis=2)", "and not one along each axis",
        ),
        ("len(captured)", "captured", "gives an array of shape (3,), and not one number"),
        ("np.linalg.norm(points[:, None] - centres, axis=2)",
         "((points[:, None] - centres) ** 2).sum(axis=2)", "but it is"),
    ],
    "rival_losses": [
        ("softplus(difference)", "softplus(-difference)", "both players still want the same"),
        ("return d_loss, g_loss", "return g_loss, d_loss", "this is G's loss: return D's first"),
        ("real_logits - fake_logits", "fake_logits - real_logits", "this is G's loss: return D's"),
        ("g_loss = tf", "g_loss = -tf", "G's loss of rival_losses for usual logits gives"),
        ("tf.reduce_mean(tf.nn.softplus(difference))", "-d_loss", "which is another game"),
        ("softplus(difference)", "softplus(-fake_logits)", "it asks about the generated one alone"),
        ("softplus(difference))", "softplus(difference)).numpy()", "no tensor leads from the log"),
        (
            "tf.nn.softplus(-difference)", "-tf.math.log(tf.sigmoid(difference))",
            "for logits up to ±100 gives inf, and not a finite number",
        ),
    ],
    "frechet": [
        ("2 * roots.sum()", "roots.sum()", "the root is taken twice, and subtracted once"),
        ("np.trace(cov_x + cov_y) - 2 * roots.sum()", "0", "only the means are compared"),
        ("np.sum(gap**2) + ", "", "the means are missing"),
        ("return np.sum(gap**2) + np.trace(cov_x + cov_y) - 2 * roots.sum()",
         "return np.sqrt(np.sum(gap**2) + np.trace(cov_x + cov_y) - 2 * roots.sum())",
         "this is its root: the squared distance is asked for"),
        ("np.cov(x, rowvar=False), np.cov(y, rowvar=False)",
         "np.cov(x, rowvar=False, ddof=0), np.cov(y, rowvar=False, ddof=0)",
         "the covariances divide by n: n − 1 is asked for"),
        ("np.sqrt(np.maximum(np.linalg.eigvals(cov_x @ cov_y).real, 0))",
         "np.diag(np.sqrt(np.abs(cov_x @ cov_y)))", "the root of each entry is not the root of"),
        ("np.sqrt(np.maximum(np.linalg.eigvals(cov_x @ cov_y).real, 0))",
         "np.linalg.eigvals(cov_x @ cov_y).real", "are added up without their roots"),
        ("np.maximum(np.linalg.eigvals(cov_x @ cov_y).real, 0)",
         "np.linalg.eigvalsh(cov_x @ cov_y)", "with scipy.linalg.sqrtm it is"),
        ("roots.sum()", "roots.sum() + 0j", "+0j), and not a number"),
        ("rowvar=False", "rowvar=True", "it stops in its line"),
    ],
    "unbiased_kernel": [
        ("(table.sum() - np.trace(table)) / (len(table) * (len(table) - 1))", "table.mean()",
         "rows are compared with themselves: this one is not unbiased"),
        ("(len(table) - 1)", "len(table)", "divided by n², though n of them are left out"),
        ("2 * k(x, y).mean()", "k(x, y).mean()", "counts twice, and is subtracted once"),
        ("return others", "return -others", "pair by pair it is"),
        ("2 * k(x, y).mean()", "2 * others(k(x, y))", "gives 11.66, but pair by pair"),
        (" / a.shape[1]", "", "unbiased_kernel of 3 and 5 rows of two numbers gives"),
        ("** 3", "** 2", "pair by pair it is"),
        ("k(x, y).mean()", "k(x, y)", "an array of shape (3, 5), and not one number"),
    ],
    "score_of_logits": [
        ("axis=1, keepdims", "axis=0, keepdims", "the softmax runs over the images"),
        ("np.exp(rel", "(rel", "the exponential is missing"),
        ("rel_entr(probabilities, mean)", "rel_entr(mean, probabilities)", "have changed places"),
        (".sum(axis=1).mean())", ".sum())", "are added up over all images"),
        (" - logits.max(axis=1, keepdims=True)", "", "of 1 kinds gives nan, and not a finite"),
        ("mean(axis=0)", "mean(axis=1, keepdims=True)", "− mean of the entropies) is"),
        ("rel_entr(probabilities, mean)", "(probabilities * np.log(probabilities / mean))",
         "of 1 kinds gives nan, and not a finite number"),
        ("return ", "", "gives None: its `return` seems to be missing"),
    ],
    "precision_recall": [
        ("share_inside(real, fake), share_inside(fake, real)",
         "share_inside(fake, real), share_inside(real, fake)",
         "gives 0.6 and 0.8: precision comes first, and then recall"),
        ("[:, k]", "[:, k - 1]", "a row counts as its own first neighbour: take one"),
        ("(across < radii[:, None]).any(axis=0).mean()",
         "(across.min(axis=0) < radii[across.argmin(axis=0)]).mean()",
         "only the ball of the nearest row is looked into"),
        (".any(axis=0).mean()", ".any(axis=1).mean()", "counting ball by ball gives"),
        ("return share_inside(real, fake), share_inside(fake, real)",
         "return share_inside(real, fake)", "and not two numbers"),
        (".any(axis=0)", "", "counting ball by ball gives"),
        ("[:, k]", "[:, 1]", "real and 40 generated rows with k = 3"),
        ("radii[:, None]", "radii", "k = 1 gives 0.6, but counting ball by ball gives 0.8"),
    ],
    "closer_share": [
        ("near[:, None] < far", "near[:, None] > far", "in which the held-out image is closer"),
        (".astype(float)", "", "the difference of two uint8 numbers wraps around: make them"),
        (".min()", ".mean()", "the distance to all training images is averaged"),
        (" + (near[:, None] == far).mean() / 2", "", "ties count nothing: they count one half"),
        (".mean() / 2", ".mean()", "ties count in full: they count one half"),
        ("(near[:, None] < far).mean()", "(near < far).mean()", "it stops in its line"),
        ("(near[:, None] < far).mean()", "(near[:, None] < far).sum()", "pair by pair gives"),
    ],
    "transposed": [
        ("left : left + size] += ", "left : left + size] = ", "where the ink should add up"),
        ("kernel @", "kernel[::-1, ::-1] @", "the prints are those of a kernel that is turned ro"),
        ("row * stride, column * stride", "row, column", "2×2 and stride 2, at (0, 1, 0), gives"),
        ("return sheet", "return sheet[1:-1]", "gives the shape (2, 4, 1), and not (4, 4, 1)"),
        ("    return sheet", "", "gives None: its `return` seems to be missing"),
        ("kernel @ small[row, column]", "kernel[..., 0] * small[row, column, 0]", "at (0, 0, 0)"),
        ("kernel @ small", "kernel.swapaxes(2, 3) @ small", "it stops in its line 7 with"),
        ("size, _, outputs, _", "size, _, _, outputs", "it stops in its line 7 with ValueError"),
    ],
    "table_generator": [
        ("use_bias=False),\n            layers.Reshape", "),\n            layers.Reshape",
         "weights, Dense, has 407,680, and not 401,408: it has a bias"),
        ('use_bias=False),\n            layers.BatchNormalization(),\n            layers.ReLU(),\n'
         "            layers.Conv2DTranspose(1", '),\n            layers.BatchNormalization(),\n'
         "            layers.ReLU(),\n            layers.Conv2DTranspose(1", "it has a bias"),
        ("(64, 4, ", "(64, 5, ", "layer 3 of those with weights, Conv2DTranspose, has 204,800"),
        ("(64, 4, strides=2", "(64, 4, strides=1", "gives (7, 7, 64), and not (14, 14, 64)"),
        ("(1, 4, ", "(1, 3, ", "Conv2DTranspose, has 577, and not 1,025"),
        ('activation="tanh"', 'activation="sigmoid"', "the sigmoid at its end gives 0 to 1"),
        (', activation="tanh"', "", "nothing holds its images between −1 and 1: the tanh is mi"),
        ("layers.ReLU()", "layers.LeakyReLU(0.2)", "LeakyReLU with slope 0.2, where guideline 4 h"),
        ("            layers.ReLU(),\n", "", "no ReLU stands between its layers"),
        ("layers.BatchNormalization(),\n            layers.ReLU()",
         "layers.ReLU(),\n            layers.BatchNormalization()",
         "ReLU stands before the batch normalisation, and belongs behind it"),
        ('activation="tanh"),', 'activation="tanh"),\n            layers.BatchNormalization(),',
         "a batch normalisation stands behind the last row"),
        ('padding="same", activation="tanh"', 'padding="same", use_bias=False, activation="tanh"',
         "has 1,024, and not 1,025: its bias is missing"),
        ("keras.Input((64,))", "keras.Input((100,))", "it reads (100,), and not latent vectors of"),
        ("            keras.Input((64,)),\n", "", "gives no network whose shapes are known: begin"),
        ("layers.BatchNormalization()", "layers.LayerNormalization()",
         "layer 2 of those with weights is LayerNormalization, where the table has BatchNorm"),
        ("    return ", "    ", "table_generator gives None"),
    ],
    "d_step": [
        ("(z, training=True)", "(z)", "the generator is called without `training=True`"),
        ("(fake, training=True)", "(fake)", "the discriminator is called without `training=True`"),
        ("real_logits = discriminator(real, training=True)\n        fake_logits = "
         "discriminator(fake, training=True)", "real_logits, fake_logits = tf.split("
         "discriminator(tf.concat([real, fake], 0), training=True), 2)",
         "real and generated images go through D in one batch"),
        ("softplus(fake_logits)", "softplus(-fake_logits)", "the loss gives"),
        ("loss += ", "loss = ", "the loss gives"),
        ("reduce_mean(tf.nn.softplus(-real", "reduce_sum(tf.nn.softplus(-real", "the loss gives"),
        ("    optimizer.apply(gradients, discriminator.trainable_variables)\n", "",
         "D moves 0 times in a step, and not once"),
        ("(gradients, discriminator", "(gradients, generator", "is given other weights than the"),
        ("generator(z, training=True)", "z[:, :2, None, None] * tf.ones((1, 2, 2, 1))",
         "the generator is never called"),
        ("    return loss", "", "the loss gives None: its `return` seems to be missing"),
        ("discriminator(fake, training", "discriminator(real, training", "the loss gives"),
        ("apply(gradients,", "apply([2 * slope for slope in gradients],", "the slope that D's o"),
    ],
    "move_average": [
        ("decay * mean + (1 - decay) * weight", "(1 - decay) * mean + decay * weight",
         "decay and 1 − decay are exchanged"),
        ("decay * mean + (1 - decay) * weight", "weight", "a copy of the newest weight, and no av"),
        ("mean.assign(decay", "weight.assign(decay", "the generator itself have changed"),
        ("        mean.assign(decay * mean + (1 - decay) * weight)", "        pass", "it stands"),
        ("generator.non_trainable_variables", "average.non_trainable_variables",
         "it stands still: what batch normalisation has counted is copied"),
        ("kept.assign(newest)", "kept.assign(decay * kept + (1 - decay) * newest)",
         "it is averaged, and should be copied"),
        ("        kept.assign(newest)", "        pass", "what batch normalisation has counted is"),
        ("decay * mean + (1 - decay) * weight", "decay * mean + weight", "the closed form gives"),
    ],
    "wasserstein_losses": [
        (
            "tf.reduce_mean(fake_heights) - tf", "-tf.reduce_mean(fake_heights) + tf",
            "its sign is turned: the critic would lower the real points",
        ),
        ("critic_loss, -tf", "critic_loss, tf", "its sign is turned: the generator would go down"),
        ("-tf.reduce_mean(fake_heights)", "-critic_loss", "real points are in it, which the gen"),
        ("-tf.reduce_mean(fake_heights)", "critic_loss", "the critic's loss: the generator wants"),
        (
            "critic_loss, -tf.reduce_mean(fake_heights)",
            "-tf.reduce_mean(fake_heights), critic_loss",
            "this is the generator's loss: return the critic's first",
        ),
        (
            "tf.reduce_mean(fake_heights) - tf.reduce_mean(real_heights)",
            "tf.reduce_mean(tf.nn.softplus(fake_heights) + tf.nn.softplus(-real_heights))",
            "these are cross-entropies, and heights are no logits",
        ),
        ("reduce_mean", "reduce_sum", "the heights are added up: take their mean"),
        ("return critic_loss", "return critic_loss.numpy()", "the critic cannot learn: no tensor"),
        ("return critic_loss, ", "return ", "an object of type EagerTensor, and not two numbers"),
    ],
    "clipped_step": [
        (
            "    optimizer.apply(gradients, critic.trainable_variables)\n"
            "    for weight in critic.trainable_variables:\n"
            "        weight.assign(tf.clip_by_value(weight, -limit, limit))\n",
            "    for weight in critic.trainable_variables:\n"
            "        weight.assign(tf.clip_by_value(weight, -limit, limit))\n"
            "    optimizer.apply(gradients, critic.trainable_variables)\n",
            "beyond the limit 0.1: the cut comes after the move",
        ),
        ("weight.assign(tf", "(tf", "and its result must be assigned to the weight"),
        ("weight in critic.trainable_variables", "weight in critic.trainable_variables[::2]",
         "the kernels are cut and the biases are not"),
        ("optimizer.apply(gradients,",
         "optimizer.apply([tf.clip_by_value(g, -limit, limit) for g in gradients],",
         "the gradients are cut, and not the weights"),
        ("tf.reduce_mean(fake_heights) - ", "-tf.reduce_mean(fake_heights) + ", "the wrong way"),
        ("    optimizer.apply(gradients, critic.trainable_variables)\n", "", "it moved 0 times"),
        ("-limit, limit", "0.0, limit", "after the step W, at (0, "),
        ("critic(fake, training=True)", "critic(fake)", "is called without `training=True`"),
        ("tf.reduce_mean(fake_heights) - ", "-", "the gradient in W, at (0, 0), gives"),
    ],
    "slope_penalty": [
        ("1, 1, 1)", "*real.shape[1:])", "the pixels of an image have different ε, up to"),
        ("len(real), 1", "1, 1", "all images of a batch have the same ε: draw one for each image"),
        ("draw.uniform", "draw.normal", "lie beyond the ends of their line: ε is uniform from 0"),
        ('draw.uniform("epsilon", len(real), 1, 1, 1)',
         "tf.random.stateless_uniform([len(real), 1, 1, 1], [0, 1])", "every step has the same ε"),
        ("1, 1, 1)", "1, 1, 1) ** 3", "and uniform ones have 0.50 and 0.29"),
        ("between = share * real + (1 - share) * fake", "between = real", "never asks the critic"),
        ("axis=[1, 2, 3]", "axis=1", "the norm is taken along one axis: an image has three"),
        ("axis=[1, 2, 3]", "axis=-1", "the norm is taken over the colours only"),
        (", axis=[1, 2, 3]", "", "one norm is taken for the whole batch"),
        ("reduce_sum(slopes", "reduce_mean(slopes", "the squares of an image are averaged: add"),
        ("critic(between, training=True)", "tf.reduce_mean(critic(between, training=True))",
         "the slope of the mean height is taken: a slope is one image's own"),
        ("norms - 1", "norms**2 - 1", "the root is missing: these are squares of lengths"),
        (" + 1e-12)", ")", "has a slope that is no number: a small number belongs inside"),
        (" + 1e-12)", ") + 1e-12", "has a slope that is no number: a small number belongs inside"),
        ("weight * tf", "tf", "the weight is missing"),
        ("norms - 1)", "tf.nn.relu(norms - 1))", "slopes below 1 cost nothing in it"),
        ("(norms - 1) ** 2", "tf.abs(norms - 1)", "the deviations from 1 are not squared"),
        ("slopes**2", "slopes.numpy() ** 2", "the critic cannot learn from it"),
        ("(between, training=True)", "(between)", "the critic is called without `training=True`"),
    ],
    "critic_loss": [
        (
            "tf.reduce_mean(fake_heights) - tf", "-tf.reduce_mean(fake_heights) + tf",
            "the difference of the heights has the wrong sign",
        ),
        (" + penalty", "", "critic_loss of a critic with slope 2 everywhere, with weight 10, giv"),
        (
            "tf.reduce_mean(fake_heights) - tf.reduce_mean(real_heights) + penalty", "penalty",
            "this is the penalty alone: add the difference of the heights",
        ),
        ("axis=[1, 2, 3]", "axis=1", "the norm is taken along one axis"),
        ("1, 1, 1)", "*real.shape[1:])", "the pixels of an image have different ε, up to"),
    ],
    "wgan_step": [
        ("zip(batches, latents)", "[(batches[0], z) for z in latents[:-1]]",
         "move 2 of the critic sees the real batch number 1, and not number 2"),
        ("zip(batches, latents)", "[(real, latents[0]) for real in batches]",
         "move 2 of the critic takes latent vectors number 1, and not number 2 of 4"),
        ("latents[-1]", "latents[0]", "the generator's move takes latent vectors number 1, and no"),
        ("            loss += penalty(critic, real, fake)\n", "", "the penalty is missing"),
        ("(critic, real, fake)", "(critic, fake, real)", "handed the critic, `real` and `fake`"),
        ("loss = -tf", "loss = tf", "it goes downhill: its loss is minus the height"),
        (
            "tf.reduce_mean(fake_heights) - tf", "-tf.reduce_mean(fake_heights) + tf",
            "real and generated change places",
        ),
        ("        c_optimizer", "    c_optimizer", "with 3 batches the moves of one step are: c"),
        ("        c_optimizer.apply(gradients, critic.trainable_variables)\n", "",
         "the moves of one step are: generator; they should be: critic, critic, critic, gen"),
        ("g_optimizer.apply(gradients, generator", "g_optimizer.apply(gradients, critic",
         "the generator's optimizer is given other weights than the generator's"),
    ],
    "patch_seen": [
        ("reversed(stack)", "stack", "([(3, 2), (3, 1)]) gives 5, but marking them pixel by"),
        ("stride * (side - 1)", "stride * side", "patch_seen([(5, 1)]) gives 6"),
        ("return side", "", "gives None: its `return` seems to be missing"),
    ],
    "translator_loss": [
        (
            "tf.nn.softplus(-fake_logits)", "-tf.math.log(tf.sigmoid(fake_logits))",
            "for logits of −100, 100, 0 and 3 with weight 0 gives inf, and not a finite number",
        ),
        ("-fake_logits", "fake_logits", "for a map of usual logits with weight 0 gives"),
        ("tf.abs(target - fake)", "(target - fake) ** 2", "with weight 10 gives"),
        ("softplus(-fake_logits))", "softplus(-fake_logits)).numpy()", "G cannot learn from it"),
    ],
    "patch_r1": [
        ("reduce_mean(logits", "reduce_sum(logits", "it takes the sum of the map, and not its"),
        ("gradient(answers", "gradient(logits", "16 times too much, the square of the number"),
        ("logits, axis=[1, 2, 3]", "logits", "25 times too little: the mean of the map is take"),
        ("reduce_mean(tf.reduce_sum", "reduce_sum(tf.reduce_sum", "5 times too much: it adds"),
        ("gamma / 2", "gamma", "but in closed form it is"),
        ("([source, target], t", "([target, source], t", "whose first part is not the source"),
        ("([source, target], t", "(target, t", "not handed a pair: give it a list, [source, t"),
        (", training=True", "", "without `training=True`"),
        ("slopes**2", "slopes.numpy() ** 2", "D cannot learn from it"),
    ],
    "pix2pix_step": [
        ("weight * tf", "0 * tf", "the distance is missing in them"),
        ("tf.abs(target - fake)", "(target - fake) ** 2", "as G's slope in θ the step gives"),
        ("[source, fake]", "[target, fake]", "whose first part is not the source"),
        ("[source, fake]", "fake", "not handed a pair: give it a list, [source, target] or [s"),
        ("[source, fake]", "[source, target]", "never sees the pair [source, fake]"),
        ("[source, fake]", "[source, source]", "handed another pair than [source, target] or"),
        ("= generator(source", "= generator(target", "handed something else than the source"),
        ("(d_gradients, discriminator", "(d_gradients, generator", "is given other weights than"),
        ("d_optimizer.apply", "g_optimizer.apply", "the generator's optimizer is given other"),
        ("d_loss += ", "d_loss -= ", "as D's slope in χ the step gives"),
        ("softplus(-fake", "softplus(fake", "as G's slope in θ the step gives"),
        ("d_loss, g_loss", "g_loss, d_loss", "as d_loss the step gives"),
        (
            "d_optimizer.apply(d_gradients, discriminator.trainable_variables)", "",
            "the moves of one step are: generator; each player should move once",
        ),
    ],
    "search_step": [
        ("/ tf.reduce_sum(known)", "/ 12", "divides by the number of all pixels"),
        (" / tf.reduce_sum(known)", "", "adds the known pixels up, and does not take their mean"),
        ("known = tf.cast(known", "known = tf.cast(~known", "is led by the missing pixels"),
        ("known = tf.cast(known", "known = tf.cast(known | True", "missing pixels, too"),
        ("off, axis=[1, 2, 3]) /", "off) / len(z) /", "goes 5 times less far than one image"),
        ("z - rate", "z + rate", "goes uphill: subtract the slope"),
        ("z - rate", "rate", "at number 0 of row 0, gives"),
        ("tf.abs(generate(z) - image)", "(generate(z) - image) ** 2", "number 0 of row 0, gives"),
    ],
    "psnr_in_hole": [
        ("missing.sum(axis=(1, 2, 3))", "64", "still is the score of whole images"),
        ("images.astype(float)", "images", "at image 0, gives"),
        ("255**2", "1", "at image 0, gives"),
        ("255**2 / errors", "255**2 / squares[missing].mean()", "the shape (), and not (4,)"),
    ],
    "instance_norm": [
        ("[1, 2]", "[0, 1, 2]", "that is batch normalisation"),
        ("[1, 2]", "[1, 2, 3]", "that is layer normalisation"),
        ("/ tf.sqrt(v", "/ (v", "at row 0, column 0 of image 0, channel 0, gives"),
        ("tf.sqrt(variance + epsilon)", "(tf.sqrt(variance) + epsilon)", "with ε = 0.1, at"),
        ("keepdims=True", "keepdims=False", "with InvalidArgumentError (Incompatible shapes"),
    ],
    "least_squares": [
        ("return d_loss", "return d_loss / 2", "D's loss of least_squares for maps of 1×1 logit"),
        ("(real_logits - 1)", "real_logits", "D's loss of least_squares for maps of 1×1 logits"),
        ("return d_loss", "return d_loss.numpy()", "D cannot learn from it"),
        (
            "d_loss, tf.reduce_mean((fake_logits - 1) ** 2)", "d_loss, -d_loss",
            "G's loss of least_squares for maps",
        ),
        (
            "d_loss, tf.reduce_mean((fake_logits - 1) ** 2)",
            "tf.reduce_mean((fake_logits - 1) ** 2), d_loss",
            "is that of the other player: return",
        ),
    ],
    "cycle_loss": [
        (" + tf.reduce_mean(tf.abs(b - back_b))", "", "the way from b is missing"),
        ("tf.reduce_mean(tf.abs(a - back_a)) + ", "", "the way from a is missing"),
        ("tf.abs(a - back_a)", "(a - back_a) ** 2", "there and back it is"),
        ("b_to_a(a_to_b(a))", "a_to_b(b_to_a(a))", "b_to_a is handed images of domain A, and n"),
        ("b_to_a(a_to_b(a))", "a_to_b(a)", "there and back it is"),
        (
            "b_to_a(a_to_b(a))", "b_to_a(tf.stop_gradient(a_to_b(a)))",
            "in a_to_b's weight gives",
        ),
    ],
    "from_pool": [
        ("pool.append(new)", "pool = [*pool, new]", "after call 1 the pool holds 0 images"),
        ("len(pool) < size", "len(pool) <= size", "a pool of 5 images holds 6 after a further"),
        ("        return new\n    if", "        return pool[0]\n    if", "not both sho"),
        ("rng.integers(size)", "rng.integers(size - 1)", "from place 4 of 5 are 0%, and should"),
        ("rng.integers(size)", "0", "that are drawn from place 0 of 5 are 100%, and should be"),
        (
            "shown, pool[place] = pool[place], new", "shown = pool[place]",
            "shown stays in the pool",
        ),
        (
            "0.5:\n", "0.5:\n        pool[0] = new\n",
            "where the new image is shown, the pool changes",
        ),
        ("< 0.5", "< 0.25", "the calls that show an earlier image are 7"),
        ("rng.random()", "np.random.default_rng().random()", "draw from it alone"),
    ],
    "translator_losses": [
        (
            "cycles\n    loss_b_to_a", "tf.reduce_mean(tf.abs(b - back_b))\n    loss_b_to_a",
            "the way from a and back is missing in it",
        ),
        (
            "cycles\n    loss_b_to_a", "tf.reduce_mean(tf.abs(a - back_a))\n    loss_b_to_a",
            "the way from b and back is missing",
        ),
        (
            "cycles\n    return", "tf.reduce_mean(tf.abs(a - back_a))\n    return",
            "the loss of b_to_a with weight 10 ",
        ),
        (" + weight * cycles\n    loss", "\n    loss", "both ways there and back are missing"),
        ("loss_a_to_b, loss_b", "loss_b_to_a, loss_b", "loss of a_to_b with weight 0 gives"),
        ("d_b(fake_b", "d_a(fake_b", "d_a is handed images of domain B, and not A"),
        (
            "b_to_a(fake_b", "b_to_a(tf.stop_gradient(fake_b)",
            "weight 10 in its own weight gives",
        ),
        ("(fake_b, training=True) - 1)", "(fake_b, training=True))", "a_to_b with weight 0 gives"),
    ],
    "identity_loss": [
        ("a_to_b(b), ", "a_to_b(a), ", "a_to_b is handed images of domain A, and not B"),
        ("b_to_a(a)\n", "b_to_a(b)\n", "b_to_a is handed images of domain B, and not A"),
        ("a_to_b(b), b_to_a(a)", "a_to_b(a), b_to_a(b)", "domain A, and not B"),
        (" + tf.reduce_mean(tf.abs(a - same_a))", "", "for b_to_a, together"),
        ("tf.abs(b - same_b)", "(b - same_b) ** 2", "identity_loss gives"),
    ],
    "next_k": [
        ("k + k_rate", "k - k_rate", "k moves the wrong way: with fake_error below γ · real_error"),
        ("gamma * real_error - fake_error", "real_error - gamma * fake_error", "γ belongs to the"),
        ("k_rate * balance", "balance", "next_k(0.3, 0.01, 0.5, 0.8, 0.1) gives 0.6: k goes"),
        ("k + k_rate", "k_rate", "gives 0.003: this is by how much k changes: add the old k"),
        ("k_rate * balance", "k_rate * abs(balance)", "0.2, 0.5) gives 0.335: the distance has lo"),
        ("np.clip(k + k_rate * balance, 0.0, 1.0)", "k + k_rate * balance", "k is a share: cut it"),
        ("np.clip(k + k_rate * balance, 0.0, 1.0)", "max(k + k_rate * balance, 0.0)", "k is a sha"),
        ("np.clip(k + k_rate * balance, 0.0, 1.0)", "min(k + k_rate * balance, 1.0)", "k is a sha"),
        ("k + k_rate", "k + 2 * k_rate", "gives 0.306, but on paper it is 0.303"),
        ("return ", "", "gives None: its `return` seems to be missing"),
    ],
    "began_losses": [
        ("real_error - k * fake_error", "real_error + k * fake_error", "has the wrong sign: D wan"),
        ("- k * fake_error", "- fake_error", "k = 0.4 d_loss gives -0.01078: k is missing in it"),
        ("g_loss = fake_error", "g_loss = k * fake_error", "k is in it, but G wants its images"),
        ("g_loss = fake_error", "g_loss = -fake_error", "G wants this error small, and not large"),
        ("g_loss = fake_error", "g_loss = -d_loss", "D's loss with its sign changed: G does not"),
        ("return d_loss, g_loss", "return g_loss, d_loss", "the loss of the other player: return"),
        ("loss, real_error, fake_error", "loss, fake_error, real_error", "is the other one of the"),
        ("tf.abs(images - rebuilt_real)", "(images - rebuilt_real) ** 2", "and not their squares"),
        ("mean(tf.abs(fake", "sum(tf.abs(fake", "the pixels are added up: take their mean"),
        ("tf.abs(fake - ", "tf.abs(images - ", "what D makes of generated images is compared wit"),
        ("g_loss, real_error, fake_error", "g_loss", "no four numbers: return d_loss, g_loss, re"),
        ("(fake, training=True)", "(fake)", "the discriminator is called without `training=True`"),
        ("rebuilt_real, _", "rebuilt_real", "it stops in its line 4 with"),
        ("discriminator(fake,", "discriminator(tf.stop_gradient(fake),", "weight of G gives"),
        (
            "    rebuilt_real, _", "    fake = tf.stop_gradient(fake)\n    rebuilt_real, _",
            "G cannot learn: no tensor leads from it to its loss",
        ),
        (
            "tf.abs(images - rebuilt_real)", "tf.stop_gradient(tf.abs(images - rebuilt_real))",
            "with k = 0.4 the slope of d_loss in a weight of D gives",
        ),
    ],
    "pull_away": [
        (" - count  #", "  #", "for three codes, each perpendicular to the others, gives 0.5: the"),
        (
            "squares / (count * (count - 1))", "tf.reduce_mean(cosines**2)",
            "gives 0.3333: the angle of each code with itself is in it",
        ),
        ("(count - 1)", "count", "same way gives 0.5: it divides by 4, and not by 2 pairs"),
        (" / (count * (count - 1))", "", "gives 2: the pairs are added up: take their mean"),
        ("cosines**2", "cosines", "point in opposite ways gives -1: the cosines are not squared"),
        ("codes / tf.norm(codes, axis=1, keepdims=True)", "codes", "perpendicular to the others"),
        (
            "cosines**2) - count", "tf.matmul(codes, codes, transpose_b=True)**2) - tf.reduce_sum("
            "tf.reduce_sum(codes**2, 1)**2)", "gives 100: the lengths of the codes are in it",
        ),
        ("axis=1", "axis=0", "pull_away for five codes of four numbers gives"),
        ("return squares", "return squares.numpy()", "G cannot learn from it"),
        ("tf.norm(codes, axis=1, keepdims=True)", "tf.norm(codes, axis=1)", "gives"),
    ],
    "faded_real": [
        ("(1 - share) * before + share", "share * before + (1 - share)", "share is the part of th"),
        ("(1 - share) * before + share * images", "images", "share 0.25: the images are left as"),
        ("(1 - share) * before + share * images", "before", "the coarse images are given whateve"),
        ("(1 - share) * before", "before", "on top: the coarse ones keep 1 − share"),
        ('tf.nn.avg_pool2d(images, 2, 2, "VALID")', "images[:, ::2, ::2]", "one pixel of four is"),
        ("tf.repeat(tf.repeat(halved, 2, axis=1), 2, axis=2)", "tf.tile(halved, [1, 2, 2, 1])",
         "small copies lie side by side: repeat each pixel"),
        ("tf.repeat(tf.repeat(halved, 2, axis=1), 2, axis=2)",
         "tf.image.resize(halved, images.shape[1:3])", "it is enlarged smoothly, where"),
        ("axis=1), 2, axis=2)", "axis=2), 2, axis=2)", "it stops in its line 4 with"),
        ("(1 - share) * before + share * images", "halved", "the shape (3, 2, 3, 2), and not (3"),
        ("(images, 2, 2, ", "(images, 2, 1, ", "it stops in its line 4 with"),
        ("avg_pool2d", "max_pool2d", "share 0.25, at (0, 0, 0, 0), gives"),
    ],
    "equalised": [
        ("fan_in**0.5", "fan_in", "gain 1.41: fan_in is there without its root"),
        ("int(np.prod(kernel.shape[:-1]))", "kernel.shape[-2]", "height and width of the kernel"),
        ("kernel.shape[:-1]", "kernel.shape", "weights of other outputs are counted"),
        ("int(np.prod(kernel.shape[:-1]))", "kernel.shape[-1]", "the outputs are counted, and n"),
        ("gain / fan_in**0.5", "gain * fan_in**0.5", "√fan_in multiplies: divide by it"),
        ("gain / fan_in", "1 / fan_in", "gain is missing"),
        ("return kernel * ", "return ", "gives the shape (), and not (12, 5)"),
        ("return kernel", "return tf.stop_gradient(kernel)", "the kernel cannot learn: its slope"),
        ("return kernel", "return kernel.numpy()", "the kernel cannot learn: its slope"),
        ("(gain / fan_in**0.5)", "2 / fan_in**0.5", "where an output adds up 12 products it is"),
    ],
    "batch_deviation": [
        ("tf.sqrt(variance + 1e-8)", "tf.sqrt(variance)", "its slope is no number: add 1e-8 in th"),
        ("tf.sqrt(variance + 1e-8)", "(tf.sqrt(variance) + 1e-8)", "images are all the same its"),
        ("tf.reduce_mean(tf.sqrt(variance + 1e-8))",
         "tf.reduce_mean(tf.math.reduce_std(features, axis=0))", "its slope is no number: add"),
        ("variance + 1e-8", "variance + 2e-4", "the same the map is not near 0: add only 1e-8"),
        ("tf.sqrt(variance + 1e-8)", "variance", "in its map: this is the variance: its root is"),
        ("axis=0", "axis=3", "in its map: the deviation is taken over the channels"),
        ("axis=0", "axis=[1, 2]", "in its map: the deviation is taken inside of each image"),
        ("axis=0", "axis=[0, 1, 2]", "the deviation is taken over places, too"),
        ("features, axis=0", "features", "all numbers lie in one deviation"),
        ("[features, added]", "[added, features]", "changes its first 4 channels: the features"),
        ("tf.concat([features, added], axis=-1)", "added", "gives the map alone: put it behind"),
        ("tf.concat([features, added], axis=-1)", "spread", "gives the shape (), and not (5, 2"),
        ("tf.fill([*features.shape[:3], 1], spread)", "spread[None, None, None, None]",
         "it stops in its line 5 with InvalidArgumentError"),
        ("tf.fill([*features.shape[:3], 1], spread)",
         "tf.broadcast_to(tf.sqrt(variance + 1e-8), features.shape)",
         "adds a map for each channel: take the mean over the channels, too"),
        ("(variance + 1e-8)", "(tf.stop_gradient(variance) + 1e-8)", "D cannot learn from it"),
        ("axis=-1)", "axis=-1).numpy()", "D cannot learn from it"),
    ],
    "fading_steps": [
        ("tf.constant(min(number / fade_steps, 1.0))", "min(number / fade_steps, 1.0)",
         "draws 5 graphs: one is enough, with `tf.function` before the loop"),
        ("given.append(fast(", "given.append(tf.function(step)(", "draws 6 graphs: one is enough"),
        ("tf.function(step)", "step", "the step runs in Python, line by line"),
        ("min(number / fade_steps, 1.0)", "number / fade_steps", "1 is the most that a share can"),
        ("number / fade", "(number + 1) / fade", "the first step has the share 0"),
        ("min(number / fade_steps, 1.0)", "min(number / len(batches), 1.0)", "as the share of ste"),
        ("given.append(fast(images, share))", "last = fast(images, share)", "a list of what the 6"),
        ("    return given", "    return given[-1]", "should give a list of what the 6 steps gav"),
        ("fast(images, share)", "fast(batches[0], share)", "step 1, plays a batch that gives 0, b"),
        ("fast(images, share)", "None", "fading_steps never plays the step"),
        ("fast(images, share)", "share", "fading_steps never plays the step"),
        ("fast(images, share)", "fast(images, 0.0)", "plays every step with the share 0: the gra"),
    ],
}  # fmt: skip


def assert_told(first_line, function, told):
    """The check says what is not right yet, and gives the first hint."""
    found = first_line(function)
    assert found.startswith(f"{function.__name__}: not yet: ")
    assert found.endswith(f". Hint: {exercises()[function.__name__].hints[0]}")
    assert told in found, found


@pytest.mark.parametrize(
    ("name", "body", "told"),
    [(name, *case) for name, cases in WRONG.items() for case in cases],
    ids=[f"{name}-{i}" for name, cases in WRONG.items() for i in range(len(cases))],
)
def test_a_wrong_answer_is_told_in_a_sentence_with_a_hint(name, body, told, lessons, first_line):
    assert_told(first_line, with_body(lessons, name, body), told)


@pytest.mark.parametrize(
    ("name", "part", "instead", "told"),
    [(name, *case) for name, cases in CHANGED.items() for case in cases],
    ids=[f"{name}-{i}" for name, cases in CHANGED.items() for i in range(len(cases))],
)
def test_a_changed_solution_is_told_in_a_sentence_with_a_hint(
    name, part, instead, told, lessons, first_line
):
    solution = WRITTEN[name].solution
    assert part in solution
    assert_told(first_line, written(lessons, name, solution.replace(part, instead)), told)


def test_each_exercise_is_tried_with_two_wrong_answers_or_more():
    assert set(WRONG) | set(CHANGED) == set(exercises())
    for name in exercises():
        assert len(WRONG.get(name, [])) + len(CHANGED.get(name, [])) >= 2, name


IN_TURNS = """\
source, target = batch
with tf.GradientTape() as tape:
    fake = generator(source, training=True)
    real_logits = discriminator([source, target], training=True)
    fake_logits = discriminator([source, fake], training=True)
    d_loss = tf.reduce_mean(tf.nn.softplus(-real_logits) + tf.nn.softplus(fake_logits))
gradients = tape.gradient(d_loss, discriminator.trainable_variables)
d_optimizer.apply(gradients, discriminator.trainable_variables)
with tf.GradientTape() as tape:
    fake = generator(source, training=True)
    fake_logits = discriminator([source, fake], training=True)
    g_loss = tf.reduce_mean(tf.nn.softplus(-fake_logits))
    g_loss += weight * tf.reduce_mean(tf.abs(target - fake))
gradients = tape.gradient(g_loss, generator.trainable_variables)
g_optimizer.apply(gradients, generator.trainable_variables)
return d_loss, g_loss
"""


def test_the_players_of_pix2pix_may_also_move_in_turns(lessons, first_line):
    assert first_line(with_body(lessons, "pix2pix_step", IN_TURNS)) == "pix2pix_step: right"
