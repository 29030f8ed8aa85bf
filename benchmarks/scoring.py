"""Time and memory of scoring against the number of samples.

    python benchmarks/scoring.py

Generated garments are stood in for by shuffled training images with noise. Each number of samples
is judged and scored by the Fréchet distance, the kernel distance and the four neighbour scores in a
process of its own; the memory is its peak, less that of a process that scores a hundred. Three
minutes.
"""

import json
import resource
import sys
import time

import numpy as np
import recording
from recording import Row

COUNTS = (100, 1_000, 3_000, 10_000)


def measure(count: int) -> dict[str, float]:
    from gan_utils.data import load_images
    from gan_utils.judging import Judge
    from gan_utils.metrics import frechet_distance, kernel_distance, prdc

    rng = np.random.default_rng(0)
    images = load_images("fashion_mnist").images
    images = images[rng.integers(len(images), size=2 * count)]
    noisy = np.clip(images + rng.normal(0, 20, images.shape), 0, 255).astype(np.uint8)
    judge = Judge("fashion_mnist")
    judge.features(images[:10])  # traces
    start = time.perf_counter()
    real, fake = judge.features(images[:count]), judge.features(noisy[count:])
    judged = time.perf_counter() - start
    frechet_distance(real, fake, resamples=0)
    kernel_distance(real, fake, size=min(count, 1000))
    prdc(real, fake, k=5, groups=0)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "judged": judged,
        "scored": time.perf_counter() - start - judged,
        "megabytes": peak / (1e6 if sys.platform == "darwin" else 1e3),
    }


def main() -> list[Row]:
    results = recording.in_turn(__file__, [str(count) for count in COUNTS], 1)
    base = results[str(COUNTS[0])][0]["megabytes"]
    rows = []
    for count in COUNTS[1:]:
        (one,) = results[str(count)]
        rows += [
            Row(f"{count:,} samples and as many real: judging both", one["judged"], "s"),
            Row(f"{count:,} samples and as many real: three scores", one["scored"], "s"),
            Row(f"{count:,} samples and as many real: memory", one["megabytes"] - base, "MB"),
        ]
    return rows


if __name__ == "__main__":
    if sys.argv[1:]:
        print(json.dumps(measure(int(sys.argv[1]))))
    else:
        recording.run(__file__, main)
