"""What a lesson spends before its first training step.

    python benchmarks/startup.py

The stages of lesson 03, each timed in a new process, three times: what Python loads, the number
format chosen, images and judge read, networks built, and the first call of `fit` beyond the time
of its steps, which is tracing and compiling. One minute.
"""

import contextlib
import io
import json
import sys
import time

import recording
from recording import Row, spread

TURNS = 3


def measure() -> dict[str, float]:
    taken, start = {}, time.perf_counter()

    def lap(stage: str) -> None:
        nonlocal start
        now = time.perf_counter()
        taken[stage], start = now - start, now

    with contextlib.redirect_stderr(io.StringIO()):
        import keras  # noqa: F401
    lap("TensorFlow and Keras")
    from gan_utils import figures  # noqa: F401
    from gan_utils.fast.optimizers import Adam
    from gan_utils.metrics import frechet_distance  # noqa: F401
    from gan_utils.networks.registry import build
    from gan_utils.training.gan import GAN
    from gan_utils.training.losses import Relativistic
    from gan_utils.training.penalties import R1

    lap("gan_utils and Matplotlib")
    from gan_utils.fast.precision import choose

    precision = choose()
    lap("choosing the precision")
    from gan_utils.data import load_images

    train, test = load_images("fashion_mnist"), load_images("fashion_mnist", "test")
    lap("reading the images")
    from gan_utils.judging import Judge

    Judge("fashion_mnist").features(test.images[:500])
    lap("reading the judge, its first answer")
    generator, discriminator, image_range = build("compact", precision.name)
    gan = GAN(
        generator,
        discriminator,
        Relativistic(),
        penalty=R1(0.3),
        ema=0.995,
        image_range=image_range,
    )
    gan.compile(Adam(1e-3), Adam(1e-3))
    lap("building both players")
    gan.fit(train.images, 10, 32, epoch_steps=10)
    lap("first ten steps")
    gan.fit(train.images, 20, 32, epoch_steps=10)
    lap("ten more steps")
    taken["tracing"] = taken.pop("first ten steps") - taken.pop("ten more steps")
    return taken


def main() -> list[Row]:
    results = recording.in_turn(__file__, ["once"], TURNS)["once"]
    rows = [spread(stage, [one[stage] for one in results], "s") for stage in results[0]]
    total = [sum(one.values()) for one in results]
    return [*rows, spread("before the first step, all in all", total, "s", shown=True)]


if __name__ == "__main__":
    if sys.argv[1:]:
        print(json.dumps(measure()))
    else:
        recording.run(__file__, main)
