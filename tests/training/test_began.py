"""BEGAN: a step against finite differences of the paper's losses, its controller, its refusals."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from gan_utils.errors import ParameterError
from gan_utils.streams import Draw
from gan_utils.training.began import BEGAN, pulling_away
from states import assert_same, weights

REAL = np.array([[0.9, 0.2], [-0.4, 0.6], [0.1, -0.8], [0.5, 0.5]], "float32").reshape(4, 1, 2, 1)
G = np.array([[0.3, -0.2], [0.1, 0.4]])  # z @ G is an image of two pixels
ENCODER, DECODER = np.array([[0.5, 0.2], [-0.3, 0.4]]), np.array([[0.6, -0.1], [0.2, 0.7]])


def dense(name, matrix):
    layer = layers.Dense(matrix.shape[1], use_bias=False, name=name)
    layer.build((None, matrix.shape[0]))
    layer.set_weights([matrix.astype("float32")])
    return layer


def linear_players():
    z, image = keras.Input((2,)), keras.Input((1, 2, 1))
    generator = keras.Model(z, layers.Reshape((1, 2, 1))(dense("g", G)(z)))
    codes = dense("encoder", ENCODER)(layers.Flatten()(image))
    rebuilt = layers.Reshape((1, 2, 1))(dense("decoder", DECODER)(codes))
    return generator, keras.Model(image, [rebuilt, codes])


def error(images, encoder, decoder):
    return np.abs(images - images @ encoder @ decoder).mean()


def cosines_squared(codes):
    unit = codes / np.linalg.norm(codes, axis=1, keepdims=True)
    pairs = [(unit[i] @ unit[j]) ** 2 for i in range(len(unit)) for j in range(len(unit)) if i != j]
    return np.mean(pairs)


def slope(function, matrix, epsilon=1e-6):
    """Finite differences of a function of one matrix."""
    slopes = np.zeros_like(matrix)
    for place in np.ndindex(matrix.shape):
        up, down = matrix.copy(), matrix.copy()
        up[place] += epsilon
        down[place] -= epsilon
        slopes[place] = (function(up) - function(down)) / (2 * epsilon)
    return slopes


@pytest.mark.parametrize("pull", [0.0, 0.7])
@pytest.mark.parametrize("centre", [None, np.array([0.1, -0.2])])
def test_one_step_is_the_papers(pull, centre):
    game = BEGAN(
        *linear_players(), gamma=0.6, k=0.3, k_rate=0.05, pull=pull,
        centre=None if centre is None else centre.reshape(1, 2, 1),
    )  # fmt: skip
    game.compile({name: keras.optimizers.SGD(0.1) for name in game.networks})
    game.fit(REAL, steps=1, batch_size=4, epoch_steps=1)
    z = Draw(0, 0).uniform("latent", 4, 2, low=-1.0, high=1.0).numpy().astype(float)
    real = REAL.reshape(4, 2).astype(float) - (0 if centre is None else centre)
    fake = z @ G
    # Equation 3 and, for the pulling-away term, the paper that it comes from.
    d_slopes = [
        slope(lambda e: error(real, e, DECODER) - 0.3 * error(fake, e, DECODER), ENCODER),
        slope(lambda d: error(real, ENCODER, d) - 0.3 * error(fake, ENCODER, d), DECODER),
    ]
    g_slope = slope(
        lambda g: error(z @ g, ENCODER, DECODER) + pull * cosines_squared(z @ g @ ENCODER), G
    )
    found = [w.numpy() for w in game.networks["discriminator"].trainable_variables]
    for after, before, by_hand in zip(found, (ENCODER, DECODER), d_slopes, strict=True):
        np.testing.assert_allclose(after, before - 0.1 * by_hand, rtol=1e-4, atol=1e-6)
    (after,) = game.networks["generator"].get_weights()
    np.testing.assert_allclose(after, G - 0.1 * g_slope, rtol=1e-4, atol=1e-6)
    balance = 0.6 * error(real, ENCODER, DECODER) - error(fake, ENCODER, DECODER)
    assert float(game.k) == pytest.approx(0.3 + 0.05 * balance, rel=1e-5)
    m = error(real, ENCODER, DECODER) + abs(balance)
    assert game.recorded("m_global")[1][0] == pytest.approx(m, rel=1e-5)


@pytest.mark.parametrize(("k", "gamma", "ends"), [(0.0, 0.01, 0.0), (1.0, 1.0, 1.0)])
def test_k_stays_between_0_and_1(k, gamma, ends):
    generator, discriminator = linear_players()
    if ends == 1.0:  # generated images without any error
        generator.set_weights([np.zeros((2, 2))])
    game = BEGAN(generator, discriminator, gamma=gamma, k=k, k_rate=10.0)
    game.compile({name: keras.optimizers.SGD(0.0) for name in game.networks})
    game.fit(REAL, steps=3, batch_size=4, epoch_steps=1)
    assert float(game.k) == ends


def test_codes_that_are_perpendicular_and_codes_that_are_parallel():
    assert float(pulling_away(tf.eye(3))) == pytest.approx(0, abs=1e-6)
    assert float(pulling_away(tf.ones((4, 3)) * [[1.0], [-2.0], [3.0], [0.5]])) == pytest.approx(1)
    codes = np.random.default_rng(0).normal(size=(5, 3))
    found = float(pulling_away(tf.constant(codes, tf.float32)))
    assert found == pytest.approx(cosines_squared(codes), rel=1e-5)


def small(seed=0):
    keras.utils.set_random_seed(seed)
    z, image = keras.Input((3,)), keras.Input((4, 4, 1))
    made = layers.Reshape((4, 4, 1))(layers.Dense(16)(layers.Dense(8, "elu")(z)))
    codes = layers.Dense(2)(layers.Flatten()(image))
    rebuilt = layers.Reshape((4, 4, 1))(layers.Dense(16)(codes))
    game = BEGAN(
        keras.Model(z, made), keras.Model(image, [rebuilt, codes]), gamma=0.9, k=0.2, k_rate=0.1,
        pull=0.5, centre=np.full((4, 4, 1), 0.25), ema=0.9, seed=seed,
    )  # fmt: skip
    game.compile({"generator": "adam", "discriminator": "adam"})
    return game


IMAGES = np.random.default_rng(0).integers(0, 256, (20, 4, 4, 1), dtype=np.uint8)


def test_saved_in_the_middle_it_ends_as_if_never_stopped(tmp_path):
    tf.config.experimental.enable_op_determinism()
    whole, first, second = small(), small(), small()
    whole.fit(IMAGES, steps=6, batch_size=4, epoch_steps=2)
    first.fit(IMAGES, steps=3, batch_size=4, epoch_steps=2)
    assert float(first.k) != pytest.approx(0.2)
    first.save_state(tmp_path / "state.npz")
    second.load_state(tmp_path / "state.npz")
    second.fit(IMAGES, steps=6, batch_size=4, epoch_steps=2)
    assert_same(weights(whole), weights(second))


def test_samples_and_reconstructions_have_the_centre_again():
    game = small()
    game.fit(IMAGES, steps=8, batch_size=4)  # the average and the generator now differ
    made = game.averages["generator"](game.latent(5, seed=2)) + 0.25
    np.testing.assert_allclose(game.sample(5, seed=2), np.clip(made, -1, 1), rtol=1e-5)
    assert np.abs(game.latent(1000)).max() <= 1
    centred = tf.cast(IMAGES, tf.float32) / 127.5 - 1 - 0.25
    rebuilt = game.networks["discriminator"](centred)[0] + 0.25
    np.testing.assert_allclose(game.rebuilt(IMAGES), np.clip(rebuilt, -1, 1), atol=1e-5)


def plain(image=(1, 2, 1)):
    inputs = keras.Input(image)
    return keras.Model(inputs, layers.Dense(1)(inputs))


def two_inputs():
    z, asked = keras.Input((2,)), keras.Input((2,))
    return keras.Model([z, asked], layers.Reshape((1, 2, 1))(layers.Add()([z, asked])))


REFUSED = {
    "gamma is 0.0": lambda: BEGAN(*linear_players(), gamma=0.0),
    "gamma is 1.5": lambda: BEGAN(*linear_players(), gamma=1.5),
    "k is -0.1": lambda: BEGAN(*linear_players(), k=-0.1),
    "k_rate is -1": lambda: BEGAN(*linear_players(), k_rate=-1),
    "pull is nan": lambda: BEGAN(*linear_players(), pull=float("nan")),
    "and codes (batch, width)": lambda: BEGAN(linear_players()[0], plain()),
    "images (4, 4, 1)": lambda: BEGAN(linear_players()[0], small().networks["discriminator"]),
    "centre has shape (2,)": lambda: BEGAN(*linear_players(), centre=np.zeros(2)),
    "centre leaves image_range": lambda: BEGAN(*linear_players(), centre=np.full((1, 2, 1), 2.0)),
    "(batch, latent_dim) and images (1, 2, 1)": lambda: BEGAN(two_inputs(), linear_players()[1]),
    "the data are no single array of images": lambda: small().fit(IMAGES[:, :3], 1, 4),
    "batch_size is 1, and the pulling": lambda: small().fit(IMAGES, 1, 1),
}


@pytest.mark.parametrize("words", REFUSED)
def test_what_cannot_be_is_refused_with_a_sentence(words):
    with pytest.raises(ParameterError) as caught:
        REFUSED[words]()
    assert words in str(caught.value)
