"""Exercises of notebook 04: least work, a critic's losses, clipping, its penalty and its steps."""

import numpy as np

from gan_utils.lesson.exercises import exercise
from gan_utils.lesson.exercises.answers import NotYet, agree, number, pair
from gan_utils.lesson.exercises.between import (
    IMAGES,
    Watched,
    asked_between,
    check_flat,
    check_points,
    penalties,
)
from gan_utils.lesson.exercises.comparing import compare, with_slopes

NUDGE = 1e-5  # of a weight, for central differences


@exercise(
    "What must cross the edge to the right of bin i? The mass by which p and q differ at its left.",
    "That is the difference of the two cumulative sums up to bin i, whatever its sign.",
)
def w1_of_histograms(distance):
    """Wasserstein-1 distance of two histograms over the same bins of width 1."""
    from scipy.stats import wasserstein_distance

    uneven = np.array([0.1, 0.4, 0.05, 0.25, 0.2]), np.array([0.3, 0.1, 0.35, 0.05, 0.2])
    pairs = [([1, 0, 0], [0, 0, 1]), ([0.5, 0.5, 0], [0, 0.5, 0.5]), uneven]
    for p, q in [*pairs, uneven[::-1]]:
        positions = range(len(p))
        agree(
            distance(np.array(p), np.array(q)),
            wasserstein_distance(positions, positions, p, q),
            f"w1_of_histograms({list(map(float, p))}, {list(map(float, q))})",
            "SciPy's distance is",
        )


@exercise(
    "The critic wants real points to stand high and generated ones low. It minimises, so what it "
    "wants to be large has a minus in its loss.",
    "The generator can move only the generated points, and it wants them to stand high.",
    "The critic's is `tf.reduce_mean(fake_heights) - tf.reduce_mean(real_heights)`. That of the "
    "generator holds the first of these means alone, with the other sign.",
)
def wasserstein_losses(losses):
    """E f(G(z)) − E f(x) for the critic, and −E f(G(z)) for the generator."""
    import tensorflow as tf

    rng = np.random.default_rng(0)
    for count in (5, 8):
        real, fake = rng.normal(1.0, 2.0, (2, count, 1))
        high, low = real.mean(), fake.mean()
        call = f"of wasserstein_losses for {count} heights of each"
        given = [tf.constant(heights, tf.float32) for heights in (real, fake)]
        made = losses(*given)
        values = pair(made, f"wasserstein_losses for {count} heights of each")
        logs = np.logaddexp(0, -real).mean() + np.logaddexp(0, fake).mean()
        mistakes = {
            "its sign is turned: the critic would lower the real points": high - low,
            "this is the generator's loss: return the critic's first": -low,
            "these are cross-entropies, and heights are no logits": logs,
            "the heights are added up: take their mean": fake.sum() - real.sum(),
        }
        compare(values[0], low - high, f"the critic's loss {call}", "by hand it is", mistakes)
        mistakes = {
            "its sign is turned: the generator would go downhill": low,
            "real points are in it, which the generator cannot move": high - low,
            "this is the critic's loss: the generator wants something else": low - high,
            "this is a cross-entropy, and heights are no logits": np.logaddexp(0, -fake).mean(),
            "the heights are added up: take their mean": -fake.sum(),
        }
        compare(values[1], -low, f"the generator's loss {call}", "by hand it is", mistakes)
        for place, name in enumerate(("critic", "generator")):
            _, slopes = with_slopes(lambda x, at=place, real=given[0]: losses(real, x)[at], fake)
            if slopes is None:
                raise NotYet(f"the {name} cannot learn: no tensor leads from heights to its loss")


@exercise(
    "There are two parts, in this order: an update as always, and then the cut.",
    "The cut goes over all of `critic.trainable_variables`, biases too, and gives each of them a "
    "new value with `weight.assign(...)`.",
    "Inside a tape: `loss = mean f(fake) − mean f(real)`. Behind it `optimizer.apply(gradients, "
    "critic.trainable_variables)`, then `weight.assign(tf.clip_by_value(weight, -limit, limit))`.",
)
def clipped_step(step):
    """A move of f(x) = tanh(xW + b)v, after which each weight is cut to [−limit, limit]."""
    import tensorflow as tf

    from gan_utils.lesson.exercises.mock_players import MockNetwork, MockOptimizer

    rng = np.random.default_rng(0)
    for limit, rate in ((0.1, 20.0), (0.5, 5.0)):
        real, fake = rng.normal(4.0, 1.0, (12, 2)), rng.normal(-1.0, 1.0, (12, 2))
        start = [rng.uniform(-limit, limit, shape) for shape in ((2, 3), (3,), (3, 1))]
        log: list[str] = []
        critic = MockNetwork("critic", lambda x, w, b, v: tf.tanh(x @ w + b) @ v, start, log)
        mover = MockOptimizer(critic, rate, log)
        step(critic, *(tf.constant(x, tf.float32) for x in (real, fake)), mover, limit)
        moves = log.count("critic moved")
        if moves != 1:
            raise NotYet(f"the critic should move once, and it moved {moves} times")
        slopes = [
            _differences(lambda *w, at=(real, fake): _tanh_gap(*at, *w), start, place)
            for place in range(3)
        ]
        moved = [old - rate * slope for old, slope in zip(start, slopes, strict=True)]
        _check_cut(critic, mover, start, slopes, moved, limit)


def _tanh_gap(real, fake, w, b, v) -> float:
    """The critic's loss, mean f(fake) − mean f(real), for f(x) = tanh(xW + b)v."""
    return float((np.tanh(fake @ w + b) @ v).mean() - (np.tanh(real @ w + b) @ v).mean())


def _differences(value, weights: list, place: int) -> np.ndarray:
    """The slopes of `value` in one of its weights, by central differences."""
    slopes = np.zeros(weights[place].shape)
    for at in np.ndindex(*slopes.shape):
        up, down = ([w.copy() for w in weights] for _ in range(2))
        up[place][at] += NUDGE
        down[place][at] -= NUDGE
        slopes[at] = (value(*up) - value(*down)) / (2 * NUDGE)
    return slopes


def _check_cut(critic, mover, start, slopes, moved, limit: float) -> None:
    """Raise `NotYet` unless the move was that of the loss, and the cut came after it."""
    for found, slope, name in zip(mover.gradients, slopes, ("W", "b", "v"), strict=True):
        if np.allclose(found, np.clip(slope, -limit, limit), atol=1e-6) and (
            np.abs(slope).max() > limit
        ):
            raise NotYet("the gradients are cut, and not the weights")
        if np.allclose(found, -slope, atol=1e-4) and np.abs(slope).max() > 1e-3:
            raise NotYet("the critic moves the wrong way: real points should get higher")
        compare(found, slope, f"the gradient in {name}", "a central difference gives", {}, 1e-3)
    found = [weight.numpy() for weight in critic.trainable_variables]
    cut = [np.clip(weight, -limit, limit) for weight in moved]
    if np.allclose(found[0], moved[0], atol=1e-4):
        raise NotYet(
            f"after the step a weight is {np.abs(found[0]).max():.3g}, beyond the limit {limit}: "
            f"the cut comes after the move, and its result must be assigned to the weight"
        )
    if np.allclose(found[0], cut[0], atol=1e-4) and np.allclose(found[1], moved[1], atol=1e-4):
        raise NotYet("the kernels are cut and the biases are not: a bias is a weight, too")
    for one, right, name in zip(found, cut, ("W", "b", "v"), strict=True):
        compare(one, right, f"after the step {name}", "moved and then cut it is", {}, 1e-3)


@exercise(
    "The points lie on lines: `share * real + (1 - share) * fake`, and `share` needs the shape "
    "(n, 1, 1, 1), one number for each image.",
    "A tape watches the points. `tape.gradient(heights, points)` has their shape, so the squares "
    "are added up over axes 1, 2 and 3.",
    '`draw.uniform("epsilon", len(real), 1, 1, 1)` gives ε. The norm is the root of the sum of '
    "squares and 1e-12, and the answer is `weight` times the mean of (norm − 1)².",
)
def slope_penalty(penalty):
    """λ · mean (‖∇f(x_ε)‖ − 1)² for images, with one uniform ε an image."""
    check_points(penalty, "slope_penalty")
    steep = np.random.default_rng(1).normal(size=IMAGES[1:])
    for length, weight in ((3.0, 10.0), (0.4, 2.0)):
        watched = Watched(length * steep / np.linalg.norm(steep))
        value, *given = asked_between(penalty, watched, weight)
        _, mistakes = penalties(watched, *given, weight)
        call = (
            f"slope_penalty of a critic with slope {length:g} everywhere, with weight {weight:g},"
        )
        right = weight * (length - 1) ** 2
        compare(number(value, call), right, call, "λ(‖w‖ − 1)² is", mistakes, 1e-3)
    watched = Watched(0.1 * steep, 0.4)
    value, *given = asked_between(penalty, watched, 5.0)
    right, mistakes = penalties(watched, *given, 5.0)
    call = "slope_penalty of a critic that bends"
    compare(number(value, call), right, call, "in closed form it is", mistakes, 1e-3)
    check_flat(penalty, "slope_penalty")


@exercise(
    "Which slope should be 1? Put a linear critic in by hand. What does `tape.gradient` give for "
    "it at ε = 0, and what at ε = 0.9?",
    "`between` depends on `fake` by the factor 1 − ε, and the chain rule multiplies the slope by "
    "it. The slope is wanted in `between` itself.",
    "Make `between` before the tape, `tape.watch(between)`, and `tape.gradient(heights, between)`.",
)
def critic_loss(loss):
    """mean f(fake) − mean f(real) + λ · mean (‖∇f(x_ε)‖ − 1)²."""
    check_points(loss, "critic_loss")
    steep = np.random.default_rng(2).normal(size=IMAGES[1:])
    for length, bend, weight in ((1.0, 0.0, 10.0), (2.0, 0.0, 10.0), (0.5, 0.3, 4.0)):
        watched = Watched(length * steep / np.linalg.norm(steep), bend)
        value, real, fake, share = asked_between(loss, watched, weight)
        penalty, wrong = penalties(watched, real, fake, share, weight)
        gap = watched.height(fake) - watched.height(real)
        mistakes = {words: gap + one for words, one in wrong.items()}
        mistakes["the difference of the heights has the wrong sign"] = penalty - gap
        mistakes["this is the penalty alone: add the difference of the heights"] = penalty
        mistakes["the penalty is missing"] = gap
        shape = "that bends" if bend else f"with slope {length:g} everywhere"
        call = f"critic_loss of a critic {shape}, with weight {weight:g},"
        compare(number(value, call), gap + penalty, call, "in closed form it is", mistakes, 1e-3)


@exercise(
    "Two loops in one another are not needed: the critic moves once for each of the batches, and "
    "after the loop the generator moves once.",
    "Each move of the critic has a batch of real images and a batch of latent vectors of its own. "
    "The last latent vectors are left for the generator, and it asks the critic that has moved.",
    "`for real, z in zip(batches, latents):` with a tape, `fake = generator(z, training=True)`, "
    "the loss and the penalty, and the critic's move. Behind the loop a tape with `latents[-1]`, "
    "the loss `-tf.reduce_mean(critic(fake, training=True))`, and the generator's move.",
)
def wgan_step(step):
    """n moves of f(x) = ψx + χx², each with its own batch, and then one of G(z) = z + θ."""
    from gan_utils.lesson.exercises.wasserstein_game import WassersteinGame

    for rate, count, theta, weights in ((0.3, 3, 0.5, (0.4, -0.3)), (0.1, 5, -1.0, (-0.2, 0.6))):
        game = WassersteinGame(rate, count, theta, weights)
        step(
            game.generator, game.critic, game.move_g, game.move_c,
            list(game.batches), list(game.latents), game.penalty,
        )  # fmt: skip
        game.check()
