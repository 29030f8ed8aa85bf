"""Exercises of notebook 07: patches, losses and a step of pix2pix, completion and its score."""

import math

import numpy as np
from scipy.special import expit as sigmoid

from gan_utils.lesson.exercises import exercise
from gan_utils.lesson.exercises.answers import NotYet, agree, number, pair, shaped, shown

# Kernel and stride of each layer, the first layer first.
STACKS = (
    [(5, 1)],
    [(1, 1), (1, 1)],
    [(3, 2), (3, 1)],
    [(4, 2), (4, 2), (2, 1)],
    [(3, 1), (4, 2), (3, 3), (2, 1)],
    [(4, 2), (4, 2), (4, 2), (4, 1), (4, 1)],
)


@exercise(
    "Walk back from one logit to the image: how many values of the last layer's input does it see, "
    "and how many of the layer before?",
    "`side` neighbours of one layer see stride · (side − 1) + kernel neighbours of its input: the "
    "first of them sees `kernel`, and each further one lies `stride` to the right.",
    "Begin with `side = 1` and go through `reversed(stack)`: "
    "`side = stride * (side - 1) + kernel`.",
)
def patch_seen(side):
    """The side in pixels of the square that one logit sees."""
    for stack in STACKS:
        seen = {0}
        for kernel, stride in reversed(stack):
            seen = {stride * at + step for at in seen for step in range(kernel)}
        call = f"patch_seen({stack})"
        agree(side(list(stack)), len(seen), call, "marking them pixel by pixel gives")


@exercise(
    "There are two terms: how sure D is that each patch of the image is generated, and how far "
    "the image is from its target. Each is a mean.",
    "−log σ(a) is `tf.nn.softplus(-a)`, which stays finite for every logit.",
    "`tf.reduce_mean(tf.nn.softplus(-fake_logits))`, and beside it `weight` times "
    "`tf.reduce_mean(tf.abs(target - fake))`.",
)
def translator_loss(loss):
    """Mean of −log σ(a) over all patches, and λ times the mean absolute difference."""
    import tensorflow as tf

    rng = np.random.default_rng(0)
    target, fake = rng.uniform(-1, 1, size=(2, 3, 4, 4, 1))
    images = tf.constant(target, tf.float32), tf.constant(fake, tf.float32)
    distance = np.abs(target - fake).mean()
    usual = rng.normal(size=(3, 2, 2, 1))
    wide = np.array([-100.0, 100.0, 0.0, 3.0]).reshape(1, 2, 2, 1).repeat(3, axis=0)
    for logits, words in ((usual, "a map of usual logits"), (wide, "logits of −100, 100, 0 and 3")):
        surprise = np.logaddexp(0, -logits).mean()
        for weight in (0.0, 10.0):
            with tf.GradientTape() as tape:
                given = tf.constant(logits, tf.float32)
                tape.watch(given)
                value = loss(given, *images, weight)
            call = f"translator_loss for {words} with weight {weight:g}"
            because = f"E(−log σ(a)) + {weight:g} · E|target − fake| is"
            agree(value, surprise + weight * distance, call, because, 1e-4)
        slopes = tape.gradient(tf.convert_to_tensor(value), given)
        if slopes is None:
            raise NotYet("G cannot learn from it: no tensor leads from the logits to the loss")
        if not np.allclose(slopes, -sigmoid(-logits) / logits.size, atol=1e-4):
            raise NotYet(f"for {words} the slope in a logit is not −(1 − σ(a)) / number of patches")


@exercise(
    "The tape has to `watch` the target, and D is asked `discriminator([source, target], "
    "training=True)`.",
    "Each image has one answer first: the mean of its map, over axes 1, 2 and 3. The slope of this "
    "mean is what is squared.",
    "`answers = tf.reduce_mean(logits, axis=[1, 2, 3])` inside the tape, then "
    "`slopes = tape.gradient(answers, target)`. The rest is as in lesson 03: squares added up over "
    "each image, their mean over the images, γ/2 in front.",
)
def patch_r1(penalty):
    """γ/2 · E‖∂ mean of D's map / ∂ target‖², for a D whose patches are squares of 2×2 pixels.

    A patch's logit is the sum of w t²/2 + s t over its pixels t of the target and s of the source.
    """
    import tensorflow as tf

    from gan_utils.lesson.exercises.mock_players import MockNetwork

    rng = np.random.default_rng(0)
    for size, count, gamma, w in [(4, 5, 1.0, 0.7), (6, 7, 0.2, -1.3)]:
        source, target = rng.normal(size=(2, count, size, size, 1))
        given = [tf.constant(images, tf.float32) for images in (source, target)]
        told = _Pairs(given[0], {"target": given[1]})

        def logits(both, w, told=told):
            s, t = told.parts(both)
            return 4 * tf.nn.avg_pool2d(w * t**2 / 2 + s * t, 2, 2, "VALID")

        d = MockNetwork("discriminator", logits, [w], [])
        with tf.GradientTape() as tape:
            value = penalty(d, *given, gamma)
        patches = (size // 2) ** 2
        by_target = np.sum((w * target + source) ** 2, axis=(1, 2, 3)).mean() / patches**2
        by_source = np.sum(target**2, axis=(1, 2, 3)).mean() / patches**2
        whole = gamma / 2 * by_target
        call = f"patch_r1 for {count} images, a map of {patches} patches and γ = {gamma:g}"
        batch = "too little: the mean of the map is taken over the whole batch, not an image's own"
        mistakes = {
            patches**2 * whole: f"{patches**2} times too much, the square of the number of "
            f"patches: it takes the sum of the map, and not its mean",
            gamma / 2 * by_source: "what the slope in the source gives, and not in the target",
            gamma / 2 * (by_source + by_target): "the slopes in the source and in the target "
            "together: only the target counts",
            whole / count: f"{count} times {batch}",
            whole / count**2: f"{count**2} times {batch}",
            count * whole: f"{count} times too much: it adds the images up",
        }
        for wrong, words in mistakes.items():
            if math.isclose(number(value, call), wrong, rel_tol=1e-3):
                raise NotYet(f"{call} gives {shown(float(value))}, {words}")
        agree(value, whole, call, "in closed form it is", 1e-3)
        if tape.gradient(tf.convert_to_tensor(value), d.trainable_variables)[0] is None:
            raise NotYet("D cannot learn from it: no tensor leads from D's weights to the penalty")


@exercise(
    "D is asked twice, about `[source, target]` and about `[source, fake]`. Both losses are made "
    "of these two maps, and of the fake image.",
    "D's loss is the mean of softplus(−a) on real pairs plus that of softplus(a) on the others. "
    "G's is the `translator_loss` that you know.",
    "Everything up to the two losses belongs inside of a tape, `tf.GradientTape(persistent=True)`. "
    "Behind it each player has a line for its gradient, `tape.gradient(d_loss, "
    "discriminator.trainable_variables)`, and one for `optimizer.apply(gradients, variables)`.",
)
def pix2pix_step(step):
    """A step of pix2pix, played by mock players: G(s) = θs + β, and D(s, x) = χs + ψx + b.

    Each pixel is a patch. D moves first or both at once; G may answer the D before or after that.
    """
    import tensorflow as tf

    from gan_utils.lesson.exercises.mock_players import MockNetwork, MockOptimizer

    rng = np.random.default_rng(0)
    for rate, weight, theta, beta, weights in [
        (0.5, 0.3, 0.8, 0.3, (0.5, 0.3, -0.2)),
        (2.0, 0.1, -0.5, 0.1, (-0.4, -1.0, 0.4)),
    ]:
        s, t = rng.normal(size=(2, 6, 2, 2, 1))
        fake = theta * s + beta
        source, target, made = (tf.constant(images, tf.float32) for images in (s, t, fake))
        told = _Pairs(source, {"target": target, "fake": made})

        def logits(both, *weights, told=told):
            s, x = told.parts(both)
            return weights[0] * s + weights[1] * x + weights[2]

        def translated(given, theta, beta, source=source):
            if not np.array_equal(given, source):
                raise NotYet("the generator is handed something else than the source")
            return theta * given + beta

        log: list[str] = []
        g = MockNetwork("generator", translated, [theta, beta], log)
        d = MockNetwork("discriminator", logits, list(weights), log)
        move_d, move_g = MockOptimizer(d, rate, log), MockOptimizer(g, rate, log)
        losses = step(g, d, move_g, move_d, (source, target), weight)
        _check_players(log, told.seen)

        d_loss, by_weight = _of_d(s, t, fake, weights)
        for name, found, right in zip("χψb", move_d.gradients, by_weight, strict=True):
            agree(found, right, f"as D's slope in {name} the step", "in closed form it is", 1e-4)
        after = [old - rate * slope for old, slope in zip(weights, by_weight, strict=True)]
        g_first = log.index("generator moved") < log.index("discriminator moved")
        asked = [weights] if g_first else [weights, after]  # the D that G may have answered
        found = np.array(move_g.gradients, float)
        if any(np.allclose(found, _of_g(s, t, fake, who, 0)[1], atol=1e-4) for who in asked):
            raise NotYet("G's slopes come from D's answer alone: the distance is missing in them")
        ways = [_of_g(s, t, fake, who, weight) for who in asked]
        g_loss, by_weight = min(ways, key=lambda way: np.abs(found - way[1]).max())
        for name, one, right in zip("θβ", found, by_weight, strict=True):
            agree(one, right, f"as G's slope in {name} the step", "in closed form it is", 1e-4)
        returned = zip(pair(losses, "pix2pix_step"), (d_loss, g_loss), "dg", strict=True)
        for value, right, name in returned:
            agree(value, right, f"as {name}_loss the step", "in closed form it is", 1e-4)


def _check_players(log: list[str], seen: set[str]) -> None:
    """Raise `NotYet` unless each player moved once, and D saw real and generated pairs."""
    moves = [entry.removesuffix(" moved") for entry in log if entry.endswith(" moved")]
    if sorted(moves) != ["discriminator", "generator"]:
        raise NotYet(
            f"the moves of one step are: {', '.join(moves) or 'none'}; each player should move once"
        )
    for images in ("target", "fake"):
        if images not in seen:
            raise NotYet(f"the discriminator never sees the pair [source, {images}]")


def _of_d(s, t, fake, weights) -> tuple[float, list[float]]:
    """D's loss, and its slopes in χ, ψ and b."""
    chi, psi, b = weights
    at_real, at_fake = chi * s + psi * t + b, chi * s + psi * fake + b
    slopes = [
        np.mean(-sigmoid(-at_real) * real) + np.mean(sigmoid(at_fake) * made)
        for real, made in ((s, s), (t, fake), (1, 1))
    ]
    return np.logaddexp(0, -at_real).mean() + np.logaddexp(0, at_fake).mean(), slopes


def _of_g(s, t, fake, weights, weight) -> tuple[float, list[float]]:
    """G's loss against a D of these weights, and its slopes in θ and β."""
    chi, psi, b = weights
    at_fake = chi * s + psi * fake + b
    by_pixel = -sigmoid(-at_fake) * psi + weight * np.sign(fake - t)
    loss = np.logaddexp(0, -at_fake).mean() + weight * np.abs(fake - t).mean()
    return loss, [np.mean(by_pixel * s), np.mean(by_pixel)]


@exercise(
    "A tape watches `z`. What is differentiated is the difference in the known pixels only, "
    "one number for each image.",
    "Multiply the absolute differences by `tf.cast(known, tf.float32)`, add them up over axes 1, 2 "
    "and 3, and divide by the number of known pixels.",
    "Leave these numbers as they are, one an image: `tape.gradient` adds their slopes, and each "
    "concerns its own row of z. Then `z - rate * slopes`.",
)
def search_step(step):
    """z less `rate` times the slope of the mean difference in known pixels, G(z) = zA + c."""
    import tensorflow as tf

    rng = np.random.default_rng(0)
    known = np.ones((4, 3, 1), bool)
    known[1:3, :2] = False
    for count, rate in [(1, 0.5), (5, 2.0)]:
        z, image = rng.normal(size=(count, 2)), rng.normal(size=(count, 4, 3, 1))
        matrix, constant = rng.normal(size=(2, 12)), rng.normal(size=12)
        given = [tf.constant(array, tf.float32) for array in (matrix, constant, z, image)]

        def generate(z, training=None, given=given):
            return tf.reshape(z @ given[0] + given[1], (-1, 4, 3, 1))

        def moved(counted, up=False, z=z, image=image, matrix=matrix, constant=constant, rate=rate):
            off = np.sign((z @ matrix + constant).reshape(image.shape) - image) * counted
            slopes = off.reshape(len(z), -1) @ matrix.T
            return z + (1 if up else -1) * rate * slopes

        call = f"search_step for {count} {'image' if count == 1 else 'images'}"
        found = shaped(step(generate, given[2], given[3], known, rate), z.shape, call)
        right = moved(known / known.sum())
        mistakes = {
            "is led by the missing pixels, too": moved(np.full(known.shape, 1 / known.size)),
            "is led by the missing pixels": moved(~known / np.sum(~known)),
            "divides by the number of all pixels": moved(known / known.size),
            "adds the known pixels up, and does not take their mean": moved(known),
            "goes uphill: subtract the slope": moved(known / known.sum(), up=True),
        }
        if count > 1:
            shorter = f"goes {count} times less far than one image alone: the batch size matters"
            mistakes[shorter] = moved(known / known.sum() / count)
        for words, wrong in mistakes.items():
            if np.allclose(found, wrong, atol=1e-4):
                raise NotYet(f"{call} {words}")
        for row, column in np.ndindex(*right.shape):
            where = f"{call}, at number {column} of row {row},"
            agree(found[row, column], right[row, column], where, "in closed form it is", 1e-3)


@exercise(
    "Nobody had to paint the known pixels, and they are right anyway. Which pixels may the error "
    "be a mean of?",
    "For each image: add the squared differences up where `missing` is true, and divide by how "
    "many pixels that are. Give the images a type with a sign first.",
    "`errors = (squares * missing).sum(axis=(1, 2, 3)) / missing.sum(axis=(1, 2, 3))`, and then "
    "`10 * np.log10(255**2 / errors)`.",
)
def psnr_in_hole(score):
    """Decibels of each image, over the pixels of its hole only."""
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 256, (4, 8, 8, 1), np.uint8)
    filled = rng.integers(0, 256, truth.shape, np.uint8)
    missing = np.zeros(truth.shape, bool)
    for image, (top, left, side) in enumerate([(1, 2, 2), (0, 0, 3), (4, 3, 4), (2, 5, 3)]):
        missing[image, top : top + side, left : left + side] = True
        filled[image, top, left] = 255 - truth[image, top, left]  # so that no image is right
    pasted = np.where(missing, filled, truth)

    def decibels(squares):
        return 10 * math.log10(255**2 / np.mean(squares))

    squares = np.square(pasted.astype(int) - truth)
    right = [decibels(one[hole]) for one, hole in zip(squares, missing, strict=True)]
    whole = [decibels(one) for one in squares]
    for images, words in ((pasted, "pasted into the truth"), (filled, "as the network made them")):
        call = f"psnr_in_hole of 4 images {words}"
        found = shaped(score(images.copy(), truth.copy(), missing.copy()), (4,), call)
        if np.allclose(found, whole, atol=1e-3):
            raise NotYet(
                f"{call} still is the score of whole images: it flatters the first one, with a "
                f"hole of 4 of 64 pixels, by {shown(whole[0] - right[0])} dB"
            )
        for image, expected in enumerate(right):
            agree(found[image], expected, f"{call}, at image {image},", "its hole has", 1e-4)


class _Pairs:
    """What a mock discriminator is told about the pairs that it may be handed.

    `seen` holds the names of the images that stood beside the source.
    """

    def __init__(self, source, images: dict):
        self.source, self.images = source, images
        self.seen: set[str] = set()

    def parts(self, both):
        """Source and image of a pair, a tensor (2, n, h, w, c); raises `NotYet` for no pair."""
        allowed = " or ".join(f"[source, {name}]" for name in self.images)
        if tuple(both.shape) != (2, *self.source.shape):
            raise NotYet(f"the discriminator is not handed a pair: give it a list, {allowed}")
        if not np.array_equal(both[0], self.source):
            raise NotYet("the discriminator is handed a pair whose first part is not the source")
        names = [n for n, image in self.images.items() if np.allclose(both[1], image, atol=1e-6)]
        if not names:
            raise NotYet(f"the discriminator is handed another pair than {allowed}")
        self.seen.update(names)
        return both[0], both[1]
