"""Growing: shares of the new, real images that fade as well, and resuming in a fade."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from gan_utils.errors import CheckpointError, ParameterError
from gan_utils.networks.growing import Growth
from gan_utils.training.losses import Relativistic
from gan_utils.training.penalties import R1
from gan_utils.training.progressive import ProgressiveGAN
from states import assert_same, weights

IMAGES = np.random.default_rng(0).integers(0, 256, (30, 16, 16, 1), dtype=np.uint8)


def small(seed=0, **options):
    keras.utils.set_random_seed(seed)
    rules = {"loss": Relativistic(), "penalty": R1(0.2), "fade_steps": 4, "ema": 0.9, **options}
    return ProgressiveGAN(
        Growth(4, (8, 6, 4), latent_dim=5), lambda: keras.optimizers.Adam(1e-3), seed=seed, **rules
    )


def play(game, *steps):
    """One stage after the other, up to these steps."""
    for stage, goal in enumerate(steps):
        game.grow(stage)
        game.fit(IMAGES, steps=goal, batch_size=4, epoch_steps=1)


def test_new_layers_come_in_step_by_step_and_then_stay():
    game = small()
    play(game, 3, 10)
    np.testing.assert_allclose(
        game.recorded("share")[1], [1, 1, 1, 0, 0.25, 0.5, 0.75, 1, 1, 1], rtol=1e-6
    )
    assert game.sample(3).shape == (3, 8, 8, 1) and float(game.share()) == 1
    game.grow(2)
    assert game.sample(3).shape == (3, 16, 16, 1) and float(game.share()) == 0


def test_real_images_fade_as_generated_ones_do():
    game = small()
    play(game, 1, 3)
    images = tf.constant(IMAGES[:5], tf.float32)
    whole = IMAGES[:5].astype(float).reshape(5, 8, 2, 8, 2, 1).mean(axis=(2, 4))
    coarse = whole.reshape(5, 4, 2, 4, 2, 1).mean(axis=(2, 4)).repeat(2, 1).repeat(2, 2)
    for share in (0.0, 0.4, 1.0):
        expected = (1 - share) * coarse + share * whole
        np.testing.assert_allclose(game.smaller(images, share), expected, rtol=1e-5)


def test_a_stage_begins_with_new_optimizers_and_averages_and_old_weights():
    game = small()
    play(game, 6)
    before = {name: model.get_weights() for name, model in game.networks.items()}
    old = list(game.optimizers.values())
    game.grow(1)
    assert all(optimizer not in old for optimizer in game.optimizers.values())
    assert [int(optimizer.iterations) for optimizer in game.optimizers.values()] == [0, 0]
    for mean, weight in zip(game.average.get_weights(), game.generator.get_weights(), strict=True):
        np.testing.assert_array_equal(mean, weight)
    kept = [weight.tobytes() for weight in game.generator.get_weights()]
    assert all(weight.tobytes() in kept for weight in before["generator"])


@pytest.mark.parametrize("cut", [2, 5, 11])
def test_cut_off_in_a_stage_or_in_a_fade_it_ends_as_if_never_stopped(tmp_path, cut):
    tf.config.experimental.enable_op_determinism()
    goals = 3, 9, 14
    whole, first, second = small(), small(), small(seed=0)
    play(whole, *goals)
    play(first, *(goal for goal in goals if goal < cut), cut)
    first.save_state(tmp_path / "state.npz")
    second.load_state(tmp_path / "state.npz")
    assert second.stage == first.stage == sum(goal < cut for goal in goals)
    play(second, *goals)  # the stages that are done already are passed over
    assert_same(weights(whole), weights(second))


def test_what_is_of_another_stage_is_named(tmp_path):
    early, late = small(), small()
    early.save_state(tmp_path / "early.npz")
    play(late, 1, 2)
    with pytest.raises(ParameterError, match="saved at stage 0 and the game is at stage 1"):
        late.load_state(tmp_path / "early.npz")
    np.savez(tmp_path / "other.npz", weights=np.zeros(3))
    with pytest.raises(CheckpointError, match="it holds no 'kept/stage'"):
        early.load_state(tmp_path / "other.npz")


REFUSED = {
    "there is no stage 3": lambda: small().grow(3),
    "cannot leave one out: grow to 1 first": lambda: small().grow(2),
    "fade_steps is -1": lambda: small(fade_steps=-1),
    "images of shape (16, 16, 1), the last stage's": lambda: small().fit(IMAGES[:, :8], 1, 4),
}


@pytest.mark.parametrize("words", REFUSED)
def test_what_cannot_be_is_refused_with_a_sentence(words):
    with pytest.raises(ParameterError) as caught:
        REFUSED[words]()
    assert words in str(caught.value)


def test_many_stages_are_no_reason_for_a_warning(caplog):
    """TensorFlow warns of five graphs of one function in a row, and each stage has its own."""
    game = ProgressiveGAN(
        Growth(4, (4,) * 5, latent_dim=4), lambda: keras.optimizers.Adam(1e-3), fade_steps=1
    )
    images = np.zeros((8, 64, 64, 1), np.uint8)
    for stage in range(5):
        game.grow(stage)
        game.fit(images, steps=stage + 1, batch_size=4, epoch_steps=1)
    assert "retracing" not in caplog.text
