"""Losses and penalties against closed forms on hand-made logits and linear discriminators."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from gan_utils.errors import ParameterError
from gan_utils.streams import Draw
from gan_utils.training.losses import LOSSES, NonSaturating
from gan_utils.training.penalties import R1, GradientPenalty, Lazy, clip_weights

RNG = np.random.default_rng(0)
REAL = RNG.normal(2.0, 3.0, (64, 1)).astype("float32")
FAKE = RNG.normal(-1.0, 3.0, (64, 1)).astype("float32")


def softplus(a):
    return np.logaddexp(0.0, a.astype("float64"))


# −log σ(a) = softplus(−a) and −log(1 − σ(a)) = softplus(a).
CLOSED_FORMS = {
    "minimax": (
        softplus(-REAL).mean() + softplus(FAKE).mean(),
        -softplus(FAKE).mean(),
    ),
    "non_saturating": (
        softplus(-REAL).mean() + softplus(FAKE).mean(),
        softplus(-FAKE).mean(),
    ),
    "wasserstein": (FAKE.mean() - REAL.mean(), -FAKE.mean()),
    "relativistic": (softplus(FAKE - REAL).mean(), softplus(REAL - FAKE).mean()),
}


@pytest.mark.parametrize("name", LOSSES)
def test_both_players_have_their_closed_form(name):
    loss = LOSSES[name]()
    got = float(loss.discriminator(REAL, FAKE)), float(loss.generator(REAL, FAKE))
    np.testing.assert_allclose(got, CLOSED_FORMS[name], rtol=1e-5)


@pytest.mark.parametrize("name", LOSSES)
def test_no_overflow_at_extreme_logits(name):
    loss = LOSSES[name]()
    sure, fooled = tf.fill((4, 1), 1e4), tf.fill((4, 1), -1e4)
    for real, fake in ((sure, fooled), (fooled, sure)):
        assert np.isfinite([loss.discriminator(real, fake), loss.generator(real, fake)]).all()


def test_minimax_is_a_zero_sum_game_in_the_generated_part():
    zeros = tf.zeros((8, 1))
    loss = LOSSES["minimax"]()
    np.testing.assert_allclose(loss.discriminator(zeros, zeros), 2 * np.log(2), rtol=1e-6)
    np.testing.assert_allclose(loss.generator(zeros, zeros), -np.log(2), rtol=1e-6)


@pytest.mark.parametrize(
    ("name", "slope"), [("minimax", -0.0024726), ("non_saturating", -0.9975274)]
)
def test_slopes_of_the_generator_at_minus_six(name, slope):
    """−σ(a) against −(1 − σ(a)) at a = −6."""
    logits = tf.constant([[-6.0]])
    with tf.GradientTape() as tape:
        tape.watch(logits)
        value = LOSSES[name]().generator(logits, logits)
    np.testing.assert_allclose(tape.gradient(value, logits).numpy().item(), slope, rtol=1e-4)


def test_label_noise_stays_in_its_range_and_has_its_mean():
    logits = tf.zeros((20_000, 1))
    noisy = NonSaturating(label_noise=0.2)
    for value, low, high in ((1.0, 0.8, 1.0), (0.0, 0.0, 0.2)):
        labels = noisy.labels(logits, value, Draw(1, 2)).numpy()
        assert low - 1e-6 <= labels.min() and labels.max() <= high + 1e-6
        np.testing.assert_allclose(labels.mean(), (low + high) / 2, atol=0.003)


def test_flips_exchange_their_share_of_labels():
    labels = NonSaturating(label_flip=0.05).labels(tf.zeros((20_000, 1)), 1.0, Draw(1, 2)).numpy()
    assert set(np.unique(labels)) == {0.0, 1.0}
    np.testing.assert_allclose(1 - labels.mean(), 0.05, atol=0.006)


def test_labels_depend_on_the_seed_alone():
    loss, logits = NonSaturating(0.1, 0.1), tf.zeros((100, 1))
    first, again, other = (loss.labels(logits, 1.0, Draw(1, step)).numpy() for step in (2, 2, 3))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize(
    "options", [{"label_noise": -0.1}, {"label_noise": 0.6}, {"label_flip": 2}]
)
def test_shares_out_of_range(options):
    with pytest.raises(ParameterError, match=r"outside \[0, 0.5\]"):
        NonSaturating(**options)


def linear(weights):
    model = keras.Sequential([keras.Input((len(weights),)), keras.layers.Dense(1)])
    model.layers[0].set_weights([np.array(weights, "float32")[:, None], np.array([0.3], "float32")])
    return model


@pytest.mark.parametrize("weights", [[3.0, 4.0], [0.6, 0.8], [0.0, 0.0]])
def test_penalties_of_a_linear_critic(weights):
    """D(x) = w · x has the slope w everywhere: R1 is γ/2 ‖w‖², the gradient penalty (‖w‖ − 1)²."""
    real, fake = RNG.normal(size=(2, 16, 2)).astype("float32")
    norm = np.hypot(*weights)
    np.testing.assert_allclose(
        R1(0.5)(linear(weights), tf.constant(real), tf.constant(fake)), 0.25 * norm**2, rtol=1e-5
    )
    penalty = GradientPenalty(10.0)(
        linear(weights), tf.constant(real), tf.constant(fake), Draw(0, 1)
    )
    np.testing.assert_allclose(penalty, 10 * (norm - 1) ** 2, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("penalty", [R1(0.5), GradientPenalty(2.0)])
@pytest.mark.parametrize("every", [1, 3])
def test_a_lazy_penalty_has_the_same_sum_and_slope_over_its_steps(penalty, every):
    critic, (real, fake) = linear([3.0, 4.0]), RNG.normal(size=(2, 16, 2)).astype("float32")
    weights = critic.trainable_variables[0]

    @tf.function
    def measured(chosen, step):
        with tf.GradientTape() as tape:
            value = chosen(critic, tf.constant(real), tf.constant(fake), Draw(0, step))
        return value, tape.gradient(value, weights)

    steps = [tf.constant(step, tf.int64) for step in range(2 * every)]
    values, slopes = zip(*(measured(Lazy(penalty, every), step) for step in steps), strict=True)
    assert [bool(value != 0) for value in values] == [
        step % every == 0 for step in range(len(steps))
    ]
    # The slope of a linear critic is the same at every sample, so each step has the same penalty.
    expected, slope = measured(penalty, steps[0])
    np.testing.assert_allclose(sum(values), len(steps) * expected, rtol=1e-4)
    np.testing.assert_allclose(sum(slopes), len(steps) * slope, rtol=1e-4)


def test_a_lazy_penalty_of_no_possible_number_of_steps():
    with pytest.raises(ParameterError, match="every is 0"):
        Lazy(R1(), 0)


def test_the_penalty_has_a_finite_slope_on_a_flat_critic():
    critic = linear([0.0, 0.0])
    real, fake = RNG.normal(size=(2, 16, 2)).astype("float32")
    with tf.GradientTape() as tape:
        value = GradientPenalty()(critic, tf.constant(real), tf.constant(fake), Draw(0, 1))
    slopes = tape.gradient(value, critic.trainable_variables[0])
    assert np.isfinite(slopes.numpy()).all()


def test_the_penalty_looks_between_the_samples():
    """D(x) = x² has the slope 2x; with x̂ between 1 and 3 the penalty lies between its ends."""
    square = keras.Sequential([keras.Input((1,)), keras.layers.Lambda(lambda x: x**2)])
    penalty = GradientPenalty(1.0)(square, tf.ones((500, 1)), tf.fill((500, 1), 3.0), Draw(0, 1))
    # E(2u − 1)² for u uniform on [1, 3] is 31/3.
    np.testing.assert_allclose(penalty, 31 / 3, rtol=0.1)


def test_clipped_weights_stay_within_their_limit_after_each_update():
    critic = linear([3.0, -0.004])
    clip_weights(critic, 0.01)
    np.testing.assert_allclose(critic.get_weights()[0][:, 0], [0.01, -0.004])
    optimizer = keras.optimizers.RMSprop(0.1)
    for _ in range(3):
        optimizer.apply([tf.ones((2, 1)), tf.zeros(1)], critic.trainable_variables)
        assert max(np.abs(weight).max() for weight in critic.get_weights()) <= 0.01 + 1e-9
    np.testing.assert_allclose(critic.get_weights()[0][:, 0], [-0.01, -0.01])


@pytest.mark.parametrize("limit", [0, -0.1, float("nan"), float("inf")])
def test_a_limit_that_cannot_be(limit):
    with pytest.raises(ParameterError, match="above 0"):
        clip_weights(linear([1.0]), limit)
