"""What lesson 02 writes out by hand is the library's: its step, its rules and its networks."""

from __future__ import annotations

import json
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from gan_utils.data import scale
from gan_utils.networks.registry import build
from gan_utils.streams import Draw, stream
from gan_utils.training.gan import GAN
from gan_utils.training.losses import Minimax, NonSaturating, Relativistic
from gan_utils.training.penalties import R1
from gan_utils.training.sources import batches
from lesson_notebook import define_functions, read_cells

pytestmark = pytest.mark.repository

LESSON = Path(__file__).resolve().parents[2] / "notebooks" / "02_mlp_gan_mnist.ipynb"
SEED = 5
DIGITS = np.random.default_rng(0).integers(0, 256, (64, 28, 28, 1), dtype=np.uint8)


def optimizer():
    return keras.optimizers.Adam(2e-3, beta_1=0.5)


@pytest.fixture
def lesson():
    """The names that the cells tagged `parity` define, with a seed and two optimizers."""
    cells = json.loads(LESSON.read_text(encoding="utf-8"))["cells"]
    sources = ["".join(c["source"]) for c in cells if "parity" in c["metadata"].get("tags", ())]
    names = {"keras": keras, "layers": keras.layers, "tf": tf, "seed": SEED, "stream": stream}
    exec("\n".join(sources), names)
    return names | {"globals": names}


@pytest.fixture
def gan(lesson):
    """The library's pair; the lesson's networks get its weights and an optimizer each."""
    generator, discriminator, image_range = build("granada_mlp")
    gan = GAN(generator, discriminator, NonSaturating(), image_range=image_range, seed=SEED)
    gan.compile(optimizer(), optimizer())
    for name, player in (("generator", generator), ("discriminator", discriminator)):
        lesson[name].set_weights(player.get_weights())
    lesson["globals"].update(g_optimizer=optimizer(), d_optimizer=optimizer())
    return gan


def test_the_networks_have_the_parameters_of_the_report(lesson, gan):
    for generator in (lesson["generator"], gan.generator):
        assert generator.count_params() == 101 * 128 + 129 * 784 == 114_064
    for discriminator in (lesson["discriminator"], gan.discriminator):
        assert discriminator.count_params() == 785 * 128 + 129 == 100_609


def test_gan_loss_is_minus_the_log_of_the_probability(lesson):
    logits = np.array([[-3.0], [0.0], [2.5]], np.float32)
    probability = 1 / (1 + np.exp(-logits.astype(np.float64)))
    real, fake = (float(lesson["gan_loss"](tf.constant(logits), label)) for label in (True, False))
    np.testing.assert_allclose(real, -np.log(probability).mean(), rtol=1e-6)
    np.testing.assert_allclose(fake, -np.log(1 - probability).mean(), rtol=1e-6)


def test_compute_loss_is_the_non_saturating_loss(lesson, gan):
    real = scale(DIGITS, 0.0, 1.0)
    real_logits = gan.discriminator(real)
    fake_logits = gan.discriminator(gan.fake(len(DIGITS), Draw(SEED, 0)))
    d_loss, g_loss = lesson["compute_loss"](real)
    loss = NonSaturating()
    np.testing.assert_allclose(d_loss, loss.discriminator(real_logits, fake_logits), rtol=1e-6)
    np.testing.assert_allclose(g_loss, loss.generator(real_logits, fake_logits), rtol=1e-6)


@pytest.mark.parametrize("compiled", [False, True])
def test_five_steps_by_hand_are_five_steps_of_the_library(lesson, gan, compiled):
    by_hand = lesson["train_step"]
    if compiled:
        for player in ("generator", "discriminator"):
            chosen = lesson["globals"][f"{player[0]}_optimizer"]
            chosen.build(lesson[player].trainable_variables)
        by_hand = tf.function(by_hand)
    losses = []
    for batch in batches(DIGITS, 16, SEED, start=0, stop=5):
        losses.append([float(loss) for loss in by_hand(scale(batch, 0.0, 1.0))])
    history = gan.fit(DIGITS, steps=5, batch_size=16, epoch_steps=1).history
    np.testing.assert_allclose(
        losses, list(zip(history["d_loss"], history["g_loss"], strict=True)), rtol=1e-4
    )
    for name in ("generator", "discriminator"):
        ours, theirs = lesson[name].get_weights(), getattr(gan, name).get_weights()
        for mine, its in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(mine, its, atol=1e-5)


@pytest.fixture(scope="module")
def written():
    """All functions of the lesson."""
    return define_functions(read_cells(LESSON.stem), {})


def test_the_rules_of_the_collapse_are_the_librarys(written):
    keras.utils.set_random_seed(SEED)
    network = build("granada_mlp")[1]
    real = tf.constant(scale(DIGITS[:16], 0.0, 1.0))
    logits = network(real), network(1 - real)
    ours = [written["zero_sum"](logits[1]), *written["relativistic"](*logits)]
    theirs = [
        Minimax().generator(*logits),
        Relativistic().discriminator(*logits),
        Relativistic().generator(*logits),
    ]
    np.testing.assert_allclose(ours, theirs, rtol=1e-6)
    penalty = R1(0.7)(network, real, None)
    assert penalty > 0
    np.testing.assert_allclose(written["r1"](network, real, 0.7), penalty, rtol=1e-5)


def test_the_dcgan_is_the_librarys(written):
    generator, discriminator, _ = build("granada_dcgan")
    pairs = {"dcgan_generator": generator, "dcgan_discriminator": discriminator}
    for name, theirs in pairs.items():
        mine = written[name]()
        assert [layer.output.shape for layer in mine.layers] == [
            layer.output.shape for layer in theirs.layers
        ]
        assert written["alike"](mine, theirs, training=False)


def test_adam_by_hand_is_keras_adam(written):
    rng = np.random.default_rng(SEED)
    gradients = rng.normal(size=(20, 5)).astype("float32") * np.float32([1, 100, 0.01, 1, 5])
    start = rng.normal(size=5)
    weights = tf.Variable(start, dtype=tf.float32)
    adam = keras.optimizers.Adam(0.03, beta_1=0.9, beta_2=0.99)
    for gradient in gradients:
        adam.apply([tf.constant(gradient)], [weights])
    by_hand = written["adam_by_hand"](start, gradients, 0.03, beta_1=0.9, beta_2=0.99)
    np.testing.assert_allclose(weights, by_hand, rtol=1e-3, atol=1e-5)


def test_cross_entropies_are_the_same_where_float32_can_hold_them(written):
    for label in (0.0, 1.0):
        a = tf.constant([-3.0, 0.5, 4.0])
        right = np.logaddexp(0, -a if label else a)
        np.testing.assert_allclose(written["from_logits"](a, label), right, rtol=1e-5)
        np.testing.assert_allclose(written["by_the_formula"](a, label), right, rtol=1e-5)
        np.testing.assert_allclose(
            [float(written["cut_off"](a[i : i + 1], label)) for i in range(3)], right, rtol=1e-5
        )
