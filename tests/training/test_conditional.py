"""Games with classes: a step worked out by hand, sampling, and what is refused."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from gan_utils.errors import DataError, ParameterError
from gan_utils.networks.conditional import (
    auxiliary_discriminator,
    conditional_generator,
    planes_discriminator,
    projection_discriminator,
)
from gan_utils.networks.registry import build
from gan_utils.training.conditional import AuxiliaryGAN, ConditionalGAN
from gan_utils.training.losses import NonSaturating
from gan_utils.training.penalties import R1
from states import assert_same, weights

CLASSES = 3
POINTS = np.array([[3.0], [3.0], [-1.0], [0.5]], "float32")
LABELS = np.array([0, 1, 2, 1])


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def line(place):
    """G(z, y) = place[y] + 0 · z."""
    z, asked = keras.Input((1,)), keras.Input((CLASSES,))
    still = layers.Dense(1, use_bias=False, kernel_initializer="zeros", trainable=False)(z)
    there = layers.Dense(1, use_bias=False, name="places")(asked)
    model = keras.Model([z, asked], layers.Add()([still, there]))
    model.get_layer("places").set_weights([np.reshape(place, (CLASSES, 1))])
    return model


def told(slope, bonus):
    """D(x, y) = slope · x + bonus[y]."""
    x, asked = keras.Input((1,)), keras.Input((CLASSES,))
    of_x = layers.Dense(1, use_bias=False, name="slope")(x)
    of_y = layers.Dense(1, use_bias=False, name="bonus")(asked)
    model = keras.Model([x, asked], layers.Add()([of_x, of_y]))
    model.get_layer("slope").set_weights([np.array([[slope]])])
    model.get_layer("bonus").set_weights([np.reshape(bonus, (CLASSES, 1))])
    return model


def naming(slope, classes):
    """D(x) = slope · x, and logits classes[y] · x."""
    x = keras.Input((1,))
    answers = [
        layers.Dense(1, use_bias=False, name="slope")(x),
        layers.Dense(CLASSES, use_bias=False, name="named")(x),
    ]
    model = keras.Model(x, answers)
    model.get_layer("slope").set_weights([np.array([[slope]])])
    model.get_layer("named").set_weights([np.reshape(classes, (1, CLASSES))])
    return model


PLACE, BONUS = np.array([0.5, -0.3, 1.0]), np.array([0.1, -0.2, 0.4])
NAMED = np.array([0.3, -0.7, 0.2])


def one_step(game):
    game.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1))
    game.fit((POINTS, LABELS), steps=1, batch_size=4, epoch_steps=1)
    return {variable.path: variable.numpy().ravel() for variable in game.trainable_variables}


def test_one_step_by_hand():
    """Whole data in one batch: every label asks G once, and D hears it with both images."""
    generator, discriminator = line(PLACE), told(2.0, BONUS)
    one_step(ConditionalGAN(generator, discriminator, NonSaturating()))
    x, fake = POINTS[:, 0], PLACE[LABELS]
    at_real, at_fake = (2 * s + BONUS[LABELS] for s in (x, fake))
    d_real, d_fake = -(1 - sigmoid(at_real)) / 4, sigmoid(at_fake) / 4  # slopes of D's loss
    slope = 2 - 0.1 * (d_real @ x + d_fake @ fake)
    np.testing.assert_allclose(
        discriminator.get_layer("slope").get_weights()[0].ravel(), [slope], rtol=1e-5
    )
    rows = np.eye(CLASSES)[LABELS]
    bonus = BONUS - 0.1 * (d_real + d_fake) @ rows
    np.testing.assert_allclose(
        discriminator.get_layer("bonus").get_weights()[0].ravel(), bonus, rtol=1e-5
    )
    g_fake = -(1 - sigmoid(at_fake)) / 4
    place = PLACE - 0.1 * (g_fake * 2.0) @ rows
    np.testing.assert_allclose(
        generator.get_layer("places").get_weights()[0].ravel(), place, rtol=1e-5
    )


def test_one_step_of_the_auxiliary_game_by_hand():
    generator, discriminator = line(PLACE), naming(2.0, NAMED)
    one_step(AuxiliaryGAN(generator, discriminator, NonSaturating(), weight=0.5))
    x, fake, rows = POINTS[:, 0], PLACE[LABELS], np.eye(CLASSES)[LABELS]

    def surprise(s):
        """Slope of the cross entropy in the class logits: probabilities less the truth."""
        raised = np.exp(np.outer(s, NAMED))
        return raised / raised.sum(1, keepdims=True) - rows

    d_real, d_fake = -(1 - sigmoid(2 * x)) / 4, sigmoid(2 * fake) / 4
    slope = 2 - 0.1 * (d_real @ x + d_fake @ fake)
    np.testing.assert_allclose(
        discriminator.get_layer("slope").get_weights()[0].ravel(), [slope], rtol=1e-5
    )
    named = NAMED - 0.1 * 0.5 / 4 * (x @ surprise(x) + fake @ surprise(fake))
    np.testing.assert_allclose(
        discriminator.get_layer("named").get_weights()[0].ravel(), named, rtol=1e-5
    )
    at_images = -(1 - sigmoid(2 * fake)) * 2 + 0.5 * surprise(fake) @ NAMED
    np.testing.assert_allclose(
        generator.get_layer("places").get_weights()[0].ravel(),
        PLACE - 0.1 / 4 * at_images @ rows,
        rtol=1e-5,
    )


# --- networks of images -------------------------------------------------------------------------

IMAGES = np.random.default_rng(0).integers(0, 256, (40, 28, 28, 1), dtype=np.uint8)
OF_CLASS = np.arange(40) % 10
MADE = {
    "planes": (ConditionalGAN, planes_discriminator),
    "projection": (ConditionalGAN, projection_discriminator),
    "auxiliary": (AuxiliaryGAN, auxiliary_discriminator),
}


def image_game(way="projection", seed=0):
    kind, discriminator = MADE[way]
    keras.utils.set_random_seed(seed)
    game = kind(conditional_generator(), discriminator(), penalty=R1(0.2), ema=0.9, seed=seed)
    game.compile("adam", "adam")
    return game


@pytest.mark.parametrize("way", MADE)
def test_saved_in_the_middle_it_ends_as_if_never_stopped(way, tmp_path):
    tf.config.experimental.enable_op_determinism()
    whole = image_game(way)
    whole.fit((IMAGES, OF_CLASS), steps=6, batch_size=8, epoch_steps=2)
    first = image_game(way)
    first.fit((IMAGES, OF_CLASS), steps=3, batch_size=8, epoch_steps=2)
    first.save_state(tmp_path / "state.npz")
    second = image_game(way, seed=0)
    second.load_state(tmp_path / "state.npz")
    second.fit((IMAGES, OF_CLASS), steps=6, batch_size=8, epoch_steps=2)
    assert_same(weights(whole), weights(second))


def test_the_same_seed_shows_the_same_latent_vectors_as_other_classes():
    game = image_game()
    z = game.latent(4, seed=5)
    asked = np.eye(10, dtype="float32")[[2, 2, 2, 2]]
    np.testing.assert_array_equal(game.sample([2] * 4, seed=5), game.generate((z, asked)))
    assert np.abs(game.sample([3] * 4, seed=5) - game.sample([2] * 4, seed=5)).max() > 0
    np.testing.assert_array_equal(game.sample([2, 2], seed=5), game.sample([2] * 4, seed=5)[:2])


BAD_DATA = {
    "31 rows that belong together": (IMAGES, OF_CLASS[:31]),
    "holds 10 at index 39": (IMAGES, np.append(OF_CLASS[:39], 10)),
    "holds -1 at index 0": (IMAGES, np.append(-1, OF_CLASS[1:])),
    "labels are float32 of shape (40,)": (IMAGES, OF_CLASS.astype("float32")),
    "shape (40, 10); give one label a sample": (IMAGES, np.eye(10, dtype="uint8")[OF_CLASS]),
    "class 7 has no image": (IMAGES, np.where(OF_CLASS == 7, 6, OF_CLASS)),
    "give fit the pair (images, labels)": IMAGES,
    "(14, 14, 1) a sample": (IMAGES[:, ::2, ::2], OF_CLASS),
}


@pytest.mark.parametrize("words", BAD_DATA)
def test_bad_labels_are_one_sentence(words):
    with pytest.raises((DataError, ParameterError)) as caught:
        image_game().fit(BAD_DATA[words], steps=2, batch_size=8)
    assert words in str(caught.value)


@pytest.mark.parametrize("labels", [[0.5], [[0, 1]], [10], [], 4])
def test_what_cannot_be_sampled(labels):
    with pytest.raises(DataError, match="label"):
        image_game().sample(labels)


def players():
    generator, discriminator, _ = build("swift")
    return {
        "build it for latent vectors and rows of classes": (generator, projection_discriminator()),
        "rows of the generator's 10 classes": (conditional_generator(), discriminator),
        "rows of the generator's 7 classes": (conditional_generator(7), projection_discriminator()),
    }


@pytest.mark.parametrize("words", players())
def test_players_that_do_not_fit(words):
    with pytest.raises(ParameterError) as caught:
        ConditionalGAN(*players()[words])
    assert words in str(caught.value)


def test_an_auxiliary_game_needs_two_answers_and_a_weight():
    with pytest.raises(ParameterError, match="10 classes"):
        AuxiliaryGAN(conditional_generator(), projection_discriminator())
    with pytest.raises(ParameterError, match="weight is -1"):
        AuxiliaryGAN(conditional_generator(), auxiliary_discriminator(), weight=-1)
