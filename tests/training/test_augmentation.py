"""Mirroring and shifting: what it makes of images, and what the game makes of it."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from gan_utils.errors import ParameterError
from gan_utils.networks.compact import compact_discriminator, compact_generator
from gan_utils.streams import Draw
from gan_utils.training.augmentation import MirrorAndShift
from gan_utils.training.gan import GAN
from gan_utils.training.penalties import R1

IMAGES = np.random.default_rng(0).normal(size=(40, 16, 24, 2)).astype("float32")


def shifted(image, down, right):
    """By numpy's padding: what comes in repeats the border."""
    height, width, _ = image.shape
    padded = np.pad(image, ((3, 3), (3, 3), (0, 0)), mode="edge")
    return padded[3 + down : 3 + down + height, 3 + right : 3 + right + width]


def test_each_image_is_shifted_by_whole_pixels_and_half_of_them_are_mirrored():
    seen = MirrorAndShift(shift=0.125)(tf.constant(IMAGES), Draw(0, 5)).numpy()
    assert seen.shape == IMAGES.shape
    found = []
    for image, result in zip(IMAGES, seen, strict=True):
        ways = [
            (down, right, mirrored)
            for mirrored in (False, True)
            for down in range(-2, 3)
            for right in range(-3, 4)
            if np.allclose(shifted(image[:, ::-1] if mirrored else image, down, right), result)
        ]
        assert len(ways) == 1
        found += ways
    down, right, mirrored = np.transpose(found)
    assert set(down) == set(range(-2, 3)) and set(right) == set(range(-3, 4))
    assert 10 < mirrored.sum() < 30


def test_nothing_to_do_leaves_the_images_alone():
    seen = MirrorAndShift(mirror=False, shift=0)(tf.constant(IMAGES), Draw(0, 5))
    np.testing.assert_array_equal(seen, IMAGES)


def test_the_same_step_treats_images_alike_and_another_step_does_not():
    way, images = MirrorAndShift(), tf.constant(IMAGES)
    np.testing.assert_array_equal(way(images, Draw(0, 5)), way(images, Draw(0, 5)))
    assert np.abs(way(images, Draw(0, 6)) - way(images, Draw(0, 5))).max() > 0


def test_slopes_go_back_to_the_pixel_that_was_moved():
    """A weighted sum of pixels has the weights, moved back, as its slopes: ⟨w, Ax⟩ = ⟨Aᵀw, x⟩."""
    weights = np.random.default_rng(1).normal(size=IMAGES.shape).astype("float32")
    images = tf.Variable(IMAGES)
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(weights * MirrorAndShift()(images, Draw(0, 5)))
    slopes = tape.gradient(total, images).numpy()
    assert float(total) == pytest.approx(float((slopes * IMAGES).sum()), rel=1e-4)


def test_both_players_learn_through_it():
    """One step of the game has the gradients of a textbook step on images that are treated."""
    keras.utils.set_random_seed(0)
    generator, discriminator = compact_generator(), compact_discriminator()
    way = MirrorAndShift()
    game = GAN(generator, discriminator, penalty=R1(0.3), augment=way, seed=3)
    real = tf.constant(np.random.default_rng(0).uniform(-1, 1, (6, 28, 28, 1)).astype("float32"))
    handed = {}
    game.move = lambda name, gradients: handed.update({name: gradients})
    game.update(real, Draw(3, 7))

    z = Draw(3, 7).normal("latent", 6, 64)
    with tf.GradientTape(persistent=True) as tape:
        fake = generator(z, training=True)
        with tf.GradientTape() as inner:
            inner.watch(real)
            at_real = discriminator(way(real, Draw(3, 7)), training=True)
        at_fake = discriminator(way(fake, Draw(3, 7)), training=True)
        slopes = tf.reduce_sum(tf.square(inner.gradient(at_real, real)), axis=[1, 2, 3])
        d_loss = tf.reduce_mean(tf.nn.softplus(-at_real)) + tf.reduce_mean(tf.nn.softplus(at_fake))
        d_loss += 0.15 * tf.reduce_mean(slopes)
        g_loss = tf.reduce_mean(tf.nn.softplus(-at_fake))
    for name, loss, network in (
        ("discriminator", d_loss, discriminator), ("generator", g_loss, generator)
    ):  # fmt: skip
        expected = tape.gradient(loss, network.trainable_variables)
        for mine, theirs in zip(handed[name], expected, strict=True):
            np.testing.assert_allclose(mine, theirs, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("shift", [-0.1, 0.6, float("nan")])
def test_a_shift_out_of_range_is_refused(shift):
    with pytest.raises(ParameterError, match="give a share of the side"):
        MirrorAndShift(shift=shift)
