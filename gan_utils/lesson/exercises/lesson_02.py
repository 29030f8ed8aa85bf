"""Exercises of notebook 02: counts of digits, a loss with softer labels, a step in turns."""

import numpy as np
from scipy.special import expit as sigmoid

from gan_utils.lesson.exercises import exercise
from gan_utils.lesson.exercises.answers import NotYet, agree, pair

COUNTS = (
    [5] * 10,
    [7, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    [195, 2, 1, 2, 0, 0, 0, 0, 0, 0],
    [0, 3, 120, 60, 9, 8, 0, 0, 0, 0],
)


@exercise(
    "How many images are 1 % of all? A digit is covered from that number on.",
    "Compare each count with 0.01 times the sum of all counts, and count where it is reached.",
)
def covered_digits(covered):
    """Digits that get at least 1 % of the images."""
    for counts in COUNTS:
        expected = sum(100 * count >= sum(counts) for count in counts)
        call = f"covered_digits({counts})"
        agree(covered(np.array(counts)), expected, call, "counting them one by one gives")


@exercise(
    "The entropy is minus the sum of share times log share, where the shares add up to 1.",
    "A count of 0 adds nothing, but log 0 is not a number: leave such counts out first.",
    "`shares = counts[counts > 0] / counts.sum()` are the shares; `np.log` is the right logarithm.",
)
def entropy(measure):
    """Entropy of a histogram, in nats."""
    from scipy.stats import entropy as from_scipy

    for counts in COUNTS:
        call = f"entropy({counts})"
        agree(measure(np.array(counts)), from_scipy(counts), call, "SciPy's entropy in nats is")


@exercise(
    "Only one thing differs from `gan_loss`: the labels.",
    "The labels have the shape of the logits, and all have the value 1 − smoothing.",
    "`tf.fill(tf.shape(logits), 1.0 - smoothing)` makes such labels.",
)
def smooth_loss(loss):
    """Cross-entropy of the logits of real images against the label 1 − smoothing."""
    import tensorflow as tf

    logits = np.array([[-2.0], [0.5], [3.0]])
    surprise_real, surprise_fake = np.logaddexp(0, -logits).mean(), np.logaddexp(0, logits).mean()
    for smoothing in (0.0, 0.1, 0.3):
        agree(
            loss(tf.constant(logits, tf.float32), smoothing),
            (1 - smoothing) * surprise_real + smoothing * surprise_fake,
            f"smooth_loss of the logits −2, 0.5 and 3 with smoothing {smoothing}",
            f"{1 - smoothing:.1f} · E(−log σ(a)) + {smoothing} · E(−log(1 − σ(a))) is",
        )


@exercise(
    "Two tapes, one after the other: loss, gradient and move of D first, and only then those of G.",
    "The second tape begins after D's move, and asks the discriminator again, for G's images.",
    "Each time: the loss inside the tape, `tape.gradient(loss, player.trainable_variables)`, "
    "then `optimizer.apply(gradients, player.trainable_variables)`.",
)
def alternating_step(step):
    """A training step in which G answers the D that has just moved, played by mock players.

    G(z) = z + θ and D(x) = ψx + b are so small that their gradients can be written down.
    """
    import tensorflow as tf

    from gan_utils.lesson.exercises.mock_players import MockNetwork, MockOptimizer

    rng = np.random.default_rng(0)
    for rate, theta, psi, b in [(0.5, 1.0, 0.3, -0.2), (2.0, -0.5, -1.0, 0.4)]:
        x, z = rng.normal(2.0, 1.0, (2, 8, 1))
        log: list[str] = []
        g = MockNetwork("generator", lambda z, theta: z + theta, [theta], log)
        d = MockNetwork("discriminator", lambda x, psi, b: psi * x + b, [psi, b], log)
        move_d, move_g = MockOptimizer(d, rate, log), MockOptimizer(g, rate, log)
        batch, latent = tf.constant(x, tf.float32), tf.constant(z, tf.float32)
        losses = step(batch, latent, g, d, move_d, move_g)
        _check_order(log)

        fake = z + theta
        at_real, at_fake = psi * x + b, psi * fake + b
        d_loss = np.mean(np.logaddexp(0, -at_real)) + np.mean(np.logaddexp(0, at_fake))
        by_psi = np.mean(-sigmoid(-at_real) * x) + np.mean(sigmoid(at_fake) * fake)
        by_b = np.mean(-sigmoid(-at_real)) + np.mean(sigmoid(at_fake))
        d_slope, d_bias = move_d.gradients
        agree(d_slope, by_psi, "as D's slope in ψ the step", "in closed form it is", 1e-4)
        agree(d_bias, by_b, "as D's slope in b the step", "in closed form it is", 1e-4)
        psi, b = psi - rate * by_psi, b - rate * by_b
        at_fake = psi * fake + b
        g_loss = np.mean(np.logaddexp(0, -at_fake))
        by_theta = np.mean(-sigmoid(-at_fake) * psi)
        (g_slope,) = move_g.gradients
        because = "with the D that has moved, in closed form, it is"
        agree(g_slope, by_theta, "as G's slope in θ the step", because, 1e-4)
        for returned, loss, name in zip(
            pair(losses, "alternating_step"), (d_loss, g_loss), ("d_loss", "g_loss"), strict=True
        ):
            agree(returned, loss, f"as {name} the step", "in closed form it is", 1e-4)


def _check_order(log: list[str]) -> None:
    """Raise `NotYet` unless D moved once, was asked again, and G moved once after that."""
    moves = [entry.removesuffix(" moved") for entry in log if entry.endswith(" moved")]
    if moves != ["discriminator", "generator"]:
        raise NotYet(
            f"the moves of one step are: {', '.join(moves) or 'none'}; they should be: "
            f"discriminator, generator"
        )
    between = log[log.index("discriminator moved") : log.index("generator moved")]
    if "discriminator called" not in between:
        raise NotYet(
            "after its move the discriminator was not asked again, so that the generator answered "
            "the one from before"
        )
