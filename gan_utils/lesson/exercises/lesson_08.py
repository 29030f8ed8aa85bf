"""Exercises of notebook 08: there and back, what each translator pays, its norm and the pool.

The pixels of domain A are all below 0 here and those of domain B all above, so that a mock player
can tell which of the two it was handed.
"""

import math
from functools import partial

import numpy as np

from gan_utils.lesson.exercises import exercise
from gan_utils.lesson.exercises.answers import NotYet, agree, number, pair, shaped, shown
from gan_utils.lesson.exercises.comparing import with_slopes

NUDGE = 1e-5  # of a weight, for central differences


@exercise(
    "Follow one image of each domain there and back: which image should it be in the end?",
    "From a the way goes to `a_to_b(a)`, and from there to `b_to_a(a_to_b(a))`, which is compared "
    "with a itself. The way from b begins with `b_to_a`.",
    "`tf.reduce_mean(tf.abs(a - b_to_a(a_to_b(a))))` is the first half. Add the same for b, with "
    "the translators in the other order.",
)
def cycle_loss(loss):
    """E|a − F(G(a))| + E|b − G(F(b))|, and its slopes in the weights of both translators."""
    import tensorflow as tf

    for a, b, weights in _games():
        a_to_b, b_to_a = _Player("a_to_b", "A", weights[0]), _Player("b_to_a", "B", weights[1])
        with tf.GradientTape() as tape:
            images = tf.constant(a, tf.float32), tf.constant(b, tf.float32)
            value = loss(*images, a_to_b, b_to_a)
        from_a, from_b = _cycles(a, b, *weights)
        found = number(value, "cycle_loss")
        for missing, there in (("b", from_a), ("a", from_b)):
            if math.isclose(found, there, rel_tol=1e-4):
                raise NotYet(f"cycle_loss gives {shown(found)}: the way from {missing} is missing")
        because = f"there and back it is {from_a:.3f} from a and {from_b:.3f} from b, together"
        agree(value, from_a + from_b, "cycle_loss", because, 1e-4)
        paid = partial(_cycles, a, b)
        _check_slopes("cycle_loss", tape, value, (a_to_b, b_to_a), paid, weights)


@exercise(
    "Look at the two ways, there and back, one after the other: which translators does each pass "
    "through?",
    "Both pass through both. If a_to_b forgets what b_to_a would need, only the way from a shows "
    "it, and in the code above a_to_b does not pay for that way.",
    "Add the two distances first: `cycles = weight * (distance of a + distance of b)`. Then each "
    "loss is its own least-squares term plus all of `cycles`.",
)
def translator_losses(losses):
    """Each translator's least-squares term, and λ times both ways; slopes by differences."""
    import tensorflow as tf

    for a, b, weights in _games():
        for weight in (0.0, 10.0):
            a_to_b, b_to_a = _Player("a_to_b", "A", weights[0]), _Player("b_to_a", "B", weights[1])
            judges = _Player("d_a", "A", 0.5), _Player("d_b", "B", 0.8)
            with tf.GradientTape(persistent=True) as tape:
                images = tf.constant(a, tf.float32), tf.constant(b, tf.float32)
                values = losses(*images, a_to_b, b_to_a, *judges, weight)
            found = pair(values, "translator_losses")

            def paid(place, *w, a=a, b=b, weight=weight):
                """What a translator has to pay: for its answer, and for each of the two ways."""
                fake, scale = ((_translated(a, w[0]), 0.8), (_translated(b, w[1]), 0.5))[place]
                fooled = np.mean((_translated(fake, scale) - 1) ** 2)
                return np.array([fooled, *(weight * half for half in _cycles(a, b, *w))])

            for place, player in enumerate((a_to_b, b_to_a)):
                fooled, from_a, from_b = paid(place, *weights)
                call = f"the loss of {player.name} with weight {weight:g}"
                ways = {
                    "the way from b and back is": from_a,
                    "the way from a and back is": from_b,
                    "both ways there and back are": 0.0,
                }
                for missing, there in ways.items() if weight else ():
                    if math.isclose(found[place], fooled + there, rel_tol=1e-4):
                        raise NotYet(f"{call} is {shown(found[place])}: {missing} missing in it")
                because = f"the mean of (D(fake) − 1)² and {weight:g} times both ways is"
                agree(found[place], fooled + from_a + from_b, call, because, 1e-4)
                slope = tape.gradient(tf.convert_to_tensor(values[place]), player.weight)
                right = _difference(lambda *w, p=place, f=paid: sum(f(p, *w)), weights, place)
                _check_slope(slope, right, f"the slope of {call} in its own weight")


@exercise(
    "What answer does D want to give to a real image, and what to a generated one? What answer "
    "does G want from D?",
    "D: 1 for real ones and 0 for generated ones. G: 1 for generated ones. How far an answer is "
    "from that is squared.",
    "`tf.reduce_mean((real_logits - 1) ** 2) + tf.reduce_mean(fake_logits**2)` is D's loss.",
)
def least_squares(losses):
    """The losses of D and of G of least squares (Mao et al. 2017), from two maps of logits."""
    import tensorflow as tf

    rng = np.random.default_rng(0)
    for side in (1, 3):
        real, fake = rng.normal(size=(2, 4, side, side, 1))
        given = [tf.constant(logits, tf.float32) for logits in (real, fake)]
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(given)
            values = losses(*given)
        d_loss, g_loss = np.mean((real - 1) ** 2) + np.mean(fake**2), np.mean((fake - 1) ** 2)
        words = "{} of least_squares for maps of {}×{} logits"
        for found, right, wrong, player in zip(
            pair(values, "least_squares"), (d_loss, g_loss), (g_loss, d_loss), "DG", strict=True
        ):
            call = words.format(f"{player}'s loss", side, side)
            if math.isclose(found, wrong, rel_tol=1e-4):
                raise NotYet(f"{call} is that of the other player: return D's loss first")
            if math.isclose(found, right / 2, rel_tol=1e-4):
                raise NotYet(
                    f"{call} is half of what it should be, {shown(right)}: leave the ½ out"
                )
            agree(found, right, call, "counting by hand gives", 1e-4)
        for value, right, player in zip(
            values, (2 * fake / fake.size, 2 * (fake - 1) / fake.size), "DG", strict=True
        ):
            slopes = tape.gradient(tf.convert_to_tensor(value), given[1])
            if slopes is None or not np.allclose(slopes, right, atol=1e-5):
                raise NotYet(f"{player} cannot learn from it: no slope, or a wrong one, in a logit")


@exercise(
    "`a_to_b` makes images of domain B. Which images would you hand it so that there is nothing "
    "left for it to do?",
    "It should leave those of b alone, and `b_to_a` those of a.",
    "`tf.reduce_mean(tf.abs(b - a_to_b(b)))`, and the same for a with `b_to_a`, added up.",
)
def identity_loss(loss):
    """E|b − G(b)| + E|a − F(a)|: each translator is handed what is in its target domain."""
    import tensorflow as tf

    for a, b, weights in _games():
        a_to_b, b_to_a = _Player("a_to_b", "B", weights[0]), _Player("b_to_a", "A", weights[1])
        with tf.GradientTape() as tape:
            images = tf.constant(a, tf.float32), tf.constant(b, tf.float32)
            value = loss(*images, a_to_b, b_to_a)

        def paid(*w, a=a, b=b):
            return [
                np.abs(x - _translated(x, one)).mean() for x, one in zip((b, a), w, strict=True)
            ]

        of_b, of_a = paid(*weights)
        because = f"it is {of_b:.3f} for a_to_b and {of_a:.3f} for b_to_a, together"
        agree(value, of_b + of_a, "identity_loss", because, 1e-4)
        _check_slopes("identity_loss", tape, value, (a_to_b, b_to_a), paid, weights)


@exercise(
    "Over which axes of (n, height, width, channels) may a mean be taken, if no image is to know "
    "of another one, and no channel of another one?",
    "`tf.nn.moments(x, axes, keepdims=True)` gives means and variances that still fit x.",
    "The axes are `[1, 2]`. Then `(x - mean) / tf.sqrt(variance + epsilon)`.",
)
def instance_norm(norm):
    """Each channel of each image to mean 0 and variance 1, ε inside the root."""
    import tensorflow as tf

    rng = np.random.default_rng(0)
    scales = np.array([0.3, 1.0, 4.0]).reshape(3, 1, 1, 1) * np.array([1.0, 0.5])
    x = rng.normal(size=(3, 4, 5, 2)) * scales + np.arange(6).reshape(3, 1, 1, 2)
    for epsilon in (1e-5, 0.1):
        call = f"instance_norm of 3 images of 2 channels with ε = {epsilon:g}"
        found = shaped(norm(tf.constant(x, tf.float32), epsilon), x.shape, call)

        def normed(axes, epsilon=epsilon):
            off = x - x.mean(axis=axes, keepdims=True)
            return off / np.sqrt(x.var(axis=axes, keepdims=True) + epsilon)

        for axes, words in {
            (0, 1, 2): "takes the mean over all images: that is batch normalisation",
            (1, 2, 3): "takes the mean over the channels, too: that is layer normalisation",
        }.items():
            if np.allclose(found, normed(axes), atol=1e-3):
                raise NotYet(f"{call} {words}")
        right = normed((1, 2))
        for image, channel in np.ndindex(3, 2):
            for row, column in np.ndindex(4, 5):
                where = (
                    f"{call}, at row {row}, column {column} of image {image}, channel {channel},"
                )
                place = (image, row, column, channel)
                agree(found[place], right[place], where, "by hand it is", 1e-3)
    _, slopes = with_slopes(lambda flat: norm(flat, 1e-5), np.ones((1, 2, 2, 1)))
    if slopes is None or not np.isfinite(slopes).all():
        raise NotYet("for an image of one grey level its slope is no number: ε stands in the root")


@exercise(
    "There are two times: while the pool fills, and afterwards. In the first, `len(pool) < size`.",
    "Afterwards toss a coin, `rng.random() < 0.5`. One side of it shows `new` and leaves the pool "
    "as it is.",
    "The other side draws a place, `rng.integers(len(pool))`. What lay there is shown, and `new` "
    "takes its place.",
)
def from_pool(show):
    """What D is shown while a pool fills, and half new and half earlier images after that."""
    size, calls = 5, 2000
    pool: list = []
    _fill(show, pool, size)
    rng = np.random.default_rng(1)
    places = []  # in the pool, of the earlier images that were shown
    for serial in range(size, size + calls):
        before = [_serial(image) for image in pool]
        shown_one = _serial(show(pool, _image(serial), size, rng))
        after = [_serial(image) for image in pool]
        if len(pool) != size:
            raise NotYet(f"a pool of {size} images holds {len(pool)} after a further call")
        if shown_one == serial:
            if sorted(after) != sorted(before):
                raise NotYet("where the new image is shown, the pool changes: leave it as it is")
        elif shown_one not in before:
            raise NotYet("an image is shown that neither is new nor was in the pool")
        elif shown_one in after:
            raise NotYet(
                "an earlier image that is shown stays in the pool: the new one replaces it"
            )
        elif serial not in after:
            raise NotYet("where an earlier image is shown, the new one does not come into the pool")
        else:
            places.append(before.index(shown_one))
    _check_share(len(places) / calls, 0.5, calls, "the calls that show an earlier image")
    for place in range(size):
        share = np.mean(np.array(places) == place)
        words = f"the earlier images that are drawn from place {place} of {size}"
        _check_share(share, 1 / size, len(places), words)
    one, other = (
        [_serial(show(list(pool), _image(-1), size, np.random.default_rng(s))) for s in range(99)]
        for _ in range(2)
    )
    if one != other:
        raise NotYet("the same `rng` shows other images the second time: draw from it alone")


def _image(serial: int) -> np.ndarray:
    return np.full((2, 2, 1), serial, np.float32)


def _serial(image) -> int:
    return int(shaped(image, (2, 2, 1), "from_pool for images of 2×2 pixels")[0, 0, 0])


def _fill(show, pool: list, size: int) -> None:
    """Fill a pool; raises `NotYet` unless each new image is shown and stored."""
    rng = np.random.default_rng(0)
    for serial in range(size):
        found = _serial(show(pool, _image(serial), size, rng))
        if len(pool) != serial + 1:
            raise NotYet(
                f"after call {serial + 1} the pool holds {len(pool)} images: while it fills, each "
                f"call adds one to the list itself"
            )
        if found != serial or serial not in map(_serial, pool):
            raise NotYet("while the pool fills, the new image is not both shown and stored")


def _check_share(found: float, expected: float, calls: int, words: str) -> None:
    """Raise `NotYet` for a share further from its mean than five standard deviations."""
    wide = 5 * math.sqrt(expected * (1 - expected) / calls)
    if abs(found - expected) > wide:
        raise NotYet(f"{words} are {found:.0%}, and should be about {expected:.0%}")


class _Player:
    """A translator or a discriminator of one weight, which says if it is handed another domain."""

    def __init__(self, name: str, domain: str, weight: float):
        import tensorflow as tf

        self.name, self.domain, self.weight = name, domain, tf.Variable(weight, dtype=tf.float32)
        self.trainable_variables = self.trainable_weights = [self.weight]

    def __call__(self, images, training=None):
        handed = "A" if np.mean(images) < 0 else "B"
        if handed != self.domain:
            raise NotYet(f"{self.name} is handed images of domain {handed}, and not {self.domain}")
        return _translated(images, self.weight)


def _translated(images, weight):
    """−w x + x³/10: what every player makes of a pixel. It changes the sign where w is large."""
    return -weight * images + images**3 / 10


def _games():
    """Images of A and of B, and the weights of a_to_b and b_to_a, for two games."""
    rng = np.random.default_rng(0)
    for weights in ((0.9, 1.6), (1.2, 0.5)):
        yield -rng.uniform(0.4, 1.0, (3, 4, 4, 1)), rng.uniform(0.2, 1.0, (3, 4, 4, 1)), weights


def _cycles(a, b, there: float, back: float) -> tuple[float, float]:
    """How far images of A and of B are from themselves after there and back."""
    back_a = _translated(_translated(a, there), back)
    back_b = _translated(_translated(b, back), there)
    return np.abs(a - back_a).mean(), np.abs(b - back_b).mean()


def _difference(value, weights: tuple[float, ...], place: int) -> float:
    """The slope of `value` in one of its weights, by a central difference."""
    nudge = NUDGE * np.eye(len(weights))[place]
    return (value(*(weights + nudge)) - value(*(weights - nudge))) / (2 * NUDGE)


def _check_slopes(name: str, tape, value, players, paid, weights: tuple[float, ...]) -> None:
    """Compare a loss's slopes in its players' weights with differences of what is paid in all."""
    import tensorflow as tf

    slopes = tape.gradient(tf.convert_to_tensor(value), [player.weight for player in players])
    for place, player in enumerate(players):
        right = _difference(lambda *w: sum(paid(*w)), weights, place)
        _check_slope(slopes[place], right, f"the slope of {name} in {player.name}'s weight")


def _check_slope(found, right: float, call: str) -> None:
    if found is None:
        raise NotYet(f"{call} is missing: no tensor leads from it to the loss")
    agree(found, right, call, "a central difference gives", 1e-2)
