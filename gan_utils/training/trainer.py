"""What every game needs around its own step: data, callbacks, records, saving and exact resume.

A game is a child of `Trainer` and says only how one update goes:

    class MyGame(Trainer):
        def __init__(self, generator, discriminator):
            super().__init__({"generator": generator, "discriminator": discriminator})

        def update(self, batch, draw):
            ...
            self.move("discriminator", gradients)
            return {"d_loss": loss}
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from gan_utils.errors import ParameterError
from gan_utils.streams import Draw, replicas, share
from gan_utils.training.checkpoints import read_checkpoint, write_checkpoint
from gan_utils.training.checks import check_count, check_inputs, check_options, checked_optimizer
from gan_utils.training.devices import keep_order_of_sums
from gan_utils.training.keras_callbacks import adapted
from gan_utils.training.sources import ONLY, PURPOSE, as_sources, rows_of_step

AVERAGED_EVERY = 4  # steps; every weight has to be read, and changes little in between
PART = 500  # samples that a network makes at a time


class Trainer(keras.Model):
    """Named networks that are trained together, each by an optimizer of its name.

    networks: by name; the first one draws, where `generate` names no other.
    averages: the decay of a running average of a network's weights, by the network's name
        (Yazıcı et al. 2019); `generate` then draws from the average. The decay is that of one
        step; the average moves at steps 4, 8, … by its fourth power.
    image_range: lowest and highest value of the images that networks see and make.
    seed: fixes batches and all that `update` draws; dropout and initial weights follow
        `keras.utils.set_random_seed`. From 0 to 2³¹ − 1.

    Raises `ParameterError` for networks that are not built or compute in float16, and for values
    out of range.
    """

    batches = 1  # batches of each source that one update takes

    def __init__(
        self,
        networks: Mapping[str, keras.Model],
        averages: Mapping[str, float] | None = None,
        image_range: tuple[float, float] = (-1.0, 1.0),
        seed: int = 0,
    ):
        super().__init__()
        check_options(networks, averages or {}, image_range, seed)
        self.networks = dict(networks)
        self.decays = {name: decay for name, decay in (averages or {}).items() if decay}
        self.averages = {name: keras.models.clone_model(networks[name]) for name in self.decays}
        for name, average in self.averages.items():
            average.set_weights(networks[name].get_weights())
        self.image_range = image_range
        self.seed = int(seed)
        self.optimizers: dict[str, keras.optimizers.Optimizer] = {}
        self.kept: dict[str, tf.Variable] = {}
        self.steps_done = self.keep("steps_done", 0, "int64")
        self.records: dict[str, list[tuple[int, np.ndarray]]] = {}
        self.built = True

    # --- what a child says ------------------------------------------------------------------------

    def update(self, batch, draw: Draw) -> dict[str, tf.Tensor]:
        """One step: move the networks, and return what is to be recorded, a scalar a name.

        batch: what `fit` was given, but rows of this step, `batches` times `batch_size` (one after
            the other) of each array; images are in `image_range`.
        draw: the random numbers of this step.
        """
        raise NotImplementedError(f"{type(self).__name__} has no `update`: write its step there.")

    def keep(self, name: str, value: float, dtype: str = "float32", shape: tuple[int, ...] = ()):
        """A new variable of the game itself, which is saved and resumed like the weights."""
        self.kept[name] = self.add_weight(
            name=name, shape=shape, dtype=dtype, trainable=False,
            initializer=keras.initializers.Constant(value),
        )  # fmt: skip
        return self.kept[name]

    def move(self, name: str, gradients) -> None:
        """One update of a network; on several devices each gradient is the mean of a replica."""
        if replicas() > 1:  # Keras adds them up
            gradients = [gradient / replicas() for gradient in gradients]
        self.optimizers[name].apply(gradients, self.networks[name].trainable_variables)

    # --- before training --------------------------------------------------------------------------

    def compile(self, optimizers: Mapping[str, keras.optimizers.Optimizer | str], xla=False):
        """One optimizer a network, by the network's name, or the name of one of Keras' optimizers.

        xla: compile the step with XLA, which pays on some GPUs.
        """
        if set(optimizers) != set(self.networks):
            raise ParameterError(
                f"optimizers are given for {', '.join(optimizers) or 'nothing'}: give one each for "
                f"{', '.join(self.networks)}."
            )
        checked = {name: checked_optimizer(name, given) for name, given in optimizers.items()}
        if len(set(map(id, checked.values()))) < len(checked):
            raise ParameterError(
                f"one optimizer is given for several of {', '.join(checked)}: make one for each, "
                f"because it keeps numbers for each weight."
            )
        for name, optimizer in checked.items():
            optimizer.build(self.networks[name].trainable_variables)
        self.optimizers = checked
        self.xla = xla
        self._steps = tf.function(partial(self._run_steps))  # TensorFlow counts graphs by function

    @property
    def step(self) -> int:
        """Steps done so far."""
        return int(self.steps_done.numpy())

    # --- training ---------------------------------------------------------------------------------

    def fit(self, data, steps, batch_size=128, epoch_steps=100, callbacks=(), verbose=0):
        """Train until `steps` steps are done, counting those of earlier calls.

        data: uint8 images (n, h, w, c) or float points (n, d); a tuple of such arrays, with labels
            (n,) as whole numbers, whose rows belong together; or a mapping of names to either, each
            with rows of its own.
        epoch_steps: callbacks are called, and means recorded, whenever the number of steps is a
            multiple of it, and at the end.
        callbacks: of Keras or of `training.callbacks`. One with a method `restore` is asked first,
            so that a training which was killed goes on from its last backup.

        Returns the Keras history of this call; `records` holds the means of all calls. Raises
        `ParameterError` and `DataError` before the first step for what cannot be trained.
        """
        if not self.optimizers:
            raise ParameterError("the game has no optimizers yet: call compile before fit.")
        counts = {"steps": steps, "batch_size": batch_size, "epoch_steps": epoch_steps}
        for name, count in counts.items():
            check_count(name, count)
        sources = as_sources(data, self.image_range)
        self._check_data(sources, batch_size)
        strategy = self.distribute_strategy
        if batch_size % strategy.num_replicas_in_sync:
            raise ParameterError(
                f"batch_size is {batch_size}, which {strategy.num_replicas_in_sync} replicas "
                f"cannot share: give a multiple of {strategy.num_replicas_in_sync}."
            )
        callbacks = adapted(callbacks, self)
        for callback in callbacks:
            if hasattr(callback, "restore"):
                callback.restore(self)
        keep_order_of_sums()
        self.stop_training = False
        self.goal = steps  # where this call is to end; a backup goes when it is reached
        # The rows lie in memory once, images as bytes; only those of a step become numbers.
        tensors = {name: tuple(map(tf.constant, arrays)) for name, arrays in sources.items()}
        called = keras.callbacks.CallbackList(
            callbacks, add_history=True, add_progbar=bool(verbose), verbose=verbose, model=self,
            epochs=-(-steps // epoch_steps), steps=epoch_steps,
        )  # fmt: skip
        called.on_train_begin()
        logs = None
        while self.step < steps and not self.stop_training:
            start = self.step
            stop = min(start - start % epoch_steps + epoch_steps, steps)
            epoch = start // epoch_steps
            called.on_epoch_begin(epoch)
            called.on_train_batch_begin(start % epoch_steps)
            measured = self._steps(
                tensors, *(tf.constant(n, tf.int64) for n in (start, stop)), batch_size
            )
            logs = {name: float(value) for name, value in measured.items()}
            for name, value in logs.items():
                self.record(name, value)
            called.on_train_batch_end((stop - 1) % epoch_steps, logs)
            called.on_epoch_end(epoch, logs)
        called.on_train_end(logs)
        return self.history

    def _run_steps(self, tensors, start, stop, batch_size: int) -> dict[str, tf.Tensor]:
        """All steps from `start` to `stop` − 1 on every device, and the means over them.

        Many steps inside one compiled call, because on small networks the way from Python into
        TensorFlow costs more than the step itself.
        """
        strategy = self.distribute_strategy
        one_step = tf.function(self._one_step, jit_compile=self.xla)
        means = tf.TensorArray(tf.float32, tf.cast(stop - start, tf.int32))
        for step in tf.range(start, stop):
            rows = {
                name: rows_of_step(
                    step, self.batches * batch_size, tf.shape(arrays[0], tf.int64)[0], self.seed,
                    f"{PURPOSE} {name}" if name else PURPOSE,
                )
                for name, arrays in tensors.items()
            }  # fmt: skip
            measured = strategy.run(one_step, args=(tensors, rows, step))
            if self.decays and (step + 1) % AVERAGED_EVERY == 0:
                strategy.run(self._move_averages)
            measured = {
                name: strategy.reduce("MEAN", value, axis=None) for name, value in measured.items()
            }
            means = means.write(tf.cast(step - start, tf.int32), self._stacked(measured))
        values = tf.unstack(tf.reduce_mean(means.stack(), 0), len(self._measured))
        return dict(zip(self._measured, values, strict=True))

    def _stacked(self, measured: dict[str, tf.Tensor]) -> tf.Tensor:
        self._measured = list(measured)  # noted while the step is traced
        return tf.stack([tf.cast(value, tf.float32) for value in measured.values()])

    def _one_step(self, tensors, rows, step) -> dict[str, tf.Tensor]:
        batch = {
            name: tuple(self._scaled(tf.gather(array, self._own(rows[name]))) for array in arrays)
            for name, arrays in tensors.items()
        }
        # A single array comes as it is, and so does a single source.
        batch = {name: arrays if len(arrays) > 1 else arrays[0] for name, arrays in batch.items()}
        batch = batch.get(ONLY, batch)
        measured = self.update(batch, Draw(self.seed, step))
        self.steps_done.assign_add(1)
        return measured

    def _move_averages(self) -> None:
        """Move each average towards the weights of now, for the last `AVERAGED_EVERY` steps."""
        for name, decay in self.decays.items():
            kept = decay**AVERAGED_EVERY
            weights = zip(self.averages[name].weights, self.networks[name].weights, strict=True)
            for mean, weight in weights:
                mean.assign(kept * mean + (1.0 - kept) * weight)

    def _own(self, rows: tf.Tensor) -> tf.Tensor:
        """This replica's rows of each of the step's batches, one batch after the other."""
        parts = [share(part) for part in tf.split(rows, self.batches)]
        return tf.concat(parts, 0)

    def _scaled(self, array: tf.Tensor) -> tf.Tensor:
        """uint8 images in `image_range`; anything else unchanged."""
        if array.dtype != tf.uint8:
            return array
        low, high = self.image_range
        dtype = next(iter(self.networks.values())).compute_dtype
        return tf.cast(array, dtype) * ((high - low) / 255.0) + low

    def _check_data(self, sources, batch_size: int) -> None:
        """Refuse data that the networks cannot read; a child may know more."""
        for name, arrays in sources.items():
            if batch_size > len(arrays[0]):
                where = f" of {name}" if name else ""
                raise ParameterError(
                    f"batch_size is {batch_size}, larger than the {len(arrays[0])} rows of the "
                    f"data{where}: give at most that, or more data."
                )

    # --- what it has learned ----------------------------------------------------------------------

    def generate(self, inputs, average: bool = True, network: str = "") -> np.ndarray:
        """What a network makes of `inputs` (n, …), or of a tuple of such arrays, 500 at a time.

        network: its name; the first one of `networks` where none is given. average: draw from the
        average of its weights, where it has one.
        """
        name = network or next(iter(self.networks))
        if name not in self.networks:
            raise ParameterError(f"there is no {name!r}: choose one of {', '.join(self.networks)}.")
        model = self.averages.get(name, self.networks[name]) if average else self.networks[name]
        arrays = inputs if isinstance(inputs, tuple) else (inputs,)
        check_inputs(model, arrays)
        made = []
        for start in range(0, len(arrays[0]), PART):
            parts = [array[start : start + PART] for array in arrays]
            made.append(model(parts if len(parts) > 1 else parts[0], training=False))
        return np.concatenate([tf.cast(part, tf.float32).numpy() for part in made])

    def record(self, name: str, value) -> None:
        """Keep `value` under `name` with the current step; saved with the state."""
        self.records.setdefault(name, []).append((self.step, np.asarray(value)))

    def recorded(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """The steps and the values recorded under `name`, as two arrays."""
        if name not in self.records:
            raise ParameterError(
                f"nothing is recorded under {name!r}: choose one of {', '.join(self.records)}."
            )
        steps, values = zip(*self.records[name], strict=True)
        return np.asarray(steps), np.stack(values)

    # --- saving -----------------------------------------------------------------------------------

    def _state(self) -> dict[str, keras.Variable]:
        parts = {name: network.variables for name, network in self.networks.items()}
        parts |= {f"average of {name}": model.variables for name, model in self.averages.items()}
        parts |= {f"optimizer of {name}": o.variables for name, o in self.optimizers.items()}
        numbered = {f"{part}/{i:03d}": v for part, vs in parts.items() for i, v in enumerate(vs)}
        return numbered | {f"kept/{name}": variable for name, variable in self.kept.items()}

    def save_state(self, path) -> None:
        """Write all that training needs to go on: weights, optimizers, averages, step, random
        state and records. The file at `path` is replaced in one move or not at all.
        """
        write_checkpoint(Path(path).expanduser(), self._state(), self.records)

    def load_state(self, path) -> None:
        """Read what `save_state` wrote; nothing changes unless every array fits."""
        self.records = read_checkpoint(Path(path).expanduser(), self._state())

    def save(self, *_, **__):
        """Refused: a game is several networks, of which each is a model of its own."""
        raise ParameterError(
            "a game of several networks is no model of Keras: ask one of them, such as "
            f"networks[{next(iter(self.networks))!r}], or call save_state to train on."
        )

    evaluate = export = predict = predict_on_batch = to_json = train_on_batch = save
