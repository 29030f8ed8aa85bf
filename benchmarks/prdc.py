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
import recording
from recording import Row

from gan_utils.metrics import prdc

ROWS, WIDTH = 10_000, 1000


def peak_gib() -> float:
    """Largest memory this process has had so far, in GiB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024**3 if sys.platform == "darwin" else 1024**2)


def main() -> list[Row]:
    rng = np.random.default_rng(0)
    real, fake = (rng.normal(size=(ROWS, WIDTH)) for _ in range(2))
    prdc(real[:100], fake[:100])  # loads what is loaded late
    size = f"precision to coverage, {ROWS:,} × {WIDTH:,}"
    rows = []
    for groups, words in ((0, ""), (10, " with intervals")):
        started = time.perf_counter()
        scores = prdc(real, fake, k=5, groups=groups)
        rows.append(Row(f"{size}{words}", time.perf_counter() - started, "s"))
        rows.append(Row(f"{size}{words}: peak of the process", peak_gib(), "GiB"))
    for name in ("precision", "recall", "density", "coverage"):
        rows.append(Row(f"{size}: {name}", float(getattr(scores, name)), ""))
    return rows


if __name__ == "__main__":
    recording.run(__file__, main)
