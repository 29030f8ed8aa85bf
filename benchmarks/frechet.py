"""Time the course's Fréchet distance beside the textbook formula and torch-fidelity's.

    python benchmarks/frechet.py

All three take the same two sets of 10,000 × 2,048 float64 features (the width of FID) and give
the distance alone, without an interval. They take turns, so that what else the machine does falls
on all of them, and each is timed from the features to the number. torch-fidelity is left out
where it is not installed; tests/reference/make.py says what it needs. It takes about two
minutes.
"""

import os
import platform
import statistics
import time
from collections.abc import Callable
from importlib.metadata import version

import numpy as np
import scipy.linalg

from gan_utils.metrics import frechet_distance

try:
    import torch
    from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric
except ImportError:
    torch = None

ROWS, COLUMNS, REPETITIONS = 10_000, 2_048, 3
# As in tests/reference/draws.py, but wide enough for covariances of full rank.
HIDDEN = 256


def features() -> tuple[np.ndarray, np.ndarray]:
    """Draw two sets as after a ReLU, with correlated columns, that differ somewhat."""
    rng = np.random.default_rng(0)
    mix = rng.normal(size=(HIDDEN, COLUMNS)) / np.sqrt(HIDDEN)
    other = mix + 0.4 * rng.normal(size=(HIDDEN, COLUMNS)) / np.sqrt(HIDDEN)
    real = rng.normal(size=(ROWS, HIDDEN)) @ mix
    fake = 1.2 * rng.normal(size=(ROWS, HIDDEN)) @ other + 0.1
    return np.maximum(real, 0), np.maximum(fake, 0)


def by_course(real: np.ndarray, fake: np.ndarray) -> float:
    return float(frechet_distance(real, fake, resamples=0))


def by_textbook(real: np.ndarray, fake: np.ndarray) -> float:
    gap = real.mean(axis=0) - fake.mean(axis=0)
    first, second = np.cov(real, rowvar=False), np.cov(fake, rowvar=False)
    root = scipy.linalg.sqrtm(first @ second)
    return float(gap @ gap + np.trace(first) + np.trace(second) - 2 * np.trace(root).real)


def by_torch_fidelity(real: np.ndarray, fake: np.ndarray) -> float:
    moments = [fid_features_to_statistics(torch.from_numpy(rows)) for rows in (real, fake)]
    return fid_statistics_to_metric(*moments, verbose=False)["frechet_inception_distance"]


def seconds(measure: Callable[[np.ndarray, np.ndarray], float], sets) -> tuple[float, float]:
    """Give how long one call took, and its value."""
    start = time.perf_counter()
    value = measure(*sets)
    return time.perf_counter() - start, value


def main() -> None:
    methods = {"gan_utils": by_course, "scipy sqrtm": by_textbook}
    packages = ["numpy", "scipy"]
    if torch is None:
        print("torch-fidelity cannot be imported and is left out.")
    else:
        methods["torch-fidelity"] = by_torch_fidelity
        packages.append("torch-fidelity")
    print(
        f"{ROWS:,} × {COLUMNS:,} against the same, {REPETITIONS} repetitions, "
        f"{os.cpu_count()} cores, Python {platform.python_version()}"
    )
    print(", ".join(f"{name} {version(name)}" for name in packages), flush=True)

    sets = features()
    times: dict[str, list[float]] = {name: [] for name in methods}
    values = {}
    for _ in range(REPETITIONS):
        for name, measure in methods.items():
            took, values[name] = seconds(measure, sets)
            times[name].append(took)

    base = times["gan_utils"]
    print(f"{'':<16}{'minimum':>10}{'ratio':>7}{'median':>10}{'ratio':>7}  value")
    for name, took in times.items():
        least, middle = min(took), statistics.median(took)
        print(
            f"{name:<16}{least:>8.1f} s{least / min(base):>7.2f}"
            f"{middle:>8.1f} s{middle / statistics.median(base):>7.2f}  {values[name]!r}"
        )


if __name__ == "__main__":
    main()
