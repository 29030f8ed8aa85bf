"""The seam between `Trainer` and its children: three games that the package does not have."""

import signal
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from children import CHILDREN, DATA, IMAGES, make, pictures_from
from gan_utils.errors import DataError, ParameterError
from gan_utils.training.callbacks import Backup, DivergenceGuard, Scores, Snapshots
from states import assert_same, weights

# As in every lesson: on a GPU, sums have one order only then.
tf.config.experimental.enable_op_determinism()
SUPPORT = str(Path(__file__).resolve().parents[1] / "support")


def train(name, game, steps=8, callbacks=()):
    pictures = Snapshots(pictures_from(name, game), every=2)
    score = Scores("size", lambda trainer: float(np.abs(trainer.generate(pictures.inputs)).mean()))
    game.fit(DATA[name], steps, batch_size=8, epoch_steps=2,
             callbacks=[pictures, score, DivergenceGuard(), *callbacks])  # fmt: skip
    return game


PROGRAM = f"""
import os, signal, sys
sys.path[:0] = [{SUPPORT!r}, {str(Path(__file__).parent)!r}]
import keras
from children import make
from test_trainer import train
from gan_utils.training.callbacks import Backup

class Killer(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        if epoch == int(sys.argv[2]):
            os.kill(os.getpid(), signal.SIGKILL)

game = make(sys.argv[1])
train(sys.argv[1], game, callbacks=[Killer(), Backup(sys.argv[3])])
game.save_state(sys.argv[4])
"""


@pytest.mark.slow
@pytest.mark.parametrize("name", CHILDREN)
def test_killed_and_resumed_a_child_ends_as_if_never_killed(name, tmp_path):
    backup, out = tmp_path / "backup.npz", tmp_path / "resumed.npz"

    def run(epoch):
        command = [sys.executable, "-c", PROGRAM, name, str(epoch), str(backup), str(out)]
        return subprocess.run(command, capture_output=True, text=True)

    assert run(2).returncode == -signal.SIGKILL
    assert backup.exists()
    done = run(-1)
    assert done.returncode == 0, done.stderr[-2000:]
    whole = train(name, make(name))
    assert whole.step == 8
    again = make(name, seed=4)  # other weights, which the file replaces
    again.load_state(out)
    assert_same(weights(whole), weights(again))
    assert whole.records.keys() == again.records.keys()
    for measured in whole.records:
        for one, other in zip(whole.recorded(measured), again.recorded(measured), strict=True):
            np.testing.assert_array_equal(one, other, err_msg=measured)
    assert len(whole.recorded("snapshots")[0]) == 3 and len(whole.recorded("size")[0]) == 4


def test_sources_without_pairs_have_rows_of_their_own():
    seen = []

    class Looks(CHILDREN["two domains"]):
        def update(self, batch, draw):
            tf.py_function(
                lambda a, b: seen.append((a.numpy(), b.numpy())), list(batch.values()), []
            )
            return super().update(batch, draw)

    keras.utils.set_random_seed(0)
    game = Looks()
    game.compile({network: "sgd" for network in game.networks})
    numbers = np.arange(40, dtype=np.uint8)[:, None, None, None] + np.zeros((8, 8, 1), np.uint8)
    game.fit({"a": numbers, "b": numbers}, steps=5, batch_size=8, epoch_steps=5)
    a, b = (np.concatenate([pair[i][:, 0, 0, 0] for pair in seen]) for i in (0, 1))
    for rows in (a, b):  # a pass over the data shows every row once
        assert len(np.unique(rows)) == 40
    assert not np.array_equal(a, b)


def test_rows_that_belong_together_stay_together():
    class Looks(CHILDREN["labels"]):
        def update(self, batch, draw):
            images, labels = batch
            told = tf.reduce_mean(images, axis=(1, 2, 3)) * 127.5 + 127.5
            tf.debugging.assert_near(told, tf.cast(labels, tf.float32) * 100, atol=0.01)
            return super().update(batch, draw)

    keras.utils.set_random_seed(0)
    game = Looks()
    game.compile({network: "sgd" for network in game.networks})
    labels = np.arange(30) % 3
    images = (100 * labels).astype(np.uint8)[:, None, None, None] + np.zeros((8, 8, 1), np.uint8)
    game.fit((images, labels), steps=4, batch_size=8, epoch_steps=4)


def test_only_a_map_is_not_answered_apart():
    assert not make("patches").apart


# --- Keras' own callbacks ---------------------------------------------------------------------


def rates(game):
    return {name: float(optimizer.learning_rate) for name, optimizer in game.optimizers.items()}


def fit(game, callbacks, steps=4):
    return game.fit(IMAGES, steps, batch_size=8, epoch_steps=2, callbacks=callbacks)


def test_a_schedule_acts_on_each_network_from_its_own_rate():
    game = make("patches")
    game.compile({"generator": keras.optimizers.Adam(1e-3), "discriminator": "sgd"})
    fit(game, [keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2)])
    assert rates(game) == pytest.approx({"generator": 1e-3 / 4, "discriminator": 0.01 / 4})


def test_a_plateau_lowers_the_rate_of_each_network():
    game = make("patches")
    flat = Scores("flat", lambda game: 1.0)
    plateau = keras.callbacks.ReduceLROnPlateau("flat", factor=0.1, patience=1, mode="min")
    fit(game, [flat, plateau], steps=4)
    assert rates(game) == pytest.approx(dict.fromkeys(game.networks, 1e-4))


def test_a_guard_against_nan_fires_and_leaves_the_backup(tmp_path):
    game = make("patches")
    for optimizer in game.optimizers.values():
        optimizer.learning_rate = 1e30
    fit(game, [keras.callbacks.TerminateOnNaN(), Backup(tmp_path / "b.npz")], steps=40)
    assert game.step < 40
    assert (tmp_path / "b.npz").exists()


def test_stopping_early_leaves_the_backup_and_the_end_removes_it(tmp_path):
    game, path = make("patches"), tmp_path / "b.npz"
    flat = Scores("flat", lambda game: 1.0)
    early = keras.callbacks.EarlyStopping("flat", patience=1, mode="min")
    fit(game, [flat, early, Backup(path)], steps=40)
    assert game.step == 4 and path.exists()
    fit(game, [Backup(path)], steps=8)
    assert game.step == 8 and not path.exists()


def test_weights_of_a_checkpoint_of_keras_can_be_loaded(tmp_path):
    game, other = make("patches"), make("patches", seed=4)
    path = tmp_path / "all.weights.h5"
    fit(game, [keras.callbacks.ModelCheckpoint(path, save_weights_only=True)])
    other.load_weights(path)
    for one, two in zip(game.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)


REFUSED = {
    "ModelCheckpoint saves one model": keras.callbacks.ModelCheckpoint("x.keras"),
    "BackupAndRestore does not know": keras.callbacks.BackupAndRestore("somewhere"),
    "SwapEMAWeights swaps": keras.callbacks.SwapEMAWeights(),
    "watches 'val_loss', and no game has validation data": keras.callbacks.EarlyStopping(),
    "cannot know which way is better": keras.callbacks.EarlyStopping("g_loss"),
    "watches 'fd', which is not measured: choose one of": keras.callbacks.EarlyStopping(
        "fd", mode="min"
    ),
    "ModelCheckpoint watches 'val_loss', and no game": keras.callbacks.ModelCheckpoint(
        "x.weights.h5", save_weights_only=True, save_best_only=True
    ),
    "ModelCheckpoint watches 'g_loss' and cannot know": keras.callbacks.ModelCheckpoint(
        "x.weights.h5", monitor="g_loss", save_weights_only=True, save_best_only=True
    ),
    "the score 'odd' is 'x': let its function return a number": Scores("odd", lambda game: "x"),
    "the score 'odd' is None: let": Scores("odd", lambda game: None),
    "give objects of keras.callbacks": print,
}


@pytest.mark.parametrize("words", REFUSED)
def test_what_cannot_work_is_refused_with_a_sentence(words):
    with pytest.raises(ParameterError, match=words):
        fit(make("patches"), [REFUSED[words]])


def test_a_rate_that_follows_a_schedule_is_not_set():
    game = make("patches")
    falling = keras.optimizers.schedules.CosineDecay(1e-3, 10)
    game.compile({name: keras.optimizers.Adam(falling) for name in game.networks})
    with pytest.raises(ParameterError, match="which follows a schedule already"):
        fit(game, [keras.callbacks.LearningRateScheduler(lambda epoch: 1e-3)])


def test_no_callbacks_may_be_none_and_one_may_stand_alone():
    game = make("patches")
    assert fit(game, None).history["g_loss"]
    fit(game, DivergenceGuard(), steps=6)


# --- bad input --------------------------------------------------------------------------------

BAD_DATA = {
    "the images are float32 from 0 to 255, outside the range": IMAGES.astype("float32"),
    "the data are int64 of shape": IMAGES.astype("int64"),
    "the data are empty": IMAGES[:0],
    "the data hold numbers that are not finite": np.full((40, 8, 8, 1), np.nan),
    "the data are <U1": np.full((40, 8, 8, 1), "x"),
    "batch_size is 8, larger than the 5 rows": IMAGES[:5],
    "arrays of 40 and 30 rows that belong together": (IMAGES, np.zeros(30, int)),
}


@pytest.mark.parametrize("words", BAD_DATA)
def test_data_that_cannot_be_trained_on(words):
    with pytest.raises((DataError, ParameterError), match=words):
        make("patches").fit(BAD_DATA[words], 4, batch_size=8, epoch_steps=2)


@pytest.mark.parametrize("name", ["steps", "batch_size", "epoch_steps"])
@pytest.mark.parametrize("value", [0, -8, 8.0, True, "8"])
def test_counts_that_cannot_be(name, value):
    counts = {"steps": 4, "batch_size": 8, "epoch_steps": 2, name: value}
    with pytest.raises(ParameterError, match=f"{name} is {value}: give a whole number from 1 up"):
        make("patches").fit(IMAGES, **counts)


def test_a_game_before_compile_and_with_wrong_optimizers():
    game = CHILDREN["patches"]()
    with pytest.raises(ParameterError, match="call compile before fit"):
        game.fit(IMAGES, 4, batch_size=8)
    with pytest.raises(ParameterError, match="optimizers are given for generator: give one each"):
        game.compile({"generator": "adam"})
    with pytest.raises(ParameterError, match="the optimizer of the generator is 'adamm'"):
        game.compile({"generator": "adamm", "discriminator": "adam"})
    with pytest.raises(ParameterError, match="one optimizer is given for several of generator"):
        game.compile(dict.fromkeys(game.networks, keras.optimizers.Adam()))
    scaled = keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam())
    with pytest.raises(ParameterError, match="scales a loss, which is for float16"):
        game.compile({"generator": scaled, "discriminator": "adam"})


@pytest.mark.parametrize("method", ["save", "predict", "evaluate", "export", "train_on_batch"])
def test_a_whole_game_is_no_model_of_keras(tmp_path, method):
    words = (
        r"no model of Keras: ask one of them, such as networks\['generator'\], or call save_state"
    )
    with pytest.raises(ParameterError, match=words):
        getattr(make("patches"), method)(tmp_path / "x.keras")


@pytest.mark.parametrize("every", [0, -1, 1.5, None])
def test_callbacks_of_no_possible_rhythm(every):
    for make_one in (
        lambda: Backup("b.npz", every=every),
        lambda: Scores("one", lambda game: 1.0, every=every),
        lambda: Snapshots(np.zeros((2, 4)), every=every),
    ):
        with pytest.raises(ParameterError, match=f"every is {every}: give a whole number from 1"):
            make_one()


def test_a_backup_lies_where_a_person_means_it(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert Backup("~/b.npz").path == tmp_path / "b.npz"
    make("patches").save_state("~/state.npz")
    make("patches").load_state("~/state.npz")
    assert [path.name for path in tmp_path.iterdir()] == ["state.npz"]
    with pytest.raises(ParameterError, match="the path of a backup is None: give that of a file"):
        Backup(None)


def test_what_is_not_recorded_or_generated():
    game = make("patches")
    with pytest.raises(ParameterError, match="nothing is recorded under 'fd'"):
        game.recorded("fd")
    with pytest.raises(ParameterError, match="give at least one input"):
        game.generate(np.zeros((0, 4)))
    with pytest.raises(ParameterError, match="the inputs are NoneType: give an array, one row"):
        game.generate(None)
    with pytest.raises(ParameterError, match="there is no 'critic': choose one of generator, dis"):
        game.generate(np.zeros((1, 4)), network="critic")
