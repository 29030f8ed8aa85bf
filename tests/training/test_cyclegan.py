"""CycleGAN: a step worked out by hand, the pool, a resumed training, and what is refused."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from gan_utils.data import scale, unscale
from gan_utils.data.pairs import load_domains
from gan_utils.errors import DataError, ParameterError
from gan_utils.fast.optimizers import Adam
from gan_utils.networks.translators import domain_discriminator, residual_translator
from gan_utils.streams import Draw
from gan_utils.training.cyclegan import CycleGAN
from gan_utils.training.penalties import R1
from pictures import save_folders
from sentences import one_sentence
from states import assert_same, weights

A = np.array([[0.9], [-0.4], [0.3], [0.7]], "float32").reshape(4, 1, 1, 1)
B = np.array([[0.2], [-0.8], [0.5], [-0.1]], "float32").reshape(4, 1, 1, 1)


def product(value, name):
    """Images of one pixel → the pixel times `value`."""
    network = keras.Sequential([keras.Input((1, 1, 1)), layers.Conv2D(1, 1, use_bias=False)])
    network.set_weights([np.full((1, 1, 1, 1), value, "float32")])
    return network


def test_one_step_by_hand():
    """There 0.6, back 0.9, discriminators 0.5 and −0.3; both cycles, both identities, no pool."""
    f, g, d_a, d_b = 0.6, 0.9, 0.5, -0.3
    networks = [product(value, "n") for value in (f, g, d_a, d_b)]
    game = CycleGAN(*networks, cycle=2.0, identity=0.5, pool=0)
    game.compile({name: keras.optimizers.SGD(0.1) for name in game.networks})
    game.fit({"a": A, "b": B}, steps=1, batch_size=4, epoch_steps=1)
    a, b = (side.ravel().astype(float) for side in (A, B))

    def to_b(f, g):
        """The loss of a_to_b, as a function of both translators."""
        fool = np.mean((d_b * f * a - 1) ** 2)
        cycle = np.abs(a - g * f * a).mean() + np.abs(b - f * g * b).mean()
        return fool + 2.0 * cycle + 0.5 * np.abs(b - f * b).mean()

    def to_a(f, g):
        fool = np.mean((d_a * g * b - 1) ** 2)
        cycle = np.abs(a - g * f * a).mean() + np.abs(b - f * g * b).mean()
        return fool + 2.0 * cycle + 0.5 * np.abs(a - g * a).mean()

    h = 1e-6
    slopes = [
        (to_b(f + h, g) - to_b(f - h, g)) / (2 * h),
        (to_a(f, g + h) - to_a(f, g - h)) / (2 * h),
        np.mean(2 * (d_a * a - 1) * a + 2 * d_a * (g * b) ** 2),
        np.mean(2 * (d_b * b - 1) * b + 2 * d_b * (f * a) ** 2),
    ]
    for network, start, slope in zip(networks, (f, g, d_a, d_b), slopes, strict=True):
        moved = float(network.get_weights()[0].ravel()[0])
        assert moved == pytest.approx(start - 0.1 * slope, rel=1e-4)
    assert game.recorded("a_to_b_loss")[1][0] == pytest.approx(to_b(f, g), rel=1e-5)


SIDE = 8
IMAGES = {
    name: np.random.default_rng(number).integers(0, 256, (count, SIDE, SIDE, 1), dtype=np.uint8)
    for number, (name, count) in enumerate({"a": 20, "b": 13}.items())
}


COLOUR = np.repeat(IMAGES["a"], 3, axis=-1)


def translator(channels=1, last="tanh", out=None):
    stack = [layers.Conv2D(4, 3, padding="same"), layers.LeakyReLU(0.2)]
    end = layers.Conv2D(out or channels, 3, padding="same", activation=last)
    return keras.Sequential([keras.Input((SIDE, SIDE, channels)), *stack, end])


def patches(channels=1):
    stack = [layers.Conv2D(4, 3, strides=2), layers.LeakyReLU(0.2), layers.Conv2D(1, 2)]
    return keras.Sequential([keras.Input((SIDE, SIDE, channels)), *stack])


def small(seed=0, **options):
    keras.utils.set_random_seed(seed)
    options = {"pool": 8, "penalty": R1(0.2), "ema": 0.9, "identity": 1.0, **options}
    game = CycleGAN(translator(), translator(), patches(), patches(), seed=seed, **options)
    game.compile(dict.fromkeys(game.networks, "adam"))
    return game


def test_saved_in_the_middle_it_ends_as_if_never_stopped(tmp_path):
    """The pools are part of the state."""
    tf.config.experimental.enable_op_determinism()
    whole = small()
    whole.fit(IMAGES, steps=8, batch_size=4, epoch_steps=2)
    first, second = small(), small()
    first.fit(IMAGES, steps=5, batch_size=4, epoch_steps=2)
    first.save_state(tmp_path / "state.npz")
    second.load_state(tmp_path / "state.npz")
    second.fit(IMAGES, steps=8, batch_size=4, epoch_steps=2)
    assert_same(weights(whole), weights(second))
    assert "kept/pool of a" in weights(whole)


def test_the_pool_shows_new_images_while_it_fills_and_then_half_earlier_ones():
    game = small(pool=10)
    seen, shown_earlier, total = set(), 0, 0
    for step in range(60):
        new = 1.0 + np.arange(4) + 4 * step  # each image has a number of its own
        fake = tf.constant(
            np.broadcast_to(new[:, None, None, None], (4, SIDE, SIDE, 1)), tf.float32
        )
        shown = game._pooled("a", fake, Draw(0, step)).numpy()[:, 0, 0, 0]
        filled = int(game.kept["pooled"])
        if filled + 4 > 10:
            assert set(shown) <= seen | set(new)
            assert len(set(shown)) == 4
            shown_earlier += sum(value not in new for value in shown)
            total += 4
        else:
            np.testing.assert_array_equal(shown, new)
            game.kept["pooled"].assign(filled + 4)
        seen |= set(new)
        kept = game.kept["pool of a"].numpy()[:, 0, 0, 0]
        taken = int(game.kept["pooled"])
        assert set(kept[:taken]) <= seen and set(kept[taken:]) == {0.0}
    assert 0.4 < shown_earlier / total < 0.6


def test_both_translators_are_drawn_from_by_the_domain_that_is_wanted():
    game = small()
    scaled = IMAGES["a"].astype("float32") / 127.5 - 1
    for to, network in (("b", "a_to_b"), ("a", "b_to_a")):
        expected = game.averages[network](scaled)
        np.testing.assert_allclose(game.translate(IMAGES["a"], to), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("size", "channels"), [(32, 3), (64, 1)])
def test_it_learns_from_two_folders_without_pairs(tmp_path, size, channels):
    domains = load_domains(save_folders(tmp_path, (6, 5)), size, channels)
    keras.utils.set_random_seed(0)
    game = CycleGAN(
        *(residual_translator(size, channels, channels) for _ in "ab"),
        *(domain_discriminator(size, channels) for _ in "ab"),
        pool=8,
    )
    game.compile({name: Adam(1e-3, beta_1=0.5) for name in game.networks})

    def off():
        """How far images of A are from themselves after there and back."""
        there = game.translate(domains.a)
        return np.abs(game.translate(there, "a") - scale(domains.a)).mean()

    before = off()
    game.fit({"a": domains.a, "b": domains.b}, steps=6, batch_size=3, epoch_steps=3)
    assert off() < 0.8 * before
    for to, images in (("b", domains.a), ("a", domains.b)):
        made = unscale(game.translate(images, to))
        assert made.shape == (len(images), size, size, channels) and made.dtype == np.uint8
    assert len(domains.a) == 6 and len(domains.b) == 5


def coloured_and_grey(**options):
    """A is coloured and B grey."""
    translators = translator(3, out=1), translator(1, out=3)
    game = CycleGAN(*translators, patches(3), patches(1), pool=0, **options)
    game.compile(dict.fromkeys(game.networks, "adam"))
    return game


def test_a_coloured_domain_and_a_grey_one_are_translated_into_each_other():
    game = coloured_and_grey()
    game.fit({"a": COLOUR, "b": IMAGES["b"]}, steps=1, batch_size=4, epoch_steps=1)
    assert game.translate(COLOUR).shape == (20, SIDE, SIDE, 1)
    assert game.translate(IMAGES["b"], "a").shape == (13, SIDE, SIDE, 3)


def with_options(**options):
    return lambda: small(**options)


def trained(data, **options):
    return lambda: small(**options).fit(data, steps=1, batch_size=4)


REFUSED = {
    "cycle is -1": with_options(cycle=-1),
    "identity is inf": with_options(identity=np.inf),
    "pool is 2.5": with_options(pool=2.5),
    "build both for one shape": lambda: CycleGAN(translator(3), translator(), patches(), patches()),
    "image_range=(0.0, 1.0)": lambda: CycleGAN(
        translator(last="sigmoid"), translator(), patches(), patches()
    ),
    "give fit a mapping with images a and b": trained(IMAGES["a"]),
    "the data have {'a': (8, 8, 1)}": trained({"a": IMAGES["a"]}),
    "the data have {'a': (8, 8, 1), 'b': (4, 4, 1)}": trained(
        {"a": IMAGES["a"], "b": IMAGES["b"][:, :4, :4]}
    ),
    "the data have {'a': (8, 8, 3), 'b': (8, 8, 1)} and the players read": trained(
        {**IMAGES, "a": COLOUR}
    ),
    "the data of b are empty: give at least one row": trained({**IMAGES, "b": IMAGES["b"][:0]}),
    "the inputs have shape (8, 8, 3) each and the network reads (8, 8, 1): give": lambda: (
        small().translate(COLOUR)
    ),
    "identity is 0.5 and the domains have shapes (8, 8, 3) and (8, 8, 1): give 0": lambda: (
        coloured_and_grey(identity=0.5)
    ),
    "pool is 3 and batch_size 4": trained(IMAGES, pool=3),
    "larger than the 13 rows of the data of b": lambda: small(pool=0).fit(IMAGES, 1, batch_size=16),
    "to is 'c'": lambda: small().translate(IMAGES["a"], to="c"),
}


@pytest.mark.parametrize("words", REFUSED)
def test_what_cannot_be_is_refused_with_a_sentence(words):
    with pytest.raises((DataError, ParameterError)) as caught:
        REFUSED[words]()
    assert words in one_sentence(caught)
