"""Images a second as the batch, the networks and the steps of one call grow.

    python benchmarks/scaling.py

The compact pair of lesson 03 with its loss and penalty, in float32 and in bfloat16, one process
each. One quantity changes at a time; the others keep the value marked by a star. Six minutes.
"""

import json
import statistics
import sys
import time

import keras
import recording
from recording import Row

BATCHES, WIDTHS, CALLS = (16, 32, 64, 128, 256), (0.5, 1, 2), (1, 10, 100)
BATCH, WIDTH, CALL = 64, 1, 100
SECONDS = 4


def images_a_second(images, precision: str, batch: int, width: float, call: int) -> float:
    """Median over the seconds of one setting; tracing is outside the clock."""
    from gan_utils.fast.optimizers import Adam
    from gan_utils.fast.precision import in_precision
    from gan_utils.networks.compact import compact_discriminator, compact_generator
    from gan_utils.training.gan import GAN
    from gan_utils.training.losses import Relativistic
    from gan_utils.training.penalties import R1

    keras.utils.set_random_seed(0)
    with in_precision(precision):
        players = compact_generator(width=width), compact_discriminator(width=width)
        gan = GAN(*players, Relativistic(), penalty=R1(0.3), ema=0.995)
    gan.compile(Adam(1e-3, 0.0), Adam(1e-3, 0.0))
    gan.fit(images, call, batch, epoch_steps=call)
    taken, end = [], time.perf_counter() + SECONDS
    while time.perf_counter() < end or len(taken) < 3:
        start, before = time.perf_counter(), gan.step
        gan.fit(images, before + max(call, 20), batch, epoch_steps=call)
        taken.append((gan.step - before) * batch / (time.perf_counter() - start))
    return statistics.median(taken)


def measure(precision: str) -> dict[str, float]:
    from gan_utils.data import load_images

    images = load_images("fashion_mnist").images
    settings = [(f"batch {b}", b, WIDTH, CALL) for b in BATCHES]
    settings += [(f"width × {w}", BATCH, w, CALL) for w in WIDTHS]
    settings += [(f"{c} steps a call", BATCH, WIDTH, c) for c in CALLS]
    return {
        f"{name}{'*' if rest == [BATCH, WIDTH, CALL] else ''}": images_a_second(
            images, precision, *rest
        )
        for name, *rest in settings
    }


def main() -> list[Row]:
    results = recording.in_turn(__file__, ["float32", "bfloat16"], 1)
    return [
        Row(f"{precision}, {name}", value, "images/s")
        for precision, (values,) in results.items()
        for name, value in values.items()
    ]


if __name__ == "__main__":
    if sys.argv[1:]:
        print(json.dumps(measure(sys.argv[1])))
    else:
        recording.run(__file__, main)
