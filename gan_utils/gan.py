"""The two players and their training step.

`GAN` is a `keras.Model`: it trains through `fit`, takes the usual callbacks, and keeps
everything that a later resume needs in numbered variables. Nothing random depends on how long a
process has lived: the batch of a step and its latent vectors are functions of (seed, step).
"""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from gan_utils.batches import rows_of_step
from gan_utils.checkpoints import read_checkpoint, write_checkpoint
from gan_utils.errors import ParameterError
from gan_utils.game import Game
from gan_utils.losses import NonSaturating
from gan_utils.replicas import own_rows, replicas, share

PRIORS = ("normal", "uniform")

# TensorFlow's rewriting of sums does not always put them in the same order: of ten trainings
# from the same seed, two ended with other last digits, and a resumed run must end bit for bit
# like one that was never killed. Without the rewriting a step takes as long.
tf.config.optimizer.set_experimental_options({"arithmetic_optimization": False})


class _Recorder(keras.callbacks.Callback):
    """Copies each epoch's mean losses into `gan.records`, which survive a kill."""

    def on_epoch_end(self, epoch, logs=None):
        for name, value in (logs or {}).items():
            self.model.record(name, value)


class GAN(keras.Model):
    """A generator against a discriminator.

    generator: latent vectors (batch, latent_dim) → samples in `image_range`, or points.
    discriminator: samples → logits (batch, 1).
    loss, penalty: from `gan_utils.losses`; the penalty is added to the discriminator's loss.
    d_steps: discriminator updates for one generator update, each on a batch of its own.
    prior: "normal" for N(0, 1), "uniform" for U(−1, 1), in every entry of z.
    ema: decay of the running average of the generator's weights, 0 for none; `sample` then
        draws from the average (Yazıcı et al. 2019).
    seed: fixes batches, latent vectors and label noise; dropout and initial weights follow
        `keras.utils.set_random_seed`.
    """

    def __init__(
        self,
        generator,
        discriminator,
        loss=None,
        penalty=None,
        d_steps: int = 1,
        prior: str = "normal",
        ema: float = 0.0,
        image_range: tuple[float, float] = (-1.0, 1.0),
        seed: int = 0,
    ):
        super().__init__()
        if prior not in PRIORS:
            raise ParameterError(f"prior is {prior!r}: choose one of {', '.join(PRIORS)}.")
        if not 0.0 <= ema < 1.0:
            raise ParameterError(f"ema is {ema}: give a decay in [0, 1), 0 for no average.")
        if not 0 <= seed < 2**30:
            raise ParameterError(
                f"seed is {seed}: give a whole number from 0 to {2**30 - 1}, because the seeds of "
                f"TensorFlow have 32 bits."
            )
        if d_steps < 1:
            raise ParameterError(f"d_steps is {d_steps}: give a whole number from 1 up.")
        if generator.output_shape[1:] != discriminator.input_shape[1:]:
            raise ParameterError(
                f"the generator makes samples of shape {generator.output_shape[1:]} but the "
                f"discriminator reads {discriminator.input_shape[1:]}: build both for one shape."
            )
        self.generator = generator
        self.discriminator = discriminator
        loss = NonSaturating() if loss is None else loss
        self.game = Game(generator, discriminator, loss, penalty)
        self.d_steps = d_steps
        self.prior = prior
        self.ema = ema
        self.average = keras.models.clone_model(generator) if ema else generator
        self.average.set_weights(generator.get_weights())
        self.image_range = image_range
        self.seed = seed
        self.latent_dim = generator.input_shape[-1]
        self.given = self.batch_size = None  # what the compiled steps were made for
        self.steps_done = self.add_weight(
            name="steps_done", shape=(), dtype="int64", initializer="zeros", trainable=False
        )
        self.records: dict[str, list[tuple[int, np.ndarray]]] = {}
        self.trackers = [
            keras.metrics.Mean(name=n) for n in ("d_loss", "g_loss", "d_real", "d_fake")
        ]
        self.built = True

    @property
    def metrics(self):
        return self.trackers

    @property
    def step(self) -> int:
        """Generator steps done so far."""
        return int(self.steps_done.numpy())

    def call(self, z, training=False):
        return self.generator(z, training=training)

    def compile(self, g_optimizer, d_optimizer, xla=False):
        """One optimizer a player; `xla` compiles the step, which pays on some GPUs."""
        super().compile(jit_compile=xla)
        self.g_optimizer = g_optimizer
        self.d_optimizer = d_optimizer
        g_optimizer.build(self.generator.trainable_variables)
        d_optimizer.build(self.discriminator.trainable_variables)

    # --- one step -----------------------------------------------------------------------------

    def noise(self, count, seed):
        """Latent vectors, shape (count, latent_dim), a function of the two integers in `seed`."""
        shape = [count, self.latent_dim]
        if self.prior == "normal":
            return tf.random.stateless_normal(shape, seed)
        return tf.random.stateless_uniform(shape, seed, minval=-1.0, maxval=1.0)

    def own_noise(self, count, seed):
        """This replica's `count` latent vectors of those of the whole batch."""
        return own_rows(lambda all_rows: self.noise(all_rows, seed), count)

    def move(self, player, optimizer, gradients):
        """One update; Keras adds up the replicas' gradients, of which each is a mean."""
        if replicas() > 1:
            gradients = [gradient / replicas() for gradient in gradients]
        optimizer.apply(gradients, player.trainable_variables)

    def scaled(self, batch):
        """uint8 images in `image_range`; points unchanged."""
        if batch.dtype != tf.uint8:
            return batch
        low, high = self.image_range
        return tf.cast(batch, self.discriminator.compute_dtype) * ((high - low) / 255.0) + low

    def train_step(self, place):
        """d_steps − 1 updates of D alone, then one forward pass that serves both players.

        place: the step's number, shape (1,), and which rows of the data the whole batch has,
        shape (1, d_steps · batch_size). Both gradients are taken at the same weights, as in the
        TensorFlow tutorial and the Querétaro notes; then D moves, then G.
        """
        step, rows = place[0][0], place[1][0]
        # The images lie in memory once, as bytes; only those of this step become numbers.
        parts = [share(part) for part in tf.split(rows, self.d_steps)]
        reals = tf.split(self.scaled(tf.gather(self.data, tf.concat(parts, 0))), self.d_steps)
        step = tf.cast(step, tf.int32)
        count = tf.shape(reals[0])[0]
        for extra, real in enumerate(reals[:-1], start=1):
            seed = tf.stack([self.seed + 1000 * extra, step])
            fake = self.generator(self.own_noise(count, seed), training=True)
            with tf.GradientTape() as tape:
                loss, _, _ = self.game.d_loss(real, fake, seed)
            gradients = tape.gradient(loss, self.discriminator.trainable_variables)
            self.move(self.discriminator, self.d_optimizer, gradients)

        seed = tf.stack([self.seed, step])
        d_gradients, g_gradients, d_loss, g_loss, real_logits, fake_logits = self.game.gradients(
            reals[-1], self.own_noise(count, seed), seed
        )
        self.move(self.discriminator, self.d_optimizer, d_gradients)
        self.move(self.generator, self.g_optimizer, g_gradients)

        if self.ema:
            for mean, weight in zip(self.average.weights, self.generator.weights, strict=True):
                mean.assign(self.ema * mean + (1.0 - self.ema) * weight)
        self.steps_done.assign_add(1)
        measured = (d_loss, g_loss, tf.sigmoid(real_logits), tf.sigmoid(fake_logits))
        for tracker, value in zip(self.trackers, measured, strict=True):
            tracker.update_state(value)
        return {tracker.name: tracker.result() for tracker in self.trackers}

    def _maybe_symbolic_build(self, *_, **__):
        """Both players are built: Keras would join the places of several machines to build them."""

    def make_train_function(self, force=False):
        """What `fit` calls once an epoch: all its steps, on every replica.

        Many steps inside one compiled call, because on small networks the way from Python into
        TensorFlow costs more than the step itself. Keras does so for one replica only.
        """
        if self.distribute_strategy.num_replicas_in_sync == 1:
            super().make_train_function(force)
            return
        step = tf.function(self.train_step, jit_compile=self.jit_compile)

        @tf.function
        def steps(places):
            for _ in tf.range(self.steps_per_execution):
                self.distribute_strategy.run(step, args=(next(places),))

        def train(places):
            steps(places)
            return {tracker.name: tracker.result() for tracker in self.trackers}

        self.train_function = train

    # --- training and sampling ----------------------------------------------------------------

    def fit(self, data, steps, batch_size=128, epoch_steps=100, callbacks=(), verbose=0):
        """Trains until `steps` generator steps are done, counting those of earlier calls.

        data: uint8 images (n, h, w, c), or float points (n, 2); the same array in a later call is
        taken to hold the same values, so give changed ones as a new array. An epoch here is
        `epoch_steps` steps: what callbacks and the history count. A callback with a `restore`
        method is asked first, so a run that was killed goes on from its last backup. Returns the
        Keras history of this call; `records` holds the losses of all calls.
        """
        data = np.asarray(data)
        if data.shape[1:] != self.discriminator.input_shape[1:]:
            raise ParameterError(
                f"the data have shape {data.shape[1:]} a sample but the discriminator reads "
                f"{self.discriminator.input_shape[1:]}: resize them, or choose the architecture "
                f"that fits."
            )
        shares = self.distribute_strategy.num_replicas_in_sync
        if batch_size % shares:
            raise ParameterError(
                f"batch_size is {batch_size}, which {shares} replicas cannot share: give a "
                f"multiple of {shares}."
            )
        if steps % epoch_steps:
            raise ParameterError(
                f"steps is {steps}, not a multiple of epoch_steps {epoch_steps}: "
                f"give {steps - steps % epoch_steps + epoch_steps} steps instead."
            )
        for callback in callbacks:
            if hasattr(callback, "restore"):
                callback.restore(self)
        start = self.step
        compiled_for = (self.batch_size, self.steps_per_execution)
        if data is not self.given or (batch_size, epoch_steps) != compiled_for:
            self.given, self.batch_size = data, batch_size
            self.data = tf.constant(data)
            self.steps_per_execution = epoch_steps
            self.train_function = None  # Keras would go on with the function of the old length

        def place(step):
            """The step's number and its rows, once for each replica."""
            rows = rows_of_step(step, self.d_steps * batch_size, len(data), self.seed)
            return tf.fill([shares], step), tf.tile(rows[None], [shares, 1])

        places = tf.data.Dataset.range(start, max(start, steps)).map(place)
        # Tuning a pipeline this small gains nothing, and its thread, which sleeps twice as long
        # each time, can hold up the end of a call for as long as the call took.
        options = tf.data.Options()
        options.autotune.enabled = False
        return super().fit(
            places.with_options(options),
            epochs=steps // epoch_steps,
            initial_epoch=start // epoch_steps,
            steps_per_epoch=epoch_steps,
            callbacks=[_Recorder(), *callbacks],
            shuffle=False,  # these are the numbers of the steps, in order
            verbose=verbose,
        )

    def latent(self, count: int, seed: int = 0) -> np.ndarray:
        """`count` latent vectors from the prior, the same for the same seed."""
        return self.noise(count, [seed, 10**9]).numpy()

    def generate(self, z, ema: bool = True) -> np.ndarray:
        """Samples for latent vectors (n, latent_dim), 500 at a time, in `image_range`."""
        network = self.average if ema else self.generator
        parts = [network(z[i : i + 500], training=False) for i in range(0, len(z), 500)]
        return np.concatenate([tf.cast(part, tf.float32).numpy() for part in parts])

    def sample(self, count: int, seed: int = 0, ema: bool = True) -> np.ndarray:
        """`count` samples from the prior's latent vectors of `seed`."""
        return self.generate(self.latent(count, seed), ema=ema)

    def record(self, name: str, value) -> None:
        """Keeps `value` under `name` with the current step; saved with the state."""
        self.records.setdefault(name, []).append((self.step, np.asarray(value)))

    def recorded(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """The steps and the values recorded under `name`, as two arrays."""
        steps, values = zip(*self.records[name], strict=True)
        return np.asarray(steps), np.stack(values)

    # --- saving -------------------------------------------------------------------------------

    def _state(self) -> dict[str, keras.Variable]:
        parts = {
            "generator": self.generator.variables,
            "discriminator": self.discriminator.variables,
            "g_optimizer": self.g_optimizer.variables,
            "d_optimizer": self.d_optimizer.variables,
            "steps_done": [self.steps_done],
        }
        if self.ema:
            parts["average"] = self.average.variables
        return {f"{part}/{i:03d}": v for part, vs in parts.items() for i, v in enumerate(vs)}

    def save_state(self, path) -> None:
        """Writes all that training needs to go on: weights, optimizers, average, step, random
        state and records. The file at `path` is replaced in one move or not at all.
        """
        write_checkpoint(Path(path), self._state(), self.records)

    def load_state(self, path) -> None:
        """Reads what `save_state` wrote; nothing changes unless every array fits."""
        self.records = read_checkpoint(Path(path), self._state())
