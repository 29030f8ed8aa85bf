"""Exercises of notebook 09: BEGAN's controller and losses, and what players need that grow."""

import math

import numpy as np

from gan_utils.lesson.exercises import exercise
from gan_utils.lesson.exercises.answers import NotYet, agree, number, shaped, shown
from gan_utils.lesson.exercises.comparing import compare, with_slopes

NUDGE = 1e-5  # of a weight, for central differences

# Arguments of next_k, and the new k as it comes out on paper; in the last three it is cut.
CONTROLS = {
    (0.3, 0.01, 0.5, 0.8, 0.1): 0.303,
    (0.3, 0.1, 0.75, 0.2, 0.5): 0.265,
    (0.001, 0.1, 0.5, 0.2, 0.6): 0.0,
    (0.0, 0.001, 0.7, 0.1, 0.2): 0.0,
    (0.99, 0.5, 1.0, 0.9, 0.1): 1.0,
}


@exercise(
    "How far is the game from what γ asks for? Compare γ times the error on real images with the "
    "error on generated ones.",
    "Where γ · real_error is above fake_error, D rebuilds the generated images too well. It has to "
    "mind them more, so k rises, by `k_rate` times the difference.",
    "`k + k_rate * (gamma * real_error - fake_error)`, and `np.clip(..., 0.0, 1.0)` around it.",
)
def next_k(answer):
    """k + λ(γ L(x) − L(G(z))), cut to [0, 1]."""
    for given, right in CONTROLS.items():
        k, rate, gamma, real, fake = given
        balance = gamma * real - fake
        wrong = {
            "the distance has lost its sign, so k can only rise": k + rate * abs(balance),
            "k moves the wrong way: with fake_error below γ · real_error it rises": k
            - rate * balance,
            "γ belongs to the error on real images": k + rate * (real - gamma * fake),
            "k goes the whole way at once: k_rate is missing": k + balance,
            "this is by how much k changes: add the old k": rate * balance,
        }
        mistakes = {words: min(max(value, 0.0), 1.0) for words, value in wrong.items()}
        mistakes["k is a share: cut it to the range from 0 to 1"] = k + rate * balance
        call = f"next_k{given}"
        compare(number(answer(*given), call), right, call, "on paper it is", mistakes, 1e-6)


@exercise(
    "D answers with two things, and an error needs only the first: `rebuilt, codes = "
    "discriminator(images, training=True)`.",
    "An error is the mean of the absolute differences between images and what D makes of them: "
    "one for `images`, one for `fake`. Which of the two does each player want to be small?",
    "D's loss is `real_error - k * fake_error`, G's is `fake_error` alone. Return them first, and "
    "the two errors after them.",
)
def began_losses(losses):
    """L(x) − k L(G(z)) and L(G(z)), for a D that makes w x + b of a pixel x, and G(z) = θz."""
    import tensorflow as tf

    from gan_utils.lesson.exercises.mock_players import MockNetwork

    names = ("d_loss", "g_loss", "real_error", "fake_error")
    x, z = np.random.default_rng(0).uniform(-1, 1, (2, 4, 3, 3, 1))

    def answered(images, w, b):
        return w * images + b, tf.reshape(images, (len(images), -1))

    def paid(k, theta, w, b):
        """Both losses and both errors."""
        real, fake = (np.abs(seen - w * seen - b).mean() for seen in (x, theta * z))
        return np.array([real - k * fake, fake, real, fake])

    for k, *weights in ((0.4, 0.8, 0.7, 0.2), (0.0, 1.3, 0.5, -0.1), (1.0, 0.6, 1.6, 0.1)):
        theta = tf.Variable(weights[0], dtype=tf.float32)
        d = MockNetwork("discriminator", answered, weights[1:], [])
        with tf.GradientTape(persistent=True) as tape:
            fake = theta * tf.constant(z, tf.float32)
            values = losses(tf.constant(x, tf.float32), fake, d, k)
        if not isinstance(values, tuple | list) or len(values) != 4:
            raise NotYet(f"began_losses gives no four numbers: return {', '.join(names)}")
        mistakes = _wrong_losses(x, weights[0] * z, k, *weights[1:])
        for place in (2, 3, 0, 1):  # the errors first: the losses are made of them
            call = f"with k = {k:g} {names[place]}"
            found, right = number(values[place], call), paid(k, *weights)[place]
            compare(found, right, call, "by hand it is", mistakes[names[place]])
        for player, loss, own in (("D", 0, (1, 2)), ("G", 1, (0,))):
            variables = [theta, *d.trainable_variables]
            slopes = tape.gradient(tf.convert_to_tensor(values[loss]), variables)
            for place in own:
                if slopes[place] is None:
                    raise NotYet(f"{player} cannot learn: no tensor leads from it to its loss")
                nudge = NUDGE * np.eye(3)[place]
                up, down = (paid(k, *(weights + way))[loss] for way in (nudge, -nudge))
                call = f"with k = {k:g} the slope of {names[loss]} in a weight of {player}"
                right = (up - down) / (2 * NUDGE)
                agree(slopes[place], right, call, "a central difference gives", 1e-3)


def _wrong_losses(x, made, k, w, b) -> dict[str, dict[str, float]]:
    """What usual mistakes give for each of the four numbers."""
    off = {"real_error": x - w * x - b, "fake_error": made - w * made - b}
    real, fake = (np.abs(one).mean() for one in off.values())
    told = {
        name: {
            "this is the other one of the two errors": other,
            "BEGAN takes absolute differences, and not their squares": np.mean(off[name] ** 2),
            "the pixels are added up: take their mean": np.abs(off[name]).sum(),
        }
        for name, other in (("real_error", fake), ("fake_error", real))
    }
    strange = np.abs(x - w * made - b).mean()
    told["fake_error"]["what D makes of generated images is compared with real ones"] = strange
    told["d_loss"] = {
        "the error on generated images has the wrong sign: D wants it large": real + k * fake,
        "k is missing in it": real - fake,
        "this is the loss of the other player: return D's first": fake,
    }
    told["g_loss"] = {
        "k is in it, but G wants its images rebuilt whatever k is": k * fake,
        "G wants this error small, and not large": -fake,
        "this is D's loss with its sign changed: G does not need real images": k * fake - real,
    }
    return told


@exercise(
    "The cosine of the angle between two codes is their dot product, divided by both lengths.",
    "Bring each row to length 1 first. Then `tf.matmul(unit, unit, transpose_b=True)` holds the "
    "cosines of all n² pairs, and n of these are a code with itself.",
    "Square the cosines, add them up, take off the n ones of the diagonal, and divide by the "
    "number of pairs that are left, n · (n − 1).",
)
def pull_away(answer):
    """Mean squared cosine over pairs of different rows (Zhao et al. 2017, section 2.4)."""
    lengths = np.array([1, 3, 0.2, 1, 2])[:, None]
    cases = {
        "three codes, each perpendicular to the others,": np.diag([1.0, 2.0, 0.5]),
        "two codes that point the same way": np.array([[1.0, 2.0], [2.0, 4.0]]),
        "two codes that point in opposite ways": np.array([[1.0, 2.0], [-3.0, -6.0]]),
        "five codes of four numbers": lengths * np.random.default_rng(0).normal(size=(5, 4)),
    }
    for words, codes in cases.items():
        count = len(codes)
        pairs = [(a, b) for i, a in enumerate(codes) for j, b in enumerate(codes) if i != j]
        cosines = np.array([a @ b / math.hypot(*a) / math.hypot(*b) for a, b in pairs])
        total = np.sum(cosines**2)
        own = "the angle of each code with itself is in it"
        mistakes = {
            "the pairs are added up: take their mean": total,
            own: (total + count) / count**2,
            f"{own}, though not counted": (total + count) / len(pairs),
            f"it divides by {count**2}, and not by {len(pairs)} pairs": total / count**2,
            "the cosines are not squared": cosines.mean(),
            "the lengths of the codes are in it": np.mean([(a @ b) ** 2 for a, b in pairs]),
        }
        call = f"pull_away for {words}"
        value, slopes = with_slopes(answer, codes)
        right = total / len(pairs)
        compare(number(value, call), right, call, "pair by pair it is", mistakes)
        if slopes is None:
            raise NotYet("G cannot learn from it: no tensor leads from the codes to the number")


@exercise(
    "Take one square of 2×2 pixels. What does it look like at half the size, and what when that "
    "is enlarged again?",
    'Its four pixels become their mean. `tf.nn.avg_pool2d(images, 2, 2, "VALID")` halves, and '
    "`tf.repeat` along axis 1, then along axis 2, enlarges.",
    "`(1 - share) * before + share * images`: with share 0 only the coarse image is seen.",
)
def faded_real(answer):
    """(1 − share) · images halved and enlarged again + share · images."""
    import tensorflow as tf

    images = np.random.default_rng(0).uniform(-1, 1, (3, 4, 6, 2))
    halved = images.reshape(3, 2, 2, 3, 2, 2).mean(axis=(2, 4))
    twice = np.ones((1, 2, 2, 1))
    before = np.kron(halved, twice)
    smooth = tf.image.resize(halved, (4, 6)).numpy()
    coarse = {
        "one pixel of four is kept: take the mean of all four": np.kron(images[:, ::2, ::2], twice),
        "small copies lie side by side: repeat each pixel": np.tile(halved, twice.shape),
        "it is enlarged smoothly, where the growing generator repeats pixels": smooth,
    }
    for share in (0.25, 0.0, 1.0):
        mistakes = {words: (1 - share) * x + share * images for words, x in coarse.items()} | {
            "share is the part of the sharp images": share * before + (1 - share) * images,
            "the images are left as they are": images,
            "the coarse images are given whatever share is": before,
            "the sharp images come on top: the coarse ones keep 1 − share": before + share * images,
        }
        call = f"faded_real with share {share:g}"
        right = (1 - share) * before + share * images
        for kind in (float, tf.constant):
            found = shaped(answer(tf.constant(images, tf.float32), kind(share)), right.shape, call)
            compare(found, right, call, "square by square it is", mistakes)


@exercise(
    "How many products does one output add up? As many as its part of the kernel has weights.",
    "A dense kernel is (inputs, outputs), that of a convolution (height, width, inputs, outputs): "
    "all axes but the last count.",
    "`fan_in = int(np.prod(kernel.shape[:-1]))`, and then `kernel * (gain / fan_in**0.5)`.",
)
def equalised(answer):
    """kernel · gain / √fan_in, for dense layers and convolutions; it hands the slope on."""
    rng = np.random.default_rng(0)
    for shape in ((12, 5), (3, 3, 4, 6), (5, 2, 1, 16)):
        for gain in (2**0.5, 1.0):
            kernel = rng.normal(size=shape)
            products = kernel[..., 0].size
            call = f"equalised for a kernel of shape {shape} with gain {gain:.3g}"
            made, slopes = with_slopes(answer, kernel, gain)
            right = gain / products**0.5
            scales = {
                "fan_in is there without its root": gain / products,
                "height and width of the kernel count, too": gain / shape[-2] ** 0.5,
                "weights of other outputs are counted": gain / kernel.size**0.5,
                "the outputs are counted, and not what each adds up": gain / shape[-1] ** 0.5,
                "√fan_in multiplies: divide by it": gain * products**0.5,
                "gain is missing": 1 / products**0.5,
            }
            mistakes = {words: kernel * scale for words, scale in scales.items()}
            because = f"where an output adds up {products} products it is"
            compare(shaped(made, shape, call), kernel * right, call, because, mistakes)
            if slopes is None or not np.allclose(slopes, right, rtol=1e-3):
                raise NotYet("the kernel cannot learn: its slope through it is not gain / √fan_in")


@exercise(
    "First a deviation for each place and channel, over the images: which axis is that?",
    "`tf.math.reduce_variance(features, axis=0)`, then the root with 1e-8 inside of it, then the "
    "mean of all: one number. Why inside? At 0 the slope of a root is not finite.",
    "`tf.fill([*features.shape[:3], 1], spread)` makes a map of the number for each image, and "
    "`tf.concat([features, added], axis=-1)` puts it behind the channels.",
)
def batch_deviation(answer):
    """One map more, the mean deviation over the batch; its slope is finite where images agree."""
    x = np.random.default_rng(0).normal(size=(5, 2, 3, 4)) * [0.3, 1.0, 2.0, 0.1]
    x += np.arange(4) + 3 * np.arange(3)[:, None]
    call = "batch_deviation for 5 images of 4 channels"
    made, _ = with_slopes(answer, x)
    for channels, words in {
        1: "gives the map alone: put it behind the features",
        8: "adds a map for each channel: take the mean over the channels, too",
    }.items():
        if tuple(getattr(made, "shape", ())) == (5, 2, 3, channels):
            raise NotYet(f"{call} {words}")
    found = shaped(made, (5, 2, 3, 5), call)
    if not np.allclose(found[..., :4], x, atol=1e-5):
        raise NotYet(f"{call} changes its first 4 channels: the features come first, as they are")
    mistakes = {
        "the deviation is taken over the channels": x.std(axis=3).mean(),
        "the deviation is taken inside of each image": x.std(axis=(1, 2)).mean(),
        "the deviation is taken over places, too: first over images alone": x.std((0, 1, 2)).mean(),
        "all numbers lie in one deviation: first over images alone": x.std(),
        "this is the variance: its root is missing": x.var(axis=0).mean(),
    }
    right = np.full((5, 2, 3), x.std(axis=0).mean())
    compare(found[..., 4], right, f"{call}, in its map", "by hand it is", mistakes, 1e-3)
    for words, images in (("differ", x), ("are all the same", np.ones((4, 1, 2, 3)))):
        last, slopes = with_slopes(lambda given: answer(given)[..., -1], images)
        if slopes is None or (words == "differ" and not np.any(slopes)):
            raise NotYet("D cannot learn from it: no tensor leads from the features to the map")
        if not np.isfinite(slopes).all():
            raise NotYet(f"where the images {words} its slope is no number: add 1e-8 in the root")
    if np.max(np.abs(last)) > 0.01:
        raise NotYet("where the images are all the same the map is not near 0: add only 1e-8")


@exercise(
    "`tf.function` runs your Python once, to draw a graph. What is a Python number to a graph that "
    "has been drawn?",
    "A constant. What changes from step to step comes in as a tensor, `fast(images, share)` with "
    "`share = tf.constant(...)`. A Python number would draw a new graph for each of its values.",
    "`fast = tf.function(step)` before the loop, `share = tf.constant(min(number / fade_steps, "
    "1.0))` in it, and then `given.append(fast(images, share))`.",
)
def fading_steps(run):
    """Each batch is played once, its share rises to 1, and the step is traced once."""
    for count, fade_steps in ((6, 4), (3, 8)):
        given, compiled = _played(run, count, fade_steps)
        call = f"fading_steps for {count} batches with fade_steps {fade_steps}"
        if not compiled:
            raise NotYet("fading_steps never plays the step")
        if not all(compiled):
            raise NotYet("the step runs in Python, line by line: give it to `tf.function` first")
        if not isinstance(given, list | tuple) or len(given) != count:
            raise NotYet(f"{call} should give a list of what the {count} steps gave")
        found = [shaped(one, (2,), "what a step gave") for one in given]
        if len({float(share) for _, share in found}) == 1:
            raise NotYet(
                f"{call} plays every step with the share {shown(float(found[0][1]))}: the graph "
                f"holds the number that `share` was when it was drawn"
            )
        for step, (batch, share) in enumerate(found):
            agree(batch, step, f"{call}, step {step}, plays a batch that", "it should be number")
            right = min(step / fade_steps, 1.0)
            mistakes = {
                "1 is the most that a share can be": step / fade_steps,
                "the first step has the share 0": min((step + 1) / fade_steps, 1.0),
            }
            words = f"as the share of step {step} of {count}, fade_steps {fade_steps}, the run"
            compare(share, right, words, "it should be", mistakes)
        if len(compiled) > 1:
            raise NotYet(
                f"{call} draws {len(compiled)} graphs: one is enough, with `tf.function` before "
                f"the loop and a share that is a tensor"
            )


def _played(run, count: int, fade_steps: int):
    """What a run gives whose step gives [batch, share], and where each trace of the step ran."""
    import tensorflow as tf

    compiled = []

    def step(images, share):
        compiled.append(tf.inside_function())
        return tf.stack([tf.reduce_mean(images), tf.cast(share, tf.float32)])

    logger = tf.get_logger()  # TensorFlow complains of many graphs there; the check says it
    level = logger.level
    logger.setLevel("ERROR")
    try:
        batches = [tf.fill((2, 4, 4, 1), float(batch)) for batch in range(count)]
        return run(step, batches, fade_steps), compiled
    finally:
        logger.setLevel(level)
