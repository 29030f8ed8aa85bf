"""Exercises of notebook 02: counts of digits, a dense generator, losses, and two training steps."""

import random
from itertools import pairwise

import numpy as np
from scipy.special import expit as sigmoid

from gan_utils.lesson.exercises import exercise
from gan_utils.lesson.exercises.answers import NotYet, agree, number, pair, shaped
from gan_utils.lesson.exercises.comparing import compare, with_slopes

COUNTS = (
    [5] * 10,
    [7, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    [195, 2, 1, 2, 0, 0, 0, 0, 0, 0],
    [0, 3, 120, 60, 9, 8, 0, 0, 0, 0],
)


@exercise(
    "First count: the digit that the judge sees is the one with the largest probability. "
    "`np.argmax` over axis 1, then `np.bincount`.",
    "A digit is covered where `counts >= 0.01 * counts.sum()`. The entropy is minus the sum of "
    "share times log share, where the shares add up to 1.",
    "A count of 0 adds nothing, but log 0 is not a number: leave such counts out with "
    "`counts[counts > 0]`. `np.log` is the right logarithm.",
)
def variety(measure):
    """How many digits get at least 1 % of the images, and the entropy of the counts in nats."""
    rng = np.random.default_rng(0)
    for counts in COUNTS:
        named = rng.permutation(np.repeat(np.arange(10), counts))
        probabilities = 0.45 * rng.dirichlet(np.ones(10), len(named))
        probabilities[np.arange(len(named)), named] += 0.55
        call = f"variety of images that the judge counts as {counts}"
        covered, spread = pair(measure(probabilities.copy()), call)
        _check_covered(covered, counts, call)
        plain = _entropy(counts)
        mean = probabilities.mean(axis=0)
        one_by_one = -(probabilities * np.log(probabilities)).sum(axis=1).mean()
        mistakes = {
            "this is the entropy of the mean probabilities: let each image count for the digit "
            "that it shows": _entropy(mean),
            "this is how undecided the judge is about single images: count first": one_by_one,
            "this is in bits: take the natural logarithm": plain / np.log(2),
            "its sign is wrong": -plain,
        }
        told = f"the entropy, the second part of {call},"
        compare(spread, plain, told, "SciPy's entropy in nats is", mistakes)


def _check_covered(covered, counts, call):
    total = sum(counts)
    told = f"the number of digits, the first part of {call},"
    mistakes = {
        "2 of 200 images are 1 %, and 1 % is enough": sum(100 * c > total for c in counts),
        "one image is not enough: 1 % of all images are": sum(c > 0 for c in counts),
    }
    right = sum(100 * count >= total for count in counts)
    compare(covered, right, told, "counting them one by one gives", mistakes)


def _entropy(shares):
    from scipy.stats import entropy as from_scipy

    return float(from_scipy(shares))


# Latent dimension, widths of the hidden layers, shape of an image, lowest grey level.
NETWORKS = (
    (5, [7], (4, 3, 1), 0.0),
    (3, [6, 4], (2, 2, 3), -1.0),
    (4, [], (3, 3, 1), -1.0),
)


@exercise(
    "One dense layer for each width, each with a LeakyReLU of slope 0.2 behind it; then one with a "
    "unit for every number of the image, and `layers.Reshape(shape)`.",
    "Which function gives all numbers from 0 to 1, and which from −1 to 1? The last dense layer "
    "ends in the one that `lowest` asks for.",
    "Begin with `stack = [keras.Input((latent_dim,))]`, add the layers in a loop over `widths`, "
    "and end with `return keras.Sequential(stack)`. `int(np.prod(shape))` is the last width.",
)
def mlp_generator(build):
    """A dense generator of a line: widths, LeakyReLU, and an end that fits the range."""
    rng = np.random.default_rng(0)
    for latent_dim, widths, shape, lowest in NETWORKS:
        call = f"mlp_generator({latent_dim}, {widths}, {shape}, {lowest:g})"
        z = rng.normal(size=(6, latent_dim)).astype("float32")
        drawn = random.getstate()  # Keras takes the seeds of new layers from there
        try:
            network = build(latent_dim, list(widths), shape, lowest)
            if not hasattr(network, "trainable_variables"):
                raise NotYet(f"{call} gives no network: end with `return keras.Sequential(stack)`")
            shaped(network(z, training=False), (6, *shape), f"{call} for 6 latent vectors")
        finally:
            random.setstate(drawn)
        sides = [latent_dim, *widths, int(np.prod(shape))]
        wanted = [part for a, b in pairwise(sides) for part in ((a, b), (b,))]
        found = [tuple(weight.shape) for weight in network.weights]
        if found != wanted:
            raise NotYet(f"{call} has weights of the shapes {found}, and not {wanted}")
        weights = [rng.normal(size=part) for part in wanted]
        network.set_weights(weights)
        made = np.asarray(network(z, training=False)).reshape(6, -1)
        end, other = (sigmoid, np.tanh) if lowest == 0 else (np.tanh, sigmoid)
        at_the_end = f"images lie from {lowest:g} to 1"
        mistakes = {
            f"its last activation is of the other range: {at_the_end}": (0.2, other),
            f"it has no activation at its end: {at_the_end}": (0.2, lambda x: x),
        }
        if widths:
            mistakes |= {
                "its hidden layers have ReLU, and not LeakyReLU": (0.0, end),
                "the slope of its LeakyReLU is 0.3, and not 0.2": (0.3, end),
                "its hidden layers have no activation: one dense layer could do as much": (1, end),
            }
        right = _played(z, weights, 0.2, end)
        alike = {words: _played(z, weights, *way) for words, way in mistakes.items()}
        compare(made, right, f"a network of {call}", "computed by hand it is", alike)


def _played(z, weights, slope, end):
    """What a dense generator of these weights makes of z, (n, pixels)."""
    x = z.astype(float)
    layers = list(zip(weights[0::2], weights[1::2], strict=True))
    for kernel, bias in layers[:-1]:
        x = x @ kernel + bias
        x = np.where(x > 0, x, slope * x)
    return end(x @ layers[-1][0] + layers[-1][1])


USUAL = np.array([[-2.0], [0.5], [3.0]]), np.array([[-1.0], [2.0], [0.3]])
WIDE = np.array([[-100.0], [-20.0], [20.0], [100.0]])


def _real(logits):
    """−log σ(a), the surprise at a logit if its image is real."""
    return np.logaddexp(0, -logits)


@exercise(
    "D pays −log σ(a) for each real image and −log(1 − σ(a)) for each generated one; G pays "
    "−log σ(a) for its own. Each is a mean over the images.",
    "Never go through a probability: −log σ(a) is `tf.nn.softplus(-a)`, and −log(1 − σ(a)) is "
    "`tf.nn.softplus(a)`. Both stay finite, and so do their slopes.",
    "`d_loss = tf.reduce_mean(tf.nn.softplus(-real_logits)) + "
    "tf.reduce_mean(tf.nn.softplus(fake_logits))`, and G's is the first term for `fake_logits`.",
)
def players_losses(losses):
    """Both losses of the non-saturating game from logits, right and with slopes at ±100, too."""
    cases = ((*USUAL, "usual logits"), (WIDE, WIDE[::-1], "logits of ±20 and ±100"))
    for real, fake, words in cases:
        made, _ = with_slopes(losses, real, np.float32(fake))
        call = f"players_losses for {words}"
        d_loss, g_loss = pair(made, call)
        parts = _real(real).mean(), _real(-fake).mean()
        because = "by the formula, in float64, it is"
        mistakes = {
            "that is G's loss: return D's first": _real(fake).mean(),
            "the part of generated images is missing": parts[0],
            "the part of real images is missing": parts[1],
            "the halves are added up without a factor of ½": sum(parts) / 2,
            "the images are added up: take their mean": sum(parts) * len(real),
        }
        compare(d_loss, sum(parts), f"d_loss of {call}", because, mistakes)
        mistakes = {
            "that is the loss of the zero-sum game": -parts[1],
            "G wants D to call its images real": parts[1],
            "G is paid for its own images, and not for the real ones": parts[0],
        }
        compare(g_loss, _real(fake).mean(), f"g_loss of {call}", because, mistakes)
        slopes = [
            ("D's loss in a real logit", lambda a, b: losses(a, b)[0], real, fake, -1),
            ("D's loss in a generated logit", lambda a, b: losses(b, a)[0], fake, real, 1),
            ("G's loss in a generated logit", lambda a, b: losses(b, a)[1], fake, real, -1),
        ]
        for title, loss, given, other, sign in slopes:
            _, slope = with_slopes(loss, given, _tensor(other))
            if slope is None:
                raise NotYet(f"nobody can learn from it: no tensor leads to {title[:8]}")
            right = sign * sigmoid(sign * given) / len(given)
            if not np.allclose(slope, right, atol=1e-4):
                raise NotYet(f"for {words} the slope of {title} is not {right.ravel().round(4)}")


def _tensor(values):
    import tensorflow as tf

    return tf.constant(values, tf.float32)


@exercise(
    "Two of the three terms are those of D's loss as you know it. Only the labels of the real "
    "images are different: 1 − smoothing in place of 1.",
    "With the label y the cross-entropy is y · softplus(−a) + (1 − y) · softplus(a). The labels of "
    "generated images stay 0.",
    "`labels = tf.fill(tf.shape(real_logits), 1.0 - smoothing)` makes the labels; "
    "`tf.nn.sigmoid_cross_entropy_with_logits(labels=labels, logits=real_logits)` takes them.",
)
def smoothed_d_loss(loss):
    """D's loss with one-sided label smoothing: real images get the label 1 − smoothing."""
    real, fake = USUAL
    for smoothing in (0.0, 0.1, 0.3):
        call = f"smoothed_d_loss with smoothing {smoothing}"
        made = number(loss(_tensor(real), _tensor(fake), smoothing), call)

        def mixed(logits, label):
            return (label * _real(logits) + (1 - label) * _real(-logits)).mean()

        one = mixed(real, 1 - smoothing)
        mistakes = {
            "the labels are as hard as before": mixed(real, 1) + mixed(fake, 0),
            "the generated images have soft labels, too: smoothing is one-sided here":
                one + mixed(fake, smoothing),
            "the generated images have soft labels, and the real ones hard ones":
                mixed(real, 1) + mixed(fake, smoothing),
            "the part of generated images is missing": one,
            "the label of real images is `smoothing`": mixed(real, smoothing) + mixed(fake, 0),
            "the surprise of real images is only made smaller: a label below 1 also asks D not to "
            "be too sure": (1 - smoothing) * mixed(real, 1) + mixed(fake, 0),
        }  # fmt: skip
        because = f"with the labels {1 - smoothing:.1f} and 0 it is"
        compare(made, one + mixed(fake, 0), call, because, mistakes)


def _games():
    from gan_utils.lesson.exercises.mock_players import MockGame

    rng = np.random.default_rng(0)
    for numbers in [(0.5, 1.0, 0.3, -0.2), (2.0, -0.5, -1.0, 0.4)]:
        yield MockGame(*numbers, rng)


def _check_returned(losses, call, d_loss, g_loss):
    for value, right, name in zip(pair(losses, call), (d_loss, g_loss), "dg", strict=True):
        agree(value, right, f"as {name}_loss the step", "in closed form it is", 1e-4)


@exercise(
    "Two tapes, one after the other: loss, gradient and move of D first, and only then those of G.",
    "The second tape begins after D's move, and asks the discriminator again, for G's images.",
    "Each time: the loss inside the tape, `tape.gradient(loss, player.trainable_variables)`, "
    "then `optimizer.apply(gradients, player.trainable_variables)`.",
)
def alternating_step(step):
    """A training step in which G answers the D that has just moved, played by mock players."""
    for game in _games():
        losses = step(*game.given)
        _check_order(game)
        d_loss, (by_psi, by_b) = game.of_d()
        d_slope, d_bias = game.move_d.gradients
        agree(d_slope, by_psi, "as D's slope in ψ the step", "in closed form it is", 1e-4)
        agree(d_bias, by_b, "as D's slope in b the step", "in closed form it is", 1e-4)
        g_loss, by_theta = game.of_g(*game.moved())
        (g_slope,) = game.move_g.gradients
        because = "with the D that has moved, in closed form, it is"
        agree(g_slope, by_theta, "as G's slope in θ the step", because, 1e-4)
        _check_returned(losses, "alternating_step", d_loss, g_loss)


def _check_order(game) -> None:
    """Raise `NotYet` unless D moved once, was asked again, and G moved once after that."""
    if game.moves() != ["discriminator", "generator"]:
        raise NotYet(
            f"the moves of one step are: {', '.join(game.moves()) or 'none'}; they should be: "
            f"discriminator, generator"
        )
    begin, end = (game.log.index(f"{player} moved") for player in ("discriminator", "generator"))
    between = game.log[begin:end]
    if "discriminator called" not in between:
        raise NotYet(
            "after its move the discriminator was not asked again, so that the generator answered "
            "the one from before"
        )


@exercise(
    "Look at what `loss` holds, and ask of each of its three terms: which player should move to "
    "make it smaller? Then see who moves.",
    "`g_loss` is in the loss that moves D. So D makes G's images look real, which is what G wants.",
    "There is no sum in a game. Take `tape.gradient(d_loss, discriminator.trainable_variables)` "
    "for D's optimizer and `tape.gradient(g_loss, generator.trainable_variables)` for G's.",
)
def mended_step(step):
    """A step in which each loss moves its own player only: both at once, or in turns."""
    for game in _games():
        losses = step(*game.given)
        moves = game.moves()
        if sorted(moves) != ["discriminator", "generator"]:
            raise NotYet(
                f"the moves of one step are: {', '.join(moves) or 'none'}; each player should "
                f"move once"
            )
        d_loss, right = game.of_d()
        mistakes = {
            "D still moves to make g_loss smaller, too: it helps G": game.of_d(others=1)[1],
            "D moves to make G's loss smaller, and not its own": game.of_d(mine=0, others=1)[1],
        }
        found = [np.asarray(part) for part in game.move_d.gradients]
        compare(found, right, "D's slope of mended_step", "in closed form it is", mistakes)
        before = game.psi, game.b
        d_first = moves[0] == "discriminator"
        asked = [before, game.moved()] if d_first else [before]  # the D that G may have answered
        (found,) = game.move_g.gradients
        mistakes = {
            "G's gradient is still that of the sum: what D loses on G's images is in it":
                game.of_g(*before, others=1)[1],
            "G moves to make D's loss smaller, and not its own":
                game.of_g(*before, mine=0, others=1)[1],
        }  # fmt: skip
        g_loss, by_theta = min((game.of_g(*d) for d in asked), key=lambda way: abs(way[1] - found))
        compare(found, by_theta, "G's slope of mended_step", "in closed form it is", mistakes)
        _check_returned(losses, "mended_step", d_loss, g_loss)
