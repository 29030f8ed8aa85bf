"""pix2pix: a step worked out by hand, a resumed training, and what is refused."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from gan_utils.data import scale, unscale
from gan_utils.data.pairs import load_pairs
from gan_utils.errors import DataError, ParameterError
from gan_utils.fast.optimizers import Adam
from gan_utils.networks.translators import patch_discriminator, unet
from gan_utils.training.losses import NonSaturating
from gan_utils.training.penalties import R1
from gan_utils.training.pix2pix import Pix2Pix
from pictures import save_folders, save_side_by_side
from sentences import one_sentence
from states import assert_same, weights

SOURCES = np.array([[1.0], [0.8], [-1.0], [0.5]], "float32").reshape(4, 1, 1, 1)
TARGETS = np.array([[0.9], [-0.2], [-0.6], [0.1]], "float32").reshape(4, 1, 1, 1)


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def one_by_one(name, *values):
    """A convolution of 1×1 without bias: a product with each value."""
    layer = layers.Conv2D(1, 1, use_bias=False, name=name)
    layer.build((None, 1, 1, len(values)))
    layer.set_weights([np.reshape(np.float32(values), (1, 1, len(values), 1))])
    return layer


def test_one_step_by_hand():
    """G(x) = 0.3 x and D(x, y) = 0.5 x + 2 y, one pixel each."""
    source, image = keras.Input((1, 1, 1)), keras.Input((1, 1, 1))
    generator = keras.Model(source, one_by_one("g", 0.3)(source))
    pair = layers.Concatenate()([source, image])
    discriminator = keras.Model([source, image], one_by_one("d", 0.5, 2.0)(pair))
    game = Pix2Pix(generator, discriminator, NonSaturating(), weight=0.7)
    game.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1))
    game.fit((SOURCES, TARGETS), steps=1, batch_size=4, epoch_steps=1)
    x, y = SOURCES.ravel(), TARGETS.ravel()
    fake = 0.3 * x
    at_real, at_fake = (0.5 * x + 2 * image for image in (y, fake))
    d_real, d_fake = -(1 - sigmoid(at_real)) / 4, sigmoid(at_fake) / 4
    d = np.array([0.5, 2.0]) - 0.1 * np.array([(d_real + d_fake) @ x, d_real @ y + d_fake @ fake])
    np.testing.assert_allclose(discriminator.get_weights()[0].ravel(), d, rtol=1e-5)
    slope = (-(1 - sigmoid(at_fake)) * 2 - 0.7 * np.sign(y - fake)) / 4
    np.testing.assert_allclose(
        generator.get_weights()[0].ravel(), [0.3 - 0.1 * slope @ x], rtol=1e-5
    )
    assert game.recorded("l1")[1][0] == pytest.approx(np.abs(y - fake).mean(), rel=1e-6)


IMAGES = np.random.default_rng(0).integers(0, 256, (2, 20, 8, 8, 1), dtype=np.uint8)


COLOUR = np.repeat(IMAGES[0], 3, axis=-1)


def translator(channels=1, size=8):
    stack = [layers.Conv2D(4, 3, padding="same"), layers.LeakyReLU(0.2)]
    last = layers.Conv2D(1, 3, padding="same", activation="tanh")
    return keras.Sequential([keras.Input((size, size, channels)), *stack, last])


def patches(size=8):
    source, image = keras.Input((size, size, 1)), keras.Input((size, size, 1))
    x = layers.Conv2D(4, 3, strides=2)(layers.Concatenate()([source, image]))
    return keras.Model([source, image], layers.Conv2D(1, 2)(layers.LeakyReLU(0.2)(x)))


def small(seed=0):
    keras.utils.set_random_seed(seed)
    game = Pix2Pix(translator(), patches(), penalty=R1(0.2), ema=0.9, seed=seed)
    game.compile("adam", "adam")
    return game


def test_saved_in_the_middle_it_ends_as_if_never_stopped(tmp_path):
    tf.config.experimental.enable_op_determinism()
    whole = small()
    whole.fit(tuple(IMAGES), steps=6, batch_size=4, epoch_steps=2)
    first, second = small(), small(seed=3)
    first.fit(tuple(IMAGES), steps=3, batch_size=4, epoch_steps=2)
    first.save_state(tmp_path / "state.npz")
    second = small()
    second.load_state(tmp_path / "state.npz")
    second.fit(tuple(IMAGES), steps=6, batch_size=4, epoch_steps=2)
    assert_same(weights(whole), weights(second))


def test_a_translation_is_that_of_the_generator():
    game = small()
    expected = game.average(tf.cast(IMAGES[0], tf.float32) / 127.5 - 1)
    np.testing.assert_allclose(game.translate(IMAGES[0]), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("save", [save_folders, save_side_by_side])
@pytest.mark.parametrize(("size", "channels"), [(32, 1), (64, 3)])
def test_it_learns_from_a_folder_of_pairs(tmp_path, save, size, channels):
    pairs = load_pairs(save(tmp_path), size, channels)
    keras.utils.set_random_seed(0)
    shape = size, channels, channels
    game = Pix2Pix(unet(*shape), patch_discriminator(*shape), penalty=R1(0.2))
    game.compile(Adam(2e-3, beta_1=0.5), Adam(2e-3, beta_1=0.5))

    def off():
        return np.abs(game.translate(pairs.a) - scale(pairs.b)).mean()

    before = off()
    game.fit((pairs.a, pairs.b), steps=6, batch_size=4, epoch_steps=3)
    assert off() < 0.8 * before
    made = unscale(game.translate(pairs.a))
    assert made.shape == pairs.b.shape == (6, size, size, channels) and made.dtype == np.uint8


REFUSED = {
    "weight is -1": lambda: Pix2Pix(translator(), patches(), weight=-1),
    "two inputs": lambda: Pix2Pix(translator(), translator()),
    "build both for one shape": lambda: Pix2Pix(translator(), patches(6)),
    "reads sources of shape (8, 8, 3)": lambda: Pix2Pix(translator(3), patches()),
    "give fit (sources, targets)": lambda: small().fit(IMAGES[0], steps=1, batch_size=4),
    "the data have shapes (8, 8, 3) and (8, 8, 1)": lambda: small().fit(
        (COLOUR, IMAGES[1]), steps=1, batch_size=4
    ),
    "the data have shapes (8, 8, 1) and (8, 8, 3)": lambda: small().fit(
        (IMAGES[0], COLOUR), steps=1, batch_size=4
    ),
    "the inputs have shape (8, 8, 3) each and the network reads (8, 8, 1): give": lambda: (
        small().translate(COLOUR)
    ),
    "the inputs have shape (6, 6, 1) each": lambda: small().translate(IMAGES[0][:, :6, :6]),
    "the inputs have shape (8, 1) each": lambda: small().translate(IMAGES[0][0]),
    "nothing to generate from": lambda: small().translate(IMAGES[0][:0]),
    "the data hold arrays of 20 and 19 rows": lambda: small().fit(
        (IMAGES[0], IMAGES[1][:19]), steps=1, batch_size=4
    ),
    "the data are a list whose parts differ in shape": lambda: small().fit(
        [IMAGES[0], IMAGES[1][:19]], steps=1, batch_size=4
    ),
    "the data are empty": lambda: small().fit(tuple(IMAGES[:, :0]), steps=1, batch_size=4),
    "(6, 6, 1) and (8, 8, 1)": lambda: small().fit(
        (IMAGES[0][:, :6, :6], IMAGES[1]), steps=1, batch_size=4
    ),
}


@pytest.mark.parametrize("words", REFUSED)
def test_what_does_not_fit_is_refused_with_a_sentence(words):
    with pytest.raises((DataError, ParameterError)) as caught:
        REFUSED[words]()
    assert words in one_sentence(caught)
