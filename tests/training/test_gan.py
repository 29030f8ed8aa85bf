"""The training step against hand-made gradients, and training that survives being killed."""

import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from gan_utils.errors import CheckpointError, OutputError, ParameterError, TrainingDiverged
from gan_utils.fast.optimizers import Adam
from gan_utils.networks.plane import mlp_2d_discriminator, mlp_2d_generator
from gan_utils.networks.registry import ARCHITECTURES, build
from gan_utils.streams import Draw
from gan_utils.training.callbacks import Backup, DivergenceGuard, Scores, Snapshots
from gan_utils.training.gan import GAN
from gan_utils.training.gradients import answers_apart, logits
from gan_utils.training.losses import Minimax, NonSaturating, Relativistic, Wasserstein
from gan_utils.training.penalties import R1, GradientPenalty, Lazy
from gan_utils.training.sources import batches
from states import assert_same, weights

# As in every lesson: on a GPU, sums have one order only then.
tf.config.experimental.enable_op_determinism()

POINTS = np.random.default_rng(0).normal(size=(50, 2)).astype("float32")


def small_gan(seed=0, width=8, rate=1e-3, **options):
    keras.utils.set_random_seed(seed)
    discriminator = keras.Sequential(
        [
            keras.Input((2,)),
            keras.layers.Dense(width, activation="relu"),
            keras.layers.Dropout(0.3),
            keras.layers.Dense(1),
        ]
    )
    gan = GAN(mlp_2d_generator(width=width), discriminator, seed=seed, **options)
    gan.compile(keras.optimizers.Adam(rate), keras.optimizers.Adam(rate))
    return gan


# --- batches ----------------------------------------------------------------------------------


def test_each_pass_over_the_data_shows_every_row_once():
    rows = np.arange(12, dtype="float32")
    seen = np.concatenate([b.numpy() for b in batches(rows, 4, seed=1, start=0, stop=6)])
    first, second = seen[:12], seen[12:]
    assert sorted(first) == sorted(second) == list(range(12))
    assert list(first) != list(second)


def test_a_pass_may_end_inside_a_batch():
    seen = np.concatenate([b.numpy() for b in batches(np.arange(10.0), 4, 0, 0, 5)])
    assert sorted(seen[:10]) == sorted(seen[10:]) == list(range(10))


def test_batches_from_the_middle_are_those_of_the_whole():
    whole = [b.numpy() for b in batches(POINTS, 8, 3, 0, 20)]
    tail = [b.numpy() for b in batches(POINTS, 8, 3, 13, 20)]
    np.testing.assert_array_equal(whole[13:], tail)


# --- the step ---------------------------------------------------------------------------------


def test_one_step_of_gradient_descent_by_hand():
    """A linear game whose gradients fit on paper: G(z) = b, D(x) = w · x, minimax by SGD."""
    generator = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    discriminator = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    generator.set_weights([np.zeros((1, 1)), np.array([0.5])])
    discriminator.set_weights([np.array([[2.0]])])
    gan = GAN(generator, discriminator, NonSaturating())
    gan.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1))
    gan.fit(np.full((4, 1), 3.0, "float32"), steps=1, batch_size=4, epoch_steps=1)

    def sigmoid(a):
        return 1 / (1 + np.exp(-a))

    d_slope = -(1 - sigmoid(2 * 3.0)) * 3.0 + sigmoid(2 * 0.5) * 0.5
    g_slope = -(1 - sigmoid(2 * 0.5)) * 2.0  # at the discriminator's weight before its update
    np.testing.assert_allclose(discriminator.get_weights()[0][0, 0], 2 - 0.1 * d_slope, rtol=1e-6)
    np.testing.assert_allclose(generator.get_weights()[1][0], 0.5 - 0.1 * g_slope, rtol=1e-6)


def image_gan(loss, penalty, precision="float32"):
    keras.utils.set_random_seed(0)
    generator, discriminator, image_range = build("compact", precision)
    return GAN(generator, discriminator, loss, penalty, image_range=image_range)


def both_ways(gan, real):
    draw = Draw(0, 4)
    weights = gan.generator.trainable_variables, gan.discriminator.trainable_variables
    arguments = lambda: gan.fake(len(real), draw), gan.answers(draw), real, draw, *weights
    return gan.game.two_tapes(*arguments), gan.game.one_backward_pass(*arguments)


@pytest.mark.parametrize("penalty", [None, R1(0.3), GradientPenalty(), Lazy(R1(0.3))])
@pytest.mark.parametrize(
    "loss", [NonSaturating(0.2, 0.1), Minimax(), Wasserstein(), Relativistic()], ids=repr
)
def test_one_backward_pass_gives_the_gradients_of_two(loss, penalty):
    gan = image_gan(loss, penalty)
    images = np.random.default_rng(0).integers(256, size=(16, 28, 28, 1), dtype=np.uint8)
    plain, shared = both_ways(gan, gan._scaled(tf.constant(images)))
    for one, other in zip(tf.nest.flatten(plain), tf.nest.flatten(shared), strict=True):
        np.testing.assert_allclose(other, one, rtol=1e-3, atol=1e-5 * np.abs(one).max())


def test_a_discriminator_that_is_sure_still_teaches_the_generator():
    """Its own slope is 0 in float32, the generator's is not: the ratio must not be lost."""
    gan = image_gan(NonSaturating(), None)
    kernel, bias = gan.discriminator.layers[-1].get_weights()
    gan.discriminator.layers[-1].set_weights([kernel, bias - 200.0])
    plain, shared = both_ways(gan, tf.zeros([4, 28, 28, 1]))
    for one, other in zip(plain.g, shared.g, strict=True):
        assert np.abs(one).max() > 0
        np.testing.assert_allclose(other, one, rtol=1e-3, atol=1e-5 * np.abs(one).max())


def test_bfloat16_trains_with_logits_and_samples_in_float32():
    gan = image_gan(Relativistic(), R1(0.1), "bfloat16")
    assert gan.discriminator.compute_dtype == "bfloat16"
    gan.compile(Adam(1e-3), Adam(1e-3))
    images = np.random.default_rng(0).integers(256, size=(20, 28, 28, 1), dtype=np.uint8)
    gan.fit(images, steps=2, batch_size=8, epoch_steps=1)
    assert logits(gan.answers(Draw()), gan.generator(gan.latent(4))).dtype == tf.float32
    samples = gan.sample(4)
    assert samples.dtype == np.float32 and np.isfinite(samples).all()


def test_the_whole_step_compiles_with_xla():
    """With every option on; XLA draws other random numbers, so the weights differ."""
    penalty = Lazy(GradientPenalty(), 2)
    options = {"loss": NonSaturating(0.1, 0.1), "penalty": penalty, "d_steps": 2}
    gan, plain = (small_gan(ema=0.9, **options) for _ in range(2))
    gan.compile(Adam(1e-3), Adam(1e-3), xla=True)
    for each in (gan, plain):
        each.fit(POINTS, steps=40, batch_size=25, epoch_steps=20)
    assert gan.step == 40 and np.isfinite(gan.sample(5)).all()
    np.testing.assert_allclose(gan.recorded("d_loss")[1], plain.recorded("d_loss")[1], rtol=0.1)


def test_only_layers_that_keep_samples_apart_are_shared():
    apart = {"tutorial": True, "pucp": False, "compact": True, "torres": True, "radford": False}
    apart["swift"] = False  # its discriminator compares images
    for name, answer in apart.items():
        assert answers_apart(ARCHITECTURES[name].discriminator()) == answer, name


def test_new_data_are_trained_on():
    """The compiled steps hold the data, so that others need steps of their own."""
    gan, other = small_gan(), small_gan()
    gan.fit(POINTS, steps=2, batch_size=8, epoch_steps=2)
    gan.fit(POINTS + 5, steps=4, batch_size=8, epoch_steps=2)
    other.fit(POINTS, steps=4, batch_size=8, epoch_steps=2)
    assert not np.allclose(gan.sample(5), other.sample(5))


def test_several_discriminator_steps_for_one_of_the_generator():
    gan = small_gan(d_steps=3)
    gan.fit(POINTS, steps=4, batch_size=8, epoch_steps=2)
    assert int(gan.optimizers["discriminator"].iterations) == 12
    assert int(gan.optimizers["generator"].iterations) == gan.step == 4


def test_the_average_follows_the_generator():
    """By a decay of 0.9 a step, taken at every fourth step."""
    gan = small_gan(ema=0.9)
    expected = gan.generator.get_weights()
    for step in range(1, 10):
        gan.fit(POINTS, steps=step, batch_size=8, epoch_steps=1)
        if step % 4 == 0:
            kept = 0.9**4
            now = gan.generator.get_weights()
            expected = [
                kept * old + (1 - kept) * new for old, new in zip(expected, now, strict=True)
            ]
        for mean, closed_form in zip(gan.average.get_weights(), expected, strict=True):
            np.testing.assert_allclose(mean, closed_form, atol=1e-7)


def test_uniform_prior_stays_in_its_range_and_normal_does_not():
    uniform = small_gan(prior="uniform").latent(4000)
    assert np.abs(uniform).max() <= 1.0
    assert abs(uniform.var() - 1 / 3) < 0.02
    assert abs(small_gan().latent(4000).var() - 1.0) < 0.05


def test_images_are_scaled_to_the_range_of_the_generator():
    gan = small_gan(image_range=(0.0, 1.0))
    batch = tf.constant([[0, 255]], tf.uint8)
    np.testing.assert_allclose(gan._scaled(batch), [[0.0, 1.0]])
    gan.image_range = (-1.0, 1.0)
    np.testing.assert_allclose(gan._scaled(batch), [[-1.0, 1.0]], atol=1e-6)


def test_same_seed_same_weights_and_another_seed_others():
    one, two, three = small_gan(1), small_gan(1), small_gan(2)
    for gan in (one, two, three):
        gan.fit(POINTS, steps=6, batch_size=8, epoch_steps=3)
    assert_same(weights(one), weights(two))
    assert not np.array_equal(one.sample(5), three.sample(5))


# --- resuming ---------------------------------------------------------------------------------


def test_two_calls_of_fit_are_one(tmp_path):
    options = {"ema": 0.9, "penalty": Lazy(R1(0.1), 3), "loss": NonSaturating(0.1, 0.1)}
    whole, first, second = (small_gan(**options) for _ in range(3))
    whole.fit(POINTS, steps=8, batch_size=8, epoch_steps=3)
    first.fit(POINTS, steps=3, batch_size=8, epoch_steps=3)  # between two moves of the average
    first.save_state(tmp_path / "state.npz")
    second.load_state(tmp_path / "state.npz")
    second.fit(POINTS, steps=8, batch_size=8, epoch_steps=3)
    assert_same(weights(whole), weights(second))
    np.testing.assert_array_equal(whole.recorded("d_loss"), second.recorded("d_loss"))


KILLED = """
import os, signal, sys
import keras
sys.path[:0] = [{tests!r}, {support!r}]
from test_gan import POINTS, small_gan
from gan_utils.training.callbacks import Backup, Snapshots

class Killer(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        if epoch == {epoch}:
            os.kill(os.getpid(), signal.SIGKILL)

gan = small_gan(ema=0.9, loss=None)
killer = [Killer()] if {epoch} >= 0 else []
place = [*killer, Backup({path!r}, every=2)]
gan.fit(POINTS, steps=16, batch_size=8, epoch_steps=2, callbacks=[Snapshots(gan.latent(3)), *place])
gan.save_state(sys.argv[1])
"""


def test_killed_twice_and_resumed_ends_as_if_never_killed(tmp_path):
    def run(epoch, path, out):
        here = Path(__file__).resolve().parent
        support = str(here.parent / "support")
        script = KILLED.format(tests=str(here), support=support, epoch=epoch, path=str(path))
        return subprocess.run([sys.executable, "-c", script, str(out)], capture_output=True)

    backup = tmp_path / "backup.npz"
    for epoch in (3, 6):
        assert run(epoch, backup, tmp_path / "none.npz").returncode == -signal.SIGKILL
        assert backup.exists()
    assert run(-1, backup, tmp_path / "resumed.npz").returncode == 0
    assert not backup.exists(), "a finished run must not be resumed by the next"
    assert run(-1, tmp_path / "other.npz", tmp_path / "whole.npz").returncode == 0
    with np.load(tmp_path / "resumed.npz") as resumed, np.load(tmp_path / "whole.npz") as whole:
        assert_same(dict(whole), dict(resumed))
        assert len(whole["record steps/snapshots"]) == 9


def test_a_failed_save_leaves_the_earlier_state(tmp_path, monkeypatch):
    gan = small_gan()
    path = tmp_path / "state.npz"
    gan.save_state(path)
    before = path.read_bytes()
    gan.fit(POINTS, steps=2, batch_size=8, epoch_steps=2)

    def full(file):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match="no space left on device"):
        gan.save_state(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path], "no temporary file stays behind"


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 cut short", None])
def test_a_checkpoint_that_cannot_be_read(tmp_path, damage):
    gan = small_gan()
    path = tmp_path / "state.npz"
    gan.save_state(path)
    path.write_bytes(path.read_bytes()[:-200] if damage is None else damage)
    with pytest.raises(CheckpointError, match="cannot be read"):
        gan.load_state(path)


def test_nothing_changes_when_a_checkpoint_does_not_fit(tmp_path):
    small_gan(width=8).save_state(tmp_path / "narrow.npz")
    wide = small_gan(width=16)
    before = weights(wide)
    with pytest.raises(CheckpointError, match="another architecture"):
        wide.load_state(tmp_path / "narrow.npz")
    assert_same(before, weights(wide))


# --- callbacks --------------------------------------------------------------------------------


def test_snapshots_and_scores_are_recorded_with_their_steps():
    gan = small_gan()
    callbacks = [Snapshots(gan.latent(3), every=2), Scores("twice", lambda g: 2 * g.step)]
    gan.fit(POINTS, steps=8, batch_size=8, epoch_steps=2, callbacks=callbacks)
    steps, snapshots = gan.recorded("snapshots")
    assert list(steps) == [0, 4, 8] and snapshots.shape == (3, 3, 2)
    np.testing.assert_array_equal(snapshots[-1], gan.generate(gan.latent(3)))
    assert list(gan.recorded("twice")[1]) == [4, 8, 12, 16]


def test_a_loss_that_is_not_finite_stops_training_and_keeps_the_last_backup(tmp_path):
    gan = small_gan()
    rate = gan.optimizers["generator"].learning_rate
    faster = keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: rate.assign(1e30))
    callbacks = [faster, DivergenceGuard(), Backup(tmp_path / "b.npz")]
    gan.fit(POINTS, steps=2, batch_size=8, epoch_steps=2)
    gan.save_state(tmp_path / "b.npz")
    with pytest.raises(TrainingDiverged, match="after 4 steps"):
        gan.fit(POINTS, steps=4, batch_size=8, epoch_steps=2, callbacks=callbacks)
    healthy = small_gan()
    healthy.load_state(tmp_path / "b.npz")
    assert healthy.step == 2 and all(np.isfinite(w).all() for w in weights(healthy).values())


@pytest.mark.parametrize("penalty", [None, GradientPenalty(1.0)])
def test_a_wasserstein_gan_trains_through_fit(penalty):
    gan = small_gan(loss=Wasserstein(), penalty=penalty, d_steps=2)
    history = gan.fit(POINTS, steps=4, batch_size=8, epoch_steps=2).history
    assert len(history["d_loss"]) == 2 and np.isfinite(history["d_loss"]).all()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"prior": "cauchy"}, "prior is 'cauchy'"),
        ({"ema": 1.0}, "ema is 1.0"),
        ({"ema": -0.1}, "ema is -0.1"),
        ({"d_steps": 0}, "d_steps is 0"),
        ({"seed": -1}, "seed is -1"),
        ({"seed": 2**31}, "seed is 2147483648"),
        ({"seed": True}, "seed is True"),
        ({"ema": "0.9"}, "ema is 0.9: give a decay"),
        ({"ema": None}, "ema is None"),
        ({"image_range": (1.0, -1.0)}, r"image_range is \(1.0, -1.0\): give the lowest and the"),
        ({"image_range": (0.0, float("nan"))}, "image_range is"),
        ({"image_range": "ab"}, "image_range is 'ab'"),
        ({"loss": "hinge"}, "there is no loss 'hinge'"),
        ({"loss": 3}, "loss is 3: give an object of training.losses"),
        ({"loss": Wasserstein}, "loss is <class .*: give an object"),
        ({"penalty": "r1"}, "penalty is 'r1': give an object of training.penalties"),
        ({"penalty": R1}, "penalty is <class .*: give an object"),
    ],
)
def test_options_out_of_range(options, words):
    with pytest.raises(ParameterError, match=words):
        GAN(mlp_2d_generator(), mlp_2d_discriminator(), **options)


def ending(*stack, shape=(28, 28, 1), name="discriminator"):
    return keras.Sequential([keras.Input(shape), *stack], name=name)


def unlike_each_other(case):
    """A generator and a discriminator, one of which cannot play."""
    layers = keras.layers
    generator, discriminator, image_range = build("compact")
    options = {"image_range": image_range}
    if case == "sigmoid":
        discriminator = ending(layers.Flatten(), layers.Dense(1, activation="sigmoid"))
    elif case == "activation layer":
        discriminator = ending(layers.Flatten(), layers.Dense(1), layers.Activation("sigmoid"))
    elif case == "inside another":
        inner = ending(layers.Flatten(), layers.Dense(1, activation="tanh"))
        discriminator = ending(inner)
    elif case == "map":
        discriminator = ending(layers.Conv2D(8, 4, strides=2), layers.Conv2D(1, 3))
    elif case == "range":
        options = {"image_range": (0.0, 1.0)}
    elif case == "sigmoid G":
        options, (generator, _, _) = {}, build("granada_mlp")
    elif case == "not built":
        generator = keras.Sequential([layers.Dense(784), layers.Reshape((28, 28, 1))])
    elif case == "rank of z":
        generator = ending(layers.Conv2D(1, 3, padding="same"), name="generator")
    elif case == "float16":
        with float16():
            discriminator = ending(layers.Flatten(), layers.Dense(1))
    return generator, discriminator, options


@contextmanager
def float16():
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


@pytest.mark.parametrize(
    ("case", "words"),
    [
        ("sigmoid", "the discriminator ends in sigmoid, and the losses take logits"),
        ("activation layer", "the discriminator ends in sigmoid"),
        ("inside another", "the discriminator ends in tanh"),
        ("map", r"answers with shape \(11, 11, 1\) a sample, not with one number"),
        ("range", r"ends in tanh but image_range is \(0.0, 1.0\): give image_range=\(-1.0, 1.0\)"),
        ("sigmoid G", r"ends in sigmoid but image_range is \(-1.0, 1.0\)"),
        ("not built", "the generator is not built, so its shapes are unknown"),
        ("rank of z", "the generator reads inputs of shape .* build it for latent vectors"),
        ("float16", "the discriminator computes in float16"),
    ],
)
def test_networks_that_cannot_play(case, words):
    generator, discriminator, options = unlike_each_other(case)
    with pytest.raises(ParameterError, match=words):
        GAN(generator, discriminator, **options)


def test_names_stand_for_losses_and_optimizers():
    gan = GAN(mlp_2d_generator(), mlp_2d_discriminator(), loss="wasserstein")
    assert gan.game.loss == Wasserstein()
    gan.compile("rmsprop", "adam")
    assert isinstance(gan.optimizers["generator"], keras.optimizers.RMSprop)


@pytest.mark.parametrize("make", [R1, GradientPenalty])
@pytest.mark.parametrize("weight", [-1.0, float("nan"), float("inf"), "1", None, True])
def test_penalties_of_no_possible_weight(make, weight):
    with pytest.raises(ParameterError, match="give a number from 0 up"):
        make(weight)


def test_points_in_double_precision_train_with_a_penalty():
    gan = small_gan(penalty=GradientPenalty(1.0))
    gan.fit(POINTS.astype("float64"), steps=2, batch_size=8, epoch_steps=2)
    other = small_gan(penalty=GradientPenalty(1.0))
    other.fit(POINTS, steps=2, batch_size=8, epoch_steps=2)
    assert_same(weights(gan), weights(other))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((0,), "count is 0"),
        ((2.5,), "count is 2.5"),
        ((3, -1), "seed is -1"),  # no other seed's samples in silence
        ((3, 1.5), "seed is 1.5"),
        ((3, 2**31), "seed is 2147483648"),
    ],
)
def test_samples_that_cannot_be_drawn_are_refused(arguments, words):
    with pytest.raises(ParameterError, match=words):
        small_gan().sample(*arguments)


def test_players_of_different_shapes():
    discriminator = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    with pytest.raises(ParameterError, match="build both for one shape"):
        GAN(mlp_2d_generator(), discriminator)
    gan = GAN(mlp_2d_generator(), mlp_2d_discriminator())
    gan.compile(keras.optimizers.Adam(), keras.optimizers.Adam())
    with pytest.raises(ParameterError, match="the data have shape"):
        gan.fit(np.zeros((10, 3), "float32"), steps=1, epoch_steps=1)


def test_epochs_may_change_length_between_calls_also_from_the_middle_of_one():
    gan, whole = small_gan(), small_gan()
    gan.fit(POINTS, steps=6, batch_size=8, epoch_steps=3)
    gan.fit(POINTS, steps=13, batch_size=8, epoch_steps=4)
    assert gan.step == 13 and int(gan.optimizers["discriminator"].iterations) == 13
    assert list(gan.recorded("d_loss")[0]) == [3, 6, 8, 12, 13]
    whole.fit(POINTS, steps=13, batch_size=8, epoch_steps=13)
    assert_same(weights(whole), weights(gan))


def test_a_weight_may_be_a_variable_that_changes_while_it_plays():
    weight = tf.Variable(0.5)
    penalty = R1(weight)
    real = tf.constant([[3.0, 4.0]])
    assert float(penalty(lambda x: x @ [[1.0], [2.0]], real, real)) == pytest.approx(0.25 * 5)
    weight.assign(2.0)
    assert float(penalty(lambda x: x @ [[1.0], [2.0]], real, real)) == pytest.approx(5)
    with pytest.raises(ParameterError, match="gamma is"):
        R1(tf.Variable(-1.0))
