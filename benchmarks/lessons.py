"""The steps of the other lessons: lesson 02's 100,000 iterations, and lesson 04's penalty.

    python benchmarks/lessons.py

The MLP GAN of the Granada report trains all of its 100,000 iterations through `GAN.fit`. The step
of WGAN-GP with its five critic updates is timed through `GAN.fit` in float32 and in bfloat16 beside
one that is written as a textbook writes it, with Keras' optimizer: two tapes, one update at a time.
Seven minutes.
"""

import json
import sys
import time

import numpy as np
import recording
from recording import Row, ratios, spread

ITERATIONS, MLP_BATCH = 100_000, 128
BATCH, CRITIC_STEPS, STEPS, BLOCKS, TURNS = 64, 5, 20, 3, 3
WAYS = {"textbook": "float32", "GAN.fit, float32": "float32", "GAN.fit, bfloat16": "bfloat16"}


def mlp() -> dict[str, float]:
    """Minutes of lesson 02's full training."""
    import keras

    from gan_utils.data import load_images
    from gan_utils.fast.optimizers import Adam
    from gan_utils.networks.registry import build
    from gan_utils.training.gan import GAN
    from gan_utils.training.losses import Minimax

    keras.utils.set_random_seed(0)
    generator, discriminator, image_range = build("granada_mlp")
    gan = GAN(generator, discriminator, Minimax(), image_range=image_range)
    gan.compile(Adam(), Adam())
    start = time.perf_counter()
    gan.fit(load_images("mnist").images, ITERATIONS, MLP_BATCH, epoch_steps=1000)
    return {"minutes": (time.perf_counter() - start) / 60}


def textbook_step(critic, generator, images):
    """WGAN-GP as its paper's algorithm 1 reads: a function that does some generator steps."""
    import keras
    import tensorflow as tf

    c_optimizer, g_optimizer = (keras.optimizers.Adam(1e-4, 0.0, 0.9) for _ in range(2))
    scaled = (images.astype("float32") - 127.5) / 127.5
    dataset = tf.data.Dataset.from_tensor_slices(scaled).shuffle(len(images)).batch(BATCH, True)
    batches = iter(dataset.repeat())

    @tf.function
    def critic_step(real):
        with tf.GradientTape() as tape:
            fake = generator(tf.random.normal([BATCH, generator.input_shape[-1]]), training=True)
            share = tf.random.uniform([BATCH, 1, 1, 1])
            between = share * real + (1.0 - share) * fake
            with tf.GradientTape() as inner:
                inner.watch(between)
                answers = critic(between, training=True)
            slopes = inner.gradient(answers, between)
            norms = tf.sqrt(tf.reduce_sum(tf.square(slopes), axis=[1, 2, 3]) + 1e-12)
            loss = tf.reduce_mean(critic(fake, training=True) - critic(real, training=True))
            loss += 10.0 * tf.reduce_mean(tf.square(norms - 1.0))
        gradients = tape.gradient(loss, critic.trainable_variables)
        c_optimizer.apply(gradients, critic.trainable_variables)

    @tf.function
    def generator_step():
        with tf.GradientTape() as tape:
            fake = generator(tf.random.normal([BATCH, generator.input_shape[-1]]), training=True)
            loss = -tf.reduce_mean(critic(fake, training=True))
        gradients = tape.gradient(loss, generator.trainable_variables)
        g_optimizer.apply(gradients, generator.trainable_variables)

    def train(steps):
        for _ in range(steps):
            for _ in range(CRITIC_STEPS):
                critic_step(next(batches))
            generator_step()
        np.asarray(g_optimizer.iterations)  # waits for the last step

    return train


def wgan(way: str) -> dict[str, float]:
    """Milliseconds of one generator step."""
    import keras

    from gan_utils.data import load_images
    from gan_utils.fast.optimizers import Adam
    from gan_utils.networks.registry import build
    from gan_utils.training.gan import GAN
    from gan_utils.training.losses import Wasserstein
    from gan_utils.training.penalties import GradientPenalty

    keras.utils.set_random_seed(0)
    generator, critic, image_range = build("compact", WAYS[way])
    images = load_images("fashion_mnist").images
    if way == "textbook":
        train = textbook_step(critic, generator, images)
    else:
        gan = GAN(
            generator,
            critic,
            Wasserstein(),
            GradientPenalty(),
            d_steps=CRITIC_STEPS,
            image_range=image_range,
        )
        gan.compile(Adam(1e-4, 0.0, 0.9), Adam(1e-4, 0.0, 0.9))

        def train(steps):
            gan.fit(images, gan.step + steps, BATCH, epoch_steps=STEPS)

    return {"milliseconds": recording.milliseconds_a_step(train, STEPS, BLOCKS)}


def main() -> list[Row]:
    minutes = recording.in_turn(__file__, ["mlp"], 1)["mlp"][0]["minutes"]
    results = recording.in_turn(__file__, list(WAYS), TURNS)
    taken = {way: [one["milliseconds"] for one in ones] for way, ones in results.items()}
    rows = [Row(f"lesson 02's MLP, {ITERATIONS:,} iterations", minutes, "minutes", shown=True)]
    rows += [spread(f"WGAN-GP, {way}: one step", times, "ms") for way, times in taken.items()]
    for way in list(WAYS)[1:]:
        rows.append(
            ratios(
                f"WGAN-GP, {way}: times as fast as the textbook's",
                taken["textbook"],
                taken[way],
                True,
            )
        )
    return rows


if __name__ == "__main__":
    if sys.argv[1:]:
        print(json.dumps(mlp() if sys.argv[1] == "mlp" else wgan(sys.argv[1])))
    else:
        recording.run(__file__, main)
