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
from keras import layers

from gan_utils.checkpoints import read_checkpoint, write_checkpoint
from gan_utils.errors import ParameterError
from gan_utils.losses import NonSaturating

PRIORS = ("normal", "uniform")

# TensorFlow's rewriting of sums does not always put them in the same order: of ten trainings
# from the same seed, two ended with other last digits, and a resumed run must end bit for bit
# like one that was never killed. Without the rewriting a step takes as long.
tf.config.optimizer.set_experimental_options({"arithmetic_optimization": False})


def rows_of_step(step, batch_size: int, count: int, seed: int) -> tf.Tensor:
    """Which of `count` rows step number `step` (int64) trains on, shape (batch_size,).

    Step t always gets the same rows: position p = t · batch_size + i lies in pass p // count over
    the data, and each pass has its own permutation, computed element by element, so that nothing
    is ever shuffled in memory.
    """
    position = step * batch_size + tf.range(batch_size, dtype=tf.int64)
    passes = tf.cast(position // count, tf.int32)
    seeds = tf.stack([tf.fill([batch_size], seed), passes, tf.zeros_like(passes)], axis=1)
    # The raw operation, because the public wrapper accepts one seed only, not one a row.
    return tf.raw_ops.RandomIndexShuffle(
        index=position % count, seed=seeds, max_index=tf.constant(count - 1, tf.int64), rounds=4
    )


def batches(data, batch_size: int, seed: int, start: int, stop: int) -> tf.data.Dataset:
    """The batches of steps `start` to `stop` − 1, each of shape (batch_size, …), as `GAN.fit`
    takes them: for a loop written by hand.
    """
    rows = tf.constant(data)
    steps = tf.data.Dataset.range(start, stop)
    return steps.map(
        lambda step: tf.gather(rows, rows_of_step(step, batch_size, len(data), seed))
    ).prefetch(4)


# What a layer must be for a sample's answer to depend on that sample alone.
INDEPENDENT = (
    layers.Activation,
    layers.Conv2D,
    layers.Conv2DTranspose,
    layers.Dense,
    layers.Dropout,
    layers.Flatten,
    layers.InputLayer,
    layers.LayerNormalization,
    layers.LeakyReLU,
    layers.ReLU,
    layers.Reshape,
)
SMALLEST_SLOPE = 1e-20


def mixes_samples(network: keras.Model) -> bool:
    """Whether an answer may depend on the rest of the batch, as with batch normalisation."""
    return not all(isinstance(layer, INDEPENDENT) for layer in network.layers)


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
        self.objective = NonSaturating() if loss is None else loss
        self.penalty = penalty
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

    def compile(self, g_optimizer, d_optimizer):
        """One optimizer a player; XLA stays off because it is slower on CPUs."""
        super().compile(jit_compile=False)
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

    def scaled(self, batch):
        """uint8 images in `image_range`; points unchanged."""
        if batch.dtype != tf.uint8:
            return batch
        low, high = self.image_range
        return tf.cast(batch, self.discriminator.compute_dtype) * ((high - low) / 255.0) + low

    def logits(self, samples):
        """The discriminator's answers (batch, 1) while training, in float32."""
        # A loss subtracts numbers that are nearly equal: it never runs in less than float32.
        return tf.cast(self.discriminator(samples, training=True), tf.float32)

    def penalised(self, real, fake, seed):
        """The penalty's value, 0 without one."""
        if self.penalty is None:
            return tf.zeros([])
        return self.penalty(self.discriminator, real, fake, seed)

    def d_loss(self, real, fake, seed):
        """The discriminator's loss on one batch, with the two sets of logits it came from."""
        # Real and generated images go through separately, so that batch normalisation in the
        # discriminator never mixes their statistics.
        real_logits, fake_logits = self.logits(real), self.logits(fake)
        loss = self.objective.discriminator(real_logits, fake_logits, seed)
        return loss + self.penalised(real, fake, seed), real_logits, fake_logits

    def plain_gradients(self, real, z, seed):
        """Both players' gradients by two tapes, as a textbook writes them.

        Returns D's gradients, G's, both losses and both sets of logits.
        """
        with tf.GradientTape() as d_tape, tf.GradientTape() as g_tape:
            fake = self.generator(z, training=True)
            d_loss, real_logits, fake_logits = self.d_loss(real, fake, seed)
            g_loss = self.objective.generator(real_logits, fake_logits)
        d_gradients = d_tape.gradient(d_loss, self.discriminator.trainable_variables)
        g_gradients = g_tape.gradient(g_loss, self.generator.trainable_variables)
        return d_gradients, g_gradients, d_loss, g_loss, real_logits, fake_logits

    def shared_gradients(self, real, z, seed):
        """The same by one backward pass through D on the generated batch, which serves both.

        The players' losses differ only in their slopes at the logits. Where D treats each sample
        by itself, going back from logit i with D's slope cᵢ gives image i the slope cᵢ ∂aᵢ/∂xᵢ;
        times gᵢ/cᵢ it is what G needs.
        """
        with tf.GradientTape() as g_tape:
            fake = self.generator(z, training=True)
        with tf.GradientTape() as d_tape:
            d_tape.watch(fake)
            real_logits, fake_logits = self.logits(real), self.logits(fake)
            # The penalty moves D only, so its slope must not reach the images.
            penalty = self.penalised(real, tf.stop_gradient(fake), seed)
        with tf.GradientTape(persistent=True) as tape:
            tape.watch([real_logits, fake_logits])
            d_loss = self.objective.discriminator(real_logits, fake_logits, seed)
            g_loss = self.objective.generator(real_logits, fake_logits)
        at_real, at_fake = tape.gradient(
            d_loss, [real_logits, fake_logits], unconnected_gradients="zero"
        )
        # Where D is so sure that its slope is 0, a trace of one stands in.
        at_fake = tf.where(tf.abs(at_fake) < SMALLEST_SLOPE, SMALLEST_SLOPE, at_fake)
        ratio = tape.gradient(g_loss, fake_logits) / at_fake
        *d_gradients, at_images = d_tape.gradient(
            [real_logits, fake_logits, penalty],
            [*self.discriminator.trainable_variables, fake],
            output_gradients=[at_real, at_fake, tf.ones([])],
        )
        ratio = tf.reshape(ratio, [-1] + [1] * (len(fake.shape) - 1))
        at_images *= tf.cast(ratio, at_images.dtype)
        g_gradients = g_tape.gradient(
            fake, self.generator.trainable_variables, output_gradients=at_images
        )
        return d_gradients, g_gradients, d_loss + penalty, g_loss, real_logits, fake_logits

    def train_step(self, step):
        """d_steps − 1 updates of D alone, then one forward pass that serves both players.

        Both gradients are taken at the same weights, as in the TensorFlow tutorial and the
        Querétaro notes; then D moves, then G.
        """
        # The images lie in memory once, as bytes; only those of this step become numbers.
        rows = rows_of_step(step, self.d_steps * self.batch_size, len(self.data), self.seed)
        reals = tf.split(self.scaled(tf.gather(self.data, rows)), self.d_steps)
        step = tf.cast(step, tf.int32)
        count = tf.shape(reals[0])[0]
        for extra, real in enumerate(reals[:-1], start=1):
            seed = tf.stack([self.seed + 1000 * extra, step])
            fake = self.generator(self.noise(count, seed), training=True)
            with tf.GradientTape() as tape:
                loss, _, _ = self.d_loss(real, fake, seed)
            gradients = tape.gradient(loss, self.discriminator.trainable_variables)
            self.d_optimizer.apply(gradients, self.discriminator.trainable_variables)

        seed = tf.stack([self.seed, step])
        both = self.plain_gradients if mixes_samples(self.discriminator) else self.shared_gradients
        d_gradients, g_gradients, d_loss, g_loss, real_logits, fake_logits = both(
            reals[-1], self.noise(count, seed), seed
        )
        self.d_optimizer.apply(d_gradients, self.discriminator.trainable_variables)
        self.g_optimizer.apply(g_gradients, self.generator.trainable_variables)

        if self.ema:
            for mean, weight in zip(self.average.weights, self.generator.weights, strict=True):
                mean.assign(self.ema * mean + (1.0 - self.ema) * weight)
        self.steps_done.assign_add(1)
        measured = (d_loss, g_loss, tf.sigmoid(real_logits), tf.sigmoid(fake_logits))
        for tracker, value in zip(self.trackers, measured, strict=True):
            tracker.update_state(value)
        return {tracker.name: tracker.result() for tracker in self.trackers}

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
            # Many steps inside one compiled call: on small networks the way from Python into
            # TensorFlow costs more than the step itself.
            self.steps_per_execution = epoch_steps
            self.train_function = None  # Keras would go on with the function of the old length
        return super().fit(
            tf.data.Dataset.range(start, max(start, steps)),
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
