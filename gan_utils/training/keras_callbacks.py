"""Keras' own callbacks in a game of several networks: made to act on all of them, or refused."""

from __future__ import annotations

import copy
from types import SimpleNamespace

import keras
from keras import callbacks as keras_callbacks

from gan_utils.errors import ParameterError
from gan_utils.training.progress import asked_for

SET_RATES = (keras_callbacks.LearningRateScheduler, keras_callbacks.ReduceLROnPlateau)
WATCH = (keras_callbacks.EarlyStopping, keras_callbacks.ReduceLROnPlateau)


def adapted(callbacks, trainer) -> list[keras.callbacks.Callback]:
    """The callbacks of a call of `Trainer.fit` as they act on this trainer.

    What sets a learning rate acts on each network's optimizer, from that one's own rate; a guard
    against NaN sees all that was measured; and where the environment asks for notes of progress,
    they are made. Raises `ParameterError` for what cannot work here.
    """
    if callbacks is None:
        callbacks = ()
    given = callbacks if isinstance(callbacks, list | tuple) else [callbacks]
    acting = []
    for callback in given:
        _refuse(callback)
        if isinstance(callback, WATCH):
            acting.append(_Watched(callback))
        if isinstance(callback, SET_RATES):
            acting += [
                _OfOneNetwork(copy.copy(callback), name, trainer) for name in trainer.networks
            ]
        elif isinstance(callback, keras_callbacks.TerminateOnNaN):
            acting.append(_SeesAll(callback))
        else:
            acting.append(callback)
    return [*acting, *asked_for()]


def _refuse(callback) -> None:
    name = type(callback).__name__
    if not isinstance(callback, keras_callbacks.Callback):
        raise ParameterError(f"callbacks holds {callback!r}: give objects of keras.callbacks.")
    if isinstance(callback, keras_callbacks.ModelCheckpoint) and not callback.save_weights_only:
        raise ParameterError(
            "ModelCheckpoint saves one model, and a game has several networks: give it "
            "save_weights_only=True, or use Backup of training.callbacks, which can be resumed."
        )
    if isinstance(callback, keras_callbacks.BackupAndRestore):
        raise ParameterError(
            "BackupAndRestore does not know the optimizers of a game: use Backup of "
            "training.callbacks."
        )
    if isinstance(callback, keras_callbacks.SwapEMAWeights):
        raise ParameterError(
            "SwapEMAWeights swaps the weights of one optimizer: give the game an average instead, "
            "such as GAN(ema=0.99)."
        )
    keeps_best = getattr(callback, "save_best_only", False)
    watches = keeps_best or isinstance(callback, WATCH)
    if watches and callback.monitor.startswith("val_"):
        raise ParameterError(
            f"{name} watches {callback.monitor!r}, and no game has validation data: give it "
            f"monitor='g_loss', or the name of a score that Scores measures before it."
        )
    if watches and getattr(callback, "mode", "") == "auto":
        raise ParameterError(
            f"{name} watches {callback.monitor!r} and cannot know which way is better: give it "
            f"mode='min' or mode='max'."
        )


class _OfOneNetwork(keras_callbacks.Callback):
    """A callback that sets a learning rate, at the optimizer of one network."""

    def __init__(self, callback, name: str, trainer):
        super().__init__()
        optimizer = trainer.optimizers[name]
        if isinstance(optimizer._learning_rate, keras.optimizers.schedules.LearningRateSchedule):
            raise ParameterError(
                f"{type(callback).__name__} cannot set the learning rate of the {name}, which "
                f"follows a schedule already: give its optimizer a number."
            )
        callback.set_model(SimpleNamespace(optimizer=optimizer))
        self.callback, self.name = callback, name

    def on_train_begin(self, logs=None):
        self.callback.on_train_begin(logs)

    def on_epoch_begin(self, epoch, logs=None):
        self.callback.on_epoch_begin(epoch, logs)

    def on_epoch_end(self, epoch, logs=None):
        self.callback.on_epoch_end(epoch, logs)
        logs[f"learning rate of {self.name}"] = logs.pop("learning_rate")


class _SeesAll(keras_callbacks.Callback):
    """A guard that looks at `loss`, shown a sum that is finite where all that was measured is."""

    def __init__(self, callback):
        super().__init__()
        self.callback = callback

    def set_model(self, model):
        super().set_model(model)
        self.callback.set_model(model)

    def on_train_batch_end(self, batch, logs=None):
        self.callback.on_batch_end(batch, {"loss": sum(logs.values())})


class _Watched(keras_callbacks.Callback):
    """Raises `ParameterError` at the end of the first epoch where a watched name is never there."""

    def __init__(self, callback):
        super().__init__()
        self.callback = callback

    def on_epoch_end(self, epoch, logs=None):
        if self.callback.monitor not in logs:
            raise ParameterError(
                f"{type(self.callback).__name__} watches {self.callback.monitor!r}, which is not "
                f"measured: choose one of {', '.join(logs)}."
            )
