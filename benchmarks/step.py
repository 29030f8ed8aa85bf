"""Time the course's training step beside the loop that the TensorFlow tutorial prints.

    python benchmarks/step.py

Both train the tutorial's own networks on Fashion-MNIST, 256 images a step, with Adam at 1e-4; the
loop shuffles and feeds floats as the tutorial does. Each measurement is a process of its own, with
TensorFlow's settings as that way of training finds them, and the ways take turns. It takes about
nine minutes.
"""

import os
import platform
import statistics
import subprocess
import sys
import time
from importlib.metadata import version

import numpy as np

STEPS, BATCH, REPETITIONS = 12, 256, 5
WAYS = {
    "loop, float32": ("loop", "float32"),
    "loop, bfloat16": ("loop", "mixed_bfloat16"),
    "GAN.fit, float32": ("course", "float32"),
    "GAN.fit, bfloat16": ("course", "mixed_bfloat16"),
}


def loop(images):
    """The tutorial's training, with Keras' own layers; gives a function that does some steps."""
    import keras
    import tensorflow as tf

    from gan_utils import architectures

    architectures.BatchNormalization = keras.layers.BatchNormalization
    architectures.Conv2DTranspose = keras.layers.Conv2DTranspose
    architectures.Dropout = keras.layers.Dropout
    generator, discriminator, _ = architectures.build("tutorial")
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
            on_real = discriminator(real, training=True)
            on_fake = discriminator(fake, training=True)
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

    return train


def course(images):
    """The same training through `GAN.fit`."""
    from gan_utils.architectures import build
    from gan_utils.gan import GAN
    from gan_utils.optimizers import Adam

    generator, discriminator, image_range = build("tutorial")
    gan = GAN(generator, discriminator, image_range=image_range)
    gan.compile(Adam(1e-4), Adam(1e-4))

    def train(steps):
        gan.fit(images, gan.step + steps, BATCH, epoch_steps=STEPS)

    return train


def measure(way: str) -> None:
    """Print the seconds of one step."""
    import keras

    from gan_utils.data import load_images

    kind, policy = WAYS[way]
    keras.utils.set_random_seed(0)
    keras.config.set_dtype_policy(policy)
    train = {"loop": loop, "course": course}[kind](load_images("fashion_mnist").images)
    train(STEPS)  # traces
    start = time.perf_counter()
    train(STEPS)
    print((time.perf_counter() - start) / STEPS)


def main() -> None:
    taken: dict[str, list[float]] = {way: [] for way in WAYS}
    for _ in range(REPETITIONS):
        for way, seconds in taken.items():
            command = [sys.executable, __file__, way]
            environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
            done = subprocess.run(
                command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                text=True, check=True,
            )  # fmt: skip
            seconds.append(float(done.stdout.split()[-1]))
    print(
        f"{BATCH} images a step, {REPETITIONS} processes each, {os.cpu_count()} cores, "
        f"Python {platform.python_version()}, keras {version('keras')}"
    )
    print(
        f"{'':20}{'ms a step: min':>15}{'median':>9}{'images/s':>10}{'times the loop, float32':>26}"
    )
    base = taken["loop, float32"]
    for way, seconds in taken.items():
        middle = statistics.median(seconds)
        # Of the same turn, because what else the machine does changes from turn to turn.
        ratios = sorted(b / s for b, s in zip(base, seconds, strict=True))
        spread = f"{statistics.median(ratios):.2f} [{ratios[0]:.2f}, {ratios[-1]:.2f}]"
        print(
            f"{way:20}{min(seconds) * 1e3:>15.0f}{middle * 1e3:>9.0f}{BATCH / middle:>10.0f}"
            f"{spread:>26}"
        )


if __name__ == "__main__":
    measure(sys.argv[1]) if len(sys.argv) > 1 else main()
