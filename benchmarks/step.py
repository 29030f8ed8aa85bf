"""Time the course's training step beside plain loops with the same mathematics.

    python benchmarks/step.py

Two pairs of networks on Fashion-MNIST. The TensorFlow tutorial's, 256 images a step, in the loop
that the tutorial prints, which shuffles and feeds floats. And lesson 03's own, 16 images a step,
with its loss, penalty and average, in a loop of one compiled step as a textbook writes it, with
Keras' layers and optimizer; once with the penalty at every eighth step, as the lesson has it, and
once at every step. Each measurement is a process of its own, with TensorFlow's settings as that way
of training finds them, and the ways take turns. It takes eight to fifteen minutes.
"""

import json
import sys
from functools import partial

import numpy as np
import recording

STEPS, BATCH, BLOCKS, TURNS = 12, 256, 3, 3
LOOP = "tutorial's loop, float32"
# Lesson 03's steps are short: more of them, or the start of a call would count as well.
SHORT_STEPS, SHORT_BATCH, SHORT_BLOCKS = 200, 16, 5
RATE, DECAY, GAMMA, EVERY = 0.002, 0.999, 0.2, 8
PLAIN = "lesson 03's pair, plain loop, float32"
NOT_LAZY = "lesson 03's pair, plain loop with R1 at every step, float32"
WAYS = {
    LOOP: ("loop", "float32"),
    "tutorial's loop, bfloat16": ("loop", "bfloat16"),
    "GAN.fit, float32": ("course", "float32"),
    "GAN.fit, bfloat16": ("course", "bfloat16"),
    PLAIN: ("plain", "float32"),
    NOT_LAZY: ("not lazy", "float32"),
    "lesson 03's pair, GAN.fit, float32": ("lesson", "float32"),
    "lesson 03's pair, GAN.fit, bfloat16": ("lesson", "bfloat16"),
}


def loop(images, precision="float32"):
    """The tutorial's training with Keras' own layers: a function that does some steps, and G."""
    import keras
    import tensorflow as tf

    from gan_utils.networks import documents, registry

    documents.BatchNormalization = keras.layers.BatchNormalization
    documents.Conv2DTranspose = keras.layers.Conv2DTranspose
    documents.Dropout = keras.layers.Dropout
    generator, discriminator, _ = registry.build("tutorial", precision)
    cross_entropy = keras.losses.BinaryCrossentropy(from_logits=True)
    g_optimizer, d_optimizer = keras.optimizers.Adam(1e-4), keras.optimizers.Adam(1e-4)
    scaled = (images.astype("float32") - 127.5) / 127.5
    dataset = tf.data.Dataset.from_tensor_slices(scaled).shuffle(len(images)).batch(BATCH)
    batches = iter(dataset.repeat())

    @tf.function
    def step(real):
        z = tf.random.normal([BATCH, 100])
        with tf.GradientTape() as g_tape, tf.GradientTape() as d_tape:
            fake = generator(z, training=True)
            on_real = tf.cast(discriminator(real, training=True), tf.float32)
            on_fake = tf.cast(discriminator(fake, training=True), tf.float32)
            g_loss = cross_entropy(tf.ones_like(on_fake), on_fake)
            d_loss = cross_entropy(tf.ones_like(on_real), on_real)
            d_loss += cross_entropy(tf.zeros_like(on_fake), on_fake)
        g_optimizer.apply(
            g_tape.gradient(g_loss, generator.trainable_variables), generator.trainable_variables
        )
        d_optimizer.apply(
            d_tape.gradient(d_loss, discriminator.trainable_variables),
            discriminator.trainable_variables,
        )

    def train(steps):
        for _ in range(steps):
            step(next(batches))
        np.asarray(g_optimizer.iterations)  # waits for the last step

    return train, generator


def course(images, precision):
    """The same training through `GAN.fit`."""
    from gan_utils.fast.optimizers import Adam
    from gan_utils.networks.registry import build
    from gan_utils.training.gan import GAN

    generator, discriminator, image_range = build("tutorial", precision)
    gan = GAN(generator, discriminator, image_range=image_range)
    gan.compile(Adam(1e-4), Adam(1e-4))

    def train(steps):
        gan.fit(images, gan.step + steps, BATCH, epoch_steps=STEPS)

    return train, generator


def keras_generator():
    """Lesson 03's generator with an upsampling and a convolution, each a layer of its own."""
    import keras
    from keras import layers

    stack = [keras.Input((64,))]
    for units in (256, 256, 7 * 7 * 64):
        stack += [layers.Dense(units), layers.LeakyReLU(0.2)]
    stack.append(layers.Reshape((7, 7, 64)))
    for filters in (32, 16):
        stack += [layers.UpSampling2D(), layers.Conv2D(filters, 3, padding="same")]
        stack.append(layers.LeakyReLU(0.2))
    stack.append(layers.Conv2D(1, 3, padding="same", activation="tanh"))
    return keras.Sequential(stack)


def plain(images, _, every=EVERY):
    """Lesson 03's recipe as one compiled step with two tapes, a third one inside for R1."""
    import keras
    import tensorflow as tf

    from gan_utils.networks.registry import build

    generator, (_, discriminator, _) = keras_generator(), build("swift")
    average = keras.models.clone_model(generator)
    g_optimizer = keras.optimizers.Adam(RATE, beta_1=0.0)
    d_optimizer = keras.optimizers.Adam(RATE, beta_1=0.0)
    dataset = tf.data.Dataset.from_tensor_slices(images).shuffle(len(images)).repeat()
    batches = iter(dataset.batch(SHORT_BATCH).prefetch(4))

    @tf.function
    def step(images, penalised):
        real = tf.cast(images, tf.float32) / 127.5 - 1.0
        z = tf.random.normal([SHORT_BATCH, 64])
        with tf.GradientTape() as g_tape, tf.GradientTape() as d_tape:
            fake = generator(z, training=True)
            with tf.GradientTape() as r1_tape:
                r1_tape.watch(real)
                on_real = discriminator(real, training=True)
            on_fake = discriminator(fake, training=True)
            d_loss = tf.reduce_mean(tf.nn.softplus(on_fake - on_real))
            if penalised:  # of Python: the step is compiled once with and once without
                slopes = r1_tape.gradient(on_real, real)
                r1 = tf.reduce_mean(tf.reduce_sum(tf.square(slopes), axis=[1, 2, 3]))
                d_loss += every * GAMMA / 2 * r1
            g_loss = tf.reduce_mean(tf.nn.softplus(on_real - on_fake))
        d_weights, g_weights = discriminator.trainable_variables, generator.trainable_variables
        d_optimizer.apply(d_tape.gradient(d_loss, d_weights), d_weights)
        g_optimizer.apply(g_tape.gradient(g_loss, g_weights), g_weights)
        for mean, weight in zip(average.weights, generator.weights, strict=True):
            mean.assign(DECAY * mean + (1.0 - DECAY) * weight)

    def train(steps):
        for number in range(steps):
            step(next(batches), number % every == 0)
        np.asarray(g_optimizer.iterations)  # waits for the last step

    return train, average


def lesson(images, precision):
    """The same training through `GAN.fit`."""
    from gan_utils.fast.optimizers import Adam
    from gan_utils.networks.registry import build
    from gan_utils.training.gan import GAN
    from gan_utils.training.losses import Relativistic
    from gan_utils.training.penalties import R1, Lazy

    generator, discriminator, _ = build("swift", precision)
    gan = GAN(generator, discriminator, Relativistic(), Lazy(R1(GAMMA), EVERY), ema=DECAY)
    gan.compile(Adam(RATE, beta_1=0.0), Adam(RATE, beta_1=0.0))

    def train(steps):
        gan.fit(images, gan.step + steps, SHORT_BATCH, epoch_steps=SHORT_STEPS)

    return train, gan.average


def measure(way: str) -> float:
    """Milliseconds of one step."""
    import keras

    from gan_utils.data import load_images

    kind, precision = WAYS[way]
    keras.utils.set_random_seed(0)
    makers = {"loop": loop, "course": course, "plain": plain, "lesson": lesson}
    makers["not lazy"] = partial(plain, every=1)
    train, _ = makers[kind](load_images("fashion_mnist").images, precision)
    short = kind in ("plain", "not lazy", "lesson")
    counts = (SHORT_STEPS, SHORT_BLOCKS) if short else (STEPS, BLOCKS)
    return recording.milliseconds_a_step(train, *counts)


def main() -> list[recording.Row]:
    taken = recording.in_turn(__file__, list(WAYS), TURNS)
    rows = [recording.spread(f"{way}: one step", times, "ms") for way, times in taken.items()]
    for base, words in (
        (LOOP, "the tutorial's loop"),
        (PLAIN, "the plain loop"),
        (NOT_LAZY, "the plain loop with R1 at every step"),
    ):
        for precision in ("float32", "bfloat16"):
            way = f"GAN.fit, {precision}"
            way = way if base == LOOP else f"lesson 03's pair, {way}"
            what = f"{way}: times the images a second of {words} in float32"
            rows.append(recording.ratios(what, taken[base], taken[way], shown=True))
    return rows


if __name__ == "__main__":
    if sys.argv[1:]:
        print(json.dumps(measure(sys.argv[1])))
    else:
        recording.run(__file__, main)
