"""Time and memory of precision, recall, density and coverage, on the draw with the known answer.

Run it as

    python benchmarks/prdc.py

It scores 10,000 rows against 10,000 from N(0, I) in 1,000 dimensions. Naeem et al. 2020
(arXiv:2002.09797, README of their package `prdc`) publish precision 0.477, recall 0.471, density
1.056 and coverage 0.974 for one such draw, made without a seed; the density of another draw differs
by about 0.07.
"""

import resource
import sys
import time

import numpy as np

from gan_utils.metrics import prdc

ROWS, WIDTH = 10_000, 1000


def peak_gib() -> float:
    """Largest memory this process has had so far, in GiB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024**3 if sys.platform == "darwin" else 1024**2)


def main() -> None:
    rng = np.random.default_rng(0)
    real, fake = (rng.normal(size=(ROWS, WIDTH)) for _ in range(2))
    print(f"{ROWS:,} x {WIDTH:,} against the same: {2 * real.nbytes / 1024**3:.2f} GiB of input")
    prdc(real[:100], fake[:100])  # loads what is loaded late
    before = peak_gib()
    for groups in (0, 10):
        started = time.perf_counter()
        found = prdc(real, fake, k=5, groups=groups)
        seconds = time.perf_counter() - started
        scores = (found.precision, found.recall, found.density, found.coverage)
        texts = "  ".join(format(score, ".3f") for score in scores)
        print(f"groups={groups:<3} {seconds:6.1f} s, peak {peak_gib():.2f} GiB   {texts}")
    print(f"memory at the start {before:.2f} GiB")


if __name__ == "__main__":
    main()
