"""Time the course's training step beside the loop that the TensorFlow tutorial prints.

    python benchmarks/step.py

Both train the tutorial's own networks on Fashion-MNIST, 256 images a step, with Adam at 1e-4; the
loop shuffles and feeds floats as the tutorial does. Each measurement is a process of its own, with
TensorFlow's settings as that way of training finds them, and the ways take turns. It takes seven to
twelve minutes.
"""

import json
import sys

import numpy as np
import recording

STEPS, BATCH, BLOCKS, TURNS = 12, 256, 3, 3
LOOP = "tutorial's loop, float32"
WAYS = {
    LOOP: ("loop", "float32"),
    "tutorial's loop, bfloat16": ("loop", "bfloat16"),
    "GAN.fit, float32": ("course", "float32"),
    "GAN.fit, bfloat16": ("course", "bfloat16"),
}


def loop(images, precision="float32"):
    """The tutorial's training with Keras' own layers: a function that does some steps, and G."""
    import keras
    import tensorflow as tf

    from gan_utils.networks import registry as architectures

    architectures.BatchNormalization = keras.layers.BatchNormalization
    architectures.Conv2DTranspose = keras.layers.Conv2DTranspose
    architectures.Dropout = keras.layers.Dropout
    generator, discriminator, _ = architectures.build("tutorial", precision)
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


def measure(way: str) -> float:
    """Milliseconds of one step."""
    import keras

    from gan_utils.data import load_images

    kind, precision = WAYS[way]
    keras.utils.set_random_seed(0)
    train, _ = {"loop": loop, "course": course}[kind](
        load_images("fashion_mnist").images, precision
    )
    return recording.milliseconds_a_step(train, STEPS, BLOCKS)


def main() -> list[recording.Row]:
    taken = recording.in_turn(__file__, list(WAYS), TURNS)
    rows = [recording.spread(f"{way}: one step", times, "ms") for way, times in taken.items()]
    for course in ("GAN.fit, float32", "GAN.fit, bfloat16"):
        rows.append(
            recording.ratios(
                f"{course}: times the images a second of the tutorial's loop in float32",
                taken[LOOP],
                taken[course],
                shown=True,
            )
        )
    return rows


if __name__ == "__main__":
    if sys.argv[1:]:
        print(json.dumps(measure(sys.argv[1])))
    else:
        recording.run(__file__, main)
