"""What happens between steps: pictures, scores, a guard and a backup, as Keras callbacks."""

from __future__ import annotations

import math
from collections.abc import Callable
from os import PathLike
from pathlib import Path

import keras
import numpy as np

from gan_utils.data import unscale
from gan_utils.errors import ParameterError, TrainingDiverged
from gan_utils.training.checks import check_count
from gan_utils.training.trainer import Trainer


class Snapshots(keras.callbacks.Callback):
    """What the game generates from the same inputs before training and every `every` epochs.

    inputs: latent vectors, or whatever else `Trainer.generate` takes. The pictures go into
    `records["snapshots"]`, images as uint8, so that a resumed training has all of them.
    """

    def __init__(self, inputs, every: int = 1):
        super().__init__()
        check_count("every", every)
        self.inputs = inputs
        self.every = every

    def _take(self):
        samples = self.model.generate(self.inputs)
        if samples.ndim == 4:
            samples = unscale(samples, *self.model.image_range)
        self.model.record("snapshots", samples)

    def on_train_begin(self, logs=None):
        if "snapshots" not in self.model.records:
            self._take()

    def on_epoch_end(self, epoch, logs=None):
        if (epoch + 1) % self.every == 0:
            self._take()


class Scores(keras.callbacks.Callback):
    """Calls `function(trainer)` after every `every` epochs and keeps what it returns, a number or
    an array, in `records[name]`.

    A number also goes into the logs, so that Keras' callbacks after this one can watch it.
    """

    def __init__(self, name: str, function: Callable[[Trainer], float], every: int = 1):
        super().__init__()
        check_count("every", every)
        self.name = name
        self.function = function
        self.every = every

    def on_epoch_end(self, epoch, logs=None):
        if (epoch + 1) % self.every == 0:
            value = self.function(self.model)
            if np.asarray(value).dtype.kind not in "biuf":
                raise ParameterError(
                    f"the score {self.name!r} is {value!r}: let its function return a number, or "
                    f"an array of numbers."
                )
            self.model.record(self.name, value)
            if logs is not None and np.ndim(value) == 0:
                logs[self.name] = float(value)


class DivergenceGuard(keras.callbacks.Callback):
    """Stops training with one sentence when a loss or a weight is no longer a finite number.

    Weights are looked at too, because a ReLU turns what is not a number into a quiet 0 and the
    losses may stay finite. Place it before `Backup`: the last backup is then from before.
    """

    def on_epoch_end(self, epoch, logs=None):
        measured = dict(logs or {})
        for name, network in self.model.networks.items():
            finite = all(np.isfinite(weight).all() for weight in network.get_weights())
            measured[f"a weight of the {name}"] = 0.0 if finite else math.nan
        for name, value in measured.items():
            if not math.isfinite(value):
                raise TrainingDiverged(
                    f"{name} is {value} after {self.model.step} steps: lower the learning rates "
                    f"or add a penalty; the last backup is from before."
                )


class Backup(keras.callbacks.Callback):
    """Saves the full training state every `every` epochs; `Trainer.fit` restores it at its start.

    The file is removed when the training has done all its steps, so that the same call starts anew
    next time; one that ended early keeps it.  With `writes=False` the file is another process's,
    and is only read.
    """

    def __init__(self, path, every: int = 1, writes: bool = True):
        super().__init__()
        check_count("every", every)
        if not isinstance(path, str | PathLike):
            raise ParameterError(f"the path of a backup is {path!r}: give that of a file.")
        self.path = Path(path).expanduser()
        self.every = every
        self.writes = writes

    def restore(self, trainer: Trainer) -> None:
        if self.path.exists():
            trainer.load_state(self.path)

    def on_epoch_end(self, epoch, logs=None):
        if self.writes and (epoch + 1) % self.every == 0:
            self.model.save_state(self.path)

    def on_train_end(self, logs=None):
        if self.writes and self.model.step >= self.model.goal:
            self.path.unlink(missing_ok=True)
